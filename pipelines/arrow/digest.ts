/**
 * Content digests: identity of what a file says, not of how it was compressed or aligned (design.md section 3, "Two digests").
 *
 *   content = sha256(schema, then the digest of every batch, in order): so the content of a range of batches needs no file
 *   schema  = sha256("millrace-arrow-1\n", one line `"name": type` a field, one line `"key"="value"` a metadata entry, sorted by key)
 *   batch   = sha256(rows, then per column, parents before children:
 *             validity: the byte 0 where no slot is null, else 1, length, bitmap · offsets: length, int32 from 0 · values: length, bytes)
 *
 * Lengths and rows are uint64, all little endian, in bytes. Columns are canonical (`canonical.ts`): null slots are zeros. A map's children
 * are its keys and values. test/pipelines/arrow/digest.py computes the same from another implementation's buffers.
 */
import { createHash, type Hash } from 'node:crypto'
import type { Batch } from './batch.ts'
import { canonical } from './canonical.ts'
import type { Parts } from './kernels.ts'
import { childFields, formatField, type Schema } from './types.ts'

/** The digest of one batch, 64 hex digits. */
export function batchDigest(batch: Batch): string {
  const columns = batch.columns.map((c, i) => canonical(c, undefined, batch.schema.fields[i]?.nullable))
  return digestOf(batch.rows, columns).toString('hex')
}

/** The digest of a schema, 64 hex digits: names, types, nullability, order and metadata. */
export const schemaDigest = (schema: Schema): string => createHash('sha256').update(canonicalSchema(schema)).digest('hex')

/** The content of a file with this schema and these batches, given and returned as 64 hex digits. */
export function contentOf(schema: string, batches: readonly string[]): string {
  const hash = createHash('sha256').update(schema, 'hex')
  for (const batch of batches) hash.update(batch, 'hex')
  return hash.digest('hex')
}

/** As `batchDigest` in bytes, of columns that are canonical already. */
export function digestOf(rows: number, columns: readonly Parts[]): Buffer {
  const hash = createHash('sha256').update(uint64(rows))
  for (const column of columns) addColumn(hash, column)
  return hash.digest()
}

/** The schema's text as it enters the digest. */
function canonicalSchema(schema: Schema): string {
  const metadata = Object.entries(schema.metadata ?? {}).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const lines = [...schema.fields.map(formatField), ...metadata.map(([k, v]) => `${JSON.stringify(k)}=${JSON.stringify(v)}`)]
  return `millrace-arrow-1\n${lines.map(line => `${line}\n`).join('')}`
}

function addColumn(hash: Hash, parts: Parts): void {
  if (parts.validity) {
    hash.update(present)
    addBytes(hash, parts.validity)
  } else hash.update(absent)
  if (parts.offsets) addBytes(hash, parts.offsets)
  if (childFields(parts.type).length === 0) addBytes(hash, parts.data)
  for (const child of parts.children) addColumn(hash, child)
}

function addBytes(hash: Hash, values: NodeJS.TypedArray): void {
  hash.update(uint64(values.byteLength))
  if (values.byteLength) hash.update(values)
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

const present = Uint8Array.of(1)
const absent = Uint8Array.of(0)
