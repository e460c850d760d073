import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ArrowReader } from '../../../pipelines/arrow/index.ts'
import { runStage } from '../../../pipelines/local.ts'
import { shard } from '../../../pipelines/shard/index.ts'
import { readIndex } from '../../../pipelines/shard/layout.ts'
import { pack } from '../../../pipelines/shard/pack.ts'
import { type Doc, type RefRow, refRows } from '../loader/reference.ts'
import { corpus, writeCorpus } from './corpus.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shard-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function run(name: string, docs: readonly Doc[], config: Record<string, unknown>, seed = 3) {
  const input = await writeCorpus(join(folder, name, 'in'), docs)
  return runStage({ stage: shard, config, seed, inputs: input, folder: join(folder, name, 'out') })
}

async function indexOf(result: Awaited<ReturnType<typeof run>>) {
  const all = []
  for (const part of result.outputs.index ?? []) {
    const reader = await ArrowReader.open(part.location)
    all.push(...(await readIndex(reader)))
    await reader.close()
  }
  return all
}

/** Every row of every batch, as the reference writes them, keyed component/role/pass in the order of parts. */
async function rowsOf(result: Awaited<ReturnType<typeof run>>, rowLength: number) {
  const found = new Map<string, RefRow[]>()
  for (const entry of await indexOf(result)) {
    const reader = await ArrowReader.open(result.outputs.rows?.[entry.part]?.location as string)
    const batch = await reader.read(entry.batch)
    expect(batch.rows).toBe(entry.rows)
    const key = `${entry.component}/${entry.role}/${entry.pass}`
    const rows = found.get(key) ?? []
    found.set(key, rows)
    for (let i = 0; i < batch.rows; i++) {
      const tokens = batch.column('tokens').value(i) as number[]
      const runs = batch.column('runs').value(i) as { document: string; pass: number; offset: number; length: number; flags: number }[]
      const targets = Array<number>(rowLength).fill(-1)
      let start = 0
      const placed = runs.map(({ document, pass, offset, length }) => {
        for (let j = 0; j + 1 < length; j++) targets[start + j] = tokens[start + j + 1] as number
        start += length
        return { document, pass, offset, length, start: start - length }
      })
      rows.push({ tokens, targets, runs: placed })
    }
    await reader.close()
  }
  return found
}

