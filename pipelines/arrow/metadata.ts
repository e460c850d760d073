/**
 * Arrow's flatbuffer messages, written: schema, record batch and footer (Schema.fbs, Message.fbs and File.fbs of Arrow 1.5, metadata V5).
 *
 * Slot numbers stand here as the .fbs files order them; `decode.ts` reads the same ones, with every position checked.
 */
import { Builder } from 'flatbuffers'
import { childFields, type DataType, type Field, type Schema } from './types.ts'

/** Numbers of the unions and enums that both directions use. */
export const wire = {
  version5: 4,
  header: { schema: 1, dictionary: 2, batch: 3 },
  type: {
    int: 2,
    float: 3,
    binary: 4,
    utf8: 5,
    bool: 6,
    list: 12,
    struct: 13,
    fixed: 15,
    fixedList: 16,
    map: 17,
    largeBinary: 19,
    largeUtf8: 20,
    largeList: 21,
  },
  codec: { lz4: 0, zstd: 1 },
} as const

/** Where a message lies: `metadata` counts its 8-byte prefix and padding. */
export interface Block {
  readonly offset: number
  readonly metadata: number
  readonly body: number
}

/** Buffers of one batch relative to its body, and its nodes, in the order of a depth-first walk. */
export interface BatchLayout {
  readonly rows: number
  readonly body: number
  readonly nodes: readonly { readonly length: number; readonly nullCount: number }[]
  readonly buffers: readonly { readonly offset: number; readonly length: number }[]
  readonly zstd: boolean
}

/** A schema message without its prefix. */
export function schemaMessage(schema: Schema): Uint8Array {
  const b = new Builder(1024)
  return message(b, wire.header.schema, writeSchema(b, schema), 0)
}

/** A record batch message without its prefix. */
export function batchMessage(layout: BatchLayout): Uint8Array {
  const b = new Builder(1024)
  b.startVector(16, layout.buffers.length, 8)
  for (const { offset, length } of layout.buffers.toReversed()) pair(b, offset, length)
  const buffers = b.endVector()
  b.startVector(16, layout.nodes.length, 8)
  for (const { length, nullCount } of layout.nodes.toReversed()) pair(b, length, nullCount)
  const nodes = b.endVector()
  let compression = 0
  if (layout.zstd) {
    b.startObject(2)
    b.addFieldInt8(0, wire.codec.zstd, 0)
    compression = b.endObject()
  }
  b.startObject(5)
  b.addFieldInt64(0, BigInt(layout.rows), 0n)
  b.addFieldOffset(1, nodes, 0)
  b.addFieldOffset(2, buffers, 0)
  b.addFieldOffset(3, compression, 0)
  return message(b, wire.header.batch, b.endObject(), layout.body)
}

/** The footer: the schema again, and where the batches are. */
export function footer(schema: Schema, batches: readonly Block[]): Uint8Array {
  const b = new Builder(1024 + 24 * batches.length)
  const fields = writeSchema(b, schema)
  b.startVector(24, batches.length, 8)
  for (const { offset, metadata, body } of batches.toReversed()) {
    b.prep(8, 24)
    b.writeInt64(BigInt(body))
    b.pad(4)
    b.writeInt32(metadata)
    b.writeInt64(BigInt(offset))
  }
  const blocks = b.endVector()
  b.startVector(24, 0, 8)
  const dictionaries = b.endVector()
  b.startObject(5)
  b.addFieldInt16(0, wire.version5, 0)
  b.addFieldOffset(1, fields, 0)
  b.addFieldOffset(2, dictionaries, 0)
  b.addFieldOffset(3, blocks, 0)
  b.finish(b.endObject())
  return b.asUint8Array()
}

function message(b: Builder, kind: number, header: number, body: number): Uint8Array {
  b.startObject(5)
  b.addFieldInt16(0, wire.version5, 0)
  b.addFieldInt8(1, kind, 0)
  b.addFieldOffset(2, header, 0)
  b.addFieldInt64(3, BigInt(body), 0n)
  b.finish(b.endObject())
  return b.asUint8Array()
}

function writeSchema(b: Builder, schema: Schema): number {
  const fields = offsets(
    b,
    schema.fields.map(f => writeField(b, f)),
  )
  const pairs = Object.entries(schema.metadata ?? {}).sort(([x], [y]) => (x < y ? -1 : 1))
  const metadata = pairs.length
    ? offsets(
        b,
        pairs.map(([k, v]) => {
          const key = b.createString(k)
          const value = b.createString(v)
          b.startObject(2)
          b.addFieldOffset(0, key, 0)
          b.addFieldOffset(1, value, 0)
          return b.endObject()
        }),
      )
    : 0
  b.startObject(4)
  b.addFieldOffset(1, fields, 0)
  b.addFieldOffset(2, metadata, 0)
  return b.endObject()
}

function writeField(b: Builder, f: Field): number {
  const below = childFields(f.type)
  // On the wire a map holds one struct of key and value, which is never null.
  const inside: readonly Field[] =
    f.type.kind === 'map' ? [{ name: 'entries', type: { kind: 'struct', fields: below }, nullable: false }] : below
  const children = offsets(
    b,
    inside.map(c => writeField(b, c)),
  )
  const name = b.createString(f.name)
  const [kind, type] = writeType(b, f.type)
  b.startObject(7)
  b.addFieldOffset(0, name, 0)
  b.addFieldInt8(1, f.nullable ? 1 : 0, 0)
  b.addFieldInt8(2, kind, 0)
  b.addFieldOffset(3, type, 0)
  b.addFieldOffset(5, children, 0)
  return b.endObject()
}

function writeType(b: Builder, type: DataType): [kind: number, table: number] {
  b.startObject(2)
  if (type.kind === 'int') {
    b.addFieldInt32(0, type.bits, 0)
    b.addFieldInt8(1, type.signed ? 1 : 0, 0)
  }
  if (type.kind === 'float') b.addFieldInt16(0, type.bits / 32, 0)
  if (type.kind === 'fixed') b.addFieldInt32(0, type.width, 0)
  if (type.kind === 'fixedList') b.addFieldInt32(0, type.size, 0)
  return [wire.type[type.kind], b.endObject()]
}

function offsets(b: Builder, all: readonly number[]): number {
  b.startVector(4, all.length, 4)
  for (const offset of all.toReversed()) b.addOffset(offset)
  return b.endVector()
}

/** A struct of two int64, as FieldNode and Buffer are. */
function pair(b: Builder, first: number, second: number): void {
  b.prep(8, 16)
  b.writeInt64(BigInt(second))
  b.writeInt64(BigInt(first))
}
