import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { openModel, predict, train } from '../../../native/addon/fasttext.ts'
import { textsOf } from '../../../native/addon/text.ts'
import { defaultModel } from '../../../pipelines/filter/language.ts'

function packaged(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(defaultModel.module)
  } catch {
    console.warn(`lid.176.ftz skipped: the npm package fasttext.wasm.js is not installed`)
  }
}
const path = packaged()

/** What fasttext-predict 0.9.2.4 says on lid.176.ftz, three labels a text. */
const golden: [text: string, answers: [label: string, score: number][]][] = [
  [
    'hello world this is english',
    [
      ['en', 0.8784636855125427],
      ['ru', 0.005809631198644638],
      ['de', 0.0052558123134076595],
    ],
  ],
  [
    'bonjour le monde',
    [
      ['fr', 0.950145423412323],
      ['en', 0.02840564213693142],
      ['it', 0.006589217111468315],
    ],
  ],
  [
    '',
    [
      ['en', 0.12450417876243591],
      ['ca', 0.08594832569360733],
      ['de', 0.0802881047129631],
    ],
  ],
  [
    '你好世界',
    [
      ['zh', 0.9748022556304932],
      ['yue', 0.024086086079478264],
      ['ja', 0.0005409532459452748],
    ],
  ],
]

describe.skipIf(path === undefined)('lid.176.ftz', () => {
  it('gives the labels and scores of fastText', async () => {
    const model = await openModel(readFileSync(path as string))
    expect([model.dim, model.words, model.labels.length, model.loss]).toEqual([16, 7235, 176, 'hs'])
    const { label, score } = await predict(model, textsOf(golden.map(([text]) => text)), { k: 3 })
    for (const [i, [, answers]] of golden.entries())
      for (const [at, [name, value]] of answers.entries()) {
        expect(model.labels[label[3 * i + at] as number]).toBe(`__label__${name}`)
        expect(score[3 * i + at]).toBeCloseTo(value, 6)
      }
  })

  it('reads as many bytes as it may, and new lines as spaces', async () => {
    const model = await openModel(readFileSync(path as string))
    const texts = ['bonjour le monde', 'bonjour\nle\nmonde', 'bonjour le monde and much more of it', 'bonjour le mondeé']
    const { score } = await predict(model, textsOf(texts), { maxBytes: 17, threads: 2 })
    expect(score[1]).toBe(score[0])
    expect(score[2]).toBe(score[0])
    expect(score[3]).toBe(score[0])
  })
})

describe('training', () => {
  const texts = Array.from({ length: 200 }, (_, i) => `${i % 2 ? 'red warm fire' : 'blue cold ice'} thing${i % 7} of day${i % 11}`)
  const labels = Int32Array.from(texts, (_, i) => i % 2)

  it('gives a model that answers, the same from rows in another order', async () => {
    const bytes = await train(textsOf(texts), labels, ['blue', 'red'], { bucket: 500, epoch: 20 })
    const turned = await train(textsOf([...texts].reverse()), labels.toReversed(), ['blue', 'red'], { bucket: 500, epoch: 20 })
    expect(Buffer.from(turned).equals(bytes)).toBe(true)
    const model = await openModel(bytes)
    const { label } = await predict(model, textsOf(['a warm thing', 'some ice']))
    expect(Array.from(label, each => model.labels[each])).toEqual(['__label__red', '__label__blue'])
  })

  it('says what is wrong with a file or with labels', async () => {
    await expect(openModel(Buffer.from('not a model at all'))).rejects.toMatchObject({
      code: 'BAD_MODEL',
      message: expect.stringContaining("expected fastText's mark 793712314"),
    })
    const bytes = await train(textsOf(texts), labels, ['blue', 'red'], { bucket: 500 })
    await expect(openModel(bytes.subarray(0, bytes.length - 1))).rejects.toMatchObject({ code: 'BAD_MODEL' })
    await expect(train(textsOf(texts), labels, ['blue', 'with space'])).rejects.toMatchObject({ code: 'ARGUMENT' })
    await expect(train(textsOf(texts), labels.subarray(1), ['blue', 'red'])).rejects.toMatchObject({ code: 'SHAPE' })
  })
})
