/**
 * Shard: packs token ids into rows that the trainer maps into memory, per component and pass, each pass shuffled anew.
 *
 * Documents are partitioned by id once; every pass packs the same partitions in another order. So tokens move through the store once
 * however often they are read, memory is one partition, and a new document changes one file of `partitions`. The price is at most one
 * incomplete row per component, pass and partition; padding is counted and stands in the index.
 */
import { list, schema, u32 } from '../arrow/index.ts'
import { counts, documentId } from '../schemas.ts'
import { defineStage, MiB } from '../stage.ts'
import { readDocuments } from './documents.ts'
import { readStarts } from './fim.ts'
import { config, index, rows, type ShardConfig } from './layout.ts'
import { RowWriter } from './rows.ts'
import { spread } from './spread.ts'

const idLists = schema({ id: documentId, ids: list(u32()) })

const shuffle = {
  kind: 'shuffle',
  partitions: ({ partitions }: ShardConfig) => partitions,
  unitBytes: () => 64 * MiB,
  config: ({ partitions }: ShardConfig) => ({ partitions }),
} as const

export const shard = defineStage({
  name: 'shard',
  revision: 1,
  config,
  inputs: ['tokens', 'counts', 'tokenizer'],
  operations: [
    {
      ...shuffle,
      name: 'spread',
      reads: ['tokens'],
      writes: { tokens: { schema: idLists } },
      run: async ctx => spread(ctx, 'tokens', await ctx.writer('tokens'), idLists, batch => batch.select(['id', 'ids'])),
    },
    {
      ...shuffle,
      name: 'assign',
      reads: ['counts'],
      writes: { counts: { schema: counts } },
      run: async ctx => spread(ctx, 'counts', await ctx.writer('counts'), counts, batch => batch),
    },
    {
      name: 'pack',
      kind: 'reduce',
      reads: ['spread.tokens', 'assign.counts'],
      sides: ['tokenizer'],
      writes: { rows: { schema: rows, compression: 'none' }, index: { schema: index } },
      async run(ctx) {
        const rows = await ctx.writer('rows')
        const writer = new RowWriter({ config: ctx.config, seed: ctx.seed, part: ctx.partition, rows, starts: await readStarts(ctx) })
        for (const group of await readDocuments(ctx, 'spread.tokens', 'assign.counts')) {
          const passes = Math.max(...group.documents.map(document => document.count))
          for (let pass = 0; pass < passes; pass++) {
            const filled = await writer.write(group, pass)
            for (const [name, by] of Object.entries(filled)) ctx.count(`${group.role}/${group.component}/${name}`, by)
            ctx.progress({})
          }
        }
        await (await ctx.writer('index')).append(writer.finish())
      },
    },
  ],
  outputs: { rows: 'pack.rows', index: 'pack.index' },
})
