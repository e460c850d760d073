/** From documents to counts of pieces: the share of documents to read, counts per unit, sums per partition. */
import { countPieces, mergeCounts, partitionsOf, type Texts } from '../../native/addon/tokenizer.ts'
import { Batch, BatchBuilder, Column, u64, utf8 } from '../arrow/index.ts'
import { fractionOf } from '../identity.ts'
import { type Context, MiB } from '../stage.ts'
import type { TokenizerConfig } from './index.ts'
import { pieceCounts, samples, sizes } from './schemas.ts'

type Ctx = Context<TokenizerConfig>
type Counts = Texts & { readonly counts: BigUint64Array }

const everything = 2 ** 32

/** Bytes of text in the unit. */
export async function measure(ctx: Ctx): Promise<void> {
  let bytes = 0
  for await (const batch of ctx.batches('documents')) bytes += batch.column('text').data.length
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

/** Counts the pieces of the sampled documents; each batch of the part is a partition, sorted by piece. */
export async function countDocuments(ctx: Ctx): Promise<void> {
  let below = everything
  for await (const batch of ctx.batches('sample.sample')) below = batch.column('below').number(0)
  const sum = new Sum()
  for await (const batch of ctx.batches('documents')) {
    const chosen = below === everything ? batch : batch.take(chosenRows(batch, ctx.seed, below))
    const text = chosen.column('text')
    const counts = await countPieces(textsOf(text), { maxPiece: ctx.config.maxPiece, threads: ctx.threads })
    ctx.count('documents', chosen.rows)
    ctx.count('bytes', text.data.length)
    ctx.count('pieces', counts.pieces)
    ctx.count('piecesTooLong', counts.skipped)
    await sum.add(counts)
  }
  const total = await sum.total()
  const batch = batchOf(total)
  const writer = await ctx.writer('counts')
  for (const rows of rowsOfPartitions(total, ctx.partitions)) await writer.appendPartition(batch.take(rows))
}

/** Sums the counts of one partition over all parts. */
export async function mergePartition(ctx: Ctx): Promise<void> {
  await (await ctx.writer('counts')).append(batchOf(await sumOf(ctx, 'count.counts')))
}

/** The sum of every batch of a role of counts, sorted by piece. */
export async function sumOf(ctx: Ctx, role: string): Promise<Counts> {
  const sum = new Sum()
  for await (const batch of ctx.batches(role)) {
    await sum.add({ ...textsOf(batch.column('piece')), counts: batch.column('count').data as BigUint64Array })
  }
  return sum.total()
}

/** Adds tables up, and sums what has gathered whenever it passes 64 MiB, so that memory follows the distinct pieces and not their sources. */
class Sum {
  #tables: Counts[] = []
  #bytes = 0
  #limit = 64 * MiB

  async add(table: Counts): Promise<void> {
    this.#tables.push(table)
    this.#bytes += sizeOf(table)
    if (this.#bytes < this.#limit) return
    const total = await this.total()
    this.#tables = [total]
    this.#bytes = sizeOf(total)
    this.#limit = Math.max(64 * MiB, 2 * this.#bytes)
  }

  async total(): Promise<Counts> {
    return mergeCounts(joined(this.#tables))
  }
}

const sizeOf = ({ bytes, counts }: Counts): number => bytes.length + 12 * counts.length

function joined(tables: readonly Counts[]): Counts {
  const rows = tables.reduce((sum, table) => sum + table.counts.length, 0)
  const offsets = new Int32Array(rows + 1)
  const counts = new BigUint64Array(rows)
  let row = 0
  let start = 0
  for (const table of tables) {
    counts.set(table.counts, row)
    for (let i = 1; i < table.offsets.length; i++) offsets[++row] = start + (table.offsets[i] as number)
    start += table.bytes.length
  }
  return { offsets, bytes: new Uint8Array(Buffer.concat(tables.map(table => table.bytes))), counts }
}

export const textsOf = (column: Column): Texts => ({ offsets: column.offsets as Int32Array, bytes: column.data as Uint8Array })

function batchOf({ offsets, bytes, counts }: Counts): Batch {
  const length = counts.length
  return new Batch(pieceCounts, [
    new Column({ type: utf8(), length, offsets, data: bytes }),
    new Column({ type: u64(), length, data: counts }),
  ])
}

function rowsOfPartitions(pieces: Texts, partitions: number): Uint32Array[] {
  const partition = partitionsOf(pieces, partitions)
  const rows = Array.from({ length: partitions }, () => [] as number[])
  for (const [row, p] of partition.entries()) rows[p]?.push(row)
  return rows.map(each => Uint32Array.from(each))
}

function chosenRows(batch: Batch, seed: number, below: number): Uint32Array {
  const id = batch.column('id')
  const rows: number[] = []
  for (let i = 0; i < batch.rows; i++) if (fractionOf(`${seed}\0${id.value(i)}\0tokenizer`) * everything < below) rows.push(i)
  return Uint32Array.from(rows)
}
