/**
 * From candidates to verdicts: members of a component meet with their shingles, and in the order of their ids each is kept unless its true
 * Jaccard similarity to one already kept reaches the threshold.
 *
 * The component, not the single edge, says who is compared: a chain A-B-C loses B to A, and C is then still held against A. Nothing is
 * dropped for being in a chain (Marin's loss of whole sources, curation.md 4.23), only for what it shares with a document that stays.
 */
import { arrange, keepGreedily, shingleSets } from '../../native/addon/dedup.ts'
import { hashTexts } from '../../native/addon/hash.ts'
import { Batch, BatchBuilder, Column, concat, list, u64 } from '../arrow/index.ts'
import { batchRows, clusters, decisions } from '../schemas.ts'
import type { Context } from '../stage.ts'
import type { DedupConfig } from './config.ts'
import { Room, rowsOf, Table } from './keys.ts'
import { components, members, pairs, verdicts } from './tables.ts'

type Run = (ctx: Context<DedupConfig>) => Promise<void>

export const collect: Run = async ctx => {
  const table = await Table.read(ctx, 'connect.components', components, concat)
  const pieces: Batch[] = []
  for await (const batch of ctx.batches('documents')) {
    const found = table.find(batch.column('id'))
    const own = indices(found, at => at >= 0)
    if (!own.length) continue
    const component = table.batch.column('component').take(own.map(i => found[i] as number))
    pieces.push(await membersOf(ctx, batch.select(['id', 'text']).take(own), component))
  }
  const all = pieces.length ? concat(pieces) : new BatchBuilder(members).finish()
  const { order, bounds } = await arrange(await partitionKeys(all.column('component')), 24, ctx.partitions)
  const writer = await ctx.writer('members')
  for (let p = 0; p < ctx.partitions; p++) await writer.appendPartition(all.take(order.subarray(bounds[p], bounds[p + 1])))
}

async function membersOf(ctx: Context<DedupConfig>, batch: Batch, component: Column): Promise<Batch> {
  const text = batch.column('text')
  const config = ctx.config.minhash
  if (!config) return new BatchBuilder(members).finish()
  const sets = await shingleSets(text.offsets as Int32Array, text.data as Uint8Array, config, ctx.threads)
  const items = new Column({ type: u64(), length: sets.values.length, data: sets.values })
  const shingles = new Column({ type: list(u64()), length: batch.rows, offsets: sets.offsets, data: new Uint8Array(0), children: [items] })
  return new Batch(members, [component, batch.column('id'), shingles])
}

/** Components are named by their smallest id, and the smallest of many lies low: their hash spreads them evenly. */
async function partitionKeys(component: Column): Promise<Uint8Array> {
  const ids = component.data as Uint8Array
  const hashes = await hashTexts(
    Int32Array.from({ length: component.length + 1 }, (_, i) => 16 * i),
    ids,
  )
  const out = new Uint8Array(24 * component.length)
  for (let i = 0; i < component.length; i++) {
    out.set(hashes.subarray(16 * i, 16 * i + 8), 24 * i)
    out.set(ids.subarray(16 * i, 16 * i + 16), 24 * i + 8)
  }
  return out
}

