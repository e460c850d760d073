/**
 * The rows of stored statistics that a sweep is about: value and length of each, and where it stands.
 *
 * A part has a thousand rows a batch, and five of its fifty columns are needed: reading waits in this thread, and what is gathered is laid out for all
 * rows of a part at once.
 */
import { ArrowReader, type Batch, type Column } from '../pipelines/arrow/index.ts'
import { MillraceError } from '../pipelines/errors.ts'
import { nearest } from '../pipelines/filter/expressions.ts'
import type { Limit } from '../pipelines/filter/limits.ts'

/** What is asked of each row. */
export type Target = Pick<Limit, 'reason' | 'statistic' | 'plus' | 'where' | 'except' | 'drops' | 'inclusive'>

export interface Collected {
  rows: number
  unmeasured: number
  unmeasuredCharacters: number
  count: number
  values: Float64Array
  characters: Float64Array
  /** Row of the whole table, over all parts. */
  at: Uint32Array
  /** First row of every batch: for reading a row again. */
  batches: { path: string; batch: number; row: number }[]
  /** Profile -> rows that the question is about. */
  judged: Map<string, number>
  /** Rows that the rule never judges, or judges by another threshold. */
  unjudged: number
  /** Profiles that any row has. */
  profiles: Set<string>
}

/** What is asked of the table. */
export interface Question {
  target: Target
  /** Rows of other profiles are left out. */
  profiles: ReadonlySet<string>
  /** 0 for a row that the rule never judges; absent: it judges all. */
  judges?: Uint8Array
  /** What the target's name may have been meant for. */
  limits: readonly Limit[]
}

/** Rows of these profiles that the target judges and that no other rule than its own dropped. Throws NO_STATISTIC. */
export async function collect(paths: readonly string[], question: Question): Promise<Collected> {
  const { target, limits } = question
  const { statistic, plus = [], where, except } = target
  const found: Collected = {
    rows: 0,
    unmeasured: 0,
    unmeasuredCharacters: 0,
    count: 0,
    values: new Float64Array(),
    characters: new Float64Array(),
    at: new Uint32Array(),
    batches: [],
    judged: new Map(),
    unjudged: 0,
    profiles: new Set(),
  }
  for (const path of paths) {
    const reader = await ArrowReader.open(path, { blocking: true })
    try {
      const names = reader.schema.fields.map(field => field.name)
      const numbers = reader.schema.fields.filter(({ type }) => ['float', 'int', 'bool'].includes(type.kind)).map(field => field.name)
      if (!numbers.includes(statistic)) throw unknown(statistic, numbers, limits)
      const more = [where, except].flatMap(each => (each ? [each.statistic] : []))
      const asked = new Set(['profile', 'rule', 'characters', statistic, ...plus, ...more])
      const columns = [...asked].filter(name => names.includes(name))
      makeRoom(found, reader.rows)
      for (let batch = 0; batch < reader.batches; batch++) {
        found.batches.push({ path, batch, row: found.rows })
        const read = await reader.read(batch, columns)
        add(found, read, valuesOf(read, statistic, plus, where), question)
      }
    } finally {
      await reader.close()
    }
  }
  return found
}

/** What the rule compares; NaN where it is not asked. */
function valuesOf(batch: Batch, statistic: string, plus: readonly string[], where: Limit['where']): Float64Array {
  const values = numbersOf(batch.column(statistic))
  if (!plus.length && !where) return values
  const sums = Float64Array.from(values)
  for (const name of plus.filter(each => batch.has(each))) {
    const more = numbersOf(batch.column(name))
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + ((more[i] as number) || 0)
  }
  if (where && batch.has(where.statistic)) {
    const other = numbersOf(batch.column(where.statistic))
    for (let i = 0; i < sums.length; i++) if ((other[i] as number) < where.atLeast) sums[i] = Number.NaN
  }
  return sums
}

