/**
 * Arrow's metadata, read: flatbuffers to a schema and to the layout of a batch.
 *
 * What others write beyond our types is turned into them where that costs one pass (`Wire`): 64-bit offsets and dictionaries. All else
 * is refused by name with what to do. Caps: 32 levels of nesting, 10,000 fields,
 * 64 KiB a name.
 */
import { Table } from './flat.ts'
import { type Block, wire } from './metadata.ts'
import { type DataType, type Field, f32, f64, type Schema } from './types.ts'

/** How a field lies in the file. `children` are our type's children; a map's entries struct is implied. */
export interface Wire {
  readonly field: Field
  /** Offsets of 64 bits. */
  readonly large: boolean
  /** The type of the indices; the values are in the dictionary `id`. */
  readonly dictionary?: { readonly id: bigint; readonly index: DataType }
  readonly children: readonly Wire[]
}

export interface Layout {
  readonly rows: number
  readonly nodes: readonly { readonly length: number; readonly nullCount: number }[]
  readonly buffers: readonly { readonly offset: number; readonly length: number }[]
  readonly zstd: boolean
}

export interface Footer {
  readonly schema: Schema
  readonly wires: readonly Wire[]
  readonly batches: readonly Block[]
  readonly dictionaries: readonly Block[]
}

/** Says that the file is wrong: expected, found, and what to do where that is not the usual. */
export type Fail = (expected: string, found: string, next?: string) => never

const maxDepth = 32
const maxFields = 10_000
const maxName = 65_536
const maxLength = 0x7fffffff

export function decodeFooter(bytes: Uint8Array, fail: Fail): Footer {
  const table = Table.root(bytes, fail)
  checkVersion(table.int16(0), fail)
  const written = table.table(1) ?? fail('a schema', 'none')
  if (written.int16(0) !== 0) fail('little-endian buffers', 'big-endian', 'Write the file again on a little-endian machine.')
  const seen = { fields: 0 }
  count(seen, written.count(1, 4), fail)
  const wires = written.tables(1).map(f => decodeField(f, 0, seen, fail))
  const names = new Set(wires.map(w => w.field.name))
  if (names.size !== wires.length)
    fail('columns with different names', `${wires.length - names.size + 1} of one name`, 'Rename the columns.')
  if (written.count(2, 4) > maxFields) fail(`at most ${maxFields} metadata entries`, 'more')
  let left = bytes.length // entries may share strings: together they may not be longer than the footer
  const text = (table: Table, slot: number): string => {
    const value = table.string(slot, left) ?? ''
    left -= value.length
    return value
  }
  const pairs = written.tables(2).map(p => [text(p, 0), text(p, 1)] as const)
  const schema: Schema = { fields: wires.map(w => w.field), ...(pairs.length ? { metadata: Object.fromEntries(pairs) } : {}) }
  return { schema, wires, batches: blocks(table, 3), dictionaries: blocks(table, 2) }
}

/** The layout of a record batch, or of a dictionary's with its id. `body` must be what the footer says of it. */
export function decodeMessage(
  bytes: Uint8Array,
  body: number,
  fail: Fail,
): { layout: Layout; dictionary?: { id: bigint; delta: boolean } } {
  const message = Table.root(bytes, fail)
  checkVersion(message.int16(0), fail)
  const length = message.size(3, 'a body length')
  if (length !== body) fail(`a body of ${body} bytes, as the footer says`, String(length))
  const header = message.table(2) ?? fail('a message header', 'none')
  const kind = message.uint8(1)
  if (kind === wire.header.batch) return { layout: decodeLayout(header, body, fail) }
  if (kind !== wire.header.dictionary) fail('a record batch or a dictionary', `message type ${kind}`)
  const data = header.table(1) ?? fail('a dictionary with values', 'none')
  return { layout: decodeLayout(data, body, fail), dictionary: { id: header.int64(0), delta: header.bool(2) } }
}

/** Rows of the record batch whose layout is read later. */
export function decodeRows(bytes: Uint8Array, fail: Fail): number {
  const message = Table.root(bytes, fail)
  checkVersion(message.int16(0), fail)
  const header = message.table(2) ?? fail('a message header', 'none')
  if (message.uint8(1) !== wire.header.batch) fail('a record batch', `message type ${message.uint8(1)}`)
  return checkLength(header.size(0, 'a number of rows'), fail)
}

function decodeLayout(table: Table, body: number, fail: Fail): Layout {
  const rows = checkLength(table.size(0, 'a number of rows'), fail)
  const compression = table.table(3)
  if (compression && compression.uint8(0) !== wire.codec.zstd)
    fail(
      'zstd or no compression',
      compression.uint8(0) === wire.codec.lz4 ? 'LZ4' : `codec ${compression.uint8(0)}`,
      'Write the file again with zstd: in pyarrow, IpcWriteOptions(compression="zstd").',
    )
  if (compression && compression.uint8(1) !== 0) fail('compression by buffer', `method ${compression.uint8(1)}`)
  const nodes = table.structs(1, 16, long => ({ length: checkLength(long(0, 'a length'), fail), nullCount: long(8, 'a null count') }))
  const buffers = table.structs(2, 16, long => ({ offset: long(0, 'a buffer offset'), length: long(8, 'a buffer length') }))
  let total = 0 // buffers that overlap would be decompressed again and again
  for (const { offset, length } of buffers) {
    if (offset + length > body) fail(`a buffer within ${body} bytes of body`, `${length} bytes at ${offset}`)
    total += length
  }
  if (total > body) fail(`buffers of at most ${body} bytes in all`, String(total))
  return { rows, nodes, buffers, zstd: compression !== undefined }
}

