// The oracle is Hugging Face's trainer on the same documents: the stage's units, partitions and sums must not be visible in what comes out.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ArrowReader, type Batch } from '../../../pipelines/arrow/index.ts'
import { runStage } from '../../../pipelines/local.ts'
import type { Part } from '../../../pipelines/plan.ts'
import { readTokenizerFile } from '../../../pipelines/tokenizer/file.ts'
import { tokenizer } from '../../../pipelines/tokenizer/index.ts'
import { reservedNames } from '../../../pipelines/tokenizer/layout.ts'
import { splitTexts } from '../../../pipelines/tokenizer/patterns.ts'
import { readTokenizer } from '../../../pipelines/tokenizer/table.ts'
import { sizeOf, tokenOf } from '../../../pipelines/tokenizer/vocabulary.ts'
import { missing, trained } from '../../native/tokenizer/oracle.ts'
import { realTexts } from '../../native/tokenizer/texts.ts'
import { type Given, partOf } from './documents.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }) // a loaded machine

let folder: string
let given: Given[]
let parts: Part[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-tokenizer-'))
  given = realTexts(8e5).map((text, i) => ({ key: `file-${i}`, kind: i % 3 ? 'code' : 'markdown', text }))
  const half = given.length >> 1
  parts = [await partOf(folder, 'a', given.slice(0, half)), await partOf(folder, 'b', given.slice(half), 3)]
})
afterAll(() => rm(folder, { recursive: true }))

async function* batchesOf(list: readonly Part[] | undefined): AsyncGenerator<Batch> {
  for (const part of list ?? []) {
    const reader = await ArrowReader.open(part.location)
    yield* reader
    await reader.close()
  }
}

const run = (name: string, config: object, inputs = parts, more: object = {}) =>
  runStage({ stage: tokenizer, config, inputs: { documents: inputs }, folder: join(folder, name), ...more })

test.skipIf(missing)(
  'the artifact is what Hugging Face trains on the same documents',
  async () => {
    const result = await run('hf', { vocabulary: 2000, unitBytes: 100_000, partitions: 5 })
    const want = trained(
      given.map(each => each.text),
      { pattern: splitTexts.millrace[0], names: reservedNames, minimum: 0 },
      2000,
    )
    const path = result.outputs.file?.[0]?.location as string
    const file = JSON.parse(await readFile(path, 'utf8'))
    expect(file.model.merges).toEqual(want.merges)
    expect(Object.keys(file.model.vocab).sort((a, b) => file.model.vocab[a] - file.model.vocab[b])).toEqual(want.vocab)
    expect(await readTokenizer(batchesOf(result.outputs.tokenizer))).toEqual(readTokenizerFile(await readFile(path, 'utf8'), path))
    expect(result.roles['count.counts']?.length).toBeGreaterThan(3)
    expect(result.counters).toMatchObject({ vocabulary: 2000, documents: given.length, piecesTooLong: 0 })
  },
  60_000,
)
test.runIf(missing)(`skipped: ${missing}`, () => {})

test('units, partitions, threads and the order of parts change nothing', async () => {
  const content = (result: Awaited<ReturnType<typeof run>>) => [result.outputs.tokenizer?.[0]?.content, result.outputs.file?.[0]?.content]
  const want = content(await run('one', { vocabulary: 1000, partitions: 1 }))
  expect(content(await run('many', { vocabulary: 1000, partitions: 7, unitBytes: 30_000 }, parts, { threads: 3 }))).toEqual(want)
  expect(content(await run('turned', { vocabulary: 1000, partitions: 2, unitBytes: 60_000 }, parts.toReversed(), { seed: 9 }))).toEqual(
    want,
  )
})

