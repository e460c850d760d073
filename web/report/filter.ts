/**
 * Filtering in a report: which definition judged which kind, what its rules measured beside their thresholds, what was edited.
 *
 * Definitions and steps come from counters, for all documents; histograms and edits from a bounded number of batches.
 */
import type { Batch, Column } from '../../pipelines/arrow/index.ts'
import { type FilterConfig, filterConfig } from '../../pipelines/filter/config.ts'
import { type ForeignLimits, fails, foreignLimits, type Limit, limitsOf } from '../../pipelines/filter/limits.ts'
import type { Plan } from '../../pipelines/plan.ts'
import { type Manifest, planKey } from '../../storage/artifacts.ts'
import { readJson } from '../../storage/store.ts'
import { type Step, talliesOf } from './nodes.ts'
import { type Reading, spreadOver } from './read.ts'
import type { EditedSample, FilterFacts, Histogram, TrainedModel } from './types.ts'

const mostHistograms = 12
const mostBatches = 64
const bins = 40
const mostEdits = 8
const editUnits = 6

export async function filterFactsOf(reading: Reading, corpus: readonly Step[]): Promise<FilterFacts | null> {
  const step = corpus.find(({ node, manifest }) => node.stage === 'filter' && manifest)
  if (!step?.manifest) return null
  const parsed = filterConfig.safeParse(step.node.config)
  if (!parsed.success) return null // other code made it
  const foreign = await foreignLimits(parsed.data)
  const definitions = definitionsOf(step.manifest, parsed.data, foreign)
  return {
    node: step.node.id,
    definitions,
    steps: stepsOf(step.manifest),
    trained: trainedOf(step.manifest),
    histograms: await histogramsOf(reading, step.manifest, parsed.data, definitions, foreign),
    edits: await editsOf(reading, step.manifest),
  }
}

/** Counters `profile/<profile>/<kind>`. */
function definitionsOf(manifest: Manifest, config: FilterConfig, foreign: ForeignLimits): FilterFacts['definitions'] {
  return [...talliesOf(manifest, 'profile')].map(([name, documents]) => {
    const slash = name.indexOf('/')
    const profile = name.slice(0, slash)
    const override = config.override[profile as keyof typeof config.override]
    const overridden = [...Object.keys(override?.rules ?? {}), ...(override?.c4 === undefined ? [] : ['c4'])]
    return { kind: name.slice(slash + 1), profile, documents, rules: limitsOf(config, profile, foreign).length, overridden }
  })
}

/** Counters `step/<step>/<what>`, in the order of the steps as they were first counted: by how many documents came. */
function stepsOf(manifest: Manifest): FilterFacts['steps'] {
  const steps = new Map<string, FilterFacts['steps'][number]>()
  for (const [name, by] of talliesOf(manifest, 'step')) {
    const slash = name.lastIndexOf('/')
    const [step, what] = [name.slice(0, slash), name.slice(slash + 1)]
    const sums = steps.get(step) ?? { step, in: 0, dropped: 0, edited: 0, refused: 0, cpuSeconds: null }
    steps.set(step, { ...sums, ...(what === 'cpuUs' ? { cpuSeconds: by / 1e6 } : { [what]: by }) })
  }
  return [...steps.values()].sort((a, b) => b.in - a.in)
}

/** Counters `train/<model>/<what>`. */
function trainedOf(manifest: Manifest): TrainedModel[] {
  const counters = talliesOf(manifest, 'train')
  return (['classifier', 'fluency'] as const).flatMap((model): TrainedModel[] => {
    const of = (what: string) => counters.get(`${model}/${what}`) ?? null
    if (of('held') === null) return []
    const labels = of('labels/weak') ? 'weak' : of('labels/given') ? 'given' : null
    const [texts, held] = [of('texts') ?? 0, of('held') ?? 0]
    return [
      { model, labels, texts, held, right: of('right'), perplexity: of('perplexity'), perplexityOutOfOrder: of('perplexityOutOfOrder') },
    ]
  })
}

/** Of the profile that judged most documents: the rules that drop most, then the others in the order in which they are asked. */
async function histogramsOf(
  reading: Reading,
  manifest: Manifest,
  config: FilterConfig,
  definitions: FilterFacts['definitions'],
  foreign: ForeignLimits,
): Promise<Histogram[]> {
  const sums = new Map<string, number>()
  for (const { profile, documents } of definitions) sums.set(profile, (sums.get(profile) ?? 0) + documents)
  const profile = [...sums]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .find(([name]) => limitsOf(config, name, foreign).length)?.[0]
  if (profile === undefined) return []
  const dropped = talliesOf(manifest, 'decisions/rule')
  // A sum of statistics, and a plain yes or no, have no histogram.
  const limits = limitsOf(config, profile, foreign)
    .filter(({ plus, step }) => !plus?.length && step !== 'signals')
    .map((limit, place) => ({ limit, place, count: dropped.get(limit.reason) ?? 0 }))
    .sort((a, b) => b.count - a.count || a.place - b.place)
    .slice(0, mostHistograms)
    .map(({ limit }) => limit)
  const values = await valuesOf(reading, manifest, profile, [...new Set(limits.map(({ statistic }) => statistic))])
  return limits.flatMap(limit => {
    const own = values.get(limit.statistic)
    return own?.length ? [histogram(limit, profile, own)] : []
  })
}

