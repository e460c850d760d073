/**
 * Range-partitions rows by their document id, so that tables of several stages meet in one reduce unit. Ids are hashes: ranges of their
 * first 32 bits are even, and a document's partition depends on nothing but its id.
 */
import { Batch, BatchBuilder, type Column, concat, type Schema } from '../arrow/index.ts'
import type { Context, PartWriter } from '../stage.ts'

export const partitionOf = (id: Uint8Array, partitions: number): number =>
  Math.floor(
    ((((id[0] as number) << 24) | ((id[1] as number) << 16) | ((id[2] as number) << 8) | (id[3] as number)) >>> 0) * (partitions / 2 ** 32),
  )

/** Writes every batch of `role`, prepared by `prepare`, as one record batch per partition of `writer`. Holds the unit's rows until its end. */
export async function spread<C>(
  ctx: Context<C>,
  role: string,
  writer: PartWriter,
  schema: Schema,
  prepare: (batch: Batch) => Batch,
): Promise<void> {
  const pieces: Batch[][] = Array.from({ length: ctx.partitions }, () => [])
  for await (const raw of ctx.batches(role)) {
    const batch = prepare(raw)
    for (const [partition, rows] of split(batch.column('id'), ctx.partitions).entries())
      if (rows.length) pieces[partition]?.push(batch.take(rows))
  }
  const empty = new BatchBuilder(schema).finish()
  for (const [partition, own] of pieces.entries()) {
    await writer.appendPartition(own.length ? new Batch(schema, concat(own).columns) : empty)
    pieces[partition] = []
  }
}

function split(id: Column, partitions: number): Uint32Array[] {
  const of = new Uint32Array(id.length)
  const counts = new Uint32Array(partitions)
  for (let i = 0; i < id.length; i++) {
    const partition = partitionOf(id.bytes(i), partitions)
    of[i] = partition
    counts[partition] = (counts[partition] as number) + 1
  }
  const rows = Array.from(counts, count => new Uint32Array(count))
  counts.fill(0)
  for (let i = 0; i < id.length; i++) {
    const partition = of[i] as number
    const at = counts[partition] as number
    ;(rows[partition] as Uint32Array)[at] = i
    counts[partition] = at + 1
  }
  return rows
}

/** A document id as 32 hex digits: what maps are keyed by and draws are made from. */
export const hexOf = (id: Column, i: number): string => {
  const bytes = id.bytes(i)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}