test('every partition is sorted and holds its own pieces', async () => {
  const result = await run('partitions', { vocabulary: 600, partitions: 4, unitBytes: 60_000 })
  const where = new Map<string, number>()
  for (const part of result.roles['count.counts'] ?? []) {
    let partition = 0
    for await (const batch of batchesOf([part])) {
      const pieces = Array.from({ length: batch.rows }, (_, i) => batch.column('piece').text(i))
      expect(pieces).toEqual(pieces.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
      for (const piece of pieces) {
        expect(where.get(piece) ?? partition).toBe(partition)
        where.set(piece, partition)
      }
      partition++
    }
    expect(partition).toBe(4)
  }
  expect(new Set(where.values()).size).toBe(4)
})

test('a corpus above maxBytes is sampled by document, the same for any order, about to the budget', async () => {
  const config = { vocabulary: 600, maxBytes: 200_000, unitBytes: 60_000 }
  const [a, b] = [await run('sampled', config), await run('sampled-turned', config, parts.toReversed())]
  expect(a.outputs.file?.[0]?.content).toBe(b.outputs.file?.[0]?.content)
  const total = given.reduce((sum, each) => sum + Buffer.byteLength(each.text), 0)
  expect(a.counters.documents).toBeLessThan(given.length)
  expect((a.counters.bytes ?? 0) / total).toBeLessThan(0.6)
  expect((await run('other-seed', config, parts, { seed: 2 })).outputs.file?.[0]?.content).not.toBe(a.outputs.file?.[0]?.content)
})

test('a vocabulary that the corpus cannot give is an error with the reachable size, unless fewer will do', async () => {
  const small = [await partOf(folder, 'small', [{ key: 'k', kind: 'web', text: 'low lower lowest' }])]
  await expect(run('too-large', { vocabulary: 1000 }, small)).rejects.toMatchObject({
    code: 'TOKENIZER_TOO_LARGE',
    next: expect.stringContaining('at most 519'),
  })
  const result = await run('fewer', { vocabulary: 1000, allowFewer: true }, small)
  expect(result.counters.vocabulary).toBe(519) // by hand: lo, low, Ġlow, Ġlowe, st, Ġlower, Ġlowest
})

test('what outgrows maxMemory is spilled and not pruned: ten spills and more, one thread and two, the same bytes', async () => {
  const contents = (result: Awaited<ReturnType<typeof run>>) =>
    ['count.counts', 'merge.counts', 'train.tokenizer', 'train.file'].map(role => result.roles[role]?.map(part => part.content))
  const config = { vocabulary: 3000, partitions: 3 }
  const whole = await run('in-memory', config)
  expect(whole.counters.spills).toBeUndefined()
  for (const threads of [1, 2]) {
    const spilled = await run(`spilled-${threads}`, config, parts, { threads, maxMemory: 300_000 })
    expect(spilled.counters.spills).toBeGreaterThanOrEqual(10)
    expect(spilled.counters.arraysOnDisk).toBeGreaterThanOrEqual(3)
    expect(contents(spilled)).toEqual(contents(whole))
  }
})

test.skipIf(missing)("`cjk: run` is Hugging Face's on its own pattern; `single` never joins two Han characters", async () => {
  const han = '你好世界，人人生而自由，在尊严和权利上一律平等。ひらがなカナ'
  const texts = Array.from({ length: 60 }, (_, i) => `${han.slice(i % 7)}${han.slice(0, i % 11)} with English ${i}`)
  const part = [
    await partOf(
      folder,
      'cjk',
      texts.map((text, i) => ({ key: `${i}`, kind: 'web', text })),
    ),
  ]
  for (const [cjk, pattern] of [
    ['run', 'millrace-run'],
    ['single', 'millrace'],
  ] as const) {
    const result = await run(`cjk-${cjk}`, { vocabulary: 700, allowFewer: true, cjk }, part)
    const path = result.outputs.file?.[0]?.location as string
    const found = readTokenizerFile(await readFile(path, 'utf8'), path)
    const want = trained(texts, { pattern: splitTexts[pattern][0], names: reservedNames, minimum: 0 }, 700)
    expect(found.pattern).toBe(pattern)
    expect(JSON.parse(await readFile(path, 'utf8')).model.merges).toEqual(want.merges)
    const tokens = Array.from({ length: sizeOf(found) }, (_, id) => Buffer.from(tokenOf(found, id)).toString())
    expect(tokens.some(token => /\p{Script=Han}{2}/u.test(token))).toBe(cjk === 'run')
    const inTable = await readTokenizer(batchesOf(result.outputs.tokenizer))
    expect(inTable).toEqual(found)
  }
})
