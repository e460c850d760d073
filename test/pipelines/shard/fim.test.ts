// The oracle is the inverse, written from the paper's two formats (Bavarian et al. 2022, 3): each document is put together again from its rows.
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Encoder, train } from '../../../native/addon/tokenizer.ts'
import { ArrowReader, ArrowWriter } from '../../../pipelines/arrow/index.ts'
import { asPart, runStage } from '../../../pipelines/local.ts'
import type { Part } from '../../../pipelines/plan.ts'
import { shard } from '../../../pipelines/shard/index.ts'
import { reservedNames } from '../../../pipelines/tokenizer/layout.ts'
import { batchOf } from '../../../pipelines/tokenizer/table.ts'
import { withLayout } from '../../../pipelines/tokenizer/vocabulary.ts'
import { column, random, randomText } from '../../native/tokenizer/texts.ts'
import type { Doc } from '../loader/reference.ts'
import { writeCorpus } from './corpus.ts'

const [prefix, middle, suffix] = ['prefix', 'middle', 'suffix'].map(name => reservedNames.indexOf(`<longcat_fim_${name}>`))

let folder: string
let encoder: Encoder
let docs: (Doc & { text: string })[]
let inputs: Record<string, Part[]>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fim-'))
  // Bytes alone: most borders between ids lie within characters.
  const vocabulary = withLayout(
    await train({ offsets: Int32Array.of(0), bytes: new Uint8Array(0), counts: new BigUint64Array(0) }, { vocabulary: 512, minCount: 0 }),
  )
  encoder = await Encoder.open(vocabulary.tokens, vocabulary.merges)
  const next = random(4)
  const texts = Array.from({ length: 600 }, (_, i) => (i % 50 ? randomText(next, 60) : ''))
  const { offsets, ids } = await encoder.encode(column(texts))
  docs = texts.map((text, i) => ({
    id: createHash('sha256').update(`${i}`).digest('hex').slice(0, 32),
    component: i % 2 ? 'code' : 'web',
    role: i % 10 === 1 ? 'validation' : 'train',
    count: i % 10 === 1 ? 1 : 1 + (i % 3),
    ids: [...ids.subarray(offsets[i], offsets[i + 1])],
    text,
  }))
  const path = join(folder, 'tokenizer.arrow')
  const table = batchOf(vocabulary)
  const writer = await ArrowWriter.open(path, table.schema)
  await writer.append(table)
  await writer.close()
  inputs = { ...(await writeCorpus(join(folder, 'in'), docs)), tokenizer: [await asPart('tokenizer', path)] }
})
afterAll(() => rm(folder, { recursive: true }))

const run = (name: string, config: object, more: object = {}) =>
  runStage({
    stage: shard,
    config: { rowLength: 32, partitions: 3, vocabulary: 512, ...config },
    inputs,
    folder: join(folder, name),
    ...more,
  })

interface Told {
  document: string
  pass: number
  flags: number
  ids: number[]
}

/** Every document of every pass, from its pieces: the first id of a piece after a cut is the last of the one before. */
async function told(result: Awaited<ReturnType<typeof run>>): Promise<Told[]> {
  const found = new Map<string, Told>()
  for (const part of result.outputs.rows ?? []) {
    const reader = await ArrowReader.open(part.location)
    for await (const batch of reader)
      for (let i = 0; i < batch.rows; i++) {
        const tokens = batch.column('tokens').value(i) as number[]
        let at = 0
        for (const run of batch.column('runs').value(i) as (Told & { offset: number; length: number })[]) {
          const key = `${run.document}/${run.pass}`
          const own = found.get(key) ?? { document: run.document, pass: run.pass, flags: run.flags & 4, ids: [] }
          found.set(key, own)
          expect(run.flags & 4).toBe(own.flags)
          expect(run.offset).toBe(Math.max(0, own.ids.length - 1))
          own.ids.push(...tokens.slice(at + (run.offset ? 1 : 0), at + run.length))
          at += run.length
        }
      }
    await reader.close()
  }
  return [...found.values()]
}

