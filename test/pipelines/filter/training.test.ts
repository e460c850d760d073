/** Models that the stage trains: end to end, the same bytes whatever the order of work, and what is said where training cannot help. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openModel } from '../../../native/addon/fasttext.ts'
import { describeModel, loadModel } from '../../../native/addon/ngram.ts'
import { ArrowReader, ArrowWriter, BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { runCanary } from '../../../pipelines/canary.ts'
import { filter } from '../../../pipelines/filter/index.ts'
import { asPart, type LocalResult, runStage } from '../../../pipelines/local.ts'
import { documents } from '../../../pipelines/schemas.ts'
import { idOf, makeFolder } from './support.ts'

let folder: string
beforeAll(async () => {
  folder = await makeFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Sentences of a small grammar: words of very different frequency, in an order that means something. */
function sentences(count: number, seed: number): string[] {
  let state = seed * 2 + 1
  const next = (below: number) => {
    state = (state * 48271) % 2147483647
    return Math.floor((state / 2147483647) ** 2 * below)
  }
  const name = (stem: string, n: number) => stem + 'aeiou'[n % 5] + 'lmnrst'[Math.floor(n / 5) % 6] + 'ykx'[n % 3]
  return Array.from({ length: count }, () => {
    const [who, what, whom, place] = [name('per', next(40)), name('se', next(25)), name('thi', next(90)), name('pla', next(60))]
    return next(3) ? `The ${who} ${what} a ${whom} in ${place} and that is all.` : `In ${place} the ${who} ${what} no ${whom} with joy!`
  })
}

interface Doc {
  text: string
  kind?: string
}
const corpus: Doc[] = Array.from({ length: 420 }, (_, i) =>
  i % 7 === 0
    ? { text: 'var a = 1;\n'.repeat(20), kind: 'code' }
    : i % 7 === 1
      ? { text: `qqq${i}zzz `.repeat(80) } // dropped for repetition
      : { text: sentences(14, i).join('\n') },
)

let runs = 0
interface How {
  order?: readonly number[]
  concurrency?: number
  threads?: number
  docs?: readonly Doc[]
}
async function run(config: object, { order, concurrency = 1, threads = 1, docs = corpus }: How = {}): Promise<LocalResult> {
  const name = join(folder, `run-${runs++}`)
  const writer = await ArrowWriter.open(`${name}.arrow`, documents)
  const builder = new BatchBuilder(documents)
  for (const i of order ?? docs.keys()) {
    builder.append({ kind: 'web', ...docs[i], id: idOf(String(i)), source: 'test', key: `doc-${i}`, meta: {} })
    if (builder.rows === 20) await writer.append(builder.finish())
  }
  await writer.append(builder.finish())
  await writer.close()
  const inputs = { documents: [await asPart('documents', `${name}.arrow`)] }
  const small = { unitBytes: 30_000, ...config }
  return runStage({ stage: filter, config: small, base: folder, inputs, folder: name, threads, concurrency })
}

async function rowsOf(result: LocalResult, role: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for (const part of result.roles[role] ?? []) {
    const reader = await ArrowReader.open(part.location)
    for await (const batch of reader)
      for (let i = 0; i < batch.rows; i++)
        rows.push(Object.fromEntries(batch.schema.fields.map(({ name }) => [name, batch.column(name).value(i)])))
    await reader.close()
  }
  return rows
}

const content = (result: LocalResult) =>
  Object.fromEntries(Object.entries(result.outputs).map(([role, parts]) => [role, parts.map(part => part.content)]))

const trained = {
  classifier: [{ train: { epoch: 20, lr: 0.5, bucket: 1000 }, threshold: 0.2 }],
  fluency: { train: { order: 3, prune: [0], fallback: true, arpa: true } },
}

