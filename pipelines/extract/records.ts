/**
 * What a reader yields: records, records that cannot be read, and files that it left alone on purpose.
 *
 * A reader never throws for a byte that is wrong; what it throws (a file that vanished, a full disk) is charged to the attempt. Order is
 * the file's order, so the documents of a unit do not depend on how files were grouped.
 */
import { constants, isUtf8 } from 'node:buffer'
import type { Source } from './source.ts'

export interface Input {
  path: string
  /** Relative to the source's root, NFC. */
  key: string
  size: number
  compression: 'none' | 'gzip' | 'zstd'
  source: Source
}

/** Budgets that count work, never time: part of the config, so of identity. */
export interface Limits {
  maxDocumentBytes: number
  maxRecords: number
  maxExpansion: number
  maxDepth: number
  maxNodes: number
  tree: { maxBytes: number; maxLineBytes: number; maxMeanLineBytes: number }
  /** Folder for a decompressed copy of a file that needs random access. */
  scratch: string
}

export interface Fields {
  url?: string | undefined
  title?: string | undefined
  author?: string | undefined
  date?: string | undefined
  language?: string | undefined
  kind?: string | undefined
  type?: string | undefined
  confidence?: number | undefined
}

export interface RawRecord extends Fields {
  key: string
  offset: number
  /** Valid UTF-8, or a page's bytes as served. Exactly one of the two. */
  text?: string | Uint8Array
  html?: Uint8Array
  /** Charset label of the transfer, if it declared one. */
  charset?: string | undefined
  /** What the transfer said of the page's use (headers.ts), in the words of `meta`; the page itself may say more. */
  said?: Said
  meta: Record<string, string>
}

/** Signals of an owner: see `robots`, `tdm` and `licence` in page.ts. */
export interface Said {
  robots?: string | undefined
  tdm?: string | undefined
  licence?: string | undefined
}

export interface Unreadable {
  key: string
  offset: number
  code: string
  message: string
}

export type Item =
  | { record: RawRecord; unreadable?: never; skipped?: never }
  | { unreadable: Unreadable; record?: never; skipped?: never }
  /** Left alone by rule: only counted, under this name. */
  | { skipped: string; record?: never; unreadable?: never }

export type Reader = (input: Input, limits: Limits) => AsyncGenerator<Item, void, undefined>

export const unreadable = (key: string, offset: number, code: string, message: string): Item => ({
  unreadable: { key, offset, code, message },
})

/** A byte that is wrong, found below a reader. Readers turn it into `unreadable`. */
export class InputError extends Error {
  readonly code: string
  /** In the file as it lies there, or in its decompressed stream where `key` says so. */
  readonly offset: number
  constructor(code: string, offset: number, message: string) {
    super(message)
    this.name = 'InputError'
    this.code = code
    this.offset = offset
  }
}

/** First byte that breaks UTF-8 (RFC 3629: no surrogates, no overlong forms), or -1. */
export function invalidUtf8At(bytes: Uint8Array): number {
  if (isUtf8(bytes)) return -1
  for (let i = 0; i < bytes.length; ) {
    const a = bytes[i] as number
    const b = bytes[i + 1] ?? 0
    const length = a < 0x80 ? 1 : a >= 0xc2 && a < 0xe0 ? 2 : a >= 0xe0 && a < 0xf0 ? 3 : a >= 0xf0 && a < 0xf5 ? 4 : 0
    if (!length || i + length > bytes.length) return i
    if ((a === 0xe0 && b < 0xa0) || (a === 0xed && b > 0x9f) || (a === 0xf0 && b < 0x90) || (a === 0xf4 && b > 0x8f)) return i
    for (let k = 1; k < length; k++) if (((bytes[i + k] as number) & 0xc0) !== 0x80) return i
    i += length
  }
  return -1
}

/** Bytes of a JavaScript string that V8 can hold at all; texts above `maxDocumentBytes` never get here. */
export const maxStringBytes = constants.MAX_STRING_LENGTH

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
export const decodeUtf8 = (bytes: Uint8Array): string => utf8.decode(bytes)

export const withoutBom = (bytes: Uint8Array): Uint8Array =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
