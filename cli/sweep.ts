/**
 * What if a threshold were another: documents and tokens kept as it moves, from the statistics that filtering stored.
 *
 * One pass over the columns that the question needs, as typed arrays. A document counts where the rule is asked of it and no other rule
 * dropped it. Of those that this rule dropped, rules that are asked later may still drop some: what is kept at a looser threshold is an upper
 * bound, what is kept at a stricter one is exact. Tokens are counted from characters, at the corpus's own tokens per character.
 */
import { ArrowReader, type Batch, type Column } from '../pipelines/arrow/index.ts'
import { MillraceError } from '../pipelines/errors.ts'
import type { FilterConfig } from '../pipelines/filter/config.ts'
import { nearest } from '../pipelines/filter/expressions.ts'
import { type ForeignLimits, fails, type Limit, limitsOf } from '../pipelines/filter/limits.ts'

export interface SweepRequest {
  /** A rule, or a statistic. */
  rule: string
  /** Thresholds to ask about; else `steps` of them from `from` to `to`, else between the 1st and 99th percentile. */
  at?: readonly number[]
  from?: number
  to?: number
  steps?: number
  /** For a statistic that no rule reads: on which side of the threshold documents would go. Default below. */
  drops?: 'below' | 'above'
  /** Only documents that this profile judges. Default: every profile under which the rule is on. */
  profile?: string
  /** Documents nearest to the threshold, on each side. Default 3. */
  samples?: number
}

export interface SweepPoint {
  threshold: number
  documents: number
  tokens: number | null
  /** Of what is kept where the rule is off. */
  share: number
}

export interface SweptDocument {
  id: string
  value: number
}

export interface Sweep {
  rule: string
  statistic: string
  drops: 'below' | 'above'
  profiles: string[]
  /** Threshold by profile, where the rule is on. */
  now: Record<string, number>
  /** Rows of the table, and those that the question is about. */
  rows: number
  asked: number
  /** Rows that it is about and that have no value: they stay whatever the threshold. */
  unmeasured: number
  points: SweepPoint[]
  /** Nearest to `line`, which is the threshold that holds now, or the middle of those asked about. */
  line: number
  dropped: SweptDocument[]
  kept: SweptDocument[]
}

/** Reads parts of the role `statistics` (local paths). `tokensPerCharacter`: null where nothing was tokenized yet. Throws NO_STATISTIC. */
export async function sweep(
  paths: readonly string[],
  config: FilterConfig,
  request: SweepRequest,
  tokensPerCharacter: number | null,
  profileNames: readonly string[],
  foreign?: ForeignLimits,
): Promise<Sweep> {
  const limits = new Map(
    profileNames.flatMap(profile => limitsOf(config, profile, foreign).map(limit => [`${profile} ${limit.rule}`, limit])),
  )
  const own = (profile: string) => limits.get(`${profile} ${request.rule}`)
  const on = profileNames.filter(own)
  const [first] = on.map(profile => own(profile) as Limit)
  const target: Pick<Limit, 'rule' | 'reason' | 'statistic' | 'plus' | 'where' | 'drops' | 'inclusive'> = first ?? {
    rule: request.rule,
    reason: request.rule,
    statistic: request.rule,
    drops: request.drops ?? 'below',
    inclusive: false,
  }
  const asked = request.profile ? [request.profile] : on.length ? on : [...profileNames]
  const found = await collect(paths, target, new Set(asked), [...limits.values()])
  const profiles = asked.filter(profile => found.judged.get(profile))
  const most = profiles.toSorted((a, b) => (found.judged.get(b) ?? 0) - (found.judged.get(a) ?? 0))
  const now = Object.fromEntries(most.flatMap(profile => (own(profile) ? [[profile, (own(profile) as Limit).threshold]] : [])))
  const thresholds = thresholdsOf(request, found.values.slice(0, found.count), Object.values(now))
  const line = request.at?.[0] ?? Object.values(now)[0] ?? (thresholds[thresholds.length >> 1] as number)
  return {
    rule: target.rule,
    statistic: target.statistic,
    drops: target.drops,
    profiles,
    now,
    rows: found.rows,
    asked: found.count + found.unmeasured,
    unmeasured: found.unmeasured,
    points: pointsOf(found, target, thresholds, tokensPerCharacter),
    line,
    ...(await nearestTo(found, target, line, request.samples ?? 3)),
  }
}

