/**
 * A row of JSONL, Parquet or Arrow as a record: known names go to their columns, everything else to `meta` as text.
 *
 * Nothing of a row is lost and nothing is guessed: a title that is not a string stays in `meta`, an object there is its canonical JSON.
 */
import { canonical } from '../identity.ts'
import { decodeUtf8, type Fields, InputError, invalidUtf8At, type RawRecord } from './records.ts'
import type { Source } from './source.ts'

const textual = ['url', 'title', 'author', 'date', 'language', 'kind', 'type'] as const

/** Bytes that a column declared to be text and that are not UTF-8; set by a reader in the place of the value. */
export class NotUtf8 {
  readonly at: number
  constructor(at: number) {
    this.at = at
  }
}

/** Text of a column's bytes, or the marker that its row is to be quarantined with. */
export function textOf(bytes: Uint8Array): string | NotUtf8 {
  const at = invalidUtf8At(bytes)
  return at < 0 ? decodeUtf8(bytes) : new NotUtf8(at)
}

/**
 * Throws InputError (offset 0: the reader knows where it is): FIELD_TEXT where there is no text, INVALID_UTF8, FIELD_DEPTH, DOCUMENT_TOO_LARGE.
 */
export function recordOf(
  row: Record<string, unknown>,
  names: Source['fields'],
  limits: { maxDepth: number; maxDocumentBytes: number },
): Omit<RawRecord, 'key' | 'offset'> {
  const taken = new Set<string>()
  const take = (column: keyof Source['fields']): unknown => {
    const name = names[column] ?? column
    const value = row[name]
    if (value instanceof NotUtf8)
      throw new InputError('INVALID_UTF8', 0, `column ${JSON.stringify(name)}: expected UTF-8, found another byte at ${value.at}`)
    return value
  }
  const text = take('text')
  const html = typeof text === 'string' ? undefined : take('html')
  const main = text ?? html
  const mainName = text === undefined || text === null ? (names.html ?? 'html') : (names.text ?? 'text')
  if (typeof main !== 'string') {
    const found =
      main === undefined || main === null ? `the columns ${Object.keys(row).slice(0, 20).join(', ') || '(none)'}` : `${typeof main}`
    throw new InputError('FIELD_TEXT', 0, `expected a string in column ${JSON.stringify(names.text ?? 'text')}, found ${found}`)
  }
  if (!main.isWellFormed())
    throw new InputError('INVALID_UTF8', 0, `column ${JSON.stringify(mainName)}: expected Unicode text, found half of a surrogate pair`)
  taken.add(mainName)

  const fields: Fields = {}
  for (const column of textual) {
    const value = take(column)
    const plain = typeof value === 'string' ? value : value instanceof Date && column === 'date' ? value.toISOString() : undefined
    if (plain === undefined && value !== null && value !== undefined) continue
    taken.add(names[column] ?? column)
    if (plain) fields[column] = plain.toWellFormed()
  }
  const confidence = take('confidence')
  if (typeof confidence === 'number' && Number.isFinite(confidence)) {
    fields.confidence = confidence
    taken.add(names.confidence ?? 'confidence')
  }

  const meta: Record<string, string> = {}
  for (const [name, value] of Object.entries(row)) {
    if (taken.has(name) || value === null || value === undefined) continue
    if (name === 'meta' && isPlain(value)) for (const [key, inner] of Object.entries(value)) put(meta, key, inner, limits.maxDepth)
    else put(meta, name, value, limits.maxDepth)
  }
  const large = Object.values(meta).reduce((most, value) => Math.max(most, value.length), main.length)
  if (large > limits.maxDocumentBytes)
    throw new InputError(
      'DOCUMENT_TOO_LARGE',
      0,
      `expected at most ${limits.maxDocumentBytes} bytes (maxDocumentBytes), found ${large} characters`,
    )
  const bytes = new TextEncoder().encode(main)
  return { ...(mainName === (names.html ?? 'html') ? { html: bytes, charset: 'utf-8' } : { text: bytes }), ...fields, meta }
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

function put(meta: Record<string, string>, name: string, value: unknown, maxDepth: number): void {
  if (value === null || value === undefined) return
  const text = typeof value === 'string' ? value : canonicalText(value, name, maxDepth)
  Object.defineProperty(meta, name.toWellFormed(), { value: text.toWellFormed(), enumerable: true, writable: true, configurable: true })
}

function canonicalText(value: unknown, name: string, maxDepth: number): string {
  const json = (item: unknown, depth: number): unknown => {
    if (item instanceof NotUtf8)
      throw new InputError('INVALID_UTF8', 0, `column ${JSON.stringify(name)}: expected UTF-8, found another byte at ${item.at}`)
    if (typeof item !== 'object' || item === null) return typeof item === 'number' && !Number.isFinite(item) ? String(item) : item
    if (depth >= maxDepth)
      throw new InputError('FIELD_DEPTH', 0, `column ${JSON.stringify(name)}: expected at most ${maxDepth} levels (maxDepth), found more`)
    if (item instanceof Date) return item.toISOString()
    if (item instanceof Uint8Array) return Buffer.from(item).toString('hex')
    if (Array.isArray(item) || ArrayBuffer.isView(item)) return Array.from(item as unknown[], inner => json(inner, depth + 1))
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, json(inner, depth + 1)]))
  }
  const plain = json(value, 0)
  return typeof plain === 'object' && plain !== null ? canonical(plain) : String(plain)
}
