/**
 * MathML -> LaTeX, measured: equal where KaTeX renders both to the same MathML.
 *
 *   node bench/extraction/mathml.ts --formulas formulas.jsonl [--page PAGE.html] [--half development|held-out] [--show N]
 *
 * `formulas.jsonl` is what bench/extraction/tex.py prints; a seeded grammar adds as many again. A formula belongs to the development half
 * if the first byte of sha256(formula) is even; failures are shown of that half only. Each formula that KaTeX, Temml and MathJax all read
 * is written as MathML by Temml and by MathJax and converted back. `--page` adds the formulas of a page whose <math> carries a TeX
 * annotation (default: the Wikipedia page of the STEM pages, where it is there); the annotation is taken off before conversion. The peer mathml-to-latex gets the same MathML with comments taken out.
 *
 * Both are rendered in display style, \displaystyle and its like taken out. Two renderings are the same when they agree after this, which drops spacing and style: attributes, but mathvariant of
 * mi, mn and mtext and a line thickness of zero; mspace, mtext of white space, U+2061 to U+2064 and empty rows; mstyle and mpadded (their
 * content stays); rows inside rows and rows of one child; the cells that number an equation; an mi that is no letter or digit counts as mo, one of several letters as upright;
 * neighbouring mn, upright mi and mtext are one.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import katex from 'katex'
import { MathMLToLaTeX } from 'mathml-to-latex'
import { type DefaultTreeAdapterTypes, parse, parseFragment } from 'parse5'
import temml from 'temml'
import { mathmlToLatex } from '../../native/addon/extract.ts'
import { generated } from './mathml.generate.ts'
import { mathJax } from './mathml.mathjax.ts'

type Node = DefaultTreeAdapterTypes.Node
type Element = DefaultTreeAdapterTypes.Element
type Part = { name: string; variant: string; text: string; children: Part[] }

const isElement = (node: Node): node is Element => 'tagName' in node
const textOf = (node: Node): string => ('value' in node ? node.value : 'childNodes' in node ? node.childNodes.map(textOf).join('') : '')
const attribute = (node: Element, name: string) => node.attrs.find(a => a.name === name)?.value ?? ''

function find(node: Node, name: string): Element | undefined {
  if (isElement(node) && node.tagName === name) return node
  for (const child of 'childNodes' in node ? node.childNodes : []) {
    const found = find(child, name)
    if (found) return found
  }
  return undefined
}

const tokens = new Set(['mi', 'mo', 'mn', 'mtext', 'ms'])
const dropped = new Set(['mspace', 'annotation', 'annotation-xml'])
const rows = new Set(['mrow', 'mstyle', 'mpadded', 'math', 'semantics'])
const inferred = new Set(['msqrt', 'mtd', 'mphantom', 'menclose'])

function parts(node: Element): Part[] {
  if (dropped.has(node.tagName)) return []
  if (tokens.has(node.tagName) && !node.childNodes.some(isElement)) {
    const text = textOf(node)
      .replace(/[\u2061-\u2064\u200b]/g, '')
      .replace(/[\s\u00a0]+/g, ' ')
      .normalize('NFC')
    if (text.trim() === '') return []
    const letters = /^[\p{L}\p{N}]/u.test(text)
    const name = node.tagName === 'mi' && !letters ? 'mo' : node.tagName
    const given = attribute(node, 'mathvariant').replace(/^italic$/, '')
    const variant = name === 'mo' ? '' : given || (name === 'mi' && /^.{2,}$/u.test(text.trim()) ? 'normal' : '')
    return [{ name, variant, text: name === 'mtext' ? text : text.replace(/ /g, ''), children: [] }]
  }
  const children = node.childNodes.filter(isElement).filter(child => !(child.tagName === 'mo' && /^[\u2061-\u2064]$/.test(textOf(child))))
  if (rows.has(node.tagName) || tokens.has(node.tagName)) return join(children.flatMap(parts))
  if (node.tagName === 'mtd' && /glue|eqn-num/.test(attribute(node, 'class'))) return []
  const name = node.tagName === 'mfrac' && /^0/.test(attribute(node, 'linethickness')) ? 'mfrac0' : node.tagName
  if (inferred.has(node.tagName)) return [{ name, variant: '', text: '', children: join(children.flatMap(parts)) }]
  return [
    {
      name,
      variant: '',
      text: '',
      children: children.flatMap(child => (child.tagName === 'mtd' || child.tagName === 'mtr' ? parts(child) : [row(child)])),
    },
  ]
}
function row(node: Element): Part {
  const inner = parts(node)
  return inner.length === 1 ? (inner[0] as Part) : { name: 'row', variant: '', text: '', children: inner }
}
function join(list: Part[]): Part[] {
  const out: Part[] = []
  for (const part of list) {
    const last = out.at(-1)
    const same = last && last.name === part.name && last.variant === part.variant
    if (
      same &&
      (part.name === 'mn' || part.name === 'mtext' || (part.name === 'mi' && (part.variant === 'normal' || /../u.test(last.text))))
    )
      out[out.length - 1] = { ...last, text: last.text + part.text }
    else out.push(part)
  }
  return out
}
const written = (part: Part): string =>
  part.text
    ? `${part.name}${part.variant && `.${part.variant}`}:${part.text.trim()}`
    : `${part.name}(${part.children.map(written).join(' ')})`

/** The normal form of what KaTeX makes of TeX; undefined where it does not read it. */
function rendered(tex: string): string | undefined {
  try {
    const html = katex.renderToString(tex.replace(/\\(display|text|script|scriptscript)style(?![A-Za-z])/g, ' '), {
      output: 'mathml',
      displayMode: true,
      throwOnError: true,
      strict: 'ignore',
      maxExpand: 10000,
    })
    const math = find(parseFragment(html), 'math')
    return math && join(parts(math)).map(written).join(' ')
  } catch {
    return undefined
  }
}

