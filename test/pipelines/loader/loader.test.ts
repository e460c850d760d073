import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ShardFiles } from '../../../native/addon/shard.ts'
import { ArrowReader } from '../../../pipelines/arrow/index.ts'
import { advance, appendEntry, beginPhase, type Loader, type MixtureLog, openLoader, readIndex } from '../../../pipelines/loader/index.ts'
import { runStage } from '../../../pipelines/local.ts'
import { shard } from '../../../pipelines/shard/index.ts'
import { corpus, random, writeCorpus } from '../shard/corpus.ts'
import { type Doc, type RefRow, refRows, refRun } from './reference.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loader-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const seed = 12

async function build(name: string, docs: readonly Doc[], config: { rowLength: number; partitions: number; vocabulary: number }) {
  const inputs = await writeCorpus(join(folder, name, 'in'), docs)
  const result = await runStage({ stage: shard, config, seed, inputs, folder: join(folder, name, 'out') })
  const index = []
  for (const part of result.outputs.index ?? []) {
    const reader = await ArrowReader.open(part.location)
    index.push(...(await readIndex(reader)))
    await reader.close()
  }
  return { index, shards: (result.outputs.rows ?? []).map(part => part.location) }
}

/** Batches cut back into rows, to be compared with the reference. */
function cut({ tokens, targets, runRows, runStarts, runLengths, rows, rowLength }: Awaited<ReturnType<Loader['batch']>>) {
  return Array.from({ length: rows }, (_, row) => ({
    tokens: [...tokens.subarray(row * rowLength, (row + 1) * rowLength)],
    targets: [...targets.subarray(row * rowLength, (row + 1) * rowLength)],
    runs: [...runRows].flatMap((r, i) => (r === row ? [[runStarts[i], runLengths[i]]] : [])),
  }))
}
const plain = (row: RefRow) => ({ tokens: row.tokens, targets: row.targets, runs: row.runs.map(({ start, length }) => [start, length]) })

