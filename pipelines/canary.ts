/**
 * Canaries: a small side batch of documents written by us, some of which a stage must drop and some of which it must keep. It runs through the
 * stage's own operations with the run's config before the first unit does, and never enters a part, so a stage that lets everything through,
 * or nothing, fails before it has cost hours.
 *
 * A canary is a smoke test, not a measure: it expects only what holds for every config that it is planted under. Where a config switches a
 * rule off, its canary expects nothing of that rule.
 */
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ArrowReader, ArrowWriter, BatchBuilder } from './arrow/index.ts'
import { MillraceError } from './errors.ts'
import { asPart, type LocalRequest, type LocalResult, runStage } from './local.ts'
import type { Part, Raw } from './plan.ts'
import { documents } from './schemas.ts'
import type { RawFile, Stage } from './stage.ts'

/** A document of the side batch. */
export interface Planted {
  /** Unique in the batch; what an error calls it. */
  key: string
  text: string
  /** Default: web. */
  kind?: string
  type?: string
}

export interface SideBatch {
  /** The run's config for this stage, with sizes that fit a few documents. */
  config: unknown
  documents: readonly Planted[]
  /** Evaluation sets of this batch: JSONL by name. */
  evaluation?: readonly { name: string; jsonl: string; fields: readonly string[] }[]
  /** Keys that must stay. */
  keeps: readonly string[]
  /** Keys that must go. */
  drops: readonly string[]
  /** Groups of keys of which exactly one must stay. */
  oneOf: readonly (readonly string[])[]
}

/** What a stage plants under a config; undefined where the config leaves nothing to expect. `evaluation`: the run's own sets. */
export type Canary<C> = (given: { config: C; evaluation: readonly RawFile[] }) => Promise<SideBatch | undefined>

export type CanaryRequest<C> = Pick<LocalRequest<C>, 'execute' | 'threads' | 'maxMemory' | 'seed'> & {
  stage: Stage<C>
  config: unknown
  evaluation: readonly RawFile[]
  /** An empty folder; the caller removes it. */
  folder: string
}

/** Runs a stage's canary. False where it has none under this config; CANARY, naming what got through or was lost, where it fails. */
export async function runCanary<C>(request: CanaryRequest<C>): Promise<boolean> {
  const { stage, folder } = request
  const batch = await stage.canary?.({ config: stage.config.parse(request.config), evaluation: request.evaluation })
  if (!batch) return false
  const evaluation = await plantEvaluation(batch, folder)
  const result = await runStage({
    stage,
    config: batch.config,
    inputs: { documents: [await plant(batch, folder)] },
    evaluation,
    folder: join(folder, 'run'),
    ...(request.seed === undefined ? {} : { seed: request.seed }),
    ...(request.threads === undefined ? {} : { threads: request.threads }),
    ...(request.maxMemory === undefined ? {} : { maxMemory: request.maxMemory }),
    ...(request.execute ? { execute: request.execute } : {}),
  })
  const wrong = await judge(batch, result)
  if (!wrong.length) return true
  throw new MillraceError({
    code: 'CANARY',
    kind: 'bug',
    expected: `${stage.name} to judge ${batch.documents.length} planted documents rightly`,
    found: wrong.join('; '),
    where: `stage ${stage.name}, the side batch that never enters a part`,
    next: `run the tests of the stage on this machine (test/pipelines/${stage.name}); run.canaries: false goes on without`,
  })
}

/** What is wrong with the result, in words. */
async function judge(batch: SideBatch, result: LocalResult): Promise<string[]> {
  const kept = await keysOf(result.outputs.documents ?? [])
  const wrong: string[] = []
  if (result.quarantined) wrong.push(`${result.quarantined} planted documents quarantined`)
  for (const key of batch.keeps) if (!kept.has(key)) wrong.push(`"${key}" was dropped`)
  for (const key of batch.drops) if (kept.has(key)) wrong.push(`"${key}" got through`)
  for (const group of batch.oneOf) {
    const staying = group.filter(key => kept.has(key))
    if (staying.length !== 1) wrong.push(`${staying.length} of ${group.map(key => `"${key}"`).join(', ')} stayed, not one`)
  }
  const decided = (result.outputs.decisions ?? []).reduce((sum, part) => sum + part.rows, 0)
  const dropped = batch.documents.length - kept.size
  if (!result.quarantined && decided !== dropped) wrong.push(`${dropped} documents were dropped, with ${decided} decisions`)
  return wrong
}