interface Collected {
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
}

async function collect(
  paths: readonly string[],
  { statistic, plus = [], where, reason }: Pick<Limit, 'statistic' | 'plus' | 'where' | 'reason'>,
  profiles: ReadonlySet<string>,
  limits: readonly Limit[],
): Promise<Collected> {
  const found: Collected = {
    rows: 0,
    unmeasured: 0,
    unmeasuredCharacters: 0,
    count: 0,
    values: new Float64Array(4096),
    characters: new Float64Array(4096),
    at: new Uint32Array(4096),
    batches: [],
    judged: new Map(),
  }
  for (const path of paths) {
    const reader = await ArrowReader.open(path)
    try {
      const names = reader.schema.fields.map(field => field.name)
      if (!names.includes(statistic)) throw unknown(statistic, names, limits)
      const labels = ['profile', 'rule', 'characters'].filter(name => names.includes(name))
      const columns = [...new Set([statistic, ...plus, ...(where ? [where.statistic] : [])])].filter(name => names.includes(name))
      // Apart, so that the columns between them are not read.
      const read = (batch: number) => Promise.all([reader.read(batch, labels), reader.read(batch, columns)])
      const ahead: ReturnType<typeof read>[] = []
      for (let batch = 0; batch < reader.batches; batch++) {
        while (ahead.length < inFlight && batch + ahead.length < reader.batches) ahead.push(read(batch + ahead.length))
        const [labelled, measured] = await (ahead.shift() as ReturnType<typeof read>)
        found.batches.push({ path, batch, row: found.rows })
        add(found, labelled, valuesOf(measured, statistic, plus, where), reason, profiles)
      }
    } finally {
      await reader.close()
    }
  }
  return found
}

/** What the rule compares; NaN where it is not asked. */
function valuesOf(measured: Batch, statistic: string, plus: readonly string[], where: Limit['where']): Float64Array {
  const values = numbersOf(measured.column(statistic))
  if (!plus.length && !where) return values
  const sums = Float64Array.from(values)
  for (const name of plus.filter(each => measured.has(each)))
    for (const [i, more] of numbersOf(measured.column(name)).entries()) sums[i] = (sums[i] as number) + (more || 0)
  if (where && measured.has(where.statistic))
    for (const [i, value] of numbersOf(measured.column(where.statistic)).entries()) if (value < where.atLeast) sums[i] = Number.NaN
  return sums
}

/** Batches that are read ahead. */
const inFlight = 4

function add(found: Collected, batch: Batch, values: Float64Array, reason: string, profiles: ReadonlySet<string>): void {
  const [profile, rule] = [codesOf(batch.column('profile')), codesOf(batch.column('rule'))]
  const characters = batch.has('characters') ? numbersOf(batch.column('characters')) : new Float64Array(batch.rows)
  const wanted = profile.texts.map(text => profiles.has(text))
  const staying = rule.texts.map(text => text === '' || text === reason)
  const judged = profile.texts.map(() => 0)
  while (found.values.length < found.count + batch.rows) grow(found)
  for (let i = 0; i < batch.rows; i++) {
    const code = profile.codes[i] as number
    if (!wanted[code] || !staying[rule.codes[i] as number]) continue
    judged[code] = (judged[code] as number) + 1
    const [value, length] = [values[i] as number, characters[i] as number]
    if (Number.isNaN(value)) {
      found.unmeasured++
      found.unmeasuredCharacters += length || 0
      continue
    }
    found.values[found.count] = value
    found.characters[found.count] = length || 0
    found.at[found.count++] = found.rows + i
  }
  for (const [code, by] of judged.entries()) {
    const name = profile.texts[code] as string
    if (by) found.judged.set(name, (found.judged.get(name) ?? 0) + by)
  }
  found.rows += batch.rows
}