describe('loader', () => {
  for (const { rowLength, vocabulary } of [
    { rowLength: 13, vocabulary: 500 },
    { rowLength: 31, vocabulary: 100_000 },
  ]) {
    it(`reads rows of ${rowLength} as the reference does, with changed weights, phases, skips and any readers`, async () => {
      const config = { rowLength, partitions: 3, vocabulary }
      const docs = corpus({ seed: rowLength, documents: 300, components: ['books', 'code', 'web'], maxCount: 3, vocabulary, longest: 80 })
      const { index, shards } = await build(`run-${rowLength}`, docs, config)
      let log: MixtureLog = beginPhase([], { phase: 'general', at: 0, rowLength, batch: 6, weights: { web: 5, code: 2, books: 1 } })
      log = appendEntry(log, { kind: 'skip', phase: 'general', at: 30, from: 18, to: 30, reason: 'a spike' })
      log = appendEntry(log, { kind: 'weights', phase: 'general', at: 30, rowLength, weights: { code: 2048, web: 2048 }, reason: 'ramp' })
      log = beginPhase(log, { phase: 'long', at: 60, rowLength: 7, batch: 2, weights: { web: 1 } })
      log = beginPhase(log, { phase: 'stem', at: 80, rowLength, batch: 6, weights: { web: 1, code: 3, books: 2 } })
      const expected = refRun(docs, { ...config, seed }, log as never, 600)
      const usedUp = expected.find(each => each.row === undefined)?.position as number
      expect(usedUp).toBeGreaterThan(90)
      const loader = await openLoader({ seed, log, phase: 'stem', index, shards, onExhausted: 'hold' })
      expect(loader.exhaustion(0)?.position).toBe(usedUp)

      for (const [begin, end] of [
        [0, 60],
        [80, usedUp],
      ] as const) {
        const wanted = expected.filter(({ position }) => position >= begin && position < end)
        const positions: number[] = []
        const rows: unknown[] = []
        for (let at: number = begin, step = 0; at < end; step++) {
          const count = Math.min(6, wanted.length - positions.length)
          const readers = 1 + (step % 3)
          const parts = await Promise.all(Array.from({ length: readers }, (_, reader) => loader.batch(at, count, { reader, readers })))
          const cuts = parts.map(cut)
          for (let i = 0; i < count; i++) {
            positions.push(parts[i % readers]?.positions[Math.floor(i / readers)] as number)
            rows.push(cuts[i % readers]?.[Math.floor(i / readers)])
          }
          const [next] = new Set(parts.map(part => part.next))
          expect(parts.every(part => part.next === next)).toBe(true)
          expect(next).toBe(advance(log, at, count))
          at = next as number
        }
        expect(positions).toEqual(wanted.map(({ position }) => position))
        expect(rows).toEqual(wanted.map(({ row }) => plain(row as RefRow)))
        const documents = await loader.documentsOf(begin, end)
        const refDocuments = wanted.flatMap(({ position, row }) => row?.runs.map(run => ({ position, ...run })) ?? [])
        expect(documents.map(({ position, pass, document, offset, length }) => ({ position, pass, document, offset, length }))).toEqual(
          refDocuments.map(({ position, pass, document, offset, length }) => ({ position, pass, document, offset, length })),
        )
      }

      const short = await loader.batch(usedUp - 1, 6)
      expect(short).toMatchObject({ rows: 1, next: usedUp, held: { position: usedUp } })
      const strict = await openLoader({ seed, log, phase: 'stem', index, shards })
      await expect(strict.batch(usedUp - 1, 6)).rejects.toMatchObject({ code: 'LOADER_EXHAUSTED' })
      await expect(loader.batch(60, 1)).rejects.toMatchObject({ code: 'LOADER_PHASE' })

      for (const [component, count] of loader.validation) {
        const rows = refRows(docs, { ...config, seed }, component, 'validation', 0)
        expect(count).toBe(rows.length)
        const read = await loader.validationRows(component, 0, count)
        expect(cut({ ...read, positions: new Float64Array(), next: 0 })).toEqual(rows.map(plain))
      }
    })
  }

  it('refuses an index that belongs to other shards', async () => {
    const config = { rowLength: 16, partitions: 2, vocabulary: 500 }
    const make = (s: number) => corpus({ seed: s, documents: 60, components: ['a'], maxCount: 2, vocabulary: 500, longest: 40 })
    const [one, other] = [await build('one', make(1), config), await build('other', make(2), config)]
    const log = beginPhase([], { phase: 'p', at: 0, rowLength: 16, batch: 1, weights: { a: 1 } })
    const request = { seed, log, phase: 'p', index: one.index, shards: other.shards }
    await expect(openLoader(request)).rejects.toMatchObject({ code: 'LOADER_INDEX' })
    await expect(openLoader({ ...request, phase: 'q' })).rejects.toMatchObject({ code: 'LOADER_PHASE' })
    await expect(openLoader({ ...request, shards: [join(folder, 'none'), join(folder, 'none')] })).rejects.toMatchObject({ code: 'IO' })
  })

  it('maps files whose ids are aligned to 64 bytes, and never crashes on a damaged one', async () => {
    const config = { rowLength: 16, partitions: 1, vocabulary: 500 }
    const { shards } = await build(
      'hostile',
      corpus({ seed: 3, documents: 12, components: ['a', 'b'], maxCount: 2, vocabulary: 500, longest: 20 }),
      config,
    )
    const path = shards[0] as string
    const whole = await ShardFiles.open([path])
    expect([...(whole.files[0]?.tokens ?? [])].every(at => at % 64 === 0)).toBe(true)
    const batches = [...(whole.files[0]?.rows ?? [])]
    const bytes = await readFile(path)
    const damaged = join(folder, 'damaged.arrow')
    const draw = random(99)
    let refused = 0
    for (let trial = 0; trial < 400; trial++) {
      const copy = Buffer.from(bytes)
      if (trial < 60) await writeFile(damaged, copy.subarray(0, Math.floor(draw() * copy.length)))
      else {
        for (let n = 0; n < 1 + (trial % 3); n++) copy[Math.floor(draw() * copy.length)] = Math.floor(draw() * 256)
        await writeFile(damaged, copy)
      }
      try {
        const files = await ShardFiles.open([damaged])
        for (const [batch, rows] of batches.entries()) {
          const all = Uint32Array.from({ length: rows }, (_, i) => i)
          await files.read(
            all.map(() => 0),
            all.map(() => batch),
            all,
          )
        }
      } catch (error) {
        expect(['FORMAT', 'ARGUMENT']).toContain((error as { code: string }).code)
        refused++
      }
    }
    expect(refused).toBeGreaterThan(60)
  })
})
