/**
 * `import { extract } from 'millrace/extract'`: main content of one page, or of a stream of pages.
 *
 *     const { title, text } = extract('<h1>A title</h1><p>…')
 *     for await (const page of extract(pages, { format: 'text' })) …
 *
 * One page is read on the calling thread, a few milliseconds for a large one. A stream goes to native threads a batch at a time and keeps its
 * order. Nothing that a page holds makes either fail: what goes over a limit is cut (`cuts`), and at worst the text is empty.
 */
import { availableParallelism } from 'node:os'
import { Duplex } from 'node:stream'
import {
  type CharsetSource,
  charsetSources,
  extractPage,
  extractPages,
  type JudgedBlock,
  type Mode,
  type NativePage,
  type OutputFormat,
  type PageColumns,
  textColumns,
} from '../../native/addon/extract.ts'

export type { CharsetSource, JudgedBlock, Mode, OutputFormat } from '../../native/addon/extract.ts'

export interface ExtractOptions {
  /** Default `balanced`. `precision` drops what is unsure, `recall` keeps it, `union` keeps what any of the views keeps. */
  mode?: Mode
  /** Default `markdown`. `text` has no marks but those of lists, tables and formulas; `html` is a cleaned fragment. */
  format?: OutputFormat
  /** Keep the addresses of links (not in text). Default false. */
  links?: boolean
  /** Keep images with their addresses (not in text). Default false. */
  images?: boolean
  /** Where the page was found: helps to tell its type. */
  url?: string
  /** Charset that the transfer declared, such as that of `Content-Type`. Bytes only. */
  charset?: string
  /** Limits of one page. Defaults: 64 MiB, 4,194,304 nodes, 512 open elements. */
  maxBytes?: number
  maxNodes?: number
  maxDepth?: number
}

export interface SyncOptions extends ExtractOptions {
  /** Tell how each block was judged. Default false. */
  blocks?: boolean
}

export interface StreamOptions extends ExtractOptions {
  /** Native threads; cannot change a result. Default: as many as there are cores. */
  threads?: number
  /** Pages that are read before their batch starts (fewer where they are large). Default 64. */
  batchPages?: number
}

/** What a page holds. A field that it does not say is absent. */
export interface ExtractedPage {
  /** The main content; '' where there is none. */
  text: string
  title?: string
  author?: string
  /** Of publication: YYYY-MM-DD. */
  date?: string
  /** The given one, else the page's canonical address. */
  url?: string
  site?: string
  /** BCP 47 as declared, in lower case. */
  language?: string
  /** Address or name of a licence (rel=license and the like). */
  licence?: string
  /** Directives for robots as declared: `noindex, noai`. */
  robots?: string
  /** Reservation of text and data mining: `1` or `0`, with the policy's address behind a space. */
  tdm?: string
  /** Types that JSON-LD, microdata and Open Graph give, comma-separated. */
  schema?: string
  /** article, forum, product, collection, listing, documentation or service. */
  type: string
  /** Probability that the text agrees with what a reader would take (word F1 of at least 0.8). */
  confidence: number
  /** `body`, or where embedded text came from: `json-ld`, `next-data`, `discourse`, `state`. */
  origin: string
  /** Encoding of the bytes by WHATWG name, and what said so. */
  charset: string
  charsetSource: CharsetSource
  /** U+FFFD that stand for malformed bytes. */
  malformed: number
  /** Limits at which something was left out. */
  cuts: Cut[]
  blocks?: JudgedBlock[]
}

/** Limits in the order of their bits (native/html/tree.h). */
export const cutNames = ['bytes', 'nodes', 'depth', 'attributes', 'formatting', 'work'] as const
export type Cut = (typeof cutNames)[number]

/** A page of a stream: markup, or markup with what is known of it. */
export type PageInput = string | Uint8Array | { html: string | Uint8Array; url?: string; charset?: string }

/** The main content of one page. A string is taken as it is, bytes are decoded as browsers do. */
export function extract(page: string | Uint8Array, options?: SyncOptions): ExtractedPage
/** The main content of every page of a stream, in its order. */
export function extract(
  pages: AsyncIterable<PageInput> | Iterable<PageInput>,
  options?: StreamOptions,
): AsyncGenerator<ExtractedPage, void, undefined>
export function extract(
  page: string | Uint8Array | AsyncIterable<PageInput> | Iterable<PageInput>,
  options: SyncOptions & StreamOptions = {},
): ExtractedPage | AsyncGenerator<ExtractedPage, void, undefined> {
  if (typeof page !== 'string' && !(page instanceof Uint8Array)) return stream(page, options)
  return named(extractPage(page, options.url, options.charset, options), options.url)
}