function decodeField(table: Table, depth: number, seen: { fields: number }, fail: Fail): Wire {
  if (depth > maxDepth) fail(`at most ${maxDepth} levels of nesting`, 'more')
  const name = table.string(0, maxName) ?? ''
  const nullable = table.bool(1)
  const wires = (expected: number): Wire[] => {
    const inside = table.count(5, 4)
    if (expected >= 0 ? inside !== expected : inside === 0)
      fail(`${expected < 0 ? 'at least one' : expected} children of field ${JSON.stringify(name)}`, String(inside))
    count(seen, inside, fail)
    return table.tables(5).map(c => decodeField(c, depth + 1, seen, fail))
  }
  const kind = table.uint8(2)
  const type = table.table(3)
  const { large, data, children } = decodeType(kind, type, wires, name, fail)
  const field: Field = { name, type: data, nullable }
  const encoding = table.table(4)
  if (!encoding) return { field, large, children }
  if (children.length)
    fail(`a dictionary of plain values for field ${JSON.stringify(name)}`, data.kind, 'Decode the column before writing it.')
  const index = encoding.table(1)
  const bits = index ? index.int32(0) : 32
  if (bits !== 8 && bits !== 16 && bits !== 32 && bits !== 64) return fail('indices of 8, 16, 32 or 64 bits', String(bits))
  return {
    field,
    large,
    dictionary: { id: encoding.int64(0), index: { kind: 'int', bits, signed: index ? index.bool(1) : true } },
    children,
  }
}

interface Decoded {
  data: DataType
  large: boolean
  children: readonly Wire[]
}

function decodeType(kind: number, table: Table | undefined, wires: (expected: number) => Wire[], name: string, fail: Fail): Decoded {
  const { type } = wire
  const leaf = (data: DataType, large = false): Decoded => ({ data, large, children: wires(0) })
  const number = (what: string): number => {
    const value = table?.int32(0) ?? 0
    return value > 0 ? value : fail(`${what} of 1 or more for field ${JSON.stringify(name)}`, String(value))
  }
  switch (kind) {
    case type.utf8:
    case type.largeUtf8:
      return leaf({ kind: 'utf8' }, kind === type.largeUtf8)
    case type.binary:
    case type.largeBinary:
      return leaf({ kind: 'binary' }, kind === type.largeBinary)
    case type.fixed:
      return leaf({ kind: 'fixed', width: number('a width') })
    case type.bool:
      return leaf({ kind: 'bool' })
    case type.int: {
      const bits = number('bits')
      if (bits !== 8 && bits !== 16 && bits !== 32 && bits !== 64) return fail('an integer of 8, 16, 32 or 64 bits', String(bits))
      return leaf({ kind: 'int', bits, signed: table?.bool(1) ?? false })
    }
    case type.float: {
      const precision = table?.int16(0) ?? 0
      if (precision !== 1 && precision !== 2)
        return fail(
          `float32 or float64 for field ${JSON.stringify(name)}`,
          precision === 0 ? 'float16' : `precision ${precision}`,
          'Cast the column to float32.',
        )
      return leaf(precision === 1 ? f32() : f64())
    }
    case type.list:
    case type.largeList: {
      const children = wires(1)
      return { data: { kind: 'list', item: (children[0] as Wire).field }, large: kind === type.largeList, children }
    }
    case type.fixedList: {
      const size = number('a list size')
      const children = wires(1)
      return { data: { kind: 'fixedList', size, item: (children[0] as Wire).field }, large: false, children }
    }
    case type.struct: {
      const children = wires(-1)
      return { data: { kind: 'struct', fields: children.map(c => c.field) }, large: false, children }
    }
    case type.map: {
      const entries = (wires(1)[0] as Wire) ?? fail('a map with entries', 'none')
      const [key, value] = entries.children
      if (entries.field.type.kind !== 'struct' || entries.dictionary || !key || !value || entries.children.length !== 2)
        return fail(`entries of key and value for map ${JSON.stringify(name)}`, entries.field.type.kind)
      return {
        data: { kind: 'map', key: { ...key.field, nullable: false }, value: value.field },
        large: false,
        children: [{ ...key, field: { ...key.field, nullable: false } }, value],
      }
    }
    default:
      return fail(
        `a type of utf8, binary, fixed, int, float, bool, list, struct or map for field ${JSON.stringify(name)}`,
        others[kind] ?? `type ${kind}`,
        'Cast the column before writing it (times to utf8 or int64, views to their plain types, null to an optional type), or leave it out.',
      )
  }
}

const others: Record<number, string> = {
  1: 'null',
  7: 'decimal',
  8: 'date',
  9: 'time',
  10: 'timestamp',
  11: 'interval',
  14: 'union',
  18: 'duration',
  22: 'run-end encoded',
  23: 'binary view',
  24: 'utf8 view',
  25: 'list view',
  26: 'large list view',
}

function blocks(footer: Table, slot: number): Block[] {
  return footer.structs(slot, 24, (long, int) => ({ offset: long(0, 'a block offset'), metadata: int(8), body: long(16, 'a body length') }))
}

function checkVersion(version: number, fail: Fail): void {
  if (version !== wire.version5 && version !== wire.version5 - 1)
    fail('metadata version V4 or V5', `V${version + 1}`, 'Write the file again with Arrow 0.8 or newer.')
}

/** Counts fields before they are looked at, since fields may share their children. */
function count(seen: { fields: number }, more: number, fail: Fail): void {
  seen.fields += more
  if (seen.fields > maxFields) fail(`at most ${maxFields} fields`, 'more')
}

function checkLength(length: number, fail: Fail): number {
  return length <= maxLength
    ? length
    : fail(`at most ${maxLength} rows or items in a batch`, String(length), 'Write the file again with smaller batches.')
}
