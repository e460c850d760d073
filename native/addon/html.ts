import { domain } from './load.ts'

/** Budgets of one page; see native/html/tree.h. Defaults: 64 MiB, 4 Mi nodes, 512 deep, 256 attributes an element. */
export interface HtmlLimits {
  maxBytes?: number
  maxNodes?: number
  maxDepth?: number
  maxAttributes?: number
  maxFormatting?: number
  maxStepsPerByte?: number
}

/** How a tokenizer reads text at its start, in the order of native/html/tokenizer.h. */
export const contents = ['data', 'rcdata', 'rawtext', 'script', 'plaintext', 'cdata'] as const
export type Content = (typeof contents)[number]

/** ["StartTag", name, { attributes }, true?], ["EndTag", name], ["Comment", data], ["Character", data], ["DOCTYPE", name, public, system, correct]. */
export type HtmlToken = [string, ...unknown[]]

export interface DecodedPage {
  /** UTF-8. */
  text: Uint8Array
  /** Name of the WHATWG Encoding Standard in lower case. */
  encoding: string
  source: 'mark' | 'utf8' | 'transfer' | 'page' | 'detected'
  /** U+FFFD in the text that stand for malformed bytes. */
  malformed: number
}

interface Html {
  serializeTree(html: Uint8Array, limits?: HtmlLimits): { tree: Uint8Array; cuts: number }
  tokens(html: Uint8Array, content: number, lastStartTag: string): HtmlToken[]
  decodePage(bytes: Uint8Array, transferLabel: string): DecodedPage
  decodeBytes(bytes: Uint8Array, label: string): { text: Uint8Array; malformed: number }
  prescanCharset(bytes: Uint8Array, limit: number): string
  detectCharset(bytes: Uint8Array): string
  charsetOfLabel(label: string): string
  parsePages(
    offsets: Int32Array,
    bytes: Uint8Array,
    limits?: HtmlLimits,
  ): Promise<{ nodes: Uint32Array; attributes: Uint32Array; cuts: Uint32Array }>
}

/** The tree of a page (UTF-8) as text, one line a node, and the bits of what a limit cut (0: nothing). For comparison with other parsers. */
export const serializeTree = (html: Uint8Array, limits?: HtmlLimits): { tree: Uint8Array; cuts: number } =>
  domain<Html>('html').serializeTree(html, limits)

/** The tokens of UTF-8 text; neighbouring Character tokens may be in pieces. */
export const tokens = (html: Uint8Array, content: Content = 'data', lastStartTag = ''): HtmlToken[] =>
  domain<Html>('html').tokens(html, contents.indexOf(content), lastStartTag)

/** Parses every page of a column on one thread and tells the nodes, attributes and cut bits of each. Errors: SHAPE. */
export const parsePages = (
  offsets: Int32Array,
  bytes: Uint8Array,
  limits?: HtmlLimits,
): Promise<{ nodes: Uint32Array; attributes: Uint32Array; cuts: Uint32Array }> => domain<Html>('html').parsePages(offsets, bytes, limits)

/** Bytes of a page as UTF-8: byte order mark, valid UTF-8, the transfer's charset, the page's own, the detector, in this order. */
export const decodePage = (bytes: Uint8Array, transferLabel = ''): DecodedPage => domain<Html>('html').decodePage(bytes, transferLabel)

/** Bytes in the encoding of a WHATWG label as UTF-8 (as UTF-8 themselves for an unknown label). */
export const decodeBytes = (bytes: Uint8Array, label: string): { text: Uint8Array; malformed: number } =>
  domain<Html>('html').decodeBytes(bytes, label)

/** The encoding that a page declares in its first `limit` bytes; '' where it declares none. */
export const prescanCharset = (bytes: Uint8Array, limit = 1024): string => domain<Html>('html').prescanCharset(bytes, limit)

/** The likeliest encoding of undeclared bytes. */
export const detectCharset = (bytes: Uint8Array): string => domain<Html>('html').detectCharset(bytes)

/** The encoding of a WHATWG label; '' for an unknown one. */
export const charsetOfLabel = (label: string): string => domain<Html>('html').charsetOfLabel(label)
