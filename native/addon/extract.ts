/** Extraction of main content, whole columns off the JavaScript thread; definitions stand in native/extract/*.h. Errors carry `code`. */
import { domain } from './load.ts'
import type { Texts } from './text.ts'

/** How the text is chosen; see docs/guide.md. `balanced` agrees best with readers, `union` holds what any of the views would keep. */
export const modes = ['balanced', 'precision', 'recall', 'union'] as const
export type Mode = (typeof modes)[number]

/** What the text is written as. */
export const outputFormats = ['markdown', 'text', 'html'] as const
export type OutputFormat = (typeof outputFormats)[number]

/** In the order of native/html/charset.h. */
export const charsetSources = ['mark', 'utf8', 'transfer', 'page', 'detected'] as const
export type CharsetSource = (typeof charsetSources)[number]

export interface WriteOptions {
  /** Default `markdown`. */
  format?: OutputFormat
  /** Keep the addresses of links (not in text). Default false. */
  links?: boolean
  /** Keep images with their addresses (not in text). Default false. */
  images?: boolean
}

export interface PageOptions extends WriteOptions {
  /** Default `balanced`. */
  mode?: Mode
  /** Tell how blocks were judged; columns can hold the kept ones alone. Default false. */
  blocks?: boolean | 'all' | 'kept'
  /** Budgets of one page; what lies beyond them is cut, and `cuts` says so. Defaults: 64 MiB, 4 Mi nodes, 512 deep, 256 attributes. */
  maxBytes?: number
  maxNodes?: number
  maxDepth?: number
  maxAttributes?: number
  /** Most bytes of text that lies outside the markup (JSON-LD and the like). Default 1 MiB. */
  maxEmbeddedBytes?: number
}

/** Columns that hold one text a page, '' where a page has none. */
export const textColumns = [
  'text',
  'title',
  'author',
  'date',
  'url',
  'site',
  'language',
  'licence',
  'robots',
  'tdm',
  'schema',
  'type',
  'origin',
  'charset',
] as const

/** Blocks of page i are rows [offsets[i], offsets[i + 1]) of the others. */
export interface BlockColumns {
  offsets: Int32Array
  /** Of a block's text, case folded, white space and digits left out: equal for the furniture that pages of a site share. */
  hash: BigUint64Array
  words: Uint32Array
  /** Where the block begins, in the page's decoded bytes. */
  position: Uint32Array
  /** How much of it is content, 0 to 1. */
  score: Float32Array
  /** A bit a block, least significant first. */
  kept: Uint8Array
  /** Why it was dropped; '' where it was kept. */
  reason: Texts
}

export type PageColumns = Record<(typeof textColumns)[number], Texts> & {
  /** Probability that the text agrees with what a reader would take (word F1 of at least 0.8). */
  confidence: Float64Array
  /** Bits: 1 bytes, 2 nodes, 4 depth, 8 attributes, 16 formatting, 32 work. 0 where nothing was cut. */
  cuts: Uint32Array
  /** U+FFFD in the decoded page that stand for malformed bytes. */
  malformed: Uint32Array
  /** Places in `charsetSources`. */
  charsetSource: Uint8Array
  blocks?: BlockColumns
}

/** One block of a page as it was judged; see BlockColumns. */
export interface JudgedBlock {
  hash: bigint
  words: number
  position: number
  score: number
  kept: boolean
  reason: string
}

export type NativePage = Record<(typeof textColumns)[number], string> & {
  confidence: number
  cuts: number
  malformed: number
  charsetSource: CharsetSource
  blocks?: JudgedBlock[]
}

export interface RescuedParts {
  formulas: { latex: string; display: boolean }[]
  codes: { text: string; language: string; block: boolean }[]
}

export interface NativeTable {
  rows: number
  columns: number
  /** Written as HTML: it has spans, nesting or blocks in its cells. */
  complex: boolean
  caption: string
  text: string
  cells: { row: number; column: number; rows: number; columns: number; header: boolean; text: string }[]
}

interface Extract {
  extractPages(pages: Texts, urls: Texts | null, labels: Texts | null, options: PageOptions, threads: number): Promise<PageColumns>
  extractPage(page: Uint8Array | string, url: string, label: string, options: PageOptions): NativePage
  rescued(html: Uint8Array): RescuedParts
  tables(html: Uint8Array, options: WriteOptions): NativeTable[]
  wholePage(html: Uint8Array, options: WriteOptions): string
  mathmlToLatex(html: Uint8Array): string[]
}

/**
 * Extracts a column of pages, as served. `urls` and `labels` (charset of the transfer) are columns of the same length, or null. The number of
 * threads cannot change the result. Errors: SHAPE, MEMORY (2 GiB of text in one call).
 */
export const extractPages = (
  pages: Texts,
  urls: Texts | null,
  labels: Texts | null,
  options: PageOptions = {},
  threads = 1,
): Promise<PageColumns> => domain<Extract>('extract').extractPages(pages, urls, labels, options, threads)

/** Extracts one page on the calling thread. A string is taken as it is, bytes are decoded as browsers do. Never fails: at worst the text is ''. */
export const extractPage = (page: Uint8Array | string, url = '', label = '', options: PageOptions = {}): NativePage =>
  domain<Extract>('extract').extractPage(page, url, label, options)

const utf8 = (html: string | Uint8Array): Uint8Array => (typeof html === 'string' ? new TextEncoder().encode(html) : html)

/** Formulas (marked up and delimited) and code of a page (UTF-8), each in document order, whether or not their block would be kept. */
export const rescued = (html: string | Uint8Array): RescuedParts => domain<Extract>('extract').rescued(utf8(html))

/** The data tables of a page (UTF-8) in document order, with their cells and as they are written. */
export const tables = (html: string | Uint8Array, options: WriteOptions = {}): NativeTable[] =>
  domain<Extract>('extract').tables(utf8(html), options)

/** Every block of a page (UTF-8) as it is written, nothing dropped. */
export const wholePage = (html: string | Uint8Array, options: WriteOptions = {}): string =>
  domain<Extract>('extract').wholePage(utf8(html), options)

/** Every outermost `<math>` of a page (UTF-8) as LaTeX, in document order. */
export const mathmlToLatex = (html: string | Uint8Array): string[] => domain<Extract>('extract').mathmlToLatex(utf8(html))

/** Blocks of a page as the models see them; for training (bench/extraction/train.py). */
export interface TrainingRows {
  columns: string[]
  /** Blocks x columns. */
  values: Float32Array
  /** Of each block, in text format. */
  texts: string[]
  /** Indexes of the linear model, and where each block's begin. */
  tokens: Uint16Array
  tokenOffsets: Uint32Array
  /** Of each block: slot, words, and its text's hash in two halves. */
  blocks: Uint32Array
  masses: Float32Array
  /** Of each slot: parent, signature. */
  slots: Uint32Array
  /** Of each block, by the compiled weights. */
  scores: Float32Array
}

/** `unread`: as if the page were in a script without spaces, whose words the models do not know. */
export const trainingRows = (html: Uint8Array, url = '', unread = false): TrainingRows =>
  domain<{ trainingRows(html: Uint8Array, url: string, unread: boolean): TrainingRows }>('extract').trainingRows(html, url, unread)
