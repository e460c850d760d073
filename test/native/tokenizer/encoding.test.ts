// The oracle is Hugging Face's tokenizers, which loads the file that we write: the same ids on real and on random text.
import { beforeAll, expect, test, vi } from 'vitest'
import { countPieces, Encoder, train } from '../../../native/addon/tokenizer.ts'
import { readTokenizerFile, writeTokenizerFile } from '../../../pipelines/tokenizer/file.ts'
import { byteOrder, firstByte, reservedNames } from '../../../pipelines/tokenizer/layout.ts'
import { type Vocabulary, withLayout } from '../../../pipelines/tokenizer/vocabulary.ts'
import { encoded, missing } from './oracle.ts'
import { column, itemsOf, random, randomText, realTexts } from './texts.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }) // a loaded machine

const size = 8192
let vocabulary: Vocabulary
let encoder: Encoder

beforeAll(async () => {
  const next = random(23)
  const counts = await countPieces(column([...realTexts(3e6), ...Array.from({ length: 2000 }, () => randomText(next, 40))]), {
    maxPiece: 4096,
    threads: 1,
  })
  vocabulary = withLayout(await train(counts, { vocabulary: size, minCount: 2 }))
  encoder = await Encoder.open(vocabulary.tokens, vocabulary.merges)
})

const listsOf = ({ offsets, ids }: { offsets: Int32Array; ids: Uint32Array }) =>
  Array.from({ length: offsets.length - 1 }, (_, i) => [...ids.subarray(offsets[i], offsets[i + 1])])

/** Long pieces on both sides of the border between the two ways to merge, and far beyond. */
function longPieces(): string[] {
  const next = random(5)
  const letters = (n: number, from: string) => Array.from({ length: n }, () => from[Math.floor(next() * from.length)]).join('')
  const lengths = [1, 2, 15, 16, 17, 46, 47, 48, 49, 50, 63, 64, 65, 200, 5000]
  return lengths.flatMap(n => [
    letters(n, 'abcdefghijklmnopqrstuvwxyz'),
    letters(n, 'etaoin'),
    'a'.repeat(n),
    '='.repeat(n),
    ' '.repeat(n),
    letters(n, 'かなカナé'),
  ])
}

async function same(texts: readonly string[]) {
  const want = encoded(writeTokenizerFile(vocabulary), texts)
  const found = listsOf(await encoder.encode(column(texts)))
  for (const [i, ids] of want.ids.entries())
    if (ids.join() !== found[i]?.join()) expect(found[i], JSON.stringify(texts[i]?.slice(0, 300))).toEqual(ids)
}

test.skipIf(missing)('ids are those of Hugging Face: real text', () => same(realTexts(4e6)))
test.skipIf(missing)(
  'ids are those of Hugging Face: random text',
  () => same(Array.from({ length: 20_000 }, (_, i) => randomText(random(i), 40, false))),
  120_000,
)
test.skipIf(missing)('ids are those of Hugging Face: long pieces', () => same(longPieces()))
test.skipIf(missing)('names of special tokens in a text are text, here and in Hugging Face with our file', async () => {
  const texts = reservedNames.map(name => `${name} a${name}\n${name}${name}`)
  await same(texts)
  const found = await encoder.encode(column(texts))
  expect(found.ids.every(id => id >= firstByte)).toBe(true)
  // The other form of the file lists the names as added tokens: text is text there by the switch alone.
  const added = writeTokenizerFile(vocabulary, { specials: 'added' })
  expect(encoded(added, texts, { asText: true }).ids).toEqual(listsOf(found))
  expect(
    encoded(added, texts)
      .ids.flat()
      .some(id => id < firstByte),
  ).toBe(true)
})
test.runIf(missing)(`skipped: ${missing}`, () => {})

test('every reserved name splits into two pieces or more, so that no merge can make it', async () => {
  for (const name of reservedNames) {
    const { counts } = await countPieces(column([name]), { maxPiece: 99, threads: 1 })
    expect(counts.length, name).toBeGreaterThan(1)
  }
})

test('the bytes are in the order of the published GPT-2 code', () => {
  // bytes_to_unicode of openai/gpt-2, src/encoder.py: three ranges first, then the rest as they come.
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
  const first = [...range(0x21, 0x7e), ...range(0xa1, 0xac), ...range(0xae, 0xff)]
  expect(byteOrder).toEqual([...first, ...range(0, 255).filter(byte => !first.includes(byte))])
  expect(Buffer.from(vocabulary.tokens.bytes.subarray(vocabulary.tokens.offsets[256], vocabulary.tokens.offsets[512]))).toEqual(
    Buffer.from(byteOrder),
  )
})

