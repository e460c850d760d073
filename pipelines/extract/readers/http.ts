/**
 * The HTTP message inside a WARC record: status, headers, body without its transfer and content encodings.
 *
 * Servers and crawlers lie: a body whose first chunk header is none was not chunked, one without gzip's first bytes was not compressed
 * (warcio reads them so too). What begins as declared and then breaks is malformed.
 */
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { InputError } from '../records.ts'

export interface Message {
  /** 0 where the first line is no status line. */
  status: number
  headers: Map<string, string>
  body: Buffer
}

const maxHeaderBytes = 1 << 16

/** Splits a message; undefined where no header block ends within 64 KiB. */
export function parseMessage(bytes: Buffer): Message | undefined {
  const head = bytes.subarray(0, maxHeaderBytes).toString('latin1')
  const blank = /\r?\n\r?\n/.exec(head)
  if (!blank) return undefined
  const [first = '', ...lines] = head.slice(0, blank.index).split(/\r?\n/)
  const status = /^HTTP\/\d(?:\.\d)? (\d{3})/i.exec(first)
  return { status: status ? Number(status[1]) : 0, headers: headersOf(lines), body: bytes.subarray(blank.index + blank[0].length) }
}

/** Names in lower case; the first of several, as crawlers keep; folded lines joined. */
export function headersOf(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>()
  let last = ''
  for (const line of lines) {
    if (/^[ \t]/.test(line) && last) {
      headers.set(last, `${headers.get(last)} ${line.trim()}`)
      continue
    }
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    last = line.slice(0, colon).trim().toLowerCase()
    if (!headers.has(last)) headers.set(last, line.slice(colon + 1).trim())
  }
  return headers
}

/** Media type and charset label of a Content-Type. */
export function mediaType(header: string | undefined): { type: string; charset: string | undefined } {
  const [type = '', ...parameters] = (header ?? '').split(';')
  const charset = parameters.map(parameter => /^\s*charset\s*=\s*["']?([^"'\s]+)/i.exec(parameter)?.[1]).find(Boolean)
  return { type: type.trim().toLowerCase(), charset }
}

/** The body as it was before transfer. `partial`: the crawler says that it cut the record, so an end too early is no error. */
export function decodedBody(message: Message, options: { maxBytes: number; partial: boolean }): Buffer {
  let body = message.body
  if (/\bchunked\b/i.test(message.headers.get('transfer-encoding') ?? '')) body = dechunk(body, options.partial)
  const encodings = (message.headers.get('content-encoding') ?? '').toLowerCase().split(',')
  // Applied in the order listed, so undone from the last. Three are more than any honest server uses.
  for (const encoding of encodings.reverse().slice(0, 3)) body = decompress(body, encoding.trim(), options)
  return body
}

function dechunk(body: Buffer, partial: boolean): Buffer {
  const pieces: Buffer[] = []
  let at = 0
  for (;;) {
    const end = body.indexOf(10, at)
    const header = end < 0 || end - at > 1024 ? undefined : /^\s*([0-9a-f]{1,8})\s*(?:;.*)?$/i.exec(body.toString('latin1', at, end).trim())
    if (!header) {
      if (!pieces.length) return body
      if (at >= body.length || partial) return Buffer.concat(pieces)
      throw new InputError('HTTP_CHUNK', at, `chunked body: expected the length of a chunk at byte ${at}, found none`)
    }
    const length = Number.parseInt(header[1] as string, 16)
    if (length === 0) return Buffer.concat(pieces)
    const from = end + 1
    pieces.push(body.subarray(from, from + length))
    if (from + length > body.length) {
      if (partial) return Buffer.concat(pieces)
      throw new InputError('HTTP_CHUNK', at, `chunked body: expected ${length} bytes at ${from}, found ${body.length - from}`)
    }
    at = from + length
    if (body[at] === 13) at += 1
    if (body[at] === 10) at += 1
  }
}

function decompress(body: Buffer, encoding: string, { maxBytes, partial }: { maxBytes: number; partial: boolean }): Buffer {
  const limit = { maxOutputLength: maxBytes, ...(partial ? { finishFlush: constants.Z_SYNC_FLUSH } : {}) }
  try {
    if (encoding === 'gzip' || encoding === 'x-gzip') return body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body, limit) : body
    if (encoding === 'deflate') return isZlib(body) ? inflateSync(body, limit) : looksLikeMarkup(body) ? body : inflateRawSync(body, limit)
    if (encoding === 'br')
      return looksLikeMarkup(body)
        ? body
        : brotliDecompressSync(body, { maxOutputLength: maxBytes, ...(partial ? { finishFlush: constants.BROTLI_OPERATION_FLUSH } : {}) })
    if (encoding === 'zstd')
      return looksLikeMarkup(body)
        ? body
        : zstdDecompressSync(body, { maxOutputLength: maxBytes, ...(partial ? { finishFlush: constants.ZSTD_e_flush } : {}) })
  } catch (error) {
    const code = (error as { code?: string }).code ?? ''
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new InputError('DOCUMENT_TOO_LARGE', 0, `${encoding} body: expected at most ${maxBytes} bytes (maxDocumentBytes), found more`)
    throw new InputError('CONTENT_ENCODING', 0, `${encoding} body: expected content that decodes, found ${code || 'an error'}`)
  }
  if (encoding && encoding !== 'identity' && encoding !== 'none' && !looksLikeMarkup(body))
    throw new InputError('CONTENT_ENCODING', 0, `expected gzip, deflate, br or zstd, found ${JSON.stringify(encoding.slice(0, 40))}`)
  return body
}

const isZlib = (body: Buffer): boolean => ((body[0] ?? 0) & 0x0f) === 8 && (((body[0] ?? 0) << 8) | (body[1] ?? 0)) % 31 === 0

const looksLikeMarkup = (body: Buffer): boolean => /^(?:\xef\xbb\xbf)?\s*</.test(body.toString('latin1', 0, 64))