interface Case {
  tex: string
  mathml: string
  from: string
}

/** `<math>` of a page with the TeX that its annotation gives. */
function* ofPage(path: string): Generator<Case> {
  const html = readFileSync(path, 'utf8')
  for (const [source] of html.matchAll(/<math\b[\s\S]*?<\/math>/g)) {
    const annotation = find(parse(source), 'annotation')
    if (!annotation) continue
    const mathml = source.replace(/<annotation\b[\s\S]*?<\/annotation>/, '').replace(/ alttext="[^"]*"/, '')
    yield { tex: textOf(annotation), mathml, from: 'page' }
  }
}

const { values } = parseArgs({
  options: {
    formulas: { type: 'string' },
    page: { type: 'string', default: '../shared/data/stem-pages/ccmath/wikipedia_1_math_annotation.html' },
    half: { type: 'string', default: 'held-out' },
    show: { type: 'string', default: '0' },
  },
})
const cases: Case[] = []
if (existsSync(values.page)) cases.push(...ofPage(values.page))
if (values.formulas) {
  const real = readFileSync(values.formulas, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as string)
  const wanted = values.half === 'development' ? 0 : 1
  const half = (tex: string) => (createHash('sha256').update(tex).digest()[0] ?? 0) % 2
  for (const [list, kind] of [
    [real, 'real'],
    [generated(real.length), 'generated'],
  ] as const)
    for (const tex of list) {
      if (half(tex) !== wanted || rendered(tex) === undefined) continue
      let byTemml: string, byMathJax: string
      try {
        byTemml = temml.renderToString(tex, { displayMode: true, throwOnError: true })
        byMathJax = mathJax(tex)
      } catch {
        continue
      }
      if (/<merror|data-mjx-error/.test(byMathJax)) continue
      cases.push({ tex, mathml: byTemml, from: `temml, ${kind}` }, { tex, mathml: byMathJax, from: `mathjax, ${kind}` })
    }
}

/** Both from shortly before the place where they part. */
function difference(gold: string, got: string): string {
  let i = 0
  while (i < gold.length && gold[i] === got[i]) i++
  return `gold ${gold.slice(Math.max(0, i - 40), i + 80)}\ngot  ${got.slice(Math.max(0, i - 40), i + 80)}`
}

const ours = cases.map(c => mathmlToLatex(c.mathml)[0])
const peer = (mathml: string) => {
  try {
    return MathMLToLaTeX.convert(mathml.replace(/<!--[\s\S]*?-->/g, ''))
  } catch {
    return undefined
  }
}
const count = new Map<string, { all: number; equal: number; unread: number; peer: number }>()
let shown = 0
cases.forEach((c, i) => {
  const row = count.get(c.from) ?? { all: 0, equal: 0, unread: 0, peer: 0 }
  count.set(c.from, row)
  const gold = rendered(c.tex)
  const latex = ours[i] ?? ''
  const got = rendered(latex)
  row.all++
  if (got === undefined) row.unread++
  if (got === gold) row.equal++
  else if (shown++ < Number(values.show) && (c.from === 'page' || values.half === 'development'))
    console.log(
      `--- ${c.from}\ntex  ${c.tex}\nours ${latex}\n${difference(gold ?? '', got ?? 'not readable')}\n${c.mathml.replace(/\s+/g, ' ').slice(0, 900)}`,
    )
  const other = peer(c.mathml)
  if (other !== undefined && rendered(other) === gold) row.peer++
})
for (const [from, row] of count)
  console.log(
    `${from}: ${row.equal} of ${row.all} equal (${(row.equal / row.all).toFixed(3)}), ${row.unread} not readable; mathml-to-latex ${row.peer} (${(row.peer / row.all).toFixed(3)})`,
  )
