/**
 * What if a threshold were another: documents and tokens kept as it moves, from the statistics that filtering stored.
 *
 * One pass over the columns that the question needs, as typed arrays. A document counts where the rule is asked of it and no other rule
 * dropped it. Of those that this rule dropped, rules that are asked later may still drop some: what is kept at a looser threshold is an upper
 * bound, what is kept at a stricter one is exact. Tokens are counted from characters, at the corpus's own tokens per character.
 */
import { ArrowReader } from '../pipelines/arrow/index.ts'
import { MillraceError } from '../pipelines/errors.ts'
import type { FilterConfig } from '../pipelines/filter/config.ts'
import { type ForeignLimits, fails, judges, type Limit, limitsOf } from '../pipelines/filter/limits.ts'
import { countsBetween, orderStatistics } from './sweep-counts.ts'
import { rowsJudged } from './sweep-kinds.ts'
import { type Collected, collect, type Target } from './sweep-rows.ts'
import { usage } from './usage.ts'

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
  /** Rows of its profiles that it never judges, by their kind or by a threshold of their own; null where kinds are not known, and all are asked. */
  unjudged: number | null
  /** Rows that it is about and that have no value: they stay whatever the threshold. */
  unmeasured: number
  points: SweepPoint[]
  /** Nearest to `line`, which is the threshold that holds now, or the middle of those asked about. */
  line: number
  dropped: SweptDocument[]
  kept: SweptDocument[]
}

/**
 * Reads parts of the role `statistics` (local paths). `tokensPerCharacter`: null where nothing was tokenized yet. `documents`: parts that filtering
 * read, asked for where a rule judges some kinds only. Throws NO_STATISTIC; NO_PROFILE; USAGE for thresholds that cannot be.
 */
export async function sweep(
  paths: readonly string[],
  config: FilterConfig,
  request: SweepRequest,
  tokensPerCharacter: number | null,
  profileNames: readonly string[],
  { foreign, documents }: { foreign?: ForeignLimits; documents?: () => Promise<readonly string[]> } = {},
): Promise<Sweep> {
  checkRequest(request)
  const limits = new Map(profileNames.map(profile => [profile, limitsOf(config, profile, foreign)]))
  const all = [...limits.values()].flat()
  const own = (profile: string) => limits.get(profile)?.find(({ rule }) => rule === request.rule)
  const on = profileNames.filter(own)
  const [first] = on.map(profile => own(profile) as Limit)
  const target: Target & Pick<Limit, 'rule'> = first ?? {
    rule: request.rule,
    reason: request.rule,
    statistic: request.rule,
    drops: request.drops ?? 'below',
    inclusive: false,
  }
  // A rule may stand twice, for prose and for code. What compares the same is one question, anything else is another.
  const alike = (limits.get(on[0] ?? '') ?? []).filter(each => each.rule === target.rule && first && isAlike(each, first))
  const byKind = alike.length > 0 && alike.every(({ skips, only }) => skips?.length || only)
  const judged =
    byKind && documents ? await rowsJudged(paths, await documents(), kind => alike.some(limit => judges(limit, kind))) : undefined
  const asked = request.profile ? [request.profile] : on.length ? on : [...profileNames]
  const found = await collect(paths, { target, profiles: new Set(asked), limits: all, ...(judged ? { judges: judged } : {}) })
  if (request.profile && !found.profiles.has(request.profile)) throw noProfile(request.profile, [...found.profiles].sort())
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
    unjudged: byKind && !judged ? null : found.unjudged,
    unmeasured: found.unmeasured,
    points: pointsOf(found, target, thresholds, tokensPerCharacter),
    line,
    ...(await nearestTo(found, target, line, request.samples ?? 3)),
  }
}

const isAlike = (a: Limit, b: Limit): boolean =>
  a.statistic === b.statistic &&
  a.drops === b.drops &&
  a.inclusive === b.inclusive &&
  a.threshold === b.threshold &&
  String(a.plus) === String(b.plus)

const noProfile = (profile: string, names: readonly string[]): MillraceError =>
  new MillraceError({
    code: 'NO_PROFILE',
    kind: 'config',
    expected: `a profile that judged documents of this run (${names.join(', ') || 'none did'})`,
    found: JSON.stringify(profile),
    where: '--profile',
    next: 'name one of them, or leave --profile out',
  })

const defaultSteps = 11
/** Thresholds, and samples a side, of one answer. */
const [mostSteps, mostSamples] = [10_000, 1000]

function checkRequest({ at = [], from, to, steps = defaultSteps, samples = 0 }: SweepRequest): void {
  const whole = (value: number, least: number, most: number) => Number.isInteger(value) && value >= least && value <= most
  if (!whole(steps, 2, mostSteps)) throw usage('--steps', `a whole number from 2 to ${mostSteps}`, String(steps))
  if (!whole(samples, 0, mostSamples)) throw usage('--samples', `a whole number from 0 to ${mostSamples}`, String(samples))
  if (at.length > mostSteps) throw usage('--at', `at most ${mostSteps} thresholds`, String(at.length))
  for (const [name, values] of Object.entries({ at, from: [from ?? 0], to: [to ?? 0] }))
    for (const value of values) if (!Number.isFinite(value)) throw usage(`--${name}`, 'a finite number', String(value))
  if (from !== undefined && to !== undefined && from > to) throw usage('--from', `at most --to, ${to}`, String(from))
}

function thresholdsOf({ at, from, to, steps = defaultSteps }: SweepRequest, values: Float64Array, now: readonly number[]): number[] {
  if (at?.length) return [...at].sort((a, b) => a - b)
  const rank = (share: number) => Math.min(values.length - 1, Math.floor(share * values.length))
  const [least = 0, most = 0] = values.length ? orderStatistics(values, [rank(0.01), rank(0.99)]) : []
  const low = from ?? Math.min(least, ...now)
  const high = to ?? Math.max(most, ...now)
  // One end was given, and lies beyond what was measured.
  if (low > high && from !== undefined)
    throw usage('--from', `at most ${high}, where thresholds would end; or --to beside it`, String(from))
  if (low > high) throw usage('--to', `at least ${low}, where thresholds would begin; or --from beside it`, String(to))
  const even = Array.from({ length: steps }, (_, i) => Number((low + ((high - low) * i) / (steps - 1)).toPrecision(4)))
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
