/**
 * Fixed-width rows of bytes: how ids and keys travel between record batches and native code.
 *
 * Every group of a partition must meet in one unit, so a reduce holds its partition whole; what it holds is checked against `maxMemory`
 * and the answer to too much is more partitions, never a partial result.
 */
import { arrange, findIds } from '../../native/addon/dedup.ts'
import { Batch, BatchBuilder, Column, type Schema } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import { batchRows } from '../schemas.ts'
import type { Context, PartWriter } from '../stage.ts'

/** Bytes of one row of a schema of fixed columns. */
export const widthOf = (schema: Schema): number =>
  schema.fields.reduce((sum, { type }) => sum + (type.kind === 'fixed' ? type.width : 0), 0)

/** The fixed columns of `names`, row by row. */
export function rowsOf(batch: Batch, names: readonly string[]): Uint8Array {
  const columns = names.map(name => batch.column(name))
  const widths = columns.map(column => (column.type.kind === 'fixed' ? column.type.width : 0))
  const width = widths.reduce((sum, each) => sum + each, 0)
  const out = new Uint8Array(width * batch.rows)
  let start = 0
  for (const [i, column] of columns.entries()) {
    copyStrided(column.data as Uint8Array, widths[i] as number, 0, widths[i] as number, out, start, width, batch.rows)
    start += widths[i] as number
  }
  return out
}

/** A batch of a schema of fixed columns from rows of its width; `order` chooses and orders the rows. */
export function batchOf(schema: Schema, rows: Uint8Array, order?: Uint32Array): Batch {
  const width = widthOf(schema)
  const length = order?.length ?? rows.length / width
  let start = 0
  const columns = schema.fields.map(({ type }) => {
    const own = type.kind === 'fixed' ? type.width : 0
    const data = new Uint8Array(own * length)
    if (order)
      for (let i = 0; i < length; i++)
        for (let b = 0, at = (order[i] as number) * width + start; b < own; b++) data[i * own + b] = rows[at + b] as number
    else copyStrided(rows, width, start, own, data, 0, own, length)
    start += own
    return new Column({ type, length, data })
  })
  return new Batch(schema, columns, length)
}

function copyStrided(
  from: Uint8Array,
  stride: number,
  start: number,
  bytes: number,
  to: Uint8Array,
  toStart: number,
  toStride: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) for (let b = 0; b < bytes; b++) to[i * toStride + toStart + b] = from[i * stride + start + b] as number
}

/** One behind the other. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    out.set(piece, at)
    at += piece.length
  }
  return out
}

/** shuffle: writes rows of fixed columns as one sorted record batch per partition, by their leading eight bytes. */
export async function spread<C>(ctx: Context<C>, writer: PartWriter, schema: Schema, rows: Uint8Array): Promise<void> {
  const { order, bounds } = await arrange(rows, widthOf(schema), ctx.partitions)
  for (let p = 0; p < ctx.partitions; p++) await writer.appendPartition(batchOf(schema, rows, order.subarray(bounds[p], bounds[p + 1])))
}

/** All rows of a role of fixed columns. Throws DEDUP_MEMORY where a third of what the unit may hold is passed: sorting takes the rest. */
export async function gather<C extends { partitions: number }>(ctx: Context<C>, role: string, schema: Schema): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  const names = schema.fields.map(field => field.name)
  const room = new Room(ctx, role, ctx.maxMemory / 3)
  for await (const batch of ctx.batches(role)) {
    const rows = rowsOf(batch, names)
    room.take(rows.length)
    pieces.push(rows)
  }
  return joined(pieces)
}

/** Counts what a unit holds of a role and refuses to pass the limit. */
export class Room {
  #held = 0
  readonly #refuse: () => MillraceError
  readonly #limit: number

  constructor(ctx: Context<{ partitions: number }>, role: string, limit: number) {
    this.#limit = limit
    this.#refuse = () =>
      new MillraceError({
        code: 'DEDUP_MEMORY',
        kind: 'config',
        expected: `at most ${Math.floor(limit)} bytes of ${role} in a unit`,
        found: `${this.#held} and more`,
        where: 'stage dedup',
        next: `raise stages.dedup.partitions (now ${ctx.config.partitions}) or run.maxMemory`,
      })
  }

  take(bytes: number): void {
    this.#held += bytes
    if (this.#held > this.#limit) throw this.#refuse()
  }
}

/** A side role with an `id` column, whole, and where each id is. Memory: its rows; sides of dedup hold duplicates only. */
export class Table {
  readonly batch: Batch
  readonly #ids: Uint8Array
  readonly #order: Uint32Array

  private constructor(batch: Batch, ids: Uint8Array, order: Uint32Array) {
    this.batch = batch
    this.#ids = ids
    this.#order = order
  }

  static async read<C>(ctx: Context<C>, role: string, schema: Schema, join: (batches: Batch[]) => Batch): Promise<Table> {
    const batches: Batch[] = []
    for await (const batch of ctx.batches(role)) if (batch.rows) batches.push(batch)
    const batch = batches.length ? join(batches) : new BatchBuilder(schema).finish()
    const ids = batch.column('id').data as Uint8Array
    const { order } = await arrange(ids, 16, 1)
    return new Table(batch, ids, order)
  }

  /** Row of each id of the column in `batch`, -1 where it is not there. */
  find(id: Column): Int32Array {
    return findIds(this.#ids, this.#order, id.data as Uint8Array)
  }
}

/** Appends rows of fixed columns in batches of the usual size. */
export async function appendRows(writer: PartWriter, schema: Schema, rows: Uint8Array): Promise<void> {
  const step = widthOf(schema) * batchRows
  for (let at = 0; at < rows.length; at += step) await writer.append(batchOf(schema, rows.subarray(at, at + step)))
}
