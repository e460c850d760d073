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
 * What counts as the same: bench/extraction/mathml.compare.ts.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { MathMLToLaTeX } from 'mathml-to-latex'
import { parse } from 'parse5'
import temml from 'temml'
import { mathmlToLatex } from '../../native/addon/extract.ts'
import { find, rendered, textOf } from './mathml.compare.ts'
import { generated } from './mathml.generate.ts'
import { mathJax } from './mathml.mathjax.ts'

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

// The page's formulas by number; those made from TeX by share.
let missed = 0
for (const [from, row] of count) {
  const [value, bar] = from === 'page' ? [row.equal, Math.ceil((190 / 213) * row.all)] : [row.equal / row.all, 0.9]
  if (value < bar) missed++
  console.log(`  ${value < bar ? 'MISSED' : 'met   '} ${from}: ${Number(value.toFixed(4))} (≥ ${bar})`)
}
process.exitCode = missed ? 1 : 0
