/** `reportFacts`: everything that a report says of a run, read from its store alone. */
import { type JournalEntry, readJournal } from '../../activities/journal.ts'
import type { Config } from '../../pipelines/config.ts'
import type { Store } from '../../storage/store.ts'
import { componentsOf, componentWarnings, reachedOf, shardsOf } from './corpus.ts'
import { filterFactsOf } from './filter.ts'
import { funnelOf, funnelWarnings, kindRows, sourcesOf } from './funnel.ts'
import { generatedOf } from './generated.ts'
import { type Step, stepsOf } from './nodes.ts'
import { Reading } from './read.ts'
import { samplesOf } from './samples.ts'
import { tokenizerOf } from './tokenizer.ts'
import { trainingOf } from './training.ts'
import type { ReportFacts, TrainingFacts } from './types.ts'

export interface FactsOptions {
  /** Default: now. */
  now?: Date
  /** What the final checkpoint is asked to continue; none = nothing is generated. */
  prompts?: readonly string[]
  /** US dollars for an hour of one core. Default 0.04: a virtual core of a general cloud machine, on demand. */
  pricePerCoreHour?: number
}

export const defaultPrice = 0.04

/** Throws NO_RUN where the store has no such run. A run that is under way, or that failed, is told as far as it came. */
export async function reportFacts(store: Store, run: string, options: FactsOptions = {}): Promise<ReportFacts> {
  const reading = await Reading.open(store)
  try {
    const { record, corpus, training } = await stepsOf(store, run)
    const steps = [...corpus, ...training]
    // The journal is for pictures: a damaged one costs those.
    const journal: JournalEntry[] = await readJournal(store, run).catch(() => [])
    const shards = await shardsOf(reading, corpus)
    const pricePerCoreHour = options.pricePerCoreHour ?? defaultPrice
    const funnel = funnelOf({ corpus, training, journal, shards, rawBytes: record.inputs.bytes, pricePerCoreHour })
    const components = await componentsOf(reading, corpus)
    const last = journal.at(-1)?.t
    const samples = await samplesOf(reading, corpus)
    return {
      version: 1,
      run: {
        id: run,
        name: record.name,
        config: record.configPath,
        configDigest: record.configDigest,
        seed: record.config.seed,
        store: store.uri,
        startedAt: record.startedAt,
        inputFiles: record.inputs.files,
        inputBytes: record.inputs.bytes,
        journal: journal.length > 0,
        unitsRun: funnel.reduce((sum, row) => sum + row.units.run, 0),
        unitsReused: funnel.reduce((sum, row) => sum + row.units.reused, 0),
      },
      times: {
        writtenAt: (options.now ?? new Date()).toISOString(),
        wallSeconds: last === undefined ? null : Math.max(0, last - Date.parse(record.startedAt)) / 1000,
      },
      funnel,
      pricePerCoreHour,
      filter: await filterFactsOf(reading, corpus),
      warnings: [...funnelWarnings(steps, funnel), ...componentWarnings(components)],
      sources: sourcesOf(corpus),
      kinds: kindRows(corpus),
      components,
      shards,
      reached: reachedOf(shards),
      samples,
      tokenizer: await tokenizerOf(reading, corpus, samples.kept),
      training: await withText(reading, record.config, corpus, training, options.prompts),
    }
  } finally {
    await reading.close()
  }
}

async function withText(
  reading: Reading,
  config: Config,
  corpus: readonly Step[],
  training: readonly Step[],
  prompts: readonly string[] | undefined,
): Promise<TrainingFacts | null> {
  const facts = await trainingOf(reading, corpus, training)
  if (!facts) return null
  const weights = training.findLast(({ manifest }) => manifest?.roles.weights)?.manifest?.roles.weights?.[0]
  const tokenizer = corpus.findLast(({ manifest }) => manifest?.roles.file)?.manifest?.roles.file?.[0]
  const phase = config.phases.at(-1)
  if (!weights || !tokenizer || !phase) return { ...facts, generated: [], notGenerated: 'there is no checkpoint yet' }
  if (prompts && !prompts.length) return { ...facts, generated: [], notGenerated: 'no prompts' }
  const said = await generatedOf({
    weights: await reading.file(weights),
    tokenizer: await reading.file(tokenizer),
    ropeBase: phase.ropeBase,
    maxContext: Math.min(512, phase.rowLength),
    bytes: weights.bytes,
    ...(prompts ? { prompts } : {}),
  })
  return { ...facts, ...said }
}
