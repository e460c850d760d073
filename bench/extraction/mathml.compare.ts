/**
 * Whether two pieces of TeX are the same formula: KaTeX renders both to the same MathML.
 *
 * Both are rendered in display style, \displaystyle and its like taken out. Two renderings are the same when they agree after this, which drops spacing and style: attributes, but mathvariant of
 * mi, mn and mtext and a line thickness of zero; mspace, mtext of white space, U+2061 to U+2064 and empty rows; mstyle and mpadded (their
 * content stays); rows inside rows and rows of one child; the cells that number an equation; an mi that is no letter or digit counts as mo, one of several letters as upright;
 * neighbouring mn, upright mi and mtext are one.
 */
import katex from 'katex'
import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5'

type Node = DefaultTreeAdapterTypes.Node
type Element = DefaultTreeAdapterTypes.Element
type Part = { name: string; variant: string; text: string; children: Part[] }

const isElement = (node: Node): node is Element => 'tagName' in node
export const textOf = (node: Node): string =>
  'value' in node ? node.value : 'childNodes' in node ? node.childNodes.map(textOf).join('') : ''
const attribute = (node: Element, name: string) => node.attrs.find(a => a.name === name)?.value ?? ''

export function find(node: Node, name: string): Element | undefined {
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
export function rendered(tex: string): string | undefined {
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
