// The oracle is Hugging Face with the file as its author gave it: what the stages make of a text must be its ids, moved by the map alone.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Pattern, patterns } from '../../../native/addon/tokenizer.ts'
import { ArrowReader, type Batch } from '../../../pipelines/arrow/index.ts'
import { runStage } from '../../../pipelines/local.ts'
import type { Part } from '../../../pipelines/plan.ts'
import { tokenize } from '../../../pipelines/tokenize/index.ts'
import { readTokenizerFile } from '../../../pipelines/tokenizer/file.ts'
import { tokenizer } from '../../../pipelines/tokenizer/index.ts'
import { readGivenFile } from '../../../pipelines/tokenizer/json.ts'
import { readTokenizer } from '../../../pipelines/tokenizer/table.ts'
import { writeTiktokenFile } from '../../../pipelines/tokenizer/tiktoken.ts'
import { sizeOf } from '../../../pipelines/tokenizer/vocabulary.ts'
import { encoded, missing } from '../../native/tokenizer/oracle.ts'
import { random, randomText, realTexts } from '../../native/tokenizer/texts.ts'
import { partOf } from './documents.ts'
import { foreignFile, type Json, special } from './foreign.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }) // a loaded machine

let folder: string
let texts: string[]
let parts: Part[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-given-'))
  // e + acute, Hangul in parts and the ohm sign: NFC makes one character of each.
  texts = [
    ...realTexts(2e5),
    ...Array.from({ length: 300 }, (_, i) => randomText(random(i), 40, false)),
    'cafe\u0301 \u1112\u1161\u11ab \u2126',
    `x${special}`,
  ]
  parts = [
    await partOf(
      folder,
      'documents',
      texts.map((text, i) => ({ key: `${i}`, kind: 'web', text })),
    ),
  ]
})
afterAll(() => rm(folder, { recursive: true }))

async function* batchesOf(list: readonly Part[] | undefined): AsyncGenerator<Batch> {
  for (const part of list ?? []) {
    const reader = await ArrowReader.open(part.location)
    yield* reader
    await reader.close()
  }
}