function grow(found: Collected): void {
  const twice = <T extends Float64Array | Uint32Array>(from: T, to: T): T => {
    to.set(from as never)
    return to
  }
  const length = found.values.length * 2
  found.values = twice(found.values, new Float64Array(length))
  found.characters = twice(found.characters, new Float64Array(length))
  found.at = twice(found.at, new Uint32Array(length))
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
function codesOf(column: Column): { codes: Uint16Array; texts: string[] } {
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

const unknown = (statistic: string, names: readonly string[], limits: readonly Limit[]): MillraceError => {
  const known = [...new Set([...limits.map(({ rule }) => rule), ...names.slice(3)])]
  const near = nearest(statistic, known)
  return new MillraceError({
    code: 'NO_STATISTIC',
    kind: 'config',
    expected: `a rule with a threshold, or a stored statistic${near ? `; the nearest is ${near}` : ''}`,
    found: JSON.stringify(statistic),
    next: 'docs/filtering.md lists them; millrace show filter/statistics shows the stored ones',
  })
}

const defaultSteps = 11

function thresholdsOf({ at, from, to, steps = defaultSteps }: SweepRequest, values: Float64Array, now: readonly number[]): number[] {
  if (at?.length) return [...at].sort((a, b) => a - b)
  const sorted = values.sort()
  const percentile = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  const low = from ?? Math.min(percentile(0.01), ...now)
  const high = to ?? Math.max(percentile(0.99), ...now)
  const even = Array.from({ length: Math.max(2, steps) }, (_, i) =>
    Number((low + ((high - low) * i) / (Math.max(2, steps) - 1)).toPrecision(4)),
  )
  return [...new Set([...even, ...now.filter(each => each >= low && each <= high)])].sort((a, b) => a - b)
}

/** Rows fall between two thresholds; sums over those give every point. */
function pointsOf(
  found: Collected,
  target: Pick<Limit, 'drops' | 'inclusive'>,
  thresholds: readonly number[],
  perCharacter: number | null,
): SweepPoint[] {
  const below = target.drops === 'below'
  // Place i: passes the first i thresholds (drops below), or fails them (drops above).
  const documents = new Float64Array(thresholds.length + 1)
  const characters = new Float64Array(thresholds.length + 1)
  for (let row = 0; row < found.count; row++) {
    const value = found.values[row] as number
    let [low, high] = [0, thresholds.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (fails(target, value, thresholds[middle] as number) !== below) low = middle + 1
      else high = middle
    }
    documents[low] = (documents[low] as number) + 1
    characters[low] = (characters[low] as number) + (found.characters[row] as number)
  }
  const all = found.count + found.unmeasured
  const sum = (of: Float64Array, i: number) => of.subarray(below ? i + 1 : 0, below ? undefined : i + 1).reduce((a, b) => a + b, 0)
  return thresholds.map((threshold, i) => {
    const kept = found.unmeasured + sum(documents, i)
    const tokens = perCharacter === null ? null : Math.round((found.unmeasuredCharacters + sum(characters, i)) * perCharacter)
    return { threshold, documents: kept, tokens, share: all ? kept / all : 0 }
  })
}

/** The documents nearest to a line on each side, ties by id. */
async function nearestTo(
  found: Collected,
  target: Pick<Limit, 'drops' | 'inclusive'>,
  line: number,
  most: number,
): Promise<Pick<Sweep, 'dropped' | 'kept'>> {
  const sides: { distance: number; at: number; value: number }[][] = [[], []]
  for (let row = 0; row < found.count && most > 0; row++) {
    const value = found.values[row] as number
    const side = sides[fails(target, value, line) ? 0 : 1] as (typeof sides)[number]
    const distance = Math.abs(value - line)
    if (side.length === most && distance >= (side[most - 1]?.distance as number)) continue
    side.push({ distance, at: found.at[row] as number, value })
    side.sort((a, b) => a.distance - b.distance || a.at - b.at)
    if (side.length > most) side.pop()
  }
  const ids = await idsAt(
    found,
    sides.flat().map(({ at }) => at),
  )
  const name = (side: (typeof sides)[number] = []) => side.map(({ at, value }): SweptDocument => ({ id: ids.get(at) as string, value }))
  return { dropped: name(sides[0]), kept: name(sides[1]) }
}

/** Ids of these rows; a file is opened once. */
async function idsAt(found: Collected, rows: readonly number[]): Promise<Map<number, string>> {
  const ids = new Map<number, string>()
  const placed = rows.map(at => ({ at, place: found.batches.findLast(each => each.row <= at) as Collected['batches'][number] }))
  for (const [path, own] of Map.groupBy(placed, ({ place }) => place.path)) {
    const reader = await ArrowReader.open(path)
    try {
      for (const { at, place } of own) {
        const column = (await reader.read(place.batch, ['id'])).column('id')
        ids.set(at, String(column.value(at - place.row)))
      }
    } finally {
      await reader.close()
    }
  }
  return ids
}
