/** Heads of model files: kind, labels and length, without reading what is behind. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openModel } from '../../../native/addon/fasttext.ts'
import { BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { trainOn } from '../../../pipelines/filter/classifier.ts'
import { trainModel } from '../../../pipelines/filter/fluency.ts'
import { defaultModel } from '../../../pipelines/filter/language.ts'
import { checkNgramHead, fastTextLabels } from '../../../pipelines/filter/model_head.ts'
import { documents } from '../../../pipelines/schemas.ts'
import { makeFolder, prose } from './support.ts'

let folder: string
let plain: Uint8Array
const path = (name: string) => join(folder, name)
const saved = async (bytes: Uint8Array | string, name = 'model') => {
  await writeFile(path(name), bytes)
  return path(name)
}

beforeAll(async () => {
  folder = await makeFolder()
  const rows = [1, 2, 3, 4].map(i => ({ text: prose(i * 20), label: i % 2 ? 'good' : 'bad' }))
  plain = await trainOn(rows, { bucket: 50, dim: 4 })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('of fastText', () => {
  it('labels are those of the whole model, quantised and plain', async () => {
    const quantised = createRequire(import.meta.url).resolve(defaultModel.module)
    expect(await fastTextLabels(quantised)).toEqual((await openModel(await readFile(quantised))).labels)
    expect(await fastTextLabels(await saved(plain))).toEqual((await openModel(plain)).labels)
  })

  it('a dictionary may be longer than what is read at once', async () => {
    const text = Array.from({ length: 60_000 }, (_, i) => `word-of-some-length-${i}`).join(' ')
    const rows = [
      { text, label: 'good' },
      { text: 'other', label: 'bad' },
    ]
    const large = await trainOn(rows, { bucket: 1, dim: 1, wordNgrams: 1, epoch: 1 })
    expect(large.length).toBeGreaterThan(1.5 * 2 ** 20)
    expect((await fastTextLabels(await saved(large))).toSorted()).toEqual(['__label__bad', '__label__good'])
  })

  it.each([
    ['cut in its matrices', () => plain.subarray(0, plain.length - 20), /an output matrix of 2 x 4, up to byte/],
    ['cut in its dictionary', () => plain.subarray(0, 200), /entries of a dictionary at byte 64/],
    ['cut before its matrices', () => plain.subarray(0, plain.length - 40), /the output matrix at byte/],
    ['cut in its header', () => plain.subarray(0, 30), /a header at byte/],
    ['of vectors alone', () => plain.slice().fill(1, 36, 37), /a supervised model \(3\) at byte 36/],
    ['of another version', () => plain.slice().fill(11, 4, 5), /version 12/],
    ['of something else', () => Buffer.alloc(4096, 'no model'), /fastText’s mark/],
    ['of nothing', () => Buffer.alloc(0), /a header at byte 0/],
  ])('a file %s is told', async (_, bytes, expected) => {
    await expect(fastTextLabels(await saved(bytes()))).rejects.toMatchObject({ expected: expect.stringMatching(expected) })
  })
})

describe('of n-gram models', () => {
  it('ours and ARPA pass, packed or not', async () => {
    const builder = new BatchBuilder(documents)
    for (let i = 0; i < 4; i++)
      builder.append({ id: String(i).padStart(32, '0'), source: 's', key: String(i), kind: 'web', meta: {}, text: prose(20 * i + 20) })
    const files = { binary: path('own.bin'), arpa: path('own.arpa') }
    await trainModel([builder.finish()], { scratch: folder, ...files, order: 3, prune: [0], fallback: true })
    await checkNgramHead(files.binary)
    await checkNgramHead(files.arpa)
    await checkNgramHead(await saved(gzipSync(await readFile(files.arpa)), 'own.arpa.gz'))
  })

  it('anything else is told by its line', async () => {
    await expect(checkNgramHead(await saved(plain))).rejects.toMatchObject({ expected: expect.stringContaining('\\data\\') })
    await expect(checkNgramHead(await saved('# a remark\n\nngram 1=3\n'))).rejects.toMatchObject({
      message: expect.stringMatching(/^line 3/),
    })
    await expect(checkNgramHead(await saved(''))).rejects.toMatchObject({ found: 'the end of the file' })
  })
})
