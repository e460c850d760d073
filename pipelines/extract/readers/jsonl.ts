/**
 * JSONL: one object a line. Offsets count bytes of the (decompressed) text; a broken line costs itself.
 */
import { contentOf, FileBytes } from '../bytes.ts'
import { recordOf } from '../fields.ts'
import { Pull } from '../pull.ts'
import { decodeUtf8, type Input, InputError, type Item, invalidUtf8At, type Limits, unreadable, withoutBom } from '../records.ts'

/** Record keys are `<file>#<offset of the line>`. */
export async function* readJsonl(input: Input, limits: Limits): AsyncGenerator<Item, void, undefined> {
  const file = await FileBytes.open(input.path)
  const pull = new Pull(contentOf(file, input.compression, limits.maxExpansion))
  try {
    for (;;) {
      const offset = pull.position
      const key = `${input.key}#${offset}`
      // JSON escapes and the other fields may need more room than the text that maxDocumentBytes is about.
      const line = await pull.line(limits.maxDocumentBytes * 2)
      if (!line) return
      if (line.tooLong) {
        yield unreadable(
          key,
          offset,
          'DOCUMENT_TOO_LARGE',
          `expected a line of at most ${limits.maxDocumentBytes * 2} bytes, found ${line.tooLong}`,
        )
        continue
      }
      const bytes = offset === 0 ? withoutBom(line.bytes) : line.bytes
      if (isBlank(bytes)) continue
      try {
        yield { record: { key, offset, ...recordOf(parseLine(bytes), input.source.fields, limits) } }
      } catch (error) {
        if (!(error instanceof InputError)) throw error
        yield unreadable(key, offset, error.code, error.message)
      }
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    yield unreadable(`${input.key}#${pull.position}`, pull.position, error.code, error.message)
  } finally {
    await file.close()
  }
}

function parseLine(bytes: Uint8Array): Record<string, unknown> {
  const bad = invalidUtf8At(bytes)
  if (bad >= 0)
    throw new InputError('INVALID_UTF8', 0, `expected UTF-8, found byte 0x${(bytes[bad] as number).toString(16)} at ${bad} of the line`)
  let value: unknown
  try {
    value = JSON.parse(decodeUtf8(bytes))
  } catch (error) {
    // V8 quotes the line in its message: only the place is kept, as documents do not belong in reports.
    const position = /position (\d+)/.exec((error as Error).message)?.[1]
    throw new InputError('JSON_LINE', 0, `expected one JSON object, found a syntax error${position ? ` at character ${position}` : ''}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InputError(
      'JSON_LINE',
      0,
      `expected one JSON object, found ${Array.isArray(value) ? 'an array' : value === null ? 'null' : typeof value}`,
    )
  return value as Record<string, unknown>
}

const isBlank = (bytes: Uint8Array): boolean => bytes.every(byte => byte === 32 || byte === 9 || byte === 13)
