/**
 * The element that holds the content: the first of several groups of names that carries enough of the page's text, else the way down to
 * where the unlinked text is densest.
 */
import { following, type Node } from './dom.ts'
import { namesOf } from './prune.ts'

const groups: ((node: Node) => boolean)[] = [
  node =>
    /articlebody/i.test(node.get('itemprop')) ||
    /(?:^|[\s_])(?:article-?body|articlebody|entry-?content|post-?content|article-?content|story-?body|post-?body|mw-parser-output|markdown-body|td-post-content)(?=$|[\s_])/.test(
      namesOf(node),
    ),
  node => node.tag === 'article',
  node => node.tag === 'main' || node.get('role') === 'main',
  node =>
    /(?:^|\s)(?:main-?content|page-?content|content-?main|main-?column|primary-?content|post-text|content|main)(?=$|\s)/.test(
      namesOf(node),
    ),
]

/** Unlinked letters: what a candidate is weighed by. */
const weight = (node: Node): number => node.letters - node.linked

/** Counts must be fresh (`measure`). `thread`: a page of posts, where no single one may stand for all. */
export function contentRoot(body: Node, thread: boolean): Node {
  const total = weight(body)
  if (total <= 0) return body
  for (const test of thread ? groups.slice(2) : groups) {
    const candidates: Node[] = []
    // Outermost ones only: what is inside a candidate is passed over.
    for (let node = body.first; node; ) {
      const found = !node.tag.startsWith('#') && test(node)
      if (found) candidates.push(node)
      node = following(node, body, found)
    }
    if (!candidates.length) continue
    const best = candidates.reduce((a, b) => (weight(b) > weight(a) ? b : a))
    // One of many articles is a teaser or a comment: then their common home is the content.
    if (weight(best) >= 250 && weight(best) >= 0.4 * total) return best
    const together = candidates.length > 1 ? common(candidates) : undefined
    if (together && together !== body && weight(together) >= 0.5 * total && weight(together) >= 250) return together
  }
  return thread ? body : densest(body)
}

/** Down from `body` as long as one child has most of the unlinked text. */
function densest(body: Node): Node {
  let node = body
  for (;;) {
    let best: Node | undefined
    for (let child = node.first; child; child = child.next) if (!best || weight(child) > weight(best)) best = child
    if (!best || best.tag.startsWith('#') || weight(best) < 0.8 * weight(node)) return node
    if (best.tag === 'p' || best.tag === 'pre' || best.tag === 'table') return node
    node = best
  }
}

/** The nearest ancestor of all. */
function common(nodes: readonly Node[]): Node | undefined {
  let [home, ...rest] = nodes
  for (const node of rest) {
    let at: Node | null = node
    while (at && home && at !== home) {
      if (at.depth > home.depth) at = at.parent
      else home = home.parent ?? undefined
    }
  }
  return home
}
