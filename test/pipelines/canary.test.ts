/** Canaries hold for the real stages under every config, and a stage that is broken on purpose does not get past them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCanary } from '../../pipelines/canary.ts'
import { decontaminate } from '../../pipelines/decontaminate/index.ts'
import { dedup } from '../../pipelines/dedup/index.ts'
import { filter } from '../../pipelines/filter/index.ts'
import type { Context, RawFile, Stage } from '../../pipelines/stage.ts'

const path = fileURLToPath(new URL('../fixtures/tiny/eval.jsonl', import.meta.url))
const items: RawFile = { source: { name: 'items', kind: 'evaluation', fields: [] }, key: 'eval.jsonl', path, size: 0, sha256: '' }

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-canary-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const run = (stage: Stage, config: unknown = {}, evaluation = [items]) => runCanary({ stage, config, evaluation, folder })

describe('the real stages', () => {
  it.each([
    ['filter', filter, {}],
    [
      'filter that judges web pages by other rules',
      filter,
      { profiles: { web: 'none' }, override: { millrace: { rules: { gopher_short_doc: 100_000 } } } },
    ],
    ['filter with a list of addresses', filter, { addresses: { domains: ['example.com'] }, unitBytes: 1 }],
    ['filter that takes short documents only', filter, { maxDocumentBytes: 10 }],
    ['dedup', dedup, { partitions: 5000 }],
    ['dedup of exact copies only', dedup, { minhash: null }],
    ['dedup of near copies only', dedup, { exact: false }],
    ['dedup of equal shingles only', dedup, { threshold: 1, minhash: { bands: 1, rows: 64, hash: 'sha1' } }],
    ['dedup with many bands', dedup, { threshold: 0.5, minhash: { bands: 256, rows: 2, ngram: 1 } }],
    ['decontaminate', decontaminate, {}],
    ['decontaminate with short runs', decontaminate, { ngram: 8, minHits: 3 }],
  ] as [string, Stage, object][])('%s', async (_, stage, config) => {
    expect(await run(stage, config)).toBe(true)
  })

  it('expect nothing where the config leaves nothing to expect', async () => {
    expect(await run(dedup as Stage, { exact: false, minhash: null })).toBe(false)
    expect(await run(decontaminate as Stage, {}, [])).toBe(false)
    expect(await run(decontaminate as Stage, { minHits: 100_000 })).toBe(false)
  })
})

/** A stage whose last operation gives on the rows that `keep` names, and decides nothing. */
function broken(stage: Stage, keep: (row: number) => boolean): Stage {
  const operations = stage.operations.map((operation, i) =>
    i < stage.operations.length - 1
      ? operation
      : {
          ...operation,
          async run(ctx: Context<unknown>) {
            const writer = await ctx.writer('documents')
            for await (const batch of ctx.batches('documents'))
              await writer.append(batch.take(Uint32Array.from({ length: batch.rows }, (_, row) => row).filter(keep)))
          },
        },
  )
  return { ...stage, operations }
}

describe('broken stages', () => {
  it('that drop nothing are found out', async () => {
    const everything = () => true
    await expect(run(broken(filter as Stage, everything))).rejects.toMatchObject({
      code: 'CANARY',
      kind: 'bug',
      message: expect.stringMatching(/"spam" got through; "a menu" got through/),
    })
    await expect(run(broken(dedup as Stage, everything))).rejects.toThrow(/2 of "the same text", "the same text, again" stayed, not one/)
    await expect(run(broken(decontaminate as Stage, everything))).rejects.toThrow(/"a page that quotes items \(eval.jsonl\)" got through/)
  })

  it('that drop everything are found out', async () => {
    for (const stage of [filter, dedup, decontaminate])
      await expect(run(broken(stage as Stage, () => false))).rejects.toMatchObject({
        code: 'CANARY',
        message: expect.stringMatching(/was dropped/),
      })
  })

  it('that drop without a decision are found out', async () => {
    const rows = new Set([0, 1, 3, 5]) // one of each pair of dedup's, and the page of its own
    await expect(run(broken(dedup as Stage, row => rows.has(row)))).rejects.toThrow(/3 documents were dropped, with 0 decisions/)
  })
})