async function keysOf(parts: readonly Part[]): Promise<Set<string>> {
  const keys = new Set<string>()
  for (const part of parts) {
    const reader = await ArrowReader.open(part.location)
    try {
      for await (const batch of reader) for (let i = 0; i < batch.rows; i++) keys.add(batch.column('key').text(i))
    } finally {
      await reader.close()
    }
  }
  return keys
}

async function plant(batch: SideBatch, folder: string): Promise<Part> {
  const builder = new BatchBuilder(documents)
  for (const { key, text, kind = 'web', type } of batch.documents)
    builder.append({ id: createHash('sha256').update(key).digest().subarray(0, 16), source: 'canary', key, kind, type, text, meta: {} })
  const path = join(folder, 'documents.arrow')
  const writer = await ArrowWriter.open(path, documents)
  await writer.append(builder.finish())
  await writer.close()
  return asPart('documents', path)
}

async function plantEvaluation({ evaluation = [] }: SideBatch, folder: string): Promise<Raw[]> {
  const planted: Raw[] = []
  for (const [i, { name, jsonl, fields }] of evaluation.entries()) {
    const location = join(folder, 'evaluation', `${i}.jsonl`)
    await mkdir(join(folder, 'evaluation'), { recursive: true })
    await writeFile(location, jsonl)
    const sha256 = createHash('sha256').update(jsonl).digest('hex')
    planted.push({ source: { name, kind: 'evaluation', fields }, key: `${i}.jsonl`, location, size: Buffer.byteLength(jsonl), sha256 })
  }
  return planted
}

/** Ordinary pages, written for this file: prose that every rule for web pages should keep, and that no two share a run of words. */
export const ordinary: readonly string[] = [
  `The ferry to the island leaves every morning at seven, and in winter it is often the only sound on the water. Most of the passengers have taken it for years. They know where the wind is weakest and which of the benches stays dry when the sea comes over the rail. The captain learned the passage from her father, who kept a notebook with the depth of every channel and the colour of the water above it.

When the harbour was dredged, half of those numbers were wrong within a month. She measured them again with a rope and a weight, because the instrument on the bridge had been built for deeper places. It took her most of the spring. The new notebook lies beside the old one, and on quiet days she compares them to see how the bottom of the bay has moved.`,
  `Bread that is baked in a stone oven needs less yeast than most recipes say, but it needs more time. The dough should rest overnight in a cool room, covered with a cloth that has been wrung out in warm water. By the next day it will have doubled, and small bubbles will have formed below the surface. Those bubbles are what gives the crumb its open texture.

Before baking, sweep the ash aside and test the floor of the oven with a handful of flour. If it turns brown while you count to ten, the heat is right; if it turns black, wait a little longer and try again. The loaves go in close together, so that their sides stay soft, and they come out when a knock on the base sounds hollow.`,
  `In the second year of the survey the team stopped counting birds from the road and began to walk the ditches instead. It was slower work, with wet boots and many hours in which nothing moved at all. Yet the figures changed at once. Species that had been thought rare turned out to be shy, and two that everyone believed to be common had gone from whole parishes without anybody noticing.

The report was careful about what it claimed. A ditch is not a landscape, and a single dry summer can empty it for reasons that have little to do with farming. Still, the authors asked that the old method should not be used again, since it measured mainly how many birds are willing to be seen from a car.`,
  `A clock in a church tower is seldom exact, and for centuries nobody minded. What mattered was that the whole village heard the same hour. The weights were wound up each Saturday by whoever lived nearest, and if the clock had fallen behind during the week it was simply pushed forward with a pole. Only when the railway came did the difference between one valley and the next become a problem.

The first timetables therefore carried a table of corrections. Travellers were expected to add four minutes here and take away six there, and a good many of them missed their trains. In the end the station clock won, not because it was more accurate, but because it was the one that people could not afford to ignore.`,
]
