/**
 * Rows to batches: for readers of raw input, decisions, statistics and tests. Where columns already exist, build a `Batch` of them instead.
 *
 * A row that is refused leaves the builder as it was, so that a caller can quarantine one record and go on.
 */
import { Batch } from './batch.ts'
import { ColumnBuilder } from './column_builder.ts'
import type { Schema } from './types.ts'

export class BatchBuilder {
  readonly schema: Schema
  rows = 0
  readonly #columns: ColumnBuilder[]
  readonly #names: Set<string>

  constructor(schema: Schema) {
    this.schema = schema
    this.#columns = schema.fields.map(f => new ColumnBuilder(f, f.name))
    this.#names = new Set(schema.fields.map(f => f.name))
  }

  /**
   * Adds one row: strings or UTF-8 bytes for utf8, bytes or hex for fixed and binary, numbers or bigints for int, booleans for bool, arrays
   * or typed arrays for lists, objects for structs, objects or pairs for maps (written sorted by the keys' bytes). null and undefined only
   * where the schema says so. TypeError or RangeError with the column's name; the row is then not added.
   */
  append(row: Record<string, unknown>): void {
    for (const name in row)
      if (!this.#names.has(name) && row[name] !== undefined)
        throw new TypeError(`arrow builder: expected only the columns ${[...this.#names].join(', ')}, found ${JSON.stringify(name)}`)
    try {
      for (const column of this.#columns) column.append(row[column.field.name])
    } catch (error) {
      for (const column of this.#columns) column.truncate(this.rows)
      throw error
    }
    this.rows++
  }

  /** Bytes of the buffers so far, about: what `finish().byteLength` will be, to 1 byte a column. */
  get bytes(): number {
    return this.#columns.reduce((total, c) => total + c.bytes, 0)
  }

  /** The rows so far as a batch. The builder is empty afterwards and can be used again. */
  finish(): Batch {
    const batch = new Batch(
      this.schema,
      this.#columns.map(c => c.finish()),
      this.rows,
    )
    this.rows = 0
    return batch
  }
}