async function valuesOf(
  reading: Reading,
  manifest: Manifest,
  profile: string,
  statistics: readonly string[],
): Promise<Map<string, number[]>> {
  const all = (manifest.roles.statistics ?? []).flatMap(part =>
    (part.batches ?? []).map((_, batch) => ({ location: part.location, batch })),
  )
  const read = spreadOver(all, mostBatches)
  if (read.length < all.length) reading.partial = true
  const values = new Map<string, number[]>(statistics.map(name => [name, []]))
  for (const { location, batch: index } of read) {
    const batch = await reading.batch(location, index, ['profile', ...statistics])
    if (!batch) continue
    const profiles = batch.column('profile')
    const columns = statistics.flatMap((name): [string, Column][] => (batch.has(name) ? [[name, batch.column(name)]] : []))
    for (let row = 0; row < batch.rows; row++) {
      if (profiles.text(row) !== profile) continue
      for (const [name, column] of columns) if (!column.isNull(row)) values.get(name)?.push(column.number(row))
    }
  }
  return values
}

/** From the 1st to the 99th percentile, and always around the threshold. */
function histogram({ rule, statistic, drops, inclusive, threshold }: Limit, profile: string, values: readonly number[]): Histogram {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number
  const low = Math.min(at(0.01), threshold)
  const high = Math.max(at(0.99), threshold)
  const air = (high - low || Math.abs(high) || 1) * 0.05
  const [from, to] = [low < 0 ? low - air : Math.max(0, low - air), high + air]
  const counts = new Array<number>(bins).fill(0)
  let failing = 0
  for (const value of sorted) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(((value - from) / (to - from)) * bins)))
    counts[bin] = (counts[bin] as number) + 1
    failing += Number(fails({ drops, inclusive }, value, threshold))
  }
  return { rule, statistic, profile, drops, threshold, from, to, bins: counts, failing }
}

/** Documents whose text the stage changed: what a unit kept first, beside what it read first. */
async function editsOf(reading: Reading, manifest: Manifest): Promise<EditedSample[]> {
  const plan = await readJson<Plan>(reading.store, planKey(manifest.stage, manifest.fingerprint, 'judge'))
  const units = new Map(plan?.units.map(unit => [unit.key, unit]))
  const found: EditedSample[] = []
  for (const part of spreadOver(manifest.roles.documents?.filter(each => each.rows) ?? [], editUnits)) {
    const read = units.get(part.unit)?.parts[0]
    if (!read || found.length >= mostEdits) continue
    const columns = ['id', 'source', 'key', 'kind', 'text']
    const [before, after] = [await reading.batch(read.location, read.from, columns), await reading.batch(part.location, 0, columns)]
    if (before && after) found.push(...changedIn(before, after, mostEdits - found.length))
  }
  return found
}

function changedIn(before: Batch, after: Batch, most: number): EditedSample[] {
  const rows = new Map(Array.from({ length: before.rows }, (_, row) => [String(before.column('id').value(row)), row]))
  const found: EditedSample[] = []
  for (let row = 0; row < after.rows && found.length < most; row++) {
    const id = String(after.column('id').value(row))
    const was = rows.get(id)
    if (was === undefined || Buffer.compare(before.column('text').bytes(was), after.column('text').bytes(row)) === 0) continue
    const changes = changesOf(before.column('text').text(was), after.column('text').text(row))
    const text = (name: string) => after.column(name).text(row)
    found.push({
      id,
      source: text('source'),
      key: text('key'),
      kind: text('kind'),
      changes: changes.slice(0, 5),
      more: Math.max(0, changes.length - 5),
    })
  }
  return found
}

const mostLines = 20_000
const longest = 300

/** Stretches of lines that differ. Where a line is gone the next ones are looked for ahead; not a shortest difference, but a readable one. */
function changesOf(before: string, after: string): EditedSample['changes'] {
  const [old, now] = [before.split('\n', mostLines), after.split('\n', mostLines)]
  const cut = (lines: string[]) =>
    lines.slice(0, 6).map(line => (line.length > longest ? `${line.slice(0, longest)}…` : line).toWellFormed())
  const changes: EditedSample['changes'] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < now.length) {
    if (old[i] === now[j] && i < old.length) {
      i++
      j++
      continue
    }
    const ahead = j < now.length ? old.indexOf(now[j] as string, i) : old.length
    if (ahead > i) {
      changes.push({ before: cut(old.slice(i, ahead)), after: null })
      i = ahead
      continue
    }
    const [from, to] = [i, j]
    while (i < old.length && j < now.length && old[i] !== now[j] && !old.includes(now[j] as string, i)) {
      i++
      j++
    }
    if (i === from && j === to) {
      i++
      j++
    }
    changes.push({ before: cut(old.slice(from, i)), after: cut(now.slice(to, j)) })
  }
  return changes
}