describe('a stage that trains its models', () => {
  it('makes files with a digest, and judges by them', async () => {
    const result = await run(trained)
    const { outputs, counters } = result
    const [classifier, fluency, arpa] = [outputs.classifier?.[0], outputs.fluency?.[0], outputs.arpa?.[0]]
    expect((await openModel(await readFile(classifier?.location as string))).labels.toSorted()).toEqual(['__label__bad', '__label__good'])
    expect(describeModel(await loadModel(fluency?.location as string))).toMatchObject({ order: 3, words: 'simple' })
    expect(await readFile(arpa?.location as string, 'utf8')).toMatch(/\\data\\\nngram 1=/)
    for (const part of [classifier, fluency, arpa]) expect(part?.content).toMatch(/^[0-9a-f]{64}$/)

    // Files of code, and pages that a rule drops, teach nothing.
    const statistics = await rowsOf(result, 'judge.statistics')
    const prose = statistics.filter(({ rule }, i) => rule === null && corpus[i]?.kind === undefined)
    expect(prose.length).toBeGreaterThan(150)
    expect(counters).toMatchObject({ 'drawn/classifier': prose.length, 'drawn/fluency': prose.length, 'train/classifier/labels/weak': 1 })
    expect(counters['train/classifier/from/kept/good']).toBe(prose.length)
    const [held, right] = [counters['train/classifier/held'] as number, counters['train/classifier/right'] as number]
    expect(held).toBeGreaterThan(20)
    expect(right / held).toBeGreaterThan(0.7)
    expect(counters['train/fluency/perplexity']).toBeLessThan(counters['train/fluency/perplexityOutOfOrder'] as number)

    expect(statistics).toHaveLength(corpus.length)
    for (const { quality, perplexity } of prose) {
      expect(quality).toBeGreaterThan(0.2)
      expect(perplexity).toBeLessThan(100)
    }
    expect(statistics[1]).toMatchObject({ rule: 'top_2_gram', quality: null, perplexity: null })
  })

  it('gives the same bytes with one and two workers, on two threads, and from documents in another order', async () => {
    const one = await run(trained)
    const two = await run(trained, { concurrency: 2, threads: 2 })
    expect(content(two)).toEqual(content(one))
    expect(one.roles['draw.drawn']?.length).toBeGreaterThan(2)
    const other = await run(trained, { order: [...corpus.keys()].map(i => (i * 211) % corpus.length) })
    for (const role of ['classifier', 'fluency', 'arpa']) expect(other.outputs[role]?.[0]?.content).toBe(one.outputs[role]?.[0]?.content)
  })

  it('draws no more than it is asked to, by the hash of the ids', async () => {
    const few = { classifier: [{ train: { maxDocuments: 100, bucket: 100 } }], fluency: { train: { maxBytes: 60_000, fallback: true } } }
    const result = await run(few)
    const drawn = await rowsOf(result, 'draw.drawn')
    expect(result.counters['drawn/classifier']).toBeGreaterThan(30)
    expect(result.counters['drawn/classifier']).toBeLessThan(100)
    const bytes = drawn.filter(row => row.purpose === 'fluency').reduce((sum, row) => sum + String(row.text).length, 0)
    expect(bytes).toBeGreaterThan(15_000)
    expect(bytes).toBeLessThan(70_000)
    // What is drawn of a part of the corpus is drawn of the whole at the same share.
    const sorted = await rowsOf(result, 'sort.fluency')
    expect(sorted.map(row => row.order)).toEqual(sorted.map(row => row.order as bigint).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)))
  })

  it('takes labels of the user’s, and says that they are', async () => {
    const labelled = sentences(400, 3).flatMap((text, i) => [
      { text, label: 'mine' },
      { text: text.split(' ').toReversed().join(' ').replaceAll('e', 'q'), label: `other${i % 2}` },
    ])
    await writeFile(join(folder, 'labels.jsonl'), labelled.map(row => JSON.stringify(row)).join('\n'))
    const config = {
      classifier: [{ name: 'own', keepLabel: 'mine', train: { labels: 'labels.jsonl', epoch: 20, lr: 0.5, bucket: 100 }, threshold: 0.1 }],
    }
    const result = await run(config, { docs: corpus.slice(0, 40) })
    expect(Object.keys(result.roles).some(role => role.startsWith('draw.'))).toBe(false)
    expect(result.counters).toMatchObject({ 'train/classifier/labels/given': 1, 'train/classifier/from/given/mine': 400 })
    expect((await rowsOf(result, 'judge.statistics'))[3]?.own).toBeGreaterThan(0.5)
    const shuffled = labelled.toReversed()
    await writeFile(join(folder, 'labels.jsonl'), shuffled.map(row => JSON.stringify(row)).join('\n'))
    const again = await run(config, { docs: corpus.slice(0, 40) })
    expect(again.outputs.classifier?.[0]?.content).toBe(result.outputs.classifier?.[0]?.content)
    await expect(run({ classifier: [{ train: { labels: 'labels.jsonl' } }] })).rejects.toMatchObject({ code: 'UNKNOWN_LABEL' })
    await expect(run({ classifier: [{ train: { labels: 'none.jsonl' } }] })).rejects.toMatchObject({ code: 'CONFIG_FILE' })
  })

  it('fails where a model is no better than chance', async () => {
    const noise = Array.from({ length: 1500 }, (_, i) => ({ text: sentences(1, i)[0], label: (i * 7919) % 2 ? 'good' : 'bad' }))
    await writeFile(join(folder, 'noise.jsonl'), noise.map(row => JSON.stringify(row)).join('\n'))
    const config = { classifier: [{ train: { labels: 'noise.jsonl', bucket: 100, epoch: 1, minAccuracy: 0.7 }, threshold: 0.5 }] }
    await expect(run(config)).rejects.toMatchObject({ code: 'MODEL_USELESS', kind: 'config', found: expect.stringMatching(/^\d+ of \d+$/) })
    const soup = Array.from({ length: 700 }, (_, i) => {
      const words = sentences(14, 5).join(' ').split(' ')
      return { text: words.map((_, j) => words[(j * (2 * i + 3)) % words.length]).join(' ') }
    })
    await expect(
      run({ profiles: { web: 'none' }, fluency: { train: { order: 2, fallback: true } } }, { docs: soup }),
    ).rejects.toMatchObject({
      code: 'MODEL_USELESS',
      expected: expect.stringMatching(/words out of order/),
    })
  })

  it('fails where a threshold drops nothing or everything that was held back', async () => {
    const classifier = (threshold: number, skip: string[] = []) =>
      run({ classifier: [{ train: { epoch: 20, lr: 0.5, bucket: 1000, minAccuracy: 0 }, threshold }], canaries: { skip } }, { docs: twice })
    const twice = [...corpus, ...corpus.map((doc, i) => (doc.kind ? doc : { text: sentences(14, i + 5000).join('\n') }))]
    await expect(classifier(0)).rejects.toMatchObject({
      code: 'CANARY',
      kind: 'config',
      found: expect.stringMatching(/^none of them dropped/),
    })
    await expect(classifier(1)).rejects.toMatchObject({
      code: 'CANARY',
      found: expect.stringMatching(/^all of them dropped: they measure [\d.e-]+ to/),
    })
    // Asked for, it goes on, and drops what it was told to.
    const decisions = await rowsOf(await classifier(1, ['classifier']), 'judge.decisions')
    const byThreshold = decisions.filter(row => row.threshold === 1)
    expect(byThreshold.length).toBeGreaterThan(0)
    for (const row of byThreshold) expect(row.value).toBeLessThan(1)
    const fluency = (maxPerplexity: number) =>
      run({ fluency: { train: { order: 3, prune: [0], fallback: true }, maxPerplexity } }, { docs: twice })
    await expect(fluency(1.01)).rejects.toMatchObject({ code: 'CANARY', where: 'filter.fluency' })
    await expect(fluency(1e9)).rejects.toMatchObject({ code: 'CANARY', next: expect.stringMatching(/millrace sweep perplexity/) })
  })

  it('fails where there is nothing to learn from', async () => {
    await expect(run(trained, { docs: [{ text: 'short' }] })).rejects.toMatchObject({ code: 'UNKNOWN_LABEL', found: 'no texts' })
    await expect(run({ fluency: { train: {} } }, { docs: corpus.slice(2, 4) })).rejects.toMatchObject({ code: 'TOO_LITTLE_TEXT' })
  })

  it('trains nothing anew where a threshold moves', async () => {
    const moved = { ...trained, classifier: [{ ...trained.classifier[0], threshold: 0.3 }] }
    const units = (result: LocalResult, role: string) => result.roles[role]?.map(part => part.location.split('/').at(-2))
    const [one, other] = [await run(trained), await run(moved)]
    for (const role of ['draw.drawn', 'sort.classifier', 'classifier.model', 'fluency.model'])
      expect(units(other, role)).toEqual(units(one, role))
    expect(units(other, 'judge.documents')).not.toEqual(units(one, 'judge.documents'))
  })
})

