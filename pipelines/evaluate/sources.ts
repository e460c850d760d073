/** Finds which source each held-out document came from. */
import { Batch, concat } from '../arrow/index.ts'
import { hexOf } from '../shard/spread.ts'
import type { Context } from '../stage.ts'
import type { EvaluateConfig } from './config.ts'
import { sources } from './tables.ts'

export async function findSources(ctx: Context<EvaluateConfig>): Promise<void> {
  const wanted = new Set<string>()
  for await (const batch of ctx.batches('held.documents')) {
    const id = batch.column('id')
    for (let i = 0; i < batch.rows; i++) wanted.add(hexOf(id, i))
  }
  const found: Batch[] = []
  for await (const batch of ctx.batches('tokens')) {
    const id = batch.column('id')
    const rows = Array.from({ length: batch.rows }, (_, i) => i).filter(i => wanted.has(hexOf(id, i)))
    if (rows.length) found.push(new Batch(sources, batch.take(Uint32Array.from(rows)).select(['id', 'source']).columns))
  }
  if (found.length) await (await ctx.writer('sources')).append(concat(found))
}
