/**
 * Canaries: a small side batch of documents written by us, some of which a stage must drop and some of which it must keep. It runs through the
 * stage's own operations with the run's config before the first unit does, and never enters a part, so a stage that lets everything through,
 * or nothing, fails before it has cost hours.
 *
 * A canary is a smoke test, not a measure: it expects only what holds for every config that it is planted under. Where a config switches a
 * rule off, its canary expects nothing of that rule. A stage may plant several batches, each with what it leaves on of the config.
 */
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ArrowReader, ArrowWriter, type Batch, BatchBuilder } from './arrow/index.ts'
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
  url?: string
  language?: string
  meta?: Record<string, string>
}

/** A document that must go, and the rule that must say so; `*` at its end stands for any rest. */
export interface DroppedBy {
  key: string
  by: string
}

export interface SideBatch {
  /** The run's config for this stage, with sizes that fit a few documents. */
  config: unknown
  /** The part of the config that decides, where a choice in it can be at fault as well as the code; and what to do then. */
  about?: { where: string; next: string }
  documents: readonly Planted[]
  /** Evaluation sets of this batch: JSONL by name. */
  evaluation?: readonly { name: string; jsonl: string; fields: readonly string[] }[]
  /** Keys that must stay; with `where`, only if that statistic of theirs is not above a limit. */
  keeps: readonly (string | { key: string; where: { statistic: string; atMost: number } })[]
  /** Keys that must go. */
  drops: readonly (string | DroppedBy)[]
  /** Groups of keys of which exactly one must stay. */
  oneOf: readonly (readonly string[])[]
  /** Keys that must stay with another text, without this in it where it is given. */
  edits?: readonly { key: string; without?: string }[]
  /** Rules of which nobody knows which keys they drop: `least` of these at least, and never all. */
  some?: readonly { by: string; of: readonly string[]; least: 0 | 1 }[]
}

/** What a stage plants under a config; nothing where the config leaves nothing to expect. `evaluation`: the run's own sets. */
export type Canary<C> = (given: { config: C; evaluation: readonly RawFile[] }) => Promise<SideBatch | readonly SideBatch[] | undefined>

export type CanaryRequest<C> = Pick<LocalRequest<C>, 'execute' | 'threads' | 'maxMemory' | 'seed'> & {
  stage: Stage<C>
  config: unknown
  evaluation: readonly RawFile[]
  /** An empty folder; the caller removes it. */
  folder: string
  /** Told of every batch before it runs: what a child that never answers was asked. */
  onBatch?: (batch: SideBatch) => void
}

/** Runs a stage's canary. False where it has none under this config; CANARY, naming what got through or was lost, where it fails. */
export async function runCanary<C>(request: CanaryRequest<C>): Promise<boolean> {
  const { stage } = request
  const given = (await stage.canary?.({ config: stage.config.parse(request.config), evaluation: request.evaluation })) ?? []
  const batches = 'documents' in given ? [given] : given
  for (const [i, batch] of batches.entries()) await runBatch(request, batch, join(request.folder, String(i)))
  return batches.length > 0
}

async function runBatch<C>(request: CanaryRequest<C>, batch: SideBatch, folder: string): Promise<void> {
  const { stage } = request
  request.onBatch?.(batch)
  await mkdir(folder, { recursive: true })
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
  const wrong = wrongIn(batch, await resultOf(batch, result))
  if (!wrong.length) return
  const { about } = batch
  throw new MillraceError({
    code: 'CANARY',
    kind: about ? 'config' : 'bug',
    expected: `${stage.name} to judge ${batch.documents.length} planted documents rightly`,
    found: wrong.join('; '),
    where: `stage ${stage.name}${about ? `, ${about.where}` : ''}, the side batch that never enters a part`,
    next: about?.next ?? `run the tests of the stage on this machine (test/pipelines/${stage.name}); run.canaries: false goes on without`,
  })
}

/** What became of the planted documents, by their keys. */
interface Outcome {
  kept: Map<string, string>
  rules: Map<string, string>
  statistic: (key: string, name: string) => number | undefined
  quarantined: number
  decided: number
}

