/**
 * From documents to counts of pieces: the share of documents to read, counts per unit, sums per partition. No count is dropped: what outgrows
 * its memory goes to the unit's scratch folder and comes back sorted (native/tokenizer/counts.h).
 */
import { PieceCounter, type PieceCounts, type Texts } from '../../native/addon/tokenizer.ts'
import { Batch, BatchBuilder, Column, concat, u64, utf8 } from '../arrow/index.ts'
import { fractionOf } from '../identity.ts'
import type { Context } from '../stage.ts'
import { patternOfConfig, type TokenizerConfig } from './config.ts'
import { pieceCounts, samples, sizes } from './schemas.ts'

type Ctx = Context<TokenizerConfig>

const everything = 2 ** 32

/** Bytes of text in the unit. A given tokenizer needs no sample. */
export async function measure(ctx: Ctx): Promise<void> {
  let bytes = 0
  if (!ctx.config.given) for await (const batch of ctx.batches('documents')) bytes += batch.column('text').data.length
  const builder = new BatchBuilder(sizes)
  builder.append({ bytes })
  await (await ctx.writer('sizes')).append(builder.finish())
}

/**
 * The share of documents whose texts come to about maxBytes, in 2^32nds. Rounded down to a multiple of an eighth of the next power of two, so that a
 * corpus that grows a little keeps its sample, and with it every count that exists.
 */
export async function sample(ctx: Ctx): Promise<void> {
  let total = 0
  for await (const batch of ctx.batches('measure.sizes')) for (let i = 0; i < batch.rows; i++) total += batch.column('bytes').number(i)
  let below = everything
  if (total > ctx.config.maxBytes) {
    const share = ctx.config.maxBytes / total
    const step = 2 ** (Math.floor(Math.log2(share)) - 2)
    below = Math.max(1, Math.floor(Math.floor(share / step) * step * everything))
  }
  const builder = new BatchBuilder(samples)
  builder.append({ below })
  await (await ctx.writer('sample')).append(builder.finish())
}

/** Half of what a unit may hold is for its batches and for one partition that goes out. */
export const spillOf = ({ maxMemory, scratch }: Pick<Ctx, 'maxMemory' | 'scratch'>) => ({
  maxMemory: Math.floor(maxMemory / 2),
  folder: scratch,
})

/** Counts the pieces of the sampled documents; each batch of the part is a partition, sorted by piece. */
export async function countDocuments(ctx: Ctx): Promise<void> {
  let below = everything
  for await (const batch of ctx.batches('sample.sample')) below = batch.column('below').number(0)
  const { threads, partitions, config } = ctx
  const counter = new PieceCounter({
    pattern: patternOfConfig(config),
    maxPiece: config.maxPiece,
    partitions,
    threads,
    spill: spillOf(ctx),
  })
  if (!config.given)
    for await (const batch of ctx.batches('documents')) {
      const chosen = below === everything ? batch : batch.take(chosenRows(batch, ctx.seed, below))
      const text = chosen.column('text')
      await counter.addTexts(textsOf(text))
      ctx.count('documents', chosen.rows)
      ctx.count('bytes', text.data.length)
    }
  const { pieces, skipped } = counter.state
  ctx.count('pieces', pieces)
  ctx.count('piecesTooLong', skipped)
  await writePartitions(ctx, counter)
}

async function writePartitions(ctx: Ctx, counter: PieceCounter): Promise<void> {
  const writer = await ctx.writer('counts')
  const none = new BatchBuilder(pieceCounts).finish()
  let [partition, held] = [0, [] as Batch[]]
  const upTo = async (next: number) => {
    for (; partition < next; partition++, held = [])
      await writer.appendPartition(held.length ? new Batch(pieceCounts, concat(held).columns) : none)
  }
  for await (const block of counter.blocks()) {
    await upTo(block.partition)
    held.push(batchOf(block))
    ctx.progress({})
  }
  await upTo(ctx.partitions)
  noteSpills(ctx, counter)
}

/** Sums the counts of one partition over all parts. */
export async function mergePartition(ctx: Ctx): Promise<void> {
  const counter = new PieceCounter({ spill: spillOf(ctx) })
  for await (const batch of ctx.batches('count.counts')) await counter.addCounts(countsOf(batch))
  const writer = await ctx.writer('counts')
  for await (const block of counter.blocks()) {
    await writer.append(batchOf(block))
    ctx.progress({})
  }
  noteSpills(ctx, counter)
}

function noteSpills(ctx: Ctx, counter: PieceCounter): void {
  if (counter.state.spills) ctx.count('spills', counter.state.spills)
}

export const countsOf = (batch: Batch): PieceCounts => ({
  ...textsOf(batch.column('piece')),
  counts: batch.column('count').data as BigUint64Array,
})

export const textsOf = (column: Column): Texts => ({ offsets: column.offsets as Int32Array, bytes: column.data as Uint8Array })

function batchOf({ offsets, bytes, counts }: PieceCounts): Batch {
  const length = counts.length
  return new Batch(pieceCounts, [
    new Column({ type: utf8(), length, offsets, data: bytes }),
    new Column({ type: u64(), length, data: counts }),
  ])
}

function chosenRows(batch: Batch, seed: number, below: number): Uint32Array {
  const id = batch.column('id')
  const rows: number[] = []
  for (let i = 0; i < batch.rows; i++) if (fractionOf(`${seed}\0${id.value(i)}\0tokenizer`) * everything < below) rows.push(i)
  return Uint32Array.from(rows)
}
