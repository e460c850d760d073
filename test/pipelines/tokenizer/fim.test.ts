// The oracle is the inverse, written from the formats in the paper (Bavarian et al. 2022, 3): whatever was cut can be put together again.
import { expect, test } from 'vitest'
import { Encoder, train } from '../../../native/addon/tokenizer.ts'
import { fillInTheMiddle, startsOf } from '../../../pipelines/tokenizer/fim.ts'
import { reservedNames } from '../../../pipelines/tokenizer/layout.ts'
import { withLayout } from '../../../pipelines/tokenizer/vocabulary.ts'
import { column, itemsOf, random, randomText } from '../../native/tokenizer/texts.ts'

const [prefix, middle, suffix] = ['prefix', 'middle', 'suffix'].map(name => reservedNames.indexOf(`<longcat_fim_${name}>`)) as [
  number,
  number,
  number,
]

/** Bytes alone, so that most borders between ids lie within characters. */
const vocabulary = withLayout(
  await train({ offsets: Int32Array.of(0), bytes: new Uint8Array(0), counts: new BigUint64Array(0) }, { vocabulary: 512, minCount: 0 }),
)
const encoder = await Encoder.open(vocabulary.tokens, vocabulary.merges)
const starts = startsOf(vocabulary.tokens)
const next = random(41)
const texts = Array.from({ length: 2000 }, () => randomText(next, 30))
const encoded = await encoder.encode(column(texts))
const documents = texts.map((_, i) => encoded.ids.subarray(encoded.offsets[i], encoded.offsets[i + 1]))

const apart = (ids: Uint32Array) => {
  const [s, m] = [ids.indexOf(suffix), ids.indexOf(middle)]
  expect(ids[0]).toBe(prefix)
  return { before: ids.subarray(1, s), suffix: ids.subarray(s + 1, m), after: ids.subarray(m + 1) }
}
const make = (i: number, more: object = {}) =>
  fillInTheMiddle(documents[i] as Uint32Array, { seed: 7, document: `d${i}`, pass: 0, rate: 1, starts, ...more })

test('put together again, it is the document; every part is whole characters', async () => {
  let [psm, spm] = [0, 0]
  for (const [i, ids] of documents.entries()) {
    const made = make(i) as Uint32Array
    const { before, suffix, after } = apart(made)
    expect(Uint32Array.of(...before, ...after, ...suffix)).toEqual(ids)
    expect(after.length).toBeGreaterThan(0)
    if (before.length > 0) psm++
    else spm++
    const parts = [before, suffix, after]
    const offsets = new Int32Array(4)
    for (const [k, part] of parts.entries()) offsets[k + 1] = (offsets[k] as number) + part.length
    const text = await encoder.decode({ offsets, ids: Uint32Array.of(...before, ...suffix, ...after) })
    const decoder = new TextDecoder('utf-8', { fatal: true })
    for (const part of itemsOf(text)) decoder.decode(part) // throws where a character is cut
  }
  expect(psm / (psm + spm)).toBeGreaterThan(0.3) // some of them have an empty prefix and count as the others
  expect(spm / (psm + spm)).toBeGreaterThan(0.4)
})

test('the rate is that of documents; an empty document stays as it is', () => {
  expect(documents.filter((_, i) => make(i, { rate: 0 })).length).toBe(0)
  const share = documents.filter((_, i) => make(i, { rate: 0.3 })).length / documents.length
  expect(Math.abs(share - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / documents.length))
  expect(fillInTheMiddle(new Uint32Array(0), { seed: 7, document: 'd', pass: 0, rate: 1, starts })).toBeUndefined()
})

test('a raised rate keeps what was rearranged; another pass or seed cuts elsewhere', () => {
  const all = documents.map((_, i) => i)
  for (const i of all) if (make(i, { rate: 0.2 })) expect(make(i, { rate: 0.6 })).toEqual(make(i))
  for (const more of [{ pass: 1 }, { seed: 8 }])
    expect(all.filter(i => String(make(i, more)) !== String(make(i))).length).toBeGreaterThan(all.length * 0.8)
})