/** What the formats say a document was; and its parts, each of which must be whole characters. */
function original(ids: readonly number[]): number[][] {
  const [s, m] = [ids.indexOf(suffix as number), ids.indexOf(middle as number)]
  expect(ids[0]).toBe(prefix)
  return [ids.slice(1, s), ids.slice(m + 1), ids.slice(s + 1, m)]
}

test('at rate 1 every document of the component is put together again, its parts whole characters; others are as they were', async () => {
  const result = await run('one', { fim: { code: 1 } })
  const byId = new Map(docs.map(doc => [doc.id, doc]))
  const all = await told(result)
  expect(all.length).toBe(docs.reduce((sum, doc) => sum + doc.count, 0))
  const cuts = new Map<string, Set<string>>()
  for (const { document, ids, flags } of all) {
    const doc = byId.get(document) as (typeof docs)[number]
    expect([ids[0], ids.at(-1)]).toEqual([1, 2])
    const inner = ids.slice(1, -1)
    expect(flags).toBe(doc.component === 'code' && doc.role === 'train' && doc.ids.length ? 4 : 0)
    if (!flags) {
      expect(inner).toEqual(doc.ids)
      continue
    }
    const parts = original(inner)
    expect(parts.flat()).toEqual(doc.ids)
    for (const part of parts) {
      const { bytes } = await encoder.decode({ offsets: Int32Array.of(0, part.length), ids: Uint32Array.from(part) })
      new TextDecoder('utf-8', { fatal: true }).decode(bytes) // throws where a character is cut
    }
    cuts.set(document, (cuts.get(document) ?? new Set()).add(inner.join()))
  }
  const again = docs.filter(doc => doc.component === 'code' && doc.role === 'train' && doc.count > 1 && doc.ids.length > 20)
  expect(again.filter(doc => (cuts.get(doc.id)?.size ?? 0) > 1).length).toBeGreaterThan(0.9 * again.length) // another pass, another cut
  expect(result.counters['train/code/rearranged']).toBe(all.filter(each => each.flags).length)
})

test('a share is that of documents, and grows without changing who was told so before', async () => {
  const chosen = async (rate: number) => (await told(await run(`rate-${rate}`, { fim: { web: rate } }))).filter(each => each.flags)
  const [few, many] = [await chosen(0.3), await chosen(0.6)]
  const own = docs.filter(doc => doc.component === 'web' && doc.role === 'train' && doc.ids.length).reduce((sum, doc) => sum + doc.count, 0)
  expect(Math.abs(few.length / own - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / own))
  const key = ({ document, pass, ids }: Told) => `${document}/${pass}/${ids.join()}`
  const all = new Set(many.map(key))
  expect(few.every(each => all.has(key(each)))).toBe(true)
})

test('rate 0, the default, changes no digest and asks for no tokenizer; how input is cut and threads change none at any rate', async () => {
  const content = async (name: string, config: object, more: object = {}) =>
    Object.values((await run(name, config, more)).outputs).map(parts => parts.map(part => part.content))
  const { tokenizer: _, ...without } = inputs
  const plain = await content('plain', {}, { inputs: without })
  expect(await content('zero', { fim: { code: 0, web: 0 } }, { inputs: without })).toEqual(plain)
  expect(await content('with', {})).toEqual(plain)
  const half = await content('half', { fim: { code: 0.5 } })
  expect(half).not.toEqual(plain)
  const cut = { ...(await writeCorpus(join(folder, 'cut'), docs.toReversed(), 7)), tokenizer: inputs.tokenizer }
  expect(await content('half-cut', { fim: { code: 0.5 } }, { inputs: cut, threads: 2 })).toEqual(half)
  await expect(run('lost', { fim: { code: 0.5 } }, { inputs: without })).rejects.toMatchObject({ code: 'SHARD_TOKENIZER' })
})
