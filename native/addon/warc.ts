/**
 * WARC and ARC files as batches of documents, read and decoded on a thread of the pool.
 *
 * A batch's bodies are one buffer, so that what follows (extraction) can take them as a column; nothing of it is copied on the way.
 */
import { domain } from './load.ts'

type Handle = { readonly handle: unique symbol }

interface Columns {
  done: boolean
  kinds: Uint8Array
  offsets: Float64Array
  members: Float64Array
  stringEnds: Int32Array
  text: Uint8Array
  bodyEnds: Int32Array
  bodies: Uint8Array
}

interface IndexColumns {
  done: boolean
  offsets: Float64Array
  members: Float64Array
  lengths: Float64Array
  statuses: Int32Array
  stringEnds: Int32Array
  text: Uint8Array
}

interface Warc {
  openDocuments(
    path: string,
    compression: number,
    maxExpansion: number,
    from: number,
    inner: number,
    to: number,
    maxDocumentBytes: number,
  ): Handle
  nextDocuments(handle: Handle, rows: number, bytes: number): Promise<Columns>
  openIndex(path: string, compression: number, maxExpansion: number, from: number, inner: number, to: number): Handle
  nextIndex(handle: Handle, rows: number, digests: boolean): Promise<IndexColumns>
  count(path: string, compression: number, maxExpansion: number, from: number, inner: number, to: number): Promise<WarcCounts>
}

const compressions = { none: 0, gzip: 1, zstd: 2 } as const

export interface WarcOptions {
  compression: keyof typeof compressions
  /** Bytes out for each compressed byte in, above 64 MiB of them. */
  maxExpansion: number
  /** Records whose member begins in [from, to), in bytes of the file; `from` must be a place that an earlier reading gave. */
  from?: number
  to?: number
  /** Where to begin in the content of the first member: a record's offset less its member's. */
  inner?: number
}

const placeOf = ({ compression, maxExpansion, from, inner, to }: WarcOptions) =>
  [compressions[compression], maxExpansion, from ?? 0, inner ?? 0, to ?? Number.MAX_SAFE_INTEGER] as const

/** What a row of a batch is. `skipped` is counted under its `code`; `unreadable` is quarantined with `code` and `message`. */
export const itemKinds = ['page', 'text', 'unreadable', 'skipped'] as const

export interface DocumentBatch {
  rows: number
  /** Index into `itemKinds`. */
  kinds: Uint8Array
  offsets: Float64Array
  members: Float64Array
  /** Absent strings are empty. */
  strings(row: number): {
    url: string
    charset: string
    language: string
    crawled: string
    truncated: string
    code: string
    message: string
    /** Of the transfer: X-Robots-Tag and Link (where it speaks of a licence) one a line, TDM-Reservation, TDM-Policy. */
    robots: string
    reservation: string
    policy: string
    links: string
  }
  /** Arrow's layout: row i lies in [bodyEnds[i], bodyEnds[i + 1]) of `bodies`. */
  bodyEnds: Int32Array
  bodies: Uint8Array
}

const utf8 = new TextDecoder()

/** Batches of `rows` items (256) or about `bytes` of bodies (4 MiB: what waits for the collector stays small). Throws what the machine refuses (code IO, MEMORY), never for a byte that is wrong. */
export async function* warcDocuments(
  path: string,
  options: WarcOptions & { maxDocumentBytes: number; rows?: number; bytes?: number },
): AsyncGenerator<DocumentBatch, void, undefined> {
  const native = domain<Warc>('warc')
  const handle = native.openDocuments(path, ...placeOf(options), options.maxDocumentBytes)
  for (let done = false; !done; ) {
    const columns = await native.nextDocuments(handle, options.rows ?? 256, options.bytes ?? 4 * 2 ** 20)
    done = columns.done
    const { kinds, offsets, members, stringEnds, text, bodyEnds, bodies } = columns
    const stringColumns = kinds.length ? (stringEnds.length - 1) / kinds.length : 0
    const string = (row: number, column: number): string => {
      if (column >= stringColumns) return ''
      const at = row * stringColumns + column
      const from = stringEnds[at] as number
      const to = stringEnds[at + 1] as number
      return from === to ? '' : utf8.decode(text.subarray(from, to))
    }
    yield {
      rows: kinds.length,
      kinds,
      offsets,
      members,
      bodyEnds,
      bodies,
      strings: row => ({
        url: string(row, 0),
        charset: string(row, 1),
        language: string(row, 2),
        crawled: string(row, 3),
        truncated: string(row, 4),
        code: string(row, 5),
        message: string(row, 6),
        robots: string(row, 7),
        reservation: string(row, 8),
        policy: string(row, 9),
        links: string(row, 10),
      }),
    }
  }
}

export interface WarcRecord {
  offset: number
  /** First byte of its gzip member or zstd frame. */
  member: number
  length: number
  /** Of the HTTP message; 0 without one, -1 where the record cannot be read. */
  status: number
  type: string
  uri: string
  /** Hex SHA-1 of the payload with its encodings undone; empty without `digests`. */
  sha1: string
  error: string
}

/** Every record of a file, documents or not. */
export async function* warcRecords(
  path: string,
  options: WarcOptions & { digests?: boolean },
): AsyncGenerator<WarcRecord, void, undefined> {
  const native = domain<Warc>('warc')
  const handle = native.openIndex(path, ...placeOf(options))
  for (let done = false; !done; ) {
    const {
      offsets,
      members,
      lengths,
      statuses,
      stringEnds,
      text,
      done: last,
    } = await native.nextIndex(handle, 1024, options.digests ?? false)
    done = last
    for (let i = 0; i < offsets.length; i++) {
      const string = (column: number): string => utf8.decode(text.subarray(stringEnds[4 * i + column], stringEnds[4 * i + column + 1]))
      yield {
        offset: offsets[i] as number,
        member: members[i] as number,
        length: lengths[i] as number,
        status: statuses[i] as number,
        type: string(0),
        uri: string(1),
        sha1: string(2),
        error: string(3),
      }
    }
  }
}

export interface WarcCounts {
  records: number
  messages: number
  failures: number
  /** Bytes of all blocks. */
  payload: number
}

/** Reads a file to its end, parses WARC and HTTP headers and keeps nothing. */
export const countWarc = (path: string, options: WarcOptions): Promise<WarcCounts> => domain<Warc>('warc').count(path, ...placeOf(options))