async function resultOf(batch: SideBatch, { outputs, quarantined }: LocalResult): Promise<Outcome> {
  const keys = new Map(batch.documents.map(({ key }) => [idOf(key).toString('hex'), key]))
  const [kept, rules, figures] = [new Map<string, string>(), new Map<string, string>(), new Map<string, number | undefined>()]
  for await (const part of batchesOf(outputs.documents))
    for (let i = 0; i < part.rows; i++) kept.set(part.column('key').text(i), part.column('text').text(i))
  for await (const part of batchesOf(outputs.decisions))
    for (let i = 0; i < part.rows; i++) rules.set(keys.get(String(part.column('id').value(i))) ?? '', part.column('rule').text(i))
  const asked = new Set(batch.keeps.flatMap(each => (typeof each === 'string' ? [] : [each.where.statistic])))
  for await (const part of batchesOf(asked.size ? outputs.statistics : []))
    for (const name of asked)
      for (let i = 0; i < part.rows; i++) {
        const value = part.column(name).value(i)
        figures.set(`${keys.get(String(part.column('id').value(i)))}\0${name}`, typeof value === 'number' ? value : undefined)
      }
  const decided = (outputs.decisions ?? []).reduce((sum, part) => sum + part.rows, 0)
  return { kept, rules, statistic: (key, name) => figures.get(`${key}\0${name}`), quarantined, decided }
}

/** What is wrong with the result, in words. */
function wrongIn(batch: SideBatch, { kept, rules, statistic, quarantined, decided }: Outcome): string[] {
  const wrong: string[] = []
  const because = (key: string) => (batch.about && rules.has(key) ? ` by ${rules.get(key)}` : '')
  if (quarantined) wrong.push(`${quarantined} planted documents quarantined`)
  for (const each of batch.keeps) {
    const key = typeof each === 'string' ? each : each.key
    if (kept.has(key)) continue
    const { statistic: name, atMost } = typeof each === 'string' ? { statistic: '', atMost: 0 } : each.where
    if (name && !((statistic(key, name) ?? Number.POSITIVE_INFINITY) <= atMost)) continue
    wrong.push(`"${key}" was dropped${because(key)}`)
  }
  for (const each of batch.drops) {
    const { key, by } = typeof each === 'string' ? { key: each, by: '*' } : each
    if (kept.has(key)) wrong.push(`"${key}" got through${by === '*' ? '' : ` ${by.replace(/\*$/, '…')}`}`)
    else if (rules.has(key) && !names(by, rules.get(key) as string)) wrong.push(`"${key}" was dropped by ${rules.get(key)}, not by ${by}`)
  }
  for (const group of batch.oneOf) {
    const staying = group.filter(key => kept.has(key))
    if (staying.length !== 1) wrong.push(`${staying.length} of ${group.map(key => `"${key}"`).join(', ')} stayed, not one`)
  }
  for (const { key, without } of batch.edits ?? []) {
    const text = kept.get(key)
    if (text === undefined) wrong.push(`"${key}" was dropped${because(key)}, not edited`)
    else if (without === undefined ? text === batch.documents.find(each => each.key === key)?.text : text.includes(without))
      wrong.push(`"${key}" was not edited`)
  }
  for (const { by, of, least } of batch.some ?? []) {
    const gone = of.filter(key => rules.has(key) && names(by, rules.get(key) as string)).length
    const rule = by === '*' ? '' : ` by ${by}`
    if (gone === of.length) wrong.push(`every one of ${of.length} different documents was dropped${rule}`)
    else if (gone < least) wrong.push(`none of ${of.length} different documents, good and bad, was dropped${rule}`)
  }
  const dropped = batch.documents.length - kept.size
  if (!quarantined && decided !== dropped) wrong.push(`${dropped} documents were dropped, with ${decided} decisions`)
  return wrong
}

const names = (by: string, rule: string): boolean => (by.endsWith('*') ? rule.startsWith(by.slice(0, -1)) : rule === by)

async function* batchesOf(parts: readonly Part[] = []): AsyncGenerator<Batch, void, undefined> {
  for (const part of parts) {
    const reader = await ArrowReader.open(part.location)
    try {
      yield* reader
    } finally {
      await reader.close()
    }
  }
}

/** Of a planted document. */
const idOf = (key: string): Buffer => createHash('sha256').update(key).digest().subarray(0, 16)

async function plant(batch: SideBatch, folder: string): Promise<Part> {
  const builder = new BatchBuilder(documents)
  for (const { kind = 'web', meta = {}, ...rest } of batch.documents)
    builder.append({ ...rest, id: idOf(rest.key), source: 'canary', kind, meta })
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
