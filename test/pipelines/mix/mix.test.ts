import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ArrowReader, ArrowWriter, type Batch, BatchBuilder, type Schema } from '../../../pipelines/arrow/index.ts'
import { asPart, runStage } from '../../../pipelines/local.ts'
import { mix } from '../../../pipelines/mix/index.ts'
import { clusters, scores, tokens } from '../../../pipelines/schemas.ts'
import { shard } from '../../../pipelines/shard/index.ts'
import { random } from '../shard/corpus.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mix-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Doc {
  id: string
  kind: string
  group: string
  length: number
  quality: number
  domain: string
  cluster?: string
}

const idOf = (name: string) => createHash('sha256').update(name).digest('hex').slice(0, 32)

function makeDocs(seed: number, n: number): Doc[] {
  const draw = random(seed)
  const docs: Doc[] = []
  for (let i = 0; i < n; i++) {
    const kind = draw() < 0.6 ? 'web' : 'code'
    const doc: Doc = {
      id: idOf(`${seed}/${i}`),
      kind,
      group: `p${Math.floor(draw() * 40)}`,
      length: Math.floor(draw() * 300),
      quality: draw() * 7,
      domain: draw() < 0.2 ? 'ads' : 'other',
    }
    const mate = docs[Math.floor(draw() * docs.length)]
    if (mate && draw() < 0.2) {
      mate.cluster ??= mate.id
      doc.cluster = mate.cluster
    }
    docs.push(doc)
  }
  return docs
}

async function write(path: string, schema: Schema, rows: Record<string, unknown>[], per = 64): Promise<string> {
  const writer = await ArrowWriter.open(path, schema)
  const builder = new BatchBuilder(schema)
  for (const row of rows) {
    builder.append(row)
    if (builder.rows === per) await writer.append(builder.finish())
  }
  await writer.append(builder.finish())
  await writer.close()
  return path
}

async function run(name: string, docs: Doc[], config: Record<string, unknown>, { per = 64, seed = 3 } = {}) {
  const dir = join(folder, name)
  await mkdir(dir, { recursive: true })
  const known = new Set(['id', 'source', 'kind', 'bytes', 'ids', 'group'])
  const rest = Object.fromEntries(
    tokens.fields.filter(f => !f.nullable && !known.has(f.name)).map(f => [f.name, f.type.kind === 'utf8' ? '' : 0]),
  )
  const tokenRows = docs.map(d => ({
    ...rest,
    id: d.id,
    source: 's',
    kind: d.kind,
    bytes: d.length,
    group: d.group,
    ids: new Uint32Array(d.length).fill(300),
  }))
  const inputs = {
    tokens: [await asPart('tokens', await write(join(dir, 'tokens.arrow'), tokens, tokenRows, per))],
    scores: [
      await asPart(
        'scores',
        await write(
          join(dir, 'scores.arrow'),
          scores,
          docs.toReversed().map(d => ({ id: d.id, quality: d.quality, domain: d.domain, style: 'plain' })),
          per,
        ),
      ),
    ],
    clusters: [
      await asPart(
        'clusters',
        await write(
          join(dir, 'clusters.arrow'),
          clusters,
          docs.filter(d => d.cluster).map(d => ({ id: d.id, cluster: d.cluster })),
          per,
        ),
      ),
    ],
  }
  return runStage({ stage: mix, config, seed, inputs, folder: join(dir, 'out') })
}

async function table(parts: readonly { location: string }[] = []): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for (const part of parts) {
    const reader = await ArrowReader.open(part.location)
    for await (const batch of reader) for (let i = 0; i < batch.rows; i++) rows.push(rowOf(batch, i))
    await reader.close()
  }
  return rows
}

const rowOf = (batch: Batch, i: number) => Object.fromEntries(batch.schema.fields.map(f => [f.name, batch.column(f.name).value(i)]))

