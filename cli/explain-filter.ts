/** What filtering measured of one document, beside the limits of the definition that judged it; the nearest to failing first. */
import type { Batch } from '../pipelines/arrow/index.ts'
import { type FilterConfig, filterConfig } from '../pipelines/filter/config.ts'
import { namesIn, parseExpression, simple } from '../pipelines/filter/expressions.ts'
import { comparedIn, fails, foreignLimits, judges, type Limit, limitsOf, margin } from '../pipelines/filter/limits.ts'
import type { Manifest } from '../storage/artifacts.ts'
import { indexOf, type Lookup } from './lookup.ts'

export interface MeasuredLimit extends Limit {
  value: number
  /** Room left, as a share of the threshold; negative where the value fails. */
  margin: number
  fails: boolean
}

export interface FilterFacts {
  profile: string
  /** What was measured, by name; null where the step was not reached. */
  statistics: Record<string, number | string | boolean | null>
  /** Rules with a limit whose statistic was measured, the nearest to failing first. */
  limits: MeasuredLimit[]
}

const labels = ['id', 'profile', 'rule']

/** undefined where the stage kept no row of it. */
export async function filterFacts(
  lookup: Lookup,
  manifest: Manifest,
  config: unknown,
  id: string,
  kind: string,
): Promise<FilterFacts | undefined> {
  const wanted = Buffer.from(id, 'hex')
  let found: { batch: Batch; row: number } | undefined
  await lookup.scan(manifest, 'statistics', ['id'], async (ids, { batch, reader }) => {
    const [row] = indexOf(ids.column('id'), wanted, 1)
    if (row === undefined) return undefined
    found = { batch: await reader.read(batch), row }
    return true
  })
  if (!found) return undefined
  const { batch, row } = found
  const statistics: FilterFacts['statistics'] = {}
  for (const { name } of batch.schema.fields) if (!labels.includes(name)) statistics[name] = batch.column(name).value(row) as number | null
  const profile = batch.column('profile').text(row)
  return { profile, statistics, limits: await measuredLimits(filterConfig.parse(config), profile, kind, statistics) }
}

async function measuredLimits(
  config: FilterConfig,
  profile: string,
  kind: string,
  statistics: FilterFacts['statistics'],
): Promise<MeasuredLimit[]> {
  return limitsOf(config, profile, await foreignLimits(config))
    .flatMap((limit): MeasuredLimit[] => {
      const value = judges(limit, kind) ? comparedIn(limit, name => statistics[name]) : undefined
      if (value === undefined) return []
      return [{ ...limit, value, margin: margin(limit, value), fails: fails(limit, value, limit.threshold) }]
    })
    .sort((a, b) => a.margin - b.margin || (a.rule < b.rule ? -1 : 1))
}

/** An expression that dropped a document, with what its names stood for; undefined where the rule is none, or its decision says it already. */
export function expressionWords(config: unknown, rule: string, { statistics }: FilterFacts): string | undefined {
  const found = filterConfig.parse(config).expressions?.find(({ name }) => name === rule)
  if (!found) return undefined
  const node = parseExpression(found.drop)
  if (simple(node)) return undefined
  const values = namesIn(node).map(name => `${name} ${typeof statistics[name] === 'number' ? figure(statistics[name]) : 'unknown'}`)
  return `${rule}: ${found.drop} (${values.join(', ')})`
}

/** Rows for a terminal: the verdict's rule first, then the nearest. */
export function limitRows({ limits }: FilterFacts, reason: string | undefined, most = 6): string[][] {
  const decided = limits.filter(limit => limit.reason === reason)
  const shown = [...decided, ...limits.filter(limit => limit.reason !== reason)].slice(0, most)
  return shown.map(({ rule, statistic, plus = [], value, drops, threshold, inclusive, margin: room, fails: failing }) => [
    rule,
    statistic === rule ? '' : [statistic, ...plus].join(' + '),
    figure(value),
    `${drops === 'below' ? '<' : '>'}${inclusive && drops === 'above' ? '=' : ''} ${figure(threshold)} drops`,
    failing ? 'fails' : threshold === 0 && value === 0 ? '' : `${(room * 100).toFixed(room < 0.1 ? 1 : 0)} % away`,
  ])
}

/** What models, scores and modules measured: statistics that no limit shown above speaks of and that are no rule's of the text. */
export function otherFigures({ statistics, limits }: FilterFacts, own: readonly string[]): string {
  const told = new Set(limits.flatMap(({ statistic, plus = [] }) => [statistic, ...plus]))
  return Object.entries(statistics)
    .filter(([name, value]) => value !== null && !told.has(name) && !own.includes(name))
    .slice(0, 8)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? figure(value) : value}`)
    .join(', ')
}

export const figure = (value: number): string => String(Number(value.toPrecision(4)))
