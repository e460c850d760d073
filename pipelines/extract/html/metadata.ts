/** Title, author, date, language, address and type of a page, from what it says of itself; nothing is guessed from prose. */
import { find, type Node, textContent, walk } from './dom.ts'

export interface Metadata {
  title: string | undefined
  author: string | undefined
  date: string | undefined
  language: string | undefined
  url: string | undefined
  site: string | undefined
  type: string
  /** Text of the article as JSON-LD gives it, for pages whose body holds none. */
  articleBody: string | undefined
}

const titleNames = ['og:title', 'twitter:title', 'dc.title']
const authorNames = ['author', 'article:author', 'dc.creator', 'parsely-author', 'sailthru.author', 'citation_author']
const dateNames = [
  'article:published_time',
  'datepublished',
  'date',
  'dc.date',
  'dc.date.issued',
  'pubdate',
  'publishdate',
  'parsely-pub-date',
  'sailthru.date',
  'citation_publication_date',
  'og:published_time',
]
const maxFieldLength = 1000

export function readMetadata(document: Node): Metadata {
  const metas = new Map<string, string>()
  const linked: unknown[] = []
  let title: string | undefined
  let heading: string | undefined
  let html: Node | undefined
  let canonical: string | undefined
  let time: string | undefined
  const counts = { articles: 0, code: 0 }
  for (const node of walk(document)) {
    if (node.tag === 'html') html ??= node
    else if (node.tag === 'title' && node.html) title ??= line(textContent(node))
    else if (node.tag === 'h1') heading ??= line(textContent(node))
    else if (node.tag === 'article') counts.articles++
    else if (node.tag === 'pre') counts.code++
    else if (node.tag === 'time') time ??= node.get('datetime') || undefined
    else if (node.tag === 'link' && /(?:^|\s)canonical(?:\s|$)/i.test(node.get('rel'))) canonical ??= node.get('href') || undefined
    else if (node.tag === 'meta') {
      const name = (node.get('property') || node.get('name') || node.get('itemprop') || node.get('http-equiv')).toLowerCase()
      const content = line(node.get('content'))
      if (name && content && !metas.has(name)) metas.set(name, content)
    } else if (node.tag === 'script' && /ld\+json/i.test(node.get('type')) && linked.length < 32) linked.push(parse(textContent(node)))
  }
  const things = flatten(linked)
  const article = things.find(thing => /Article|BlogPosting|Report|Recipe|Product|DiscussionForumPosting|QAPage/.test(typeOf(thing)))
  const first = (names: readonly string[]) => names.map(name => metas.get(name)).find(Boolean)
  const author = first(authorNames)
  return {
    title: first(titleNames) ?? title ?? heading,
    author: (author && !/^https?:/i.test(author) ? author : undefined) ?? nameOf(article?.author),
    date: first(dateNames) ?? stringOf(article?.datePublished) ?? line(time ?? ''),
    language: languageOf(html?.get('lang') || html?.get('xml:lang') || metas.get('content-language') || metas.get('og:locale')),
    url: /^https?:\/\//i.test(canonical ?? '')
      ? canonical
      : /^https?:\/\//i.test(metas.get('og:url') ?? '')
        ? metas.get('og:url')
        : undefined,
    site: metas.get('og:site_name'),
    type: pageType(document, metas, things, counts),
    articleBody: things.map(thing => thing.articleBody).find(body => typeof body === 'string'),
  }
}

const forums = /discourse|phpbb|xenforo|vbulletin|mybb|invision|flarum|simple machines|vanilla/i

/** article, forum, product, documentation, listing or page: a coarse router for rules; `page` where nothing speaks for another. */
function pageType(
  document: Node,
  metas: ReadonlyMap<string, string>,
  things: readonly Thing[],
  counts: { articles: number; code: number },
): string {
  const types = things.map(typeOf).join(' ')
  const body = find(document, node => node.tag === 'body')
  const names = `${body?.get('class') ?? ''} ${body?.get('id') ?? ''}`
  if (/DiscussionForumPosting|QAPage/.test(types) || forums.test(`${metas.get('generator') ?? ''} ${names}`)) return 'forum'
  if (/product/i.test(metas.get('og:type') ?? '') || /(?:^| )Product(?: |$)/.test(types)) return 'product'
  if (/sphinx|docusaurus|mkdocs|mdbook|javadoc|doxygen|gitbook|hugo-docs/i.test(metas.get('generator') ?? '') || counts.code > 4)
    return 'documentation'
  if (counts.articles > 3) return 'listing'
  if (/article/i.test(metas.get('og:type') ?? '') || /Article|BlogPosting/.test(types) || counts.articles === 1) return 'article'
  return 'page'
}

type Thing = Record<string, unknown>

function parse(text: string): unknown {
  try {
    return JSON.parse(text.trim())
  } catch {
    return undefined
  }
}

/** The objects of JSON-LD scripts, `@graph` and arrays opened, at most 256: a work budget. */
function flatten(values: readonly unknown[]): Thing[] {
  const out: Thing[] = []
  const queue = [...values]
  for (let i = 0; i < queue.length && out.length < 256 && i < 4096; i++) {
    const value = queue[i]
    if (Array.isArray(value)) queue.push(...value.slice(0, 256))
    else if (typeof value === 'object' && value !== null) {
      out.push(value as Thing)
      const graph = (value as Thing)['@graph']
      if (Array.isArray(graph)) queue.push(...graph.slice(0, 256))
    }
  }
  return out
}

const typeOf = (thing: Thing): string =>
  [thing['@type']]
    .flat()
    .filter(name => typeof name === 'string')
    .join(' ')

const stringOf = (value: unknown): string | undefined => (typeof value === 'string' ? line(value) : undefined)

function nameOf(value: unknown): string | undefined {
  const one = Array.isArray(value) ? value[0] : value
  return stringOf(one) ?? (typeof one === 'object' && one !== null ? stringOf((one as Thing).name) : undefined)
}

const languageOf = (label: string | undefined): string | undefined => /^[a-z]{2,3}(?=$|[-_])/i.exec(label?.trim() ?? '')?.[0].toLowerCase()

/** One line; undefined where there is nothing to say. */
function line(text: string): string | undefined {
  return (
    text
      .slice(0, maxFieldLength * 8)
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, maxFieldLength)
      .toWellFormed() || undefined
  )
}