const runsOf = (batch: Batch) =>
  Array.from({ length: batch.rows }, (_, i) => batch.column('runs').value(i) as { document: string; flags: number }[]).flat()

const draw = (key: string) => Number(BigInt(`0x${createHash('sha256').update(key).digest('hex').slice(0, 12)}`)) / 2 ** 48

const components = [
  { name: 'code', match: [{ kind: 'c*' }], counts: 'uniform' },
  { name: 'web', match: [{ kind: 'web' }], budget: 60_000, maxCount: 3 },
]

describe('mix', () => {
  const config = { components, domainWeights: { ads: 0.25 }, validation: { share: 0.1 }, partitions: 3 }

  it('counts as the formula of SampleMix says', async () => {
    const docs = makeDocs(1, 400)
    const result = await run('formula', docs, config)
    const rows = await table(result.outputs.counts)
    expect(rows.map(row => row.id)).toEqual(docs.map(d => d.id).sort())
    const found = new Map(rows.map(row => [row.id as string, row]))
    // Held out: the group of a document is its cluster, or itself.
    const isHeld = (d: Doc) => draw(`3/id/${d.cluster ?? d.id}/validation`) < 0.1
    for (const d of docs) expect(found.get(d.id)?.role).toBe(isHeld(d) ? 'validation' : 'train')
    for (const d of docs.filter(each => each.kind === 'code')) expect(found.get(d.id)).toMatchObject({ component: 'code', count: 1 })
    // Brute force: s by bisection over documents, in double, without bins.
    const low = Math.min(...docs.map(d => d.quality))
    const high = Math.max(...docs.map(d => d.quality))
    const web = docs.filter(d => d.kind === 'web' && !isHeld(d))
    const raw = (d: Doc) => Math.exp((d.quality - low) / (high - low) / 0.2) * (d.domain === 'ads' ? 0.25 : 1)
    const total = (s: number) => web.reduce((sum, d) => sum + (d.length + 2) * Math.min(3, s * raw(d)), 0)
    let [a, b] = [0, 10]
    for (let i = 0; i < 200; i++) {
      const middle = (a + b) / 2
      if (total(middle) < 60_000) a = middle
      else b = middle
    }
    let differ = 0
    for (const d of web) {
      const expected = Math.min(3, a * raw(d))
      const count = Math.floor(expected) + (draw(`3/${d.id}/count`) < expected % 1 ? 1 : 0)
      if (found.get(d.id)?.count !== count) differ++
    }
    // Bins of 1/1024 may move a count whose draw lies within 0.1 % of its fraction.
    expect(differ).toBeLessThanOrEqual(2)
    const summary = (await table(result.outputs.components)).find(row => row.component === 'web')
    const read = web.reduce((sum, d) => sum + (d.length + 2) * (found.get(d.id)?.count as number), 0)
    expect(Number(summary?.readTokens)).toBe(read)
    expect(Number(summary?.documents)).toBe(web.length)
    expect(Math.abs(read / 60_000 - 1)).toBeLessThan(0.1)
  })

  it('is the same however its input is cut and ordered', async () => {
    const docs = makeDocs(2, 300)
    const a = await run('order-a', docs, config)
    const b = await run('order-b', docs.toReversed(), config, { per: 11 })
    for (const role of ['counts', 'components', 'held'])
      expect(b.outputs[role]?.map(p => p.content)).toEqual(a.outputs[role]?.map(p => p.content))
  })

  it('keeps the content that revision 1 has', async () => {
    expect(mix.revision).toBe(1)
    const { outputs } = await run('golden', makeDocs(7, 100), config)
    const contents = Object.entries(outputs).map(([role, parts]) => [role, parts.map(part => part.content.slice(0, 16))])
    expect(Object.fromEntries(contents)).toMatchInlineSnapshot(`
      {
        "components": [
          "c9e0bb3dbd64ba7d",
        ],
        "counts": [
          "30cb075d5a2d0578",
        ],
        "held": [
          "6a7d43e5cbae074b",
        ],
      }
    `)
  })

  it('does not depend on the number of partitions', async () => {
    const docs = makeDocs(3, 200)
    const rows = async (partitions: number) =>
      table((await run(`partitions-${partitions}`, docs, { ...config, partitions })).outputs.counts)
    expect(await rows(1)).toEqual(await rows(7))
  })

  it('holds out whole groups', async () => {
    const docs = makeDocs(4, 400)
    const result = await run('groups', docs, { ...config, validation: { share: 0.1, groupBy: 'group', minimum: 5 } })
    const roles = new Map<string, Set<string>>()
    const found = new Map((await table(result.outputs.counts)).map(row => [row.id as string, row.role as string]))
    for (const d of docs) roles.set(d.group, (roles.get(d.group) ?? new Set()).add(found.get(d.id) as string))
    expect([...roles.values()].every(set => set.size === 1)).toBe(true)
    for (const summary of await table(result.outputs.components)) expect(Number(summary.validationDocuments)).toBeGreaterThanOrEqual(5)
  })

  it('feeds shard: held-out documents stand in validation rows alone, others as often as counted', async () => {
    const docs = makeDocs(8, 200)
    const { outputs } = await run('chain', docs, config)
    const inputs = { tokens: [await asPart('tokens', join(folder, 'chain', 'tokens.arrow'))], counts: outputs.counts ?? [] }
    const packed = await runStage({
      stage: shard,
      config: { rowLength: 32, partitions: 2, vocabulary: 500 },
      inputs,
      folder: join(folder, 'chain', 'shard'),
    })
    const roles = new Map((await table(packed.outputs.index)).map(entry => [`${entry.part}/${entry.batch}`, entry.role as string]))
    const firsts = new Map<string, number>()
    for (const [part, { location }] of (packed.outputs.rows ?? []).entries()) {
      const reader = await ArrowReader.open(location)
      for (let batch = 0; batch < reader.batches; batch++)
        for (const run of runsOf(await reader.read(batch))) {
          const key = `${run.document}/${roles.get(`${part}/${batch}`)}`
          if (run.flags & 1) firsts.set(key, (firsts.get(key) ?? 0) + 1)
        }
      await reader.close()
    }
    const counted = (await table(outputs.counts)).filter(row => row.count !== 0)
    expect(Object.fromEntries(firsts)).toEqual(Object.fromEntries(counted.map(row => [`${row.id}/${row.role}`, row.count])))
  })

  it('takes budgets from phases, and fails where they cannot be met', async () => {
    const docs = makeDocs(5, 300)
    const phase = (tokens: number) => ({ phases: [{ name: 'general', tokens, rowLength: 64, learningRate: 1e-3, mixture: { web: 1 } }] })
    const free = { components: [{ name: 'web' }] }
    const own = docs.reduce((sum, d) => sum + d.length + 2, 0)
    const result = await run('phases', docs, { ...free, ...phase(2 * own) })
    const [summary] = await table(result.outputs.components)
    expect(summary?.budget).toBeCloseTo(2 * own * 1.05, 6)
    expect(Number(summary?.readTokens)).toBeGreaterThan(1.9 * own)
    await expect(run('beyond', docs, { ...free, ...phase(5 * own) })).rejects.toMatchObject({ code: 'MIX_BUDGET', found: String(5 * own) })
    await expect(run('unknown', docs, { components: [{ name: 'all' }], ...phase(10) })).rejects.toMatchObject({ code: 'MIX_PHASE' })
  })

  it('names a document that no component takes', async () => {
    const docs = makeDocs(6, 20)
    await expect(run('none', docs, { components: [{ name: 'code', match: [{ kind: 'code' }] }] })).rejects.toMatchObject({
      code: 'MIX_NO_COMPONENT',
      found: expect.stringContaining('kind "web"'),
    })
  })
})
