// The oracles are the normative texts of patterns.md in the engines that models were trained with: Oniguruma inside Hugging Face's tokenizers
// for pieces, fancy-regex inside tiktoken for ids.
import { expect, test, vi } from 'vitest'
import { countPieces, Encoder, mergesOfRanks, type Pattern, patterns, splitText, train } from '../../../native/addon/tokenizer.ts'
import { reservedNames } from '../../../pipelines/tokenizer/layout.ts'
import { patternOf, splitTexts, tiktokenTexts } from '../../../pipelines/tokenizer/patterns.ts'
import { withLayout } from '../../../pipelines/tokenizer/vocabulary.ts'
import { missing, missingTiktoken, pieces as oraclePieces, ranked } from './oracle.ts'
import { column, itemsOf, random, randomText, realTexts } from './texts.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }) // a loaded machine

const pieces = (text: string, pattern: Pattern): string[] => {
  const bytes = Buffer.from(text)
  const ends = [...splitText(bytes, pattern)]
  return ends.map((end, i) => bytes.toString('utf8', i ? ends[i - 1] : 0, end))
}

function same(texts: readonly string[], pattern: Pattern) {
  for (const [i, want] of oraclePieces(texts, splitTexts[pattern]).entries()) {
    const found = pieces(texts[i] as string, pattern)
    if (found.join('\0') !== want.join('\0')) expect(found, JSON.stringify(texts[i]?.slice(0, 200))).toEqual(want)
  }
}

for (const pattern of patterns) {
  test.skipIf(missing)(`${pattern}: pieces are Oniguruma's on random and on real text`, () => {
    const next = random(31)
    same([...Array.from({ length: 8000 }, () => randomText(next, 30)), ...realTexts(4e5)], pattern)
  })

  test.skipIf(missingTiktoken)(`${pattern}: ids are tiktoken's for a vocabulary given by ranks`, async () => {
    if (pattern === 'deepseek-v3') return // tiktoken has one pattern, not three
    const next = random(37)
    const texts = [...Array.from({ length: 3000 }, () => randomText(next, 40)), ...realTexts(2e5)]
    const counts = await countPieces(column(texts), { maxPiece: 4096, threads: 1, pattern })
    const { tokens } = withLayout(await train(counts, { vocabulary: 3000, minCount: 0 }))
    const ordinary = itemsOf(tokens).slice(reservedNames.length)
    const given = column(ordinary)
    const encoder = await Encoder.open(given, await mergesOfRanks(given), { pattern, specials: new Uint32Array(0), whole: true })
    const { offsets, ids } = await encoder.encode(column(texts))
    for (const fancy of [splitTexts[pattern][0], tiktokenTexts[pattern]]) {
      if (!fancy) continue
      for (const [i, want] of ranked(texts, { pattern: fancy, tokens: ordinary.map(each => each.toString('hex')) }).entries()) {
        const found = [...ids.subarray(offsets[i], offsets[i + 1])]
        if (found.join() !== want.join()) expect(found, JSON.stringify(texts[i]?.slice(0, 200))).toEqual(want)
      }
    }
  })

  test(`${pattern}: every reserved name splits into two pieces or more, so that neither a merge nor a look-up of whole pieces can make it`, () => {
    for (const name of reservedNames) expect(pieces(name, pattern).length, name).toBeGreaterThan(1)
  })

  test(`${pattern}: is known by its texts`, () => {
    expect(patternOf(splitTexts[pattern])).toBe(pattern)
    const other = tiktokenTexts[pattern]
    if (other) expect(patternOf([other])).toBe(pattern)
  })
}

test.runIf(missing || missingTiktoken)(`skipped: ${missing ?? missingTiktoken}`, () => {})
