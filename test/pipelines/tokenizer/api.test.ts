// The oracles are tiktoken and Hugging Face with the same files.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test, vi } from 'vitest'
import { Tokenizer } from '../../../pipelines/tokenizer/api.ts'
import { reservedNames } from '../../../pipelines/tokenizer/layout.ts'
import { encoded, missing } from '../../native/tokenizer/oracle.ts'
import { random, randomText, realTexts } from '../../native/tokenizer/texts.ts'
import { foreignFile, special } from './foreign.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }) // a loaded machine

let texts: string[]
let file: string
let tokenizer: Tokenizer

beforeAll(async () => {
  texts = [...realTexts(1e5), ...Array.from({ length: 300 }, (_, i) => randomText(random(i), 40, false)), '', `a${special}b`]
  file = await foreignFile(texts, 'qwen2')
  tokenizer = await Tokenizer.fromJson(file)
})

test.skipIf(missing)('ids are those of the file, one text or many, whatever threads', async () => {
  const want = encoded(file, texts, { asText: true }).ids
  const found = await tokenizer.encodeMany(texts, { threads: 2 })
  expect(found.map(ids => [...ids])).toEqual(want)
  for (const i of [0, 50, texts.length - 1]) expect([...(await tokenizer.encode(texts[i] as string))]).toEqual(want[i])
  for (const [i, ids] of found.entries()) expect(await tokenizer.decode(ids)).toBe(texts[i])
})

test('special tokens exist by name alone', async () => {
  const id = tokenizer.idOf(special) as number
  expect(tokenizer.specials.get(special)).toBe(id)
  expect([...(await tokenizer.encode(special))]).not.toContain(id)
  expect(await tokenizer.decode([id, 0])).toBe(`${special}!`)
  expect(await tokenizer.decode([id, 0], { skipSpecial: true })).toBe('!')
  expect(tokenizer.idOf('!')).toBe(0)
  expect(tokenizer.idOf(Uint8Array.of(0xff))).toBeLessThan(256)
  expect(tokenizer.idOf('no such token')).toBeUndefined()
})

test('bytes that are no text come back exactly; what is no id is an error', async () => {
  const half = tokenizer.idOf(Uint8Array.of(0xe2)) as number
  expect([...(await tokenizer.decodeBytes([half, half]))]).toEqual([0xe2, 0xe2])
  expect(await tokenizer.decode([half])).toBe('\ufffd')
  for (const wrong of [-1, 1.5, 2 ** 32, tokenizer.size, (tokenizer.idOf(special) as number) + 1])
    await expect(tokenizer.decode([wrong]), String(wrong)).rejects.toMatchObject({ code: 'ARGUMENT' })
  await expect(tokenizer.encode(Uint8Array.of(0x61, 0xff))).rejects.toMatchObject({ code: 'FORMAT' })
})

test.skipIf(missing)('NFC is brought about where the file asks for it', async () => {
  const nfc = await foreignFile(texts, 'qwen2', json => (json.normalizer = { type: 'NFC' }))
  const own = ['cafe\u0301', '\u1112\u1161\u11ab', '\u2126', 'plain', 'é', ...texts]
  const found = await (await Tokenizer.fromJson(nfc)).encodeMany(own)
  expect(found.map(ids => [...ids])).toEqual(encoded(nfc, own, { asText: true }).ids)
})

test('our own file keeps its names as special tokens', async () => {
  const { withLayout } = await import('../../../pipelines/tokenizer/vocabulary.ts')
  const { writeTokenizerFile } = await import('../../../pipelines/tokenizer/file.ts')
  const vocabulary = withLayout({ offsets: Int32Array.of(0), bytes: new Uint8Array(0), merges: new Uint32Array(0) })
  for (const specials of ['vocabulary', 'added'] as const) {
    const ours = await Tokenizer.fromJson(writeTokenizerFile(vocabulary, { specials }))
    expect([...ours.specials.keys()]).toEqual(reservedNames)
    expect(ours.idOf('</longcat_s>')).toBe(2)
    expect((await ours.encode('</longcat_s>')).every(id => id >= 256)).toBe(true)
  }
})

const published = fileURLToPath(new URL('../../../node_modules/js-tiktoken/dist/ranks/cl100k_base.cjs', import.meta.url))

test.skipIf(!existsSync(published))('the published ranks of cl100k open with their gap between special ids', async () => {
  const [, first = '0', ...tokens] = (/"bpe_ranks":"([^"]+)"/.exec(readFileSync(published, 'utf8'))?.[1] ?? '').split(' ')
  const specials = {
    '<|endoftext|>': 100257,
    '<|fim_prefix|>': 100258,
    '<|fim_middle|>': 100259,
    '<|fim_suffix|>': 100260,
    '<|endofprompt|>': 100276,
  }
  const ranks = tokens.map((token, i) => `${token} ${i + Number(first)}\n`).join('')
  const cl100k = await Tokenizer.fromRanks(ranks, { pattern: 'cl100k', specials })
  expect(cl100k.size).toBe(100277)
  // From OpenAI's own examples: "hello world" and "tiktoken is great!".
  expect([...(await cl100k.encode('hello world'))]).toEqual([15339, 1917])
  expect([...(await cl100k.encode('tiktoken is great!'))]).toEqual([83, 1609, 5963, 374, 2294, 0])
  await expect(cl100k.decode([100270])).rejects.toMatchObject({ code: 'ARGUMENT' })
})
