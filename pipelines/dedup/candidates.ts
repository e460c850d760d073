/** From documents to candidates: signatures, exact groups, bands that meet, and the components that they form. */
import { arrange, components as componentsOf, groupPairs, signatures as signaturesOf } from '../../native/addon/dedup.ts'
import { hashTexts } from '../../native/addon/hash.ts'
import { Batch, Column, concat, list, u64 } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import { documentId } from '../schemas.ts'
import type { Context } from '../stage.ts'
import type { DedupConfig } from './config.ts'
import { appendRows, gather, joined, rowsOf, spread, Table } from './keys.ts'
import { bandKeys, components, pairs, signatures, textKeys } from './tables.ts'

type Run = (ctx: Context<DedupConfig>) => Promise<void>

/** Buckets of more documents are counted and reported: they point at boilerplate or at a template. */
const oversizeBucket = 1000

export const sign: Run = async ctx => {
  const writer = await ctx.writer('signatures')
  for await (const batch of ctx.batches('documents')) {
    const text = batch.column('text')
    const offsets = text.offsets as Int32Array
    const hashes = await hashTexts(offsets, text.data as Uint8Array, ctx.threads)
    const { bandKeys: keys, shingles } = await sketch(ctx, offsets, text.data as Uint8Array)
    await writer.append(
      new Batch(signatures, [
        batch.column('id'),
        new Column({ type: documentId, length: batch.rows, data: hashes }),
        new Column({ type: { kind: 'int', bits: 32, signed: false }, length: batch.rows, data: shingles }),
        bandsColumn(keys, shingles),
      ]),
    )
  }
}

async function sketch(ctx: Context<DedupConfig>, offsets: Int32Array, bytes: Uint8Array) {
  const { minhash } = ctx.config
  if (!minhash) return { bandKeys: new BigUint64Array(0), shingles: new Uint32Array(Math.max(0, offsets.length - 1)) }
  return signaturesOf(offsets, bytes, minhash, ctx.threads)
}

/** Keys of the documents that have shingles, as lists; the others' are empty. */
function bandsColumn(keys: BigUint64Array, shingles: Uint32Array): Column {
  const rows = shingles.length
  const bands = rows ? keys.length / rows : 0
  const offsets = new Int32Array(rows + 1)
  const kept = new BigUint64Array(keys.length)
  let at = 0
  for (let i = 0; i < rows; i++) {
    if (shingles[i]) {
      kept.set(keys.subarray(i * bands, (i + 1) * bands), at)
      at += bands
    }
    offsets[i + 1] = at
  }
  const items = new Column({ type: u64(), length: at, data: kept.slice(0, at) })
  return new Column({ type: list(u64()), length: rows, offsets, data: new Uint8Array(0), children: [items] })
}

export const exact: Run = async ctx => {
  const pieces: Uint8Array[] = []
  for await (const batch of ctx.batches('sign.signatures')) pieces.push(rowsOf(batch, ['text', 'id']))
  await spread(ctx, await ctx.writer('keys'), textKeys, joined(pieces))
}

export const groups: Run = async ctx => {
  const writer = await ctx.writer('verdicts')
  if (!ctx.config.exact) return
  const found = await groupPairs(await gather(ctx, 'exact.keys', textKeys), 16, oversizeBucket)
  ctx.count('exact groups', found.groups)
  await appendRows(writer, pairs, found.pairs)
}

/** Exact duplicates are left out here, not before signing: so a unit of `sign`, the dear one, depends on its documents alone. */
export const bands: Run = async ctx => {
  const duplicates = await Table.read(ctx, 'groups.verdicts', pairs, concat)
  const pieces: Uint8Array[] = []
  for await (const batch of ctx.batches('sign.signatures')) {
    const id = batch.column('id')
    pieces.push(keysOf(id, batch.column('bands'), duplicates.find(id)))
  }
  await spread(ctx, await ctx.writer('keys'), bandKeys, joined(pieces))
}

function keysOf(id: Column, column: Column, duplicate: Int32Array): Uint8Array {
  const offsets = column.offsets as Int32Array
  const keys = column.children[0]?.data as BigUint64Array
  const bytes = new Uint8Array(keys.buffer, keys.byteOffset, keys.byteLength)
  const out = new Uint8Array(24 * keys.length)
  let rows = 0
  for (let i = 0; i < id.length; i++) {
    if ((duplicate[i] as number) >= 0) continue
    const own = id.bytes(i)
    for (let k = offsets[i] as number; k < (offsets[i + 1] as number); k++, rows++) {
      for (let b = 0; b < 8; b++) out[24 * rows + b] = bytes[8 * k + b] as number
      out.set(own, 24 * rows + 8)
    }
  }
  return out.subarray(0, 24 * rows)
}

export const link: Run = async ctx => {
  const found = await groupPairs(await gather(ctx, 'bands.keys', bandKeys), 8, oversizeBucket)
  ctx.count('buckets of candidates', found.groups)
  ctx.count('oversize buckets', found.oversize)
  await appendRows(await ctx.writer('edges'), pairs, found.pairs)
}

/** Folds the edges piece by piece: what is held is bounded by the documents that have a candidate, not by the edges. */
export const connect: Run = async ctx => {
  const limit = ctx.maxMemory / 8
  let folded: Uint8Array = new Uint8Array(0)
  let open: Uint8Array[] = []
  let bytes = 0
  const fold = async () => {
    folded = await componentsOf(joined([folded, ...open]))
    open = []
    bytes = 0
    if (folded.length > limit)
      throw new MillraceError({
        code: 'DEDUP_COMPONENTS_MEMORY',
        kind: 'config',
        expected: `at most ${Math.floor(limit / 32)} documents with candidates`,
        found: `${folded.length / 32}`,
        where: 'stage dedup, components',
        next: 'raise run.maxMemory',
      })
  }
  for await (const batch of ctx.batches('link.edges')) {
    open.push(rowsOf(batch, ['id', 'partner']))
    bytes += 32 * batch.rows
    if (bytes > limit) await fold()
  }
  await fold()
  await cutOversize(ctx, folded)
  await appendRows(await ctx.writer('components'), components, folded)
}

/** Relabels, in place, the members of components of more than `maxComponent`: blocks in the order of ids, each named by its first. */
async function cutOversize(ctx: Context<DedupConfig>, rows: Uint8Array): Promise<void> {
  const { maxComponent } = ctx.config
  const swapped = new Uint8Array(rows.length)
  for (let at = 0; at < rows.length; at += 32) {
    swapped.set(rows.subarray(at + 16, at + 32), at)
    swapped.set(rows.subarray(at, at + 16), at + 16)
  }
  const { order } = await arrange(swapped, 32, 1)
  const view = Buffer.from(rows.buffer, rows.byteOffset, rows.length)
  const componentAt = (i: number) => view.subarray(32 * (order[i] as number) + 16, 32 * (order[i] as number) + 32)
  let total = 0
  for (let from = 0, to = 0; from < order.length; from = to) {
    const name = componentAt(from)
    for (to = from + 1; to < order.length && componentAt(to).equals(name); ) to++
    total++
    if (to - from <= maxComponent) continue
    ctx.count('oversize components')
    ctx.count('documents in oversize components', to - from)
    for (let i = from + maxComponent; i < to; i++) {
      const first = order[i - ((i - from) % maxComponent)] as number
      view.copy(view, 32 * (order[i] as number) + 16, 32 * first, 32 * first + 16)
    }
  }
  ctx.count('components', total)
}
