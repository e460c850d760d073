// The oracle is Hugging Face with the same tokenizer.json, and tiktoken with the same ranks: their ids, which a given tokenizer keeps.
import { beforeAll, expect, test, vi } from 'vitest'
import { countPieces, patterns, train } from '../../../native/addon/tokenizer.ts'
import { columnOf, openGiven } from '../../../pipelines/tokenizer/given.ts'
import { readGivenFile } from '../../../pipelines/tokenizer/json.ts'
import { splitTexts } from '../../../pipelines/tokenizer/patterns.ts'
import { readTiktokenFile, writeTiktokenFile } from '../../../pipelines/tokenizer/tiktoken.ts'
import { withLayout } from '../../../pipelines/tokenizer/vocabulary.ts'
import { encoded, missing, missingTiktoken, ranked } from '../../native/tokenizer/oracle.ts'
import { column, itemsOf, random, randomText, realTexts } from '../../native/tokenizer/texts.ts'
import { foreignFile, type Json, special } from './foreign.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }) // a loaded machine

let texts: string[]
beforeAll(() => {
  texts = [...realTexts(2e5), ...Array.from({ length: 1500 }, (_, i) => randomText(random(i), 40, false)), `x${special} y<|extra|>`]
})

const listsOf = ({ offsets, ids }: { offsets: Int32Array; ids: Uint32Array }) =>
  Array.from({ length: offsets.length - 1 }, (_, i) => [...ids.subarray(offsets[i], offsets[i + 1])])

for (const pattern of patterns) {
  test.skipIf(missing)(`${pattern}: ids of a given tokenizer.json are Hugging Face's, and decode to the text`, async () => {
    const text = await foreignFile(texts, pattern)
    const given = readGivenFile(text, 'given.json')
    expect(given).toMatchObject({ pattern, nfc: false, whole: pattern === 'cl100k' })
    const encoder = await openGiven(given)
    const found = await encoder.encode(column(texts))
    // The last text writes an added token that is not special, which Hugging Face finds in text even when told to split special ones.
    const want = encoded(text, texts.slice(0, -1), { asText: true })
    expect(listsOf(found).slice(0, -1)).toEqual(want.ids)
    expect(found.ids.every(id => !given.specials.includes(id))).toBe(true)
    expect(itemsOf(await encoder.decode(found)).map(String)).toEqual(texts)
  })
}

test('the pattern of GPT-2 is also that of ByteLevel alone', async () => {
  const given = readGivenFile(
    await foreignFile(texts, 'gpt2', json => (json.pre_tokenizer = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true })),
    'gpt2.json',
  )
  expect(given.pattern).toBe('gpt2')
})

test('what would give other ids is refused by name', async () => {
  const change = async (edit: (json: Json) => void) => readGivenFile(await foreignFile(texts, 'gpt2', edit), 'x.json')
  expect((await change(json => (json.normalizer = { type: 'NFC' }))).nfc).toBe(true)
  await expect(change(json => (json.normalizer = { type: 'Lowercase' }))).rejects.toThrow(/normalizer/)
  await expect(change(json => (json.pre_tokenizer.pretokenizers[0].pattern.Regex = '.'))).rejects.toThrow(/pre_tokenizer/)
  await expect(change(json => (json.model.type = 'Unigram'))).rejects.toThrow(/model.type/)
  await expect(change(json => (json.model.byte_fallback = true))).rejects.toThrow(/byte_fallback/)
  await expect(change(json => (json.model.dropout = 0.1))).rejects.toThrow(/dropout/)
  await expect(change(json => json.model.merges.push(['zzzz', 'q']))).rejects.toThrow(/merges/)
  await expect(change(json => (json.model.vocab.a = json.model.vocab.b))).rejects.toThrow(/twice/)
  await expect(change(json => (json.model.vocab['!'] = 1_000_000))).rejects.toThrow(/gaps/)
  const [first] = JSON.parse(await foreignFile(texts, 'gpt2')).model.merges as [string, string][]
  await expect(change(json => json.model.merges.push(first))).rejects.toThrow(/again/)
  await expect(change(json => (json.model.merges[0] = `${first?.join(' ')} x`))).rejects.toThrow(/merges of two tokens/)
  await expect(change(json => (json.model.vocab[''] = 2000))).rejects.toThrow(/without one/)
  // A byte is lost with all merges above it, and its id is taken by another token: only the byte is missing.
  const lost = change(json => {
    json.model.vocab.zzzzz = json.model.vocab.Q
    delete json.model.vocab.Q
    json.model.merges = []
  })
  await expect(lost).rejects.toThrow(/none for byte 81/)
  await expect(change(json => (json.pre_tokenizer.pretokenizers[0].behavior = 'Removed'))).rejects.toMatchObject({ code: 'TOKENIZER_FILE' })
  await expect(change(json => (json.model.continuing_subword_prefix = '##'))).rejects.toThrow(/continuing_subword_prefix/)
})

test.skipIf(missingTiktoken)('ranks are read as tiktoken reads them, with gaps between special ids, and written back', async () => {
  const counts = await countPieces(column(texts), { maxPiece: 4096, threads: 1, pattern: 'cl100k' })
  const trained = withLayout(await train(counts, { vocabulary: 1500, minCount: 0 }))
  const file = writeTiktokenFile(trained, { first: 256 })
  const given = await readTiktokenFile(file, 'x.tiktoken', { pattern: 'cl100k', specials: { [special]: 1300, '<|fim|>': 1310 } })
  const encoder = await openGiven(given)
  const found = await encoder.encode(column(texts))
  const tokens = itemsOf(trained.tokens).slice(256)
  expect(listsOf(found)).toEqual(ranked(texts, { pattern: splitTexts.cl100k[0], tokens: tokens.map(each => each.toString('hex')) }))
  expect(writeTiktokenFile(given, { end: tokens.length })).toBe(file)
  const decoded = await encoder.decode({ offsets: Int32Array.of(0, 2), ids: Uint32Array.of(1300, 0) })
  expect(String(itemsOf(decoded)[0])).toBe(`${special}!`)
  await expect(encoder.decode({ offsets: Int32Array.of(0, 1), ids: Uint32Array.of(1305) })).rejects.toMatchObject({ code: 'ARGUMENT' })
})

test('a rank file with gaps, repeats, lost bytes or anything else is refused', async () => {
  const lines = Array.from({ length: 256 }, (_, byte) => `${Buffer.of(byte).toString('base64')} ${byte}`)
  const read = (text: string, specials = {}) => readTiktokenFile(text, 'x.tiktoken', { pattern: 'gpt2', specials })
  await expect(read(lines.join('\n'))).resolves.toMatchObject({ whole: true })
  await expect(read([...lines, 'YWI= 257'].join('\n'))).rejects.toThrow(/no token of rank 256/)
  await expect(read([...lines, 'YWI= 7'].join('\n'))).rejects.toThrow(/rank 7 again/)
  await expect(read([...lines, 'YQ== 256'].join('\n'))).rejects.toThrow(/an earlier one/)
  await expect(read(lines.with(9, 'YWI= 9').join('\n'))).rejects.toThrow(/byte 9/)
  await expect(read([...lines, 'a b'].join('\n'))).rejects.toThrow(/line 257/)
  await expect(read(lines.join('\n'), { '<s>': 12 })).rejects.toThrow(/special ids/)
})

test('an id without a token is a hole that nothing decodes to', () => {
  expect(itemsOf(columnOf([Buffer.from('a'), undefined, Buffer.from('b')])).map(String)).toEqual(['a', '', 'b'])
})
