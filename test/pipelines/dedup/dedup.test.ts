// Oracle: all pairs by the definition, on sets of strings, no hash (`expected` below).
import { basename, dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { dedup } from '../../../pipelines/dedup/index.ts'
import { type Doc, planted, randomId, randomOf, randomWords, run, wordOf } from './support.ts'

interface Verdict {
  id: string
  rule: string
  partner: string
  similarity: number
}

function expected(docs: readonly Doc[], threshold: number): Verdict[] {
  const sorted = [...docs].sort((a, b) => (a.id < b.id ? -1 : 1))
  const firstWith = new Map<string, string>()
  const kept: { id: string; shingles: Set<string> }[] = []
  const verdicts: Verdict[] = []
  for (const { id, text } of sorted) {
    const same = firstWith.get(text)
    if (same !== undefined) {
      verdicts.push({ id, rule: 'exact_duplicate', partner: same, similarity: 1 })
      continue
    }
    firstWith.set(text, id)
    const words = text.split(' ')
    const shingles = new Set(words.slice(4).map((_, i) => words.slice(i, i + 5).join(' ')))
    let best: Verdict | undefined
    for (const other of kept) {
      const common = [...shingles].filter(shingle => other.shingles.has(shingle)).length
      const similarity = common / (shingles.size + other.shingles.size - common)
      if (similarity >= threshold && similarity > (best?.similarity ?? 0))
        best = { id, rule: 'minhash_duplicate', partner: other.id, similarity }
    }
    if (best) verdicts.push(best)
    else kept.push({ id, shingles })
  }
  return verdicts
}

const docs = planted(7, 60)
const ids = (rows: Record<string, unknown>[]) => rows.map(row => String(row.id)).sort()
const verdictsOf = (rows: Record<string, unknown>[]): Verdict[] =>
  rows.map(({ id, rule, partner, similarity }) => ({ id, rule, partner, similarity }) as Verdict).sort((a, b) => (a.id < b.id ? -1 : 1))

describe('dedup', () => {
  const truth = expected(docs, 0.8)
  const dropped = new Set(truth.map(verdict => verdict.id))
  const survivors = docs.map(doc => doc.id).filter(id => !dropped.has(id))

  it('has something of each kind to find', () => {
    expect(truth.filter(verdict => verdict.rule === 'exact_duplicate').length).toBeGreaterThan(30)
    expect(truth.filter(verdict => verdict.rule === 'minhash_duplicate').length).toBeGreaterThan(50)
    expect(survivors.length).toBeGreaterThan(120)
  })

  const layouts = [
    { name: 'one unit', files: 1, rows: 1000, config: { partitions: 1 }, threads: 1 },
    { name: 'many units and partitions', files: 5, rows: 7, config: { partitions: 5, unitBytes: 4000 }, threads: 2 },
    { name: 'units of a batch', files: 3, rows: 20, config: { partitions: 13, unitBytes: 1 }, threads: 3 },
    { name: 'documents in another order', files: 2, rows: 33, config: { partitions: 3, unitBytes: 20_000 }, threads: 1, reverse: true },
  ]
  it.each(layouts)('keeps what all pairs by definition keep: $name', async ({ files, rows, config, threads, reverse }) => {
    const given = reverse ? [...docs].reverse() : docs
    await run({ stage: dedup, docs: given, config, files, rows, threads }, async (result, rowsOf) => {
      expect(verdictsOf(await rowsOf('decisions'))).toEqual(truth)
      expect(ids(await rowsOf('documents'))).toEqual([...survivors].sort())
      expect(result.counters['documents in']).toBe(docs.length)
      expect(result.counters['documents out']).toBe(survivors.length)
      if (files > 1) expect(result.units).toBeGreaterThan(15)
    })
  })

  it('says where the dropped text can be read again', async () => {
    await run({ stage: dedup, docs, rows: 1000, config: { partitions: 2 } }, async (result, rowsOf) => {
      const decisions = await rowsOf('decisions')
      for (const { id, row, stage, value, threshold, rule } of decisions) {
        expect(docs[row as number]?.id).toBe(id)
        expect(stage).toBe('dedup')
        expect(threshold).toBe(rule === 'exact_duplicate' ? 1 : 0.8)
        expect(value as number).toBeGreaterThanOrEqual(threshold as number)
      }
      expect(new Set(decisions.map(decision => decision.unit)).size).toBe(1)
      expect(result.counters['exact duplicates']).toBe(truth.filter(verdict => verdict.rule === 'exact_duplicate').length)
    })
  })

  it('names the kept document of every cluster', async () => {
    await run({ stage: dedup, docs, config: { partitions: 3 } }, async (_, rowsOf) => {
      const near = truth.filter(verdict => verdict.rule === 'minhash_duplicate')
      const clusters = new Map(near.flatMap(({ id, partner }) => [[id, partner] as const, [partner, partner] as const]))
      const found = new Map((await rowsOf('clusters')).map(row => [String(row.id), String(row.cluster)]))
      expect(new Map([...found].sort())).toEqual(new Map([...clusters].sort()))
    })
  })

  it('finds only exact duplicates without minhash, and only near ones without exact', async () => {
    await run({ stage: dedup, docs, config: { minhash: null } }, async (_, rowsOf) => {
      const rules = verdictsOf(await rowsOf('decisions'))
      expect(rules).toEqual(truth.filter(verdict => verdict.rule === 'exact_duplicate'))
    })
    await run({ stage: dedup, docs, config: { exact: false } }, async (_, rowsOf) => {
      const rules = new Set((await rowsOf('decisions')).map(row => row.rule))
      expect(rules).toEqual(new Set(['minhash_duplicate']))
    })
  })

  it('cuts an oversize component in the order of ids, and says so', async () => {
    // Twelve documents in one component, every two of them .8 similar or more: one stays per block of five.
    const random = randomOf(3)
    const base = randomWords(random, 300)
    const family = Array.from({ length: 12 }, (_, i) => ({ id: randomId(random), text: base.with(i, `own${wordOf(i)}`).join(' ') }))
    const sorted = family.map(doc => doc.id).sort()
    await run({ stage: dedup, docs: family, config: { maxComponent: 5, partitions: 4 } }, async (result, rowsOf) => {
      expect(ids(await rowsOf('documents'))).toEqual([sorted[0], sorted[5], sorted[10]])
      expect(result.counters['documents in oversize components']).toBe(12)
    })
  })

  it('does not drop a document for being given twice', async () => {
    const doc = { id: 'ab'.repeat(16), text: randomWords(randomOf(4), 50).join(' ') }
    await run({ stage: dedup, docs: [doc, doc] }, async (_, rowsOf) => expect(await rowsOf('documents')).toHaveLength(2))
  })

  it('redoes only the neighbours of a new document that repeats nothing', async () => {
    // Units are named by what they read: the folder of a part is its unit's key.
    const unitsOf = (added: Doc[]) =>
      run({ stage: dedup, docs: [...docs, ...added], config: { partitions: 2, unitBytes: 20_000 }, files: 1, rows: 8 }, async ({ roles }) =>
        ['sign.signatures', 'collect.members', 'apply.documents'].map(role =>
          (roles[role] ?? []).map(part => basename(dirname(part.location))),
        ),
      )
    const fresh = { id: 'ff'.repeat(16), text: randomWords(randomOf(99), 60).join(' ') }
    const [before, after] = [await unitsOf([]), await unitsOf([fresh])]
    for (const [i, units] of after.entries()) {
      expect(units.length).toBeGreaterThan(3)
      expect(units.filter(unit => !before[i]?.includes(unit)).length).toBeLessThanOrEqual(2)
    }
  })

  it('keeps everything of an empty input', async () => {
    await run({ stage: dedup, docs: [] }, async (_, rowsOf) => expect(await rowsOf('documents')).toEqual([]))
  })

  it('refuses to hold more than the unit may, and says what to do', async () => {
    const many = Array.from({ length: 4000 }, (_, i) => ({ id: i.toString(16).padStart(32, '0'), text: `text ${i}` }))
    await expect(
      run({ stage: dedup, docs: many, config: { partitions: 1 }, rows: 4000, maxMemory: 2 ** 16 }, async () => {}),
    ).rejects.toMatchObject({
      code: 'DEDUP_MEMORY',
      next: expect.stringContaining('stages.dedup.partitions'),
    })
  })
})
