/**
 * Columns from the buffers of a batch that may lie: every length, offset and index is checked before it is used.
 *
 * Buffers that lie aligned are used in place, so a plain file costs one read and no copy. Columns come out canonical (`canonical.ts`): null
 * slots are zeros, so native code need not look at validity to stay in bounds, and all text is UTF-8.
 */
import { bitmapBytes, getBit, setBit } from './bits.ts'
import { canonical } from './canonical.ts'
import type { Column } from './column.ts'
import type { Fail, Layout, Wire } from './decode.ts'
import { allocate, type Parts, take, withValidity } from './kernels.ts'
import { type DataType, hasOffsets, type Values, valuesOf, valueWidth } from './types.ts'
import { invalidText } from './utf8.ts'

export interface Source {
  readonly layout: Layout
  /** As many as `layout.buffers`, uncompressed. */
  readonly buffers: readonly Uint8Array[]
  readonly dictionaries: ReadonlyMap<bigint, Column>
  /** Bytes that decoding may still allocate beyond the buffers. */
  budget: number
  /** Fails naming the column. */
  readonly fail: (column: string) => Fail
}

/** Positions of a field's first node and buffer in a batch, and behind its last ones. */
export interface Span {
  readonly node: number
  readonly buffer: number
  readonly endNode: number
  readonly endBuffer: number
}

/** Where each of `wires` lies in a batch. Fails if the batch has more or fewer nodes or buffers than they need. */
export function spansOf(wires: readonly Wire[], layout: Layout, fail: Fail): Span[] {
  const walk = { node: 0, buffer: 0 }
  const spans = wires.map(w => {
    const { node, buffer } = walk
    pass(w, walk)
    return { node, buffer, endNode: walk.node, endBuffer: walk.buffer }
  })
  const { nodes, buffers } = layout
  if (walk.node !== nodes.length || walk.buffer !== buffers.length)
    fail(`${walk.node} nodes and ${walk.buffer} buffers, as the schema says`, `${nodes.length} and ${buffers.length}`)
  return spans
}

/** The column of `w`, canonical and checked. */
export function decodeColumn(source: Source, w: Wire, span: Span): Parts {
  const fail = source.fail(w.field.name)
  const raw = decode(source, w, { node: span.node, buffer: span.buffer }, source.layout.rows, fail)
  const column = canonical(raw, undefined, w.field.nullable)
  checkNulls(column, w, fail)
  const wrong = invalidText(column)
  if (wrong !== undefined) fail('UTF-8', `other bytes (${wrong})`, 'Store the column as binary, or repair the text.')
  return column
}

/** Moves behind the nodes and buffers of `w`, as `decode` does. */
function pass(w: Wire, walk: { node: number; buffer: number }): void {
  walk.node++
  walk.buffer++ // validity
  if (w.dictionary) {
    walk.buffer++
    return
  }
  if (hasOffsets(w.field.type)) walk.buffer++
  if (!w.children.length) walk.buffer++
  if (w.field.type.kind === 'map') {
    walk.node++
    walk.buffer++
  }
  for (const child of w.children) pass(child, walk)
}

/** One column of exactly `length` slots: what a parent needs may be less than the file has. */
function decode(source: Source, w: Wire, walk: { node: number; buffer: number }, length: number, fail: Fail): Parts {
  const node = source.layout.nodes[walk.node++] ?? fail('a node for every field', 'too few')
  if (node.length < length) fail(`${length} slots`, String(node.length))
  const validity = decodeValidity(source, walk, node.nullCount, length, fail)
  if (w.dictionary) return decodeDictionary(source, w, walk, length, validity, fail)
  const { type } = w.field
  if (hasOffsets(type)) return decodeVariable(source, w, walk, length, validity, fail)
  if (type.kind === 'struct') {
    const children = w.children.map(c => decode(source, c, walk, length, fail))
    return { type, length, ...validity, data: nothing, children }
  }
  if (type.kind === 'fixedList') {
    const items = length * type.size
    if (items > 0x7fffffff) fail('at most 2147483647 items in a batch', String(items), 'Write the file again with smaller batches.')
    return { type, length, ...validity, data: nothing, children: [decode(source, w.children[0] as Wire, walk, items, fail)] }
  }
  return { type, length, ...validity, data: decodeValues(source, type, walk, length, fail), children: [] }
}

function decodeVariable(
  source: Source,
  w: Wire,
  walk: { node: number; buffer: number },
  length: number,
  validity: Validity,
  fail: Fail,
): Parts {
  const { type } = w.field
  const bytes = next(source, walk, fail)
  const width = w.large ? 8 : 4
  const missing = length === 0 && bytes.length === 0 // legal for an empty array
  if (!missing && bytes.length < (length + 1) * width) fail(`${(length + 1) * width} bytes of offsets`, String(bytes.length))
  const raw = missing
    ? new Int32Array(1)
    : w.large
      ? narrow(aligned(bytes, length + 1, BigInt64Array), fail)
      : aligned(bytes, length + 1, Int32Array)
  const start = raw[0] as number
  if (start < 0) fail('offsets of 0 or more', String(start))
  let previous = start
  for (let i = 1; i <= length; i++) {
    const offset = raw[i] as number
    if (offset < previous) fail('offsets that never fall', `${offset} after ${previous}`)
    previous = offset
  }
  const offsets = start === 0 ? raw : raw.map(offset => offset - start)
  if (!w.children.length) {
    const data = next(source, walk, fail)
    if (data.length < previous) fail(`${previous} bytes of values`, String(data.length))
    return { type, length, ...validity, offsets, data: data.subarray(start, previous), children: [] }
  }
  if (type.kind === 'map') {
    const entries = source.layout.nodes[walk.node++] ?? fail('a node for the entries of a map', 'none')
    const holes = decodeValidity(source, walk, entries.nullCount, Math.min(entries.length, previous), fail)
    if (holes.nullCount) fail('no null entries in a map', `${holes.nullCount}`)
    if (entries.length < previous) fail(`${previous} entries`, String(entries.length))
  }
  const children = w.children.map(c => {
    const items = decode(source, c, walk, previous, fail)
    return start === 0 ? items : take(items, range(start, previous))
  })
  return { type, length, ...validity, offsets, data: nothing, children }
}