test('threads and cache change no id; decoding gives the text back', async () => {
  const texts = [...realTexts(1e6), ...longPieces(), '', ...Array.from({ length: 500 }, (_, i) => randomText(random(i), 60))]
  const want = await encoder.encode(column(texts))
  for (const threads of [2, 3, 8]) expect(await encoder.encode(column(texts), { threads })).toEqual(want)
  const small = await Encoder.open(vocabulary.tokens, vocabulary.merges, { cacheBytes: 0 })
  expect(await small.encode(column(texts))).toEqual(want)
  expect(await encoder.encode(column(texts.slice(0, 0)))).toEqual({ offsets: new Int32Array(1), ids: new Uint32Array(0) })
  expect(itemsOf(await encoder.decode(want)).map(String)).toEqual(texts)
})

test('decoding takes any ids, and writes or skips special names', async () => {
  const ids = Uint32Array.of(1, 256, 257, 2, 3)
  const lists = { offsets: Int32Array.of(0, 0, 5), ids }
  expect(itemsOf(await encoder.decode(lists)).map(String)).toEqual(['', '<longcat_s>!"</longcat_s><longcat_pad>'])
  expect(itemsOf(await encoder.decode(lists, { skipSpecial: true })).map(String)).toEqual(['', '!"'])
  await expect(encoder.decode({ offsets: Int32Array.of(0, 1), ids: Uint32Array.of(size) })).rejects.toMatchObject({ code: 'ARGUMENT' })
  await expect(encoder.decode({ offsets: Int32Array.of(0, 2), ids: Uint32Array.of(300) })).rejects.toMatchObject({ code: 'SHAPE' })
})

test('a long piece costs n log n: sixteen pieces in one, about as much as sixteen', async () => {
  const cost = async (pieces: number, length: number) => {
    const texts = column(Array.from({ length: pieces }, () => 'abcdefghij'.repeat(length / 10)))
    const start = process.cpuUsage()
    await encoder.encode(texts, { threads: 1 })
    return process.cpuUsage(start).user
  }
  await cost(1, 1e5)
  expect(await cost(1, 6.4e6)).toBeLessThan(8 * Math.max(await cost(16, 4e5), 1000)) // 16 times the work if it were quadratic
})

test('invalid UTF-8 and wrong offsets are errors', async () => {
  await expect(encoder.encode(column(['a', Buffer.from('62ff', 'hex')]), { threads: 2 })).rejects.toMatchObject({
    code: 'FORMAT',
    message: 'text 1: expected UTF-8, found an invalid sequence at byte 1',
  })
  await expect(encoder.encode({ offsets: Int32Array.of(0, 5), bytes: new Uint8Array(2) })).rejects.toMatchObject({ code: 'SHAPE' })
})

test('the file is read back as it was written', () => {
  for (const specials of ['vocabulary', 'added'] as const)
    expect(readTokenizerFile(writeTokenizerFile(vocabulary, { specials }), 'tokenizer.json')).toEqual(vocabulary)
})

test('a file that would give other ids is refused by name', () => {
  const text = writeTokenizerFile(vocabulary)
  // biome-ignore lint/suspicious/noExplicitAny: the test breaks what a type would protect
  const change = (edit: (json: any) => void) => {
    const json = JSON.parse(text)
    edit(json)
    return () => readTokenizerFile(JSON.stringify(json), 'x.json')
  }
  expect(change(json => (json.normalizer = { type: 'NFKC' }))).toThrow(/x.json.*normalizer/)
  expect(change(json => (json.pre_tokenizer.pretokenizers[0].pattern.Regex = '.'))).toThrow(/pattern/)
  expect(change(json => delete json.model.vocab['!'])).toThrow(/id 256/)
  expect(change(json => json.model.merges.push(['zzzz', 'q']))).toThrow(/merges: \d+/)
  expect(change(json => (json.model.byte_fallback = true))).toThrow(/byte_fallback/)
  expect(() => readTokenizerFile('{', 'x.json')).toThrow(/JSON/)
})

test('a vocabulary that contradicts itself is refused', async () => {
  const { tokens, merges } = vocabulary
  const broken = (edit: (bytes: Uint8Array, merges: Uint32Array) => void) => {
    const copy = { bytes: tokens.bytes.slice(), merges: merges.slice() }
    edit(copy.bytes, copy.merges)
    return Encoder.open({ offsets: tokens.offsets, bytes: copy.bytes }, copy.merges)
  }
  await expect(broken((_, m) => (m[0] = size))).rejects.toMatchObject({ code: 'FORMAT' })
  await expect(broken((_, m) => (m[2] = 700))).rejects.toMatchObject({ code: 'FORMAT' })
  await expect(broken((_, m) => m.copyWithin(3, 0, 3))).rejects.toMatchObject({ code: 'FORMAT' })
  await expect(broken(b => (b[tokens.offsets[256] as number] = 0x22))).rejects.toMatchObject({ code: 'FORMAT' })
})