describe('a config', () => {
  it('asks for a model or for training, not both, and for one trained classifier', () => {
    const parse = (config: object) => () => filter.config.parse(config)
    expect(parse({ classifier: [{}] })).toThrow(/one of model and train/)
    expect(parse({ fluency: { model: 'a', train: {} } })).toThrow(/one of model and train/)
    expect(parse({ classifier: [{ train: {} }, { name: 'b', train: {} }] })).toThrow(/one classifier at most/)
  })

  it('that trains nothing has no operation but judging', async () => {
    const result = await run({}, { docs: corpus.slice(0, 10) })
    expect(Object.keys(result.roles)).toEqual(['judge.documents', 'judge.decisions', 'judge.statistics', 'judge.quarantine'])
    expect(result.outputs.classifier).toEqual([])
  })

  it('that trains has canaries for the rest, and keeps rules over its models out of them', async () => {
    const config = {
      ...trained,
      pii: {},
      expressions: [
        { name: 'low', drop: 'quality < 0.1 || perplexity > 1e6' },
        { name: 'few', drop: 'words < 5' },
      ],
      canaries: { plant: [{ name: 'short', text: 'x', kind: 'letter', expect: 'drop' }] },
    }
    const into = join(folder, 'canary')
    await mkdir(into)
    expect(await runCanary({ stage: filter, config, evaluation: [], folder: into, threads: 1 })).toBe(true)
  })
})