/** A stream that takes pages and gives what they hold: `pages.pipe(extractTransform())`. */
export const extractTransform = (options: StreamOptions = {}): Duplex =>
  Duplex.from((pages: AsyncIterable<PageInput>) => stream(pages, options))

const batchBytes = 16 * 2 ** 20

async function* stream(
  pages: AsyncIterable<PageInput> | Iterable<PageInput>,
  options: StreamOptions,
): AsyncGenerator<ExtractedPage, void, undefined> {
  // The next batch is gathered while one is read; no more than two are held.
  let running: Promise<ExtractedPage[]> | undefined
  for await (const batch of batches(pages, options)) {
    const started = readBatch(batch, options)
    started.catch(() => {}) // it is thrown where it is awaited, if it still is
    if (running) yield* await running
    running = started
  }
  if (running) yield* await running
}

type Known = { bytes: Uint8Array; url: string; charset: string }

async function* batches(
  pages: AsyncIterable<PageInput> | Iterable<PageInput>,
  { batchPages = 64, url = '', charset = '' }: StreamOptions,
): AsyncGenerator<Known[], void, undefined> {
  let batch: Known[] = []
  let size = 0
  for await (const page of pages) {
    const known = typeof page === 'string' || page instanceof Uint8Array ? { html: page } : page
    const { html } = known
    // A mark keeps a string's own declaration from being believed: it is UTF-8 here, whatever it was.
    const bytes = typeof html === 'string' ? Buffer.from(`\ufeff${html}`) : html
    batch.push({ bytes, url: known.url ?? url, charset: known.charset ?? charset })
    size += bytes.length
    if (batch.length >= batchPages || size >= batchBytes) {
      yield batch
      batch = []
      size = 0
    }
  }
  if (batch.length) yield batch
}

async function readBatch(batch: readonly Known[], options: StreamOptions): Promise<ExtractedPage[]> {
  const column = (texts: Uint8Array[]) => {
    const offsets = new Int32Array(texts.length + 1)
    for (const [i, text] of texts.entries()) offsets[i + 1] = (offsets[i] as number) + text.length
    return { offsets, bytes: Buffer.concat(texts) }
  }
  const found = await extractPages(
    column(batch.map(({ bytes }) => bytes)),
    column(batch.map(({ url }) => Buffer.from(url))),
    column(batch.map(({ charset }) => Buffer.from(charset))),
    options,
    options.threads ?? availableParallelism(),
  )
  return batch.map(({ url }, i) => named(rowOf(found, i), url))
}

function rowOf(found: PageColumns, row: number): NativePage {
  const say = (name: (typeof textColumns)[number]): string => {
    const { offsets, bytes } = found[name]
    const from = offsets[row] as number
    return Buffer.from(bytes.buffer, bytes.byteOffset + from, (offsets[row + 1] as number) - from).toString('utf8')
  }
  return {
    ...(Object.fromEntries(textColumns.map(name => [name, say(name)])) as Record<(typeof textColumns)[number], string>),
    confidence: found.confidence[row] as number,
    cuts: found.cuts[row] as number,
    malformed: found.malformed[row] as number,
    charsetSource: charsetSources[found.charsetSource[row] as number] as CharsetSource,
  }
}

const optional = ['title', 'author', 'date', 'site', 'language', 'licence', 'robots', 'tdm', 'schema'] as const

function named(page: NativePage, url: string | undefined): ExtractedPage {
  const { text, type, confidence, origin, charset, charsetSource, malformed, cuts, blocks } = page
  const address = url || page.url
  return {
    text,
    ...Object.fromEntries(optional.flatMap(name => (page[name] ? [[name, page[name]]] : []))),
    ...(address ? { url: address } : {}),
    type,
    confidence,
    origin,
    charset,
    charsetSource,
    malformed,
    cuts: cutNames.filter((_, bit) => cuts & (1 << bit)),
    ...(blocks ? { blocks } : {}),
  }
}