function decodeDictionary(
  source: Source,
  w: Wire,
  walk: { node: number; buffer: number },
  length: number,
  own: Validity,
  fail: Fail,
): Parts {
  const { id, index } = w.dictionary as NonNullable<Wire['dictionary']>
  const values = source.dictionaries.get(id) ?? fail('a dictionary for every encoded column', `none with id ${id}`)
  const raw = decodeValues(source, index, walk, length, fail)
  const indices = new Uint32Array(length)
  const present = new Uint8Array(bitmapBytes(length))
  let bytes = length * valueWidth(w.field.type)
  const used = own.validity
  for (let i = 0; i < length; i++) {
    if (!used || getBit(used, i)) {
      const at = Number(raw[i])
      if (!(at >= 0 && at < values.length)) fail(`indices below ${values.length}`, String(at))
      indices[i] = at
      if (!values.isNull(at)) setBit(present, i)
    }
    const at = indices[i] as number // 0 for null, whose bytes are taken too and dropped later
    if (values.offsets && values.length) bytes += (values.offsets[at + 1] as number) - (values.offsets[at] as number)
  }
  source.budget -= bytes
  if (source.budget < 0)
    fail('a batch within maxBatchBytes', `${bytes} bytes of decoded dictionary values`, 'Write the file again with smaller batches.')
  const { type } = w.field
  const { nullCount, validity } = withValidity(present, length)
  if (values.length) return { ...take(values, indices), nullCount, validity }
  const elements = type.kind === 'bool' ? bitmapBytes(length) : type.kind === 'fixed' ? length * type.width : hasOffsets(type) ? 0 : length
  return {
    type,
    length,
    nullCount,
    validity,
    offsets: hasOffsets(type) ? new Int32Array(length + 1) : undefined,
    data: allocate(type, elements),
    children: [],
  }
}

interface Validity {
  readonly nullCount: number
  readonly validity: Uint8Array | undefined
}

function decodeValidity(source: Source, walk: { buffer: number }, nullCount: number, length: number, fail: Fail): Validity {
  const bytes = next(source, walk, fail)
  if (bytes.length === 0) {
    if (nullCount) fail('a validity bitmap', `none, for ${nullCount} nulls`)
    return { nullCount: 0, validity: undefined }
  }
  if (!nullCount) return { nullCount: 0, validity: undefined }
  if (bytes.length < bitmapBytes(length)) fail(`${bitmapBytes(length)} bytes of validity`, String(bytes.length))
  return withValidity(bytes.subarray(0, bitmapBytes(length)), length)
}

function decodeValues(source: Source, type: DataType, walk: { buffer: number }, length: number, fail: Fail): Values {
  const bytes = next(source, walk, fail)
  const Type = valuesOf(type)
  const elements = type.kind === 'bool' ? bitmapBytes(length) : type.kind === 'fixed' ? length * type.width : length
  if (bytes.length < elements * Type.BYTES_PER_ELEMENT) fail(`${elements * Type.BYTES_PER_ELEMENT} bytes of values`, String(bytes.length))
  return aligned(bytes, elements, Type as never) as Values
}

function next(source: Source, walk: { buffer: number }, fail: Fail): Uint8Array {
  return source.buffers[walk.buffer++] ?? fail('a buffer for every part of a field', 'too few')
}

/** The first `length` elements in place, or copied where they lie unaligned. */
function aligned<T extends Values>(
  bytes: Uint8Array,
  length: number,
  Type: { new (buffer: ArrayBufferLike, at: number, length: number): T; readonly BYTES_PER_ELEMENT: number },
): T {
  const size = length * Type.BYTES_PER_ELEMENT
  if (bytes.byteOffset % Type.BYTES_PER_ELEMENT === 0) return new Type(bytes.buffer, bytes.byteOffset, length)
  return new Type(bytes.slice(0, size).buffer, 0, length)
}

function narrow(offsets: BigInt64Array, fail: Fail): Int32Array {
  const out = new Int32Array(offsets.length)
  for (let i = 0; i < out.length; i++) {
    const offset = Number(offsets[i])
    if (!(offset >= 0 && offset <= 0x7fffffff))
      fail('at most 2147483647 bytes or items of a column in a batch', String(offset), 'Write the file again with smaller batches.')
    out[i] = offset
  }
  return out
}

function checkNulls(parts: Parts, w: Wire, fail: Fail): void {
  if (parts.nullCount && !w.field.nullable)
    fail(`no nulls in ${JSON.stringify(w.field.name)}`, String(parts.nullCount), 'Declare the field nullable.')
  for (const [i, child] of w.children.entries()) checkNulls(parts.children[i] as Parts, child, fail)
}

function range(from: number, to: number): Uint32Array {
  const out = new Uint32Array(to - from)
  for (let i = 0; i < out.length; i++) out[i] = from + i
  return out
}

const nothing = new Uint8Array(0)