function add(found: Collected, batch: Batch, values: Float64Array, { target, profiles, judges }: Question): void {
  const { reason, except } = target
  const [profile, rule] = [codesOf(batch.column('profile')), codesOf(batch.column('rule'))]
  const lengths = batch.has('characters') ? numbersOf(batch.column('characters')) : new Float64Array(batch.rows)
  const wanted = Uint8Array.from(profile.texts, text => Number(profiles.has(text)))
  const staying = Uint8Array.from(rule.texts, text => Number(text === '' || text === reason))
  const elsewhere = except && batch.has(except.statistic) ? codesOf(batch.column(except.statistic)) : undefined
  const excepted = Uint8Array.from(elsewhere?.texts ?? [], text => Number(except?.values.includes(text)))
  for (const text of profile.texts) found.profiles.add(text)
  const judged = new Float64Array(profile.texts.length)
  const { values: to, characters, at } = found
  let { count } = found
  for (let i = 0; i < batch.rows; i++) {
    const code = profile.codes[i] as number
    if (!wanted[code] || !staying[rule.codes[i] as number]) continue
    if (judges?.[found.rows + i] === 0 || (elsewhere && excepted[elsewhere.codes[i] as number])) {
      found.unjudged++
      continue
    }
    judged[code] = (judged[code] as number) + 1
    const [value, length] = [values[i] as number, (lengths[i] as number) || 0]
    if (Number.isNaN(value)) {
      found.unmeasured++
      found.unmeasuredCharacters += length
      continue
    }
    to[count] = value
    characters[count] = length
    at[count++] = found.rows + i
  }
  for (const [code, by] of judged.entries()) {
    const name = profile.texts[code] as string
    if (by) found.judged.set(name, (found.judged.get(name) ?? 0) + by)
  }
  found.count = count
  found.rows += batch.rows
}

/** Room for so many more rows. */
function makeRoom(found: Collected, more: number): void {
  const longer = <T extends Float64Array | Uint32Array>(from: T, to: T): T => {
    to.set(from.subarray(0, found.count) as never)
    return to
  }
  if (found.values.length >= found.count + more) return
  const length = found.count + more
  found.values = longer(found.values, new Float64Array(length))
  found.characters = longer(found.characters, new Float64Array(length))
  found.at = longer(found.at, new Uint32Array(length))
}

/** NaN for null. */
function numbersOf(column: Column): Float64Array {
  const { data, validity } = column
  if (data instanceof Float64Array && !validity) return data
  const values = new Float64Array(column.length)
  if (data instanceof Float64Array)
    for (let i = 0; i < values.length; i++)
      values[i] = ((validity as Uint8Array)[i >>> 3] as number) & (1 << (i & 7)) ? (data[i] as number) : Number.NaN
  else for (let i = 0; i < values.length; i++) values[i] = column.isNull(i) ? Number.NaN : column.number(i)
  return values
}

/** A column of few different texts as numbers of them; '' for null. */
export function codesOf(column: Column): { codes: Uint16Array; texts: string[] } {
  const [offsets, bytes] = [column.offsets as Int32Array, column.data as Uint8Array]
  const codes = new Uint16Array(column.length)
  const texts: string[] = []
  const spans: { from: number; length: number }[] = []
  for (let i = 0; i < column.length; i++) {
    const from = offsets[i] as number
    const length = (offsets[i + 1] as number) - from
    let code = 0
    for (; code < spans.length; code++) {
      const span = spans[code] as (typeof spans)[number]
      let same = span.length === length
      for (let k = 0; same && k < length; k++) same = bytes[span.from + k] === bytes[from + k]
      if (same) break
    }
    if (code === spans.length) {
      spans.push({ from, length })
      texts.push(Buffer.from(bytes.buffer, bytes.byteOffset + from, length).toString('utf8'))
    }
    codes[i] = code
  }
  return { codes, texts }
}

const unknown = (statistic: string, numbers: readonly string[], limits: readonly Limit[]): MillraceError => {
  const known = [...new Set([...limits.map(({ rule }) => rule), ...numbers])]
  const near = nearest(statistic, known)
  return new MillraceError({
    code: 'NO_STATISTIC',
    kind: 'config',
    expected: `a rule with a threshold, or a stored statistic${near ? `; the nearest is ${near}` : ''}`,
    found: JSON.stringify(statistic),
    next: 'docs/filtering.md lists them; millrace show filter/statistics shows the stored ones',
  })
}