async function place(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

async function run(name: string, given: object, more: object = {}) {
  const config = { vocabulary: 2_000 + 256, given, allowFewer: true, ...more }
  return runStage({ stage: tokenizer, config, inputs: { documents: parts }, folder: join(folder, name) })
}

async function idsOf(name: string, made: Awaited<ReturnType<typeof run>>): Promise<number[][]> {
  const inputs = { documents: parts, tokenizer: made.outputs.tokenizer ?? [] }
  const result = await runStage({ stage: tokenize, config: {}, inputs, folder: join(folder, `${name}-ids`) })
  const lists: number[][] = []
  for await (const batch of batchesOf(result.outputs.tokens))
    for (let i = 0; i < batch.rows; i++) lists.push(batch.column('ids').value(i) as number[])
  return lists
}

const edits: [name: string, pattern: Pattern, edit: (json: Json) => void][] = [
  ...patterns.map(pattern => [pattern, pattern, () => undefined] as [string, Pattern, () => void]),
  ['NFC', 'qwen2', json => (json.normalizer = { type: 'NFC' })],
]

for (const [name, pattern, edit] of edits) {
  test.skipIf(missing)(`${name}: ids of the stage are those of the given file, moved by the map`, async () => {
    const file = await foreignFile(texts, pattern, edit)
    const path = await place(`${name}.json`, file)
    const made = await run(name, { path, map: { [special]: '</longcat_s>' } })
    const vocabulary = await readTokenizer(batchesOf(made.outputs.tokenizer))
    const before = readGivenFile(file, path)
    expect(vocabulary).toMatchObject({ pattern, nfc: name === 'NFC', whole: pattern === 'cl100k' })
    const map = vocabulary.given as NonNullable<typeof vocabulary.given>
    expect(map.dropped.map(each => each.name)).toEqual(['<|extra|>'])
    expect(map.ids[2]).toBe(before.specials[0])
    expect(map.ids.slice(256)).toEqual(Array.from({ length: sizeOf(vocabulary) - 256 }, (_, i) => i)) // its ordinary ids begin at 0
    const want = encoded(file, texts, { asText: true }).ids
    const found = await idsOf(name, made)
    for (const [i, ids] of found.entries()) expect(ids, JSON.stringify(texts[i]?.slice(0, 200))).toEqual(want[i]?.map(id => id + 256))
    // The file that the artifact carries gives the same in Hugging Face again.
    const exported = await readFile(made.outputs.file?.[0]?.location ?? '', 'utf8')
    expect({ ...readTokenizerFile(exported, 'file'), given: map }).toEqual(vocabulary)
    expect(encoded(exported, texts).ids).toEqual(found)
  })
}

test('the map and the file are in the digest, the place of the file is not; nothing is counted', async () => {
  const file = await foreignFile(texts, 'gpt2')
  const content = async (name: string, given: object) => {
    const made = await run(name, given)
    expect(made.counters.pieces).toBe(0)
    return made.outputs.tokenizer?.[0]?.content
  }
  const a = await content('a', { path: await place('a.json', file) })
  expect(await content('b', { path: await place('b.json', file) })).toBe(a)
  expect(await content('c', { path: join(folder, 'a.json'), map: { [special]: '<longcat_s>' } })).not.toBe(a)
})

test('ranks of tiktoken are taken with their pattern', async () => {
  const before = readGivenFile(await foreignFile(texts, 'gpt2'), 'x')
  const path = await place('x.tiktoken', writeTiktokenFile(before, { end: (before.specials[0] as number) - 3 }))
  const specials = { [special]: 5000, '<|other|>': 5002 }
  const made = await run('ranks', { path, pattern: 'gpt2', specials, map: { [special]: '</longcat_s>' } })
  const vocabulary = await readTokenizer(batchesOf(made.outputs.tokenizer))
  expect(vocabulary).toMatchObject({ pattern: 'gpt2', whole: true })
  expect(vocabulary.given?.ids[2]).toBe(5000)
  expect(vocabulary.given?.dropped).toEqual([{ id: 5002, name: '<|other|>' }])
  expect((await idsOf('ranks', made)).flat().every(id => id >= 256)).toBe(true)
})

test('what cannot be taken is refused by name', async () => {
  const path = await place('refused.json', await foreignFile(texts, 'gpt2'))
  const why = (name: string, given: object, more: object = {}) => run(name, given, more)
  await expect(why('r1', { path, map: { '<|none|>': '<longcat_s>' } })).rejects.toMatchObject({
    code: 'TOKENIZER_GIVEN',
    found: '<|none|>',
  })
  await expect(why('r2', { path, map: { [special]: '<s>' } })).rejects.toMatchObject({ code: 'TOKENIZER_GIVEN', found: '<s>' })
  await expect(why('r3', { path, map: { [special]: '<longcat_s>', '<|extra|>': '<longcat_s>' } })).rejects.toThrow(/twice/)
  await expect(why('r4', { path: await place('r.tiktoken', '') })).rejects.toMatchObject({ code: 'TOKENIZER_GIVEN' })
  await expect(why('r5', { path, pattern: 'cl100k' })).rejects.toMatchObject({ code: 'TOKENIZER_GIVEN' })
  await expect(why('r6', { path }, { vocabulary: 1000 })).rejects.toMatchObject({
    code: 'TOKENIZER_TOO_LARGE',
    next: expect.stringContaining('2000'),
  })
  await expect(why('r7', { path }, { vocabulary: 5000, allowFewer: false })).rejects.toMatchObject({ code: 'TOKENIZER_TOO_LARGE' })
  await expect(why('r8', { path: join(folder, 'nothing.json') })).rejects.toMatchObject({ code: 'CONFIG_FILE' })
})
