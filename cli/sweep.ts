/**
 * What if a threshold were another: documents and tokens kept as it moves, from the statistics that filtering stored.
 *
 * One pass over the columns that the question needs, as typed arrays. A document counts where the rule is asked of it and no other rule
 * dropped it. Of those that this rule dropped, rules that are asked later may still drop some: what is kept at a looser threshold is an upper
 * bound, what is kept at a stricter one is exact. Tokens are counted from characters, at the corpus's own tokens per character.
 */
import { ArrowReader } from '../pipelines/arrow/index.ts'
import type { FilterConfig } from '../pipelines/filter/config.ts'
import { type ForeignLimits, fails, type Limit, limitsOf } from '../pipelines/filter/limits.ts'
import { countsBetween, orderStatistics } from './sweep-counts.ts'
import { type Collected, collect, type Target } from './sweep-rows.ts'

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
  const target: Target & Pick<Limit, 'rule'> = first ?? {
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
  const thresholds = thresholdsOf(request, found.values.subarray(0, found.count), Object.values(now))
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

const defaultSteps = 11

function thresholdsOf({ at, from, to, steps = defaultSteps }: SweepRequest, values: Float64Array, now: readonly number[]): number[] {
  if (at?.length) return [...at].sort((a, b) => a - b)
  const rank = (share: number) => Math.min(values.length - 1, Math.floor(share * values.length))
  const [least = 0, most = 0] = values.length ? orderStatistics(values, [rank(0.01), rank(0.99)]) : []
  const low = from ?? Math.min(least, ...now)
  const high = to ?? Math.max(most, ...now)
  const even = Array.from({ length: Math.max(2, steps) }, (_, i) =>
    Number((low + ((high - low) * i) / (Math.max(2, steps) - 1)).toPrecision(4)),
  )
  return [...new Set([...even, ...now.filter(each => each >= low && each <= high)])].sort((a, b) => a - b)
}

/** A value that is at the threshold: on the side that is above it, or not. */
const atIsAbove = ({ drops, inclusive }: Pick<Limit, 'drops' | 'inclusive'>): boolean => (drops === 'below') !== inclusive

function pointsOf(
  found: Collected,
  target: Pick<Limit, 'drops' | 'inclusive'>,
  thresholds: readonly number[],
  perCharacter: number | null,
): SweepPoint[] {
  const { rows, weights } = countsBetween(found.values, found.characters, found.count, thresholds, atIsAbove(target))
  const all = found.count + found.unmeasured
  const below = target.drops === 'below'
  const sum = (of: Float64Array, i: number) => of.subarray(below ? i + 1 : 0, below ? undefined : i + 1).reduce((a, b) => a + b, 0)
  return thresholds.map((threshold, i) => {
    const kept = found.unmeasured + sum(rows, i)
    const tokens = perCharacter === null ? null : Math.round((found.unmeasuredCharacters + sum(weights, i)) * perCharacter)
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
  const { values } = found
  let farthest = Number.POSITIVE_INFINITY // of those that are held, once both sides are full
  for (let row = 0; row < found.count && most > 0; row++) {
    const value = values[row] as number
    const distance = Math.abs(value - line)
    if (distance >= farthest) continue
    const side = sides[fails(target, value, line) ? 0 : 1] as (typeof sides)[number]
    if (side.length === most && distance >= (side[most - 1]?.distance as number)) continue
    side.push({ distance, at: found.at[row] as number, value })
    side.sort((a, b) => a.distance - b.distance || a.at - b.at)
    if (side.length > most) side.pop()
    if (sides.every(({ length }) => length === most)) farthest = Math.max(...sides.map(each => each[most - 1]?.distance as number))
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
