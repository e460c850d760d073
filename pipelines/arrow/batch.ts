/**
 * A batch: columns of one length under one schema. Immutable; every operation gives a new batch and shares what did not change.
 *
 * The rows of a batch and its bytes are the caller's choice; a column's text stays below 2 GiB because offsets are int32 (design.md
 * section 4 keeps it below 1 GiB).
 */
import { Column } from './column.ts'
import { concat as concatParts } from './kernels.ts'
import { type DataType, type Field, field, formatField, formatType, type Optional, type Schema, sameFields, sameType } from './types.ts'

export class Batch {
  readonly schema: Schema
  readonly rows: number
  readonly columns: readonly Column[]

  /** TypeError if columns and fields disagree in number, type, length or nulls; `rows` is needed only where there is no column. */
  constructor(schema: Schema, columns: readonly Column[], rows: number = columns[0]?.length ?? 0) {
    if (columns.length !== schema.fields.length)
      throw new TypeError(`arrow batch: expected ${schema.fields.length} columns, found ${columns.length}`)
    for (const [i, column] of columns.entries()) check(schema.fields[i] as Field, column, rows)
    this.schema = schema
    this.rows = rows
    this.columns = columns
  }

  /** The column of this name. TypeError with the names there are. */
  column(name: string): Column {
    return this.columns[this.#index(name)] as Column
  }

  has(name: string): boolean {
    return this.schema.fields.some(f => f.name === name)
  }

  /** The rows at `indices`, in their order; they may repeat. */
  take(indices: Uint32Array): Batch {
    return new Batch(
      this.schema,
      this.columns.map(c => c.take(indices)),
      indices.length,
    )
  }

  /** A copy of rows `from` (inclusive) to `to` (exclusive, default: the end). */
  slice(from: number, to: number = this.rows): Batch {
    return new Batch(
      this.schema,
      this.columns.map(c => c.slice(from, to)),
      to - from,
    )
  }

  /** With `column` under `name`: in the place of the column that has the name, else behind the last. */
  with(name: string, type: DataType | Optional, column: Column): Batch {
    const added = field(name, type)
    const at = this.schema.fields.findIndex(f => f.name === name)
    const put = <T>(all: readonly T[], item: T): T[] => (at < 0 ? [...all, item] : all.with(at, item))
    return new Batch(
      { ...this.schema, fields: put(this.schema.fields, added) },
      put(this.columns, column),
      this.columns.length ? this.rows : column.length,
    )
  }

  /** These columns only, in this order. */
  select(names: readonly string[]): Batch {
    const at = names.map(name => this.#index(name))
    return new Batch(
      { ...this.schema, fields: at.map(i => this.schema.fields[i] as Field) },
      at.map(i => this.columns[i] as Column),
      this.rows,
    )
  }

  /** Bytes of all buffers. */
  get byteLength(): number {
    return this.columns.reduce((total, c) => total + c.byteLength, 0)
  }

  #index(name: string): number {
    const at = this.schema.fields.findIndex(f => f.name === name)
    if (at >= 0) return at
    throw new TypeError(
      `arrow batch: expected one of the columns ${this.schema.fields.map(f => f.name).join(', ') || '(none)'}, found ${JSON.stringify(name)}`,
    )
  }
}

/** The rows of all batches in order, under the first one's schema. TypeError if fields differ or there is no batch. */
export function concat(batches: readonly Batch[]): Batch {
  const [first] = batches
  if (!first) throw new TypeError('arrow concat: expected at least one batch, found none')
  if (batches.length === 1) return first
  for (const batch of batches)
    if (!sameFields(batch.schema, first.schema))
      throw new TypeError(`arrow concat: expected batches of {${show(first.schema)}}, found {${show(batch.schema)}}`)
  const columns = first.schema.fields.map(
    (f, i) =>
      new Column(
        concatParts(
          f.type,
          batches.map(b => b.columns[i] as Column),
        ),
      ),
  )
  return new Batch(
    first.schema,
    columns,
    batches.reduce((total, b) => total + b.rows, 0),
  )
}

const show = (schema: Schema): string => schema.fields.map(formatField).join(', ')

function check(f: Field, column: Column, rows: number): void {
  if (!sameType(f.type, column.type))
    throw new TypeError(`arrow batch: expected column ${JSON.stringify(f.name)} of ${formatType(f.type)}, found ${formatType(column.type)}`)
  if (column.length !== rows)
    throw new TypeError(`arrow batch: expected ${rows} rows in column ${JSON.stringify(f.name)}, found ${column.length}`)
  if (column.nullCount && !f.nullable)
    throw new TypeError(
      `arrow batch: expected no nulls in column ${JSON.stringify(f.name)}, found ${column.nullCount}; declare it optional(${formatType(f.type)})`,
    )
}