describe('shard', () => {
  const shapes = [
    { rowLength: 2, partitions: 1, vocabulary: 300, documents: 40, longest: 9 },
    { rowLength: 3, partitions: 2, vocabulary: 300, documents: 60, longest: 20 },
    { rowLength: 17, partitions: 3, vocabulary: 65_536, documents: 200, longest: 90 },
    { rowLength: 64, partitions: 4, vocabulary: 70_000, documents: 300, longest: 200 },
  ]
  for (const { rowLength, partitions, vocabulary, documents, longest } of shapes) {
    it(`packs rows of ${rowLength} in ${partitions} partitions as the reference does`, async () => {
      const docs = corpus({ seed: rowLength, documents, components: ['web', 'code', 'books'], maxCount: 3, vocabulary, longest })
      const result = await run(`shape-${rowLength}`, docs, { rowLength, partitions, vocabulary })
      const found = await rowsOf(result, rowLength)
      const expected = new Map<string, RefRow[]>()
      for (const component of ['web', 'code', 'books'])
        for (const [role, passes] of [
          ['train', 3],
          ['validation', 1],
        ] as const)
          for (let pass = 0; pass < passes; pass++) {
            const rows = refRows(docs, { seed: 3, rowLength, partitions }, component, role, pass)
            if (rows.length) expected.set(`${component}/${role}/${pass}`, rows)
          }
      expect([...found.keys()].sort()).toEqual([...expected.keys()].sort())
      for (const [key, rows] of expected) expect(found.get(key), key).toEqual(rows)
      // Every id but bos is predicted exactly once a pass.
      const predicted = [...found.values()].flat().reduce((sum, row) => sum + row.targets.filter(t => t >= 0).length, 0)
      expect(predicted).toBe(docs.reduce((sum, d) => sum + d.count * (d.ids.length + 1), 0))
      const padding = [...found.values()].flat().reduce((sum, row) => sum + rowLength - row.runs.reduce((n, r) => n + r.length, 0), 0)
      expect(Object.entries(result.counters).reduce((sum, [name, n]) => sum + (name.endsWith('/padding') ? n : 0), 0)).toBe(padding)
    })
  }

  it('is the same however its input is cut and ordered', async () => {
    const docs = corpus({ seed: 5, documents: 150, components: ['a', 'b'], maxCount: 2, vocabulary: 500, longest: 60 })
    const config = { rowLength: 19, partitions: 3, vocabulary: 500 }
    const contents = async (name: string, own: Doc[], rows: number) => {
      const inputs = await writeCorpus(join(folder, name, 'in'), own, rows)
      const result = await runStage({ stage: shard, config, inputs, folder: join(folder, name, 'out') })
      return [...(result.outputs.rows ?? []), ...(result.outputs.index ?? [])].map(part => part.content)
    }
    expect(await contents('cut-b', docs.toReversed(), 7)).toEqual(await contents('cut-a', docs, 50))
  })

  it('keeps the content that revision 1 has', async () => {
    expect(shard.revision).toBe(1)
    const docs = corpus({ seed: 9, documents: 80, components: ['a', 'b'], maxCount: 2, vocabulary: 500, longest: 60 })
    const { outputs } = await run('golden', docs, { rowLength: 16, partitions: 2, vocabulary: 500 })
    const contents = Object.entries(outputs).map(([role, parts]) => [role, parts.map(part => part.content.slice(0, 16))])
    expect(Object.fromEntries(contents)).toMatchInlineSnapshot(`
      {
        "index": [
          "1a3099e13b8153ea",
          "076e2d9a00d814a4",
        ],
        "rows": [
          "7f4034546ababe6b",
          "919987a4c7df4e0a",
        ],
      }
    `)
  })

  it('packs only the components that it is asked for', async () => {
    const docs = corpus({ seed: 6, documents: 50, components: ['a', 'b'], maxCount: 1, vocabulary: 500, longest: 30 })
    const result = await run('only', docs, { rowLength: 16, partitions: 2, vocabulary: 500, components: ['b'] })
    expect(new Set((await indexOf(result)).map(entry => entry.component))).toEqual(new Set(['b']))
  })

  it('refuses an id beyond the vocabulary, and a document without a count', async () => {
    const docs = corpus({ seed: 7, documents: 30, components: ['a'], maxCount: 1, vocabulary: 500, longest: 30 })
    await expect(run('id', docs, { rowLength: 16, partitions: 1, vocabulary: 400 })).rejects.toMatchObject({ code: 'SHARD_ID' })
    const inputs = await writeCorpus(join(folder, 'lost', 'in'), docs)
    const other = await writeCorpus(join(folder, 'lost', 'other'), docs.slice(1))
    const mixed = { tokens: inputs.tokens, counts: other.counts }
    const config = { rowLength: 16, partitions: 1, vocabulary: 500 }
    await expect(runStage({ stage: shard, config, inputs: mixed, folder: join(folder, 'lost', 'out') })).rejects.toThrow(
      docs[0]?.id as string,
    )
  })

  it('says which setting mends a partition that is too large', async () => {
    const docs = corpus({ seed: 8, documents: 100, components: ['a'], maxCount: 1, vocabulary: 500, longest: 300 })
    const inputs = await writeCorpus(join(folder, 'large'), docs)
    const request = {
      stage: shard,
      config: { rowLength: 16, partitions: 1, vocabulary: 500 },
      inputs,
      folder: join(folder, 'large', 'out'),
    }
    await expect(runStage({ ...request, maxMemory: 4096 })).rejects.toMatchObject({
      code: 'SHARD_PARTITION',
      next: expect.stringContaining('partitions'),
    })
  })
})

describe('pack', () => {
  it('cuts with one id of context, and leaves a single last position as padding', () => {
    const runs: number[][] = []
    // Rows of 4: 5 ids -> 4 + 2 (one repeated); then 2 left for a document of 2; then 3 (one position is left); then a document of 2.
    const rows = pack([5, 2, 3, 2], 4, (...run) => runs.push(run))
    expect(runs).toEqual([
      [0, 0, 0, 0, 4, 1],
      [0, 1, 0, 3, 2, 2],
      [1, 1, 2, 0, 2, 3],
      [2, 2, 0, 0, 3, 3],
      [3, 3, 0, 0, 2, 3],
    ])
    expect(rows).toBe(4)
    expect(pack([], 4, () => undefined)).toBe(0)
  })
})
