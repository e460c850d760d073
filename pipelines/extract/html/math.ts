/**
 * Formulas to TeX, before anything is pruned (extraction.md 3.7, steps 1 to 4): annotations, alttext, math scripts, and the attributes in
 * which KaTeX and others keep their source. A rendered twin beside its source is removed. MathML without TeX stays as its text.
 */
import { elements, find, Node, textContent, walk } from './dom.ts'

/** Tag of the nodes that stand for a formula; their text is `$…$` or `$$…$$`. Nothing later looks inside. */
export const mathTag = '#math'

export function rescueMath(root: Node): number {
  let found = 0
  const put = (node: Node, tex: string, display: boolean): void => {
    const source = clean(tex)
    if (!source) return
    node.replaceWith(new Node(mathTag, true, display ? new Map([['display', '']]) : undefined, display ? `$$${source}$$` : `$${source}$`))
    found++
  }
  for (const node of [...walk(root)]) {
    if (!node.parent || node.tag.startsWith('#')) continue
    const name = node.get('class')
    if (node.tag === 'script') {
      const type = node.get('type')
      if (/^math\/tex/i.test(type)) put(node, textContent(node), /mode\s*=\s*display/i.test(type))
    } else if (node.tag === 'math') {
      const annotation = find(node, inner => inner.tag === 'annotation' && /tex/i.test(inner.get('encoding')))
      const tex = annotation ? textContent(annotation) : node.get('alttext')
      if (tex) put(outermost(node), tex, node.get('display') === 'block' || isDisplay(node))
    } else if (/(?:^|\s)(?:ztext-math|tex|wp-katex-eq)(?:\s|$)/.test(name) || node.has('data-tex') || node.has('data-expr')) {
      const tex = node.get('data-tex') || node.get('data-expr') || (name.includes('wp-katex-eq') ? textContent(node) : '')
      if (tex) put(node, tex, node.has('data-display') || /\\\\$/.test(tex))
    } else if (/(?:^|\s)math-container(?:\s|$)/.test(name)) {
      // Delimiters are inside (StackExchange): kept as they are, but safe from pruning and collapsing.
      const text = textContent(node).trim()
      const inner = text.replace(/^\${1,2}|\${1,2}$/g, '')
      if (inner) put(node, inner, text.startsWith('$$'))
    }
  }
  for (const node of [...walk(root)]) if (node.parent && !node.tag.startsWith('#') && isTwin(node)) node.detach()
  return found
}

/** The element that renders this formula and nothing else: `.katex`, `mjx-container`, `.mwe-math-element`, … */
function outermost(math: Node): Node {
  let best = math
  for (let node = math.parent, steps = 0; node && steps < 4; node = node.parent, steps++)
    if (
      /(?:^|\s)(?:katex|katex-display|mwe-math-element|MathJax|MathJax_Display)(?:\s|$)/.test(node.get('class')) ||
      node.tag === 'mjx-container'
    )
      best = node
  return best
}

function isDisplay(math: Node): boolean {
  for (let node = math.parent, steps = 0; node && steps < 4; node = node.parent, steps++)
    if (
      /(?:^|\s)(?:katex-display|MathJax_Display|mwe-math-element-block)(?:\s|$)/.test(node.get('class')) ||
      (node.tag === 'mjx-container' && node.get('display') === 'true')
    )
      return true
  return false
}

/** Renderings whose source is elsewhere: MathJax 2 leaves its script beside them, MediaWiki an image. */
function isTwin(node: Node): boolean {
  const name = node.get('class')
  if (/(?:^|\s)(?:katex-html|MathJax_Preview|mwe-math-fallback-image-\w+)(?:\s|$)/.test(name)) return true
  if (!/(?:^|\s)(?:MathJax|MathJax_Display|MathJax_SVG|MathJax_CHTML|mjx-chtml)(?:\s|$)/.test(name)) return false
  return (
    elements(node, mathTag).length === 0 &&
    [node.next, node.parent?.next].some(next => next?.tag === mathTag || next?.next?.tag === mathTag)
  )
}

function clean(tex: string): string {
  const text = tex
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^\${1,2}/, '')
    .replace(/\${1,2}$/, '')
    .trim()
  const styled = /^\{\\(?:displaystyle|textstyle)\s*(.*)\}$/.exec(text)
  return (styled?.[1] ?? text).trim()
}
