/**
 * The items of evaluation sets: JSONL, also .gz and .zst, one item a line.
 *
 * A line that cannot be read fails the stage. Anywhere else one broken record costs itself; here it would leave an evaluation item
 * unguarded, and the score it spoils would look like progress.
 */

import { MillraceError } from '../errors.ts'
import { contentOf, FileBytes } from '../extract/bytes.ts'
import { Pull } from '../extract/pull.ts'
import type { RawFile } from '../stage.ts'

const maxLineBytes = 64 * 2 ** 20
const maxExpansion = 1000

export interface Item {
  /** Line in its file, from 0. */
  line: number
  text: string
}

/** The text of an item is its fields one after the other, so that n-grams across question and answer count too. Throws EVALUATION_ITEM. */
export async function* itemsOf(file: RawFile): AsyncGenerator<Item, void, undefined> {
  const bytes = await FileBytes.open(file.path)
  const fields = Array.isArray(file.source.fields) ? file.source.fields.map(String) : []
  try {
    const pull = new Pull(contentOf(bytes, /\.gz$/.test(file.key) ? 'gzip' : /\.zst$/.test(file.key) ? 'zstd' : 'none', maxExpansion))
    for (let line = 0; ; line++) {
      const read = await pull.line(maxLineBytes)
      if (!read) return
      if (read.tooLong) throw bad(file, line, `a line of at most ${maxLineBytes} bytes`, `${read.tooLong} bytes`)
      if (!read.bytes.toString('latin1').trim()) continue
      yield { line, text: textOf(parse(file, line, read.bytes), fields) }
    }
  } finally {
    await bytes.close()
  }
}

function parse(file: RawFile, line: number, bytes: Uint8Array): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw bad(file, line, 'one JSON object in UTF-8', error instanceof SyntaxError ? 'a syntax error' : 'bytes that are no UTF-8')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad(file, line, 'one JSON object', value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value)
  return value as Record<string, unknown>
}

/** Strings of the named fields, or of all, in the order of the object; also those inside arrays and objects. */
function textOf(item: Record<string, unknown>, fields: readonly string[]): string {
  const texts: string[] = []
  const open: unknown[] = (fields.length ? fields.map(field => item[field]) : Object.values(item)).reverse()
  while (open.length) {
    const value = open.pop()
    if (typeof value === 'string') texts.push(value)
    else if (typeof value === 'object' && value !== null) open.push(...Object.values(value).reverse())
  }
  return texts.join('\n')
}

const bad = (file: RawFile, line: number, expected: string, found: string) =>
  new MillraceError({
    code: 'EVALUATION_ITEM',
    kind: 'config',
    expected,
    found,
    where: `evaluation set ${file.source.name}, ${file.key}, line ${line + 1}`,
    next: 'correct the file; a set with an unread item cannot be guarded',
  })
