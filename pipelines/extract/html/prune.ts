/**
 * What is not content: by tag, by what is hidden, by role and by words of class and id.
 *
 * Words are compared as tokens, so that `sidebar` goes and `shadow` stays. A pass that would take more than 6/7 of the text is undone, as in
 * trafilatura: on such pages the names mean something else. Lists after trafilatura and resiliparse (extraction.md 3.1, 3.2), shortened.
 */
import { measure, type Node, walk } from './dom.ts'

/** Never shown or never prose; their content goes with them. */
const dropped = new Set(
  'script style noscript template iframe object embed applet svg canvas video audio source track map button input select textarea option datalist dialog link meta head title base progress meter frameset noframes'.split(
    ' ',
  ),
)

/** Regions that the page itself calls furniture. */
const furniture = new Set(['nav', 'aside', 'footer', 'menu'])

const roles = new Set(
  'navigation banner contentinfo complementary search menu menubar toolbar tablist dialog alertdialog alert tooltip progressbar'.split(' '),
)

/** Containers that class and id may condemn; text tags such as `p` and `td` only by the strong words. */
const containers = new Set('div section ul ol dl li span p table header form figure details a h2 h3 h4 h5'.split(' '))

const words =
  /(?:^|[\s_-])(?:nav|navbar|navigation|menu|submenu|megamenu|breadcrumbs?|crumbs?|sidebar|side-?bar|footer|footer\w*|cookies?|consent|gdpr|share|sharing|sharedaddy|shareaddict|social|addtoany|addthis|newsletter|subscribe|subscription|signup|sign-up|login|register|related|relatedposts|recommend(?:ed|ations?)?|read-?more|more-(?:posts|stories|articles|from)|also-like|you-may|trending|popular|promo|promotion|advert\w*|ads?|adsense|ad-?slot|banner|sponsor(?:ed)?|taboola|outbrain|criteo|widgets?|pagination|pager|pagenav|skip-?links?|skip-to\w*|screen-reader\w*|sr-only|visually-hidden|visuallyhidden|noprint|no-print|popup|modal|overlay|lightbox|toast|byline|author-(?:box|bio|info|card)|about-author|tags?|tagcloud|tag-links|post-tags|categories|cat-links|entry-meta|post-meta|article-meta|meta-data|post-nav\w*|toolbar|tooltip|dropdown|carousel|slider|rating|ratings|print-only|copyright|disclaimer|back-to-top|backtotop|masthead|site-header|page-header-nav|topbar|top-bar|search|searchform|cart|minicart|wishlist|mw-editsection|toc|jump-links|reflist-nav|hatnote|noexcerpt|feedback|survey|app-download|paywall|cta)(?=$|[\s_-])/

/** Tokens that mark content even beside one of the words above: `post-share-content` stays out, `article-body` stays in. */
const keep =
  /(?:^|[\s_-])(?:article-?body|post-?body|entry-?content|post-?content|article-?content|main-?content|page-?content|content-?body|story-?body|markdown-body|mw-parser-output|articlebody|mw-content-text|productdescription|product-description)(?=$|[\s_-])/

const commentWords = /(?:^|[\s_-])(?:comments?|comment-?list|commentlist|disqus\w*|respond|replies|comment-respond)(?=$|[\s_-])/

export const namesOf = (node: Node): string => `${node.get('class')} ${node.get('id')}`.replace(/([a-z])([A-Z])/g, '$1-$2').toLowerCase()

export function isHidden(node: Node): boolean {
  if (node.has('hidden') && node.get('hidden') !== 'until-found') return true
  const style = node.get('style')
  if (style && /display\s*:\s*none|visibility\s*:\s*hidden/i.test(style)) return true
  return node.get('aria-hidden') === 'true' && node.tag !== 'a'
}

/** First pass, safe on every page: what can never be content. Counts must be fresh (`measure`); they are stale afterwards. */
export function pruneAlways(body: Node): void {
  const total = body.letters
  for (const node of walk(body)) {
    if (node.tag.startsWith('#')) continue
    // A form, a hidden element or an ASP.NET page in one form may hold everything: then it is only a wrapper.
    const half = node.letters * 2 > total && total > 0
    if (dropped.has(node.tag)) {
      if ((node.tag === 'object' || node.tag === 'noscript') && half) continue
      node.detach()
    } else if (!half && (isHidden(node) || (node.tag === 'form' && node.letters * 5 < total))) node.detach()
  }
}

/** Second pass: furniture by tag, role, class and id. Undone above 6/7 of the text. Returns the nodes it took, for `explain`. */
export function pruneFurniture(root: Node, options: { comments: boolean; words: boolean }): Node[] {
  measure(root)
  const before = root.letters
  const taken: { node: Node; parent: Node; next: Node | null }[] = []
  const take = (node: Node): void => {
    taken.push({ node, parent: node.parent as Node, next: node.next })
    node.detach()
  }
  for (const node of walk(root)) {
    if (node.tag.startsWith('#') || node.letters * 2 > before) continue
    if (isFurniture(node, options)) take(node)
  }
  measure(root)
  if (root.letters * 7 > before) return taken.map(({ node }) => node)
  for (const { node, parent, next } of taken.reverse()) parent.insert(node, next?.parent === parent ? next : null)
  measure(root)
  return []
}

function isFurniture(node: Node, options: { comments: boolean; words: boolean }): boolean {
  if (furniture.has(node.tag)) return true
  const role = node.get('role').toLowerCase()
  if (role && roles.has(role)) return true
  if (node.tag === 'header') return !insideArticle(node) && node.linked * 2 > node.letters
  if (!options.words || !containers.has(node.tag)) return false
  const names = namesOf(node)
  if (names === ' ' || keep.test(names)) return false
  if (!options.comments && commentWords.test(names)) return true
  return words.test(names)
}

function insideArticle(node: Node): boolean {
  for (let at = node.parent; at; at = at.parent) if (at.tag === 'article' || at.tag === 'main') return true
  return false
}

const blocks = new Set('div ul ol dl section table p li nav'.split(' '))

/**
 * Third pass: blocks that are mostly links. After trafilatura: short ones above 0.8, long ones only as farms of more than four links above
 * 0.9. Counts must be fresh.
 */
export function pruneLinks(root: Node): void {
  const before = root.letters
  for (const node of [...walk(root)]) {
    if (!node.parent || !blocks.has(node.tag) || !node.linked || node.letters * 2 > before) continue
    const density = node.linked / node.letters
    if (node.tag === 'li' || node.tag === 'p') continue
    const limit = node.tag === 'table' ? 0.8 : node.letters < 300 ? 0.8 : 0.9
    if (density > limit && countLinks(node) > (node.letters < 300 ? 1 : 4)) node.detach()
  }
  measure(root)
}

function countLinks(root: Node): number {
  let links = 0
  for (const node of walk(root)) if (node.tag === 'a') links++
  return links
}