export const verify: Run = async ctx => {
  const { threshold, maxComparisons } = ctx.config
  const all = await together(ctx)
  const bounds = groupBounds(all.column('component'))
  const id = all.column('id')
  const shingles = all.column('shingles')
  const sets = { offsets: shingles.offsets as Int32Array, values: shingles.children[0]?.data as BigUint64Array }
  const found = await keepGreedily(sets, bounds, threshold, maxComparisons, ctx.threads)
  ctx.count('comparisons', found.comparisons)
  ctx.count('documents not compared with all', found.cutShort)

  const partnered = new Uint8Array(all.rows)
  for (const partner of found.partner) if (partner >= 0) partnered[partner] = 1
  const dropped = new BatchBuilder(verdicts)
  const grouped = new BatchBuilder(clusters)
  const [verdictWriter, clusterWriter] = [await ctx.writer('verdicts'), await ctx.writer('clusters')]
  for (let i = 0; i < all.rows; i++) {
    const partner = found.partner[i] as number
    if (partner < 0 && !partnered[i]) continue
    const kept = id.bytes(partner < 0 ? i : partner)
    // The same document given twice is not its own duplicate: dropping it would drop both.
    if (partner >= 0 && Buffer.compare(kept, id.bytes(i)) !== 0)
      dropped.append({ id: id.bytes(i), partner: kept, similarity: found.similarity[i] })
    grouped.append({ id: id.bytes(i), cluster: kept })
    if (dropped.rows === batchRows) await verdictWriter.append(dropped.finish())
    if (grouped.rows === batchRows) await clusterWriter.append(grouped.finish())
  }
  await verdictWriter.append(dropped.finish())
  await clusterWriter.append(grouped.finish())
}

/** The partition's members sorted by component and id. */
async function together(ctx: Context<DedupConfig>): Promise<Batch> {
  const pieces: Batch[] = []
  const room = new Room(ctx, 'collect.members', ctx.maxMemory / 4)
  for await (const batch of ctx.batches('collect.members')) {
    room.take(batch.byteLength)
    if (batch.rows) pieces.push(batch)
  }
  if (!pieces.length) return new BatchBuilder(members).finish()
  const all = concat(pieces)
  const { order } = await arrange(rowsOf(all, ['component', 'id']), 32, 1)
  return all.take(order)
}

function groupBounds(component: Column): Int32Array {
  const bounds: number[] = [0]
  for (let i = 1; i <= component.length; i++)
    if (i === component.length || Buffer.compare(component.bytes(i), component.bytes(i - 1)) !== 0) bounds.push(i)
  return Int32Array.from(bounds)
}

/** Drops what `groups` and `verify` found, with one decision a document. */
export const apply: Run = async ctx => {
  const exact = await Table.read(ctx, 'groups.verdicts', pairs, concat)
  const near = await Table.read(ctx, 'verify.verdicts', verdicts, concat)
  const [kept, decided] = [await ctx.writer('documents'), await ctx.writer('decisions')]
  const { threshold } = ctx.config
  let row = 0
  for await (const batch of ctx.batches('documents')) {
    const id = batch.column('id')
    const [exactly, nearly] = [exact.find(id), near.find(id)]
    const builder = new BatchBuilder(decisions)
    for (let i = 0; i < batch.rows; i++, row++) {
      const [e, n] = [exactly[i] as number, nearly[i] as number]
      if (e < 0 && n < 0) continue
      const similarity = e >= 0 ? 1 : near.batch.column('similarity').number(n)
      builder.append({
        id: id.bytes(i),
        stage: 'dedup',
        rule: e >= 0 ? 'exact_duplicate' : 'minhash_duplicate',
        value: similarity,
        threshold: e >= 0 ? 1 : threshold,
        partner: e >= 0 ? exact.batch.column('partner').bytes(e) : near.batch.column('partner').bytes(n),
        similarity,
        unit: ctx.unit,
        row,
      })
      ctx.count(e >= 0 ? 'exact duplicates' : 'near duplicates')
    }
    const stays = indices(exactly, (at, i) => at < 0 && (nearly[i] as number) < 0)
    ctx.count('documents in', batch.rows)
    ctx.count('documents out', stays.length)
    await kept.append(stays.length === batch.rows ? batch : batch.take(stays))
    await decided.append(builder.finish())
  }
}

/** Where `test` holds. */
function indices(values: Int32Array, test: (value: number, i: number) => boolean): Uint32Array {
  const out = new Uint32Array(values.length)
  let count = 0
  for (let i = 0; i < values.length; i++) if (test(values[i] as number, i)) out[count++] = i
  return out.subarray(0, count)
}
