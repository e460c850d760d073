/**
 * WARC 1.0 and 1.1 (ISO 28500), also WET: responses that are pages, and `conversion` records as plain text.
 *
 * A gzip file is read member by member, so a broken one costs its record. Offsets are those of the file as it lies there: the member's
 * first byte, plus the place in its content where a member holds several records. A record in a plain file that breaks is left by looking
 * for the next line `WARC/`.
 */
import { contentOf, FileBytes, membersOf } from '../bytes.ts'
import { Pull } from '../pull.ts'
import { type Input, InputError, type Item, invalidUtf8At, type Limits, unreadable } from '../records.ts'
import { decodedBody, headersOf, mediaType, parseMessage } from './http.ts'

const maxHeaderBytes = 1 << 16
const pages = new Set(['text/html', 'application/xhtml+xml'])

/** Record keys are `<file>#<offset>`. */
export async function* readWarc(input: Input, limits: Limits): AsyncGenerator<Item, void, undefined> {
  const file = await FileBytes.open(input.path)
  const stretch = { input, limits, compressed: input.compression !== 'none' }
  try {
    if (input.compression === 'none') yield* readStretch(new Pull(contentOf(file, 'none', limits.maxExpansion)), 0, stretch)
    else
      for await (const member of membersOf(file, input.compression, limits.maxExpansion))
        yield* readStretch(new Pull(member.chunks), member.offset, stretch)
  } finally {
    await file.close()
  }
}

interface Stretch {
  input: Input
  limits: Limits
  compressed: boolean
}

/** All records of one member, or of a plain file. */
async function* readStretch(pull: Pull, base: number, { input, limits, compressed }: Stretch): AsyncGenerator<Item, void, undefined> {
  let start = 0
  try {
    while (await skipBlank(pull)) {
      start = pull.position
      const offset = base + start
      const key = `${input.key}#${offset}`
      try {
        const item = await readRecord(pull, key, offset, limits)
        if (item) yield item
      } catch (error) {
        // A broken member is told once, below, at its own place.
        if (!(error instanceof InputError) || memberCodes.has(error.code)) throw error
        yield unreadable(key, offset, error.code, error.message)
        if (error.code.startsWith('WARC_') && !(await toNextRecord(pull))) return
      }
    }
    if (compressed) return
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    yield unreadable(`${input.key}#${base + start}`, base + start, error.code, error.message)
  }
}

const memberCodes = new Set(['GZIP_MEMBER', 'ZSTD_FRAME', 'EXPANSION'])

async function readRecord(pull: Pull, key: string, offset: number, limits: Limits): Promise<Item | undefined> {
  const first = (await pull.line(maxHeaderBytes))?.bytes.toString('latin1').trimEnd() ?? ''
  if (!/^WARC\/\d\.\d+$/.test(first))
    throw new InputError('WARC_VERSION', offset, `expected a line WARC/1.0 or WARC/1.1, found ${JSON.stringify(first.slice(0, 40))}`)
  const headers = await readHeaders(pull, offset)
  const length = Number(/^\d{1,15}$/.exec(headers.get('content-length') ?? '')?.[0] ?? Number.NaN)
  if (!Number.isSafeInteger(length))
    throw new InputError(
      'WARC_LENGTH',
      offset,
      `expected Content-Length with a number, found ${JSON.stringify((headers.get('content-length') ?? '').slice(0, 40))}`,
    )

  const type = headers.get('warc-type')?.toLowerCase() ?? ''
  const wanted =
    type === 'response' ? headers.get('content-type')?.toLowerCase().includes('application/http') !== false : type === 'conversion'
  if (!wanted || length > limits.maxDocumentBytes) {
    const skipped = await pull.skip(length)
    if (skipped < length) throw truncated(offset, length, skipped)
    if (!wanted) return { skipped: `warc.${/^[a-z]{1,20}$/.test(type) ? type : 'other'}` }
    throw new InputError(
      'DOCUMENT_TOO_LARGE',
      offset,
      `expected at most ${limits.maxDocumentBytes} bytes (maxDocumentBytes), found ${length}`,
    )
  }
  const block = await pull.read(length)
  if (block.length < length) throw truncated(offset, length, block.length)

  const url = headers.get('warc-target-uri')?.replace(/^<(.*)>$/, '$1')
  const crawled = headers.get('warc-date')
  const meta: Record<string, string> = {
    ...(crawled ? { crawled } : {}),
    ...(headers.get('warc-truncated') ? { truncated: headers.get('warc-truncated') as string } : {}),
  }
  if (type === 'conversion') {
    if (mediaType(headers.get('content-type')).type !== 'text/plain') return { skipped: 'warc.media' }
    const bad = invalidUtf8At(block)
    if (bad >= 0)
      throw new InputError(
        'INVALID_UTF8',
        offset,
        `expected UTF-8, found byte 0x${(block[bad] as number).toString(16)} at ${bad} of the record's text`,
      )
    const language = headers.get('warc-identified-content-language')?.split(',')[0]?.trim()
    return { record: { key, offset, text: block, url, language: language || undefined, type: 'wet', meta } }
  }

  const message = parseMessage(block)
  if (!message) throw new InputError('HTTP_HEADERS', offset, 'expected HTTP headers that end within 64 KiB, found none')
  if (message.status < 200 || message.status > 299) return { skipped: 'warc.status' }
  const declared = mediaType(message.headers.get('content-type'))
  const media = declared.type || headers.get('warc-identified-payload-type')?.toLowerCase() || ''
  if (!pages.has(media)) return { skipped: 'warc.media' }
  const html = decodedBody(message, { maxBytes: limits.maxDocumentBytes, partial: headers.has('warc-truncated') })
  return { record: { key, offset, html, charset: declared.charset, url, type: 'html', meta } }
}

const truncated = (offset: number, length: number, found: number): InputError =>
  new InputError('WARC_TRUNCATED', offset, `expected ${length} bytes of content, found ${found} before the end`)

async function readHeaders(pull: Pull, offset: number): Promise<Map<string, string>> {
  const lines: string[] = []
  let total = 0
  for (;;) {
    const line = await pull.line(maxHeaderBytes)
    total += (line?.bytes.length ?? 0) + (line?.tooLong ?? 0)
    if (!line || total > maxHeaderBytes)
      throw new InputError('WARC_HEADERS', offset, 'expected headers and an empty line within 64 KiB, found neither')
    const text = line.bytes.toString('utf8').replace(/\r$/, '')
    if (!text) return headersOf(lines)
    lines.push(text)
  }
}

/** Past the empty lines between records; false at the end. */
async function skipBlank(pull: Pull): Promise<boolean> {
  for (;;) {
    const next = (await pull.peek(1))[0]
    if (next === undefined) return false
    if (next !== 10 && next !== 13) return true
    await pull.skip(1)
  }
}

/** To the next line that begins a record; false at the end. */
async function toNextRecord(pull: Pull): Promise<boolean> {
  for (;;) {
    if ((await pull.peek(5)).toString('latin1') === 'WARC/') return true
    if (!(await pull.line(maxHeaderBytes))) return false
  }
}
