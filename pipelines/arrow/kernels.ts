/**
 * Take, slice and concatenate over plain column parts: typed-array copies, no object per value.
 *
 * Everything is copied rather than shared with an offset: parts always start at 0, so native code, the digest and the writer need no
 * second case. Take joins neighbouring indices into one copy, which makes a filter that keeps most rows cost what a copy costs.
 */
import { bitmapBytes, copyBits, countBits, ones, takeBits } from './bits.ts'
import { childFields, type DataType, formatType, hasOffsets, type Values, valuesOf } from './types.ts'

/**
 * What a column consists of. `validity` is absent where no slot is null; `offsets` has length + 1 entries and starts at 0; `data` and the
 * children end where the last offset, or length × width or size, says.
 */
export interface Parts {
  readonly type: DataType
  readonly length: number
  readonly nullCount: number
  readonly validity?: Uint8Array | undefined
  readonly offsets?: Int32Array | undefined
  readonly data: Values
  readonly children: readonly Parts[]
}

const maxOffset = 0x7fffffff
const noBytes = new Uint8Array(0)

/** The slots at `indices`, which may repeat and come in any order. RangeError if one is outside or the values pass 2 GiB. */
export function take(parts: Parts, indices: Uint32Array): Parts {
  const { length } = parts
  for (let i = 0; i < indices.length; i++)
    if ((indices[i] as number) >= length) throw new RangeError(`arrow take: expected indices below ${length}, found ${indices[i]} at ${i}`)
  return gather(parts, indices)
}

/** Slots `from` (inclusive) to `to` (exclusive). RangeError if they are not 0 ≤ from ≤ to ≤ length. */
export function slice(parts: Parts, from: number, to: number): Parts {
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to <= parts.length))
    throw new RangeError(`arrow slice: expected 0 ≤ from ≤ to ≤ ${parts.length}, found ${from} to ${to}`)
  const { type, offsets, data, children } = parts
  const length = to - from
  const valid = withValidity(parts.validity && sliceBits(parts.validity, from, length), length)
  if (offsets) {
    const start = offsets[from] as number
    const end = offsets[to] as number
    const moved = offsets.slice(from, to + 1)
    if (start) for (let i = 0; i < moved.length; i++) moved[i] = (moved[i] as number) - start
    if (children.length) return { type, length, ...valid, offsets: moved, data: noBytes, children: children.map(c => slice(c, start, end)) }
    return { type, length, ...valid, offsets: moved, data: data.slice(start, end), children }
  }
  if (type.kind === 'bool') return { type, length, ...valid, data: sliceBits(data as Uint8Array, from, length), children }
  if (type.kind === 'struct') return { type, length, ...valid, data: noBytes, children: children.map(c => slice(c, from, to)) }
  if (type.kind === 'fixedList')
    return { type, length, ...valid, data: noBytes, children: children.map(c => slice(c, from * type.size, to * type.size)) }
  const per = type.kind === 'fixed' ? type.width : 1
  return { type, length, ...valid, data: data.slice(from * per, to * per), children }
}

/** The slots of all parts in order; they must share `type`. RangeError if the values pass 2 GiB. */
export function concat(type: DataType, all: readonly Parts[]): Parts {
  let length = 0
  let nulls = 0
  for (const p of all) {
    length += p.length
    nulls += p.nullCount
  }
  let validity: Uint8Array | undefined
  if (nulls) {
    validity = new Uint8Array(bitmapBytes(length))
    let at = 0
    for (const p of all) {
      copyBits(p.validity ?? ones(p.length), 0, p.length, validity, at)
      at += p.length
    }
  }
  const base = { type, length, nullCount: nulls, validity }
  const children = childFields(type).map((f, i) =>
    concat(
      f.type,
      all.map(p => p.children[i] as Parts),
    ),
  )
  if (type.kind === 'bool') {
    const data = new Uint8Array(bitmapBytes(length))
    let at = 0
    for (const p of all) {
      copyBits(p.data as Uint8Array, 0, p.length, data, at)
      at += p.length
    }
    return { ...base, data, children }
  }
  const data = join(
    type,
    all.map(p => p.data),
  )
  if (!hasOffsets(type)) return { ...base, data, children }
  const offsets = new Int32Array(length + 1)
  let row = 0
  let start = 0
  for (const p of all) {
    const own = p.offsets as Int32Array
    for (let i = 0; i < p.length; i++) offsets[row++] = start + (own[i] as number)
    start = checkOffset(type, start + (own[p.length] as number))
  }
  offsets[row] = start
  return { ...base, offsets, data, children }
}

/** `nullCount` and `validity` of a bitmap; no bitmap where nothing is null. */
export function withValidity(map: Uint8Array | undefined, length: number): { nullCount: number; validity: Uint8Array | undefined } {
  const nullCount = map ? length - countBits(map, length) : 0
  return { nullCount, validity: nullCount ? map : undefined }
}

/** `offset` if an int32 holds it, else RangeError: a batch's values of one column stay below 2 GiB. */
export function checkOffset(type: DataType, offset: number): number {
  if (offset <= maxOffset) return offset
  throw new RangeError(
    `arrow: expected at most ${maxOffset} bytes or items in a ${formatType(type)} column of one batch, found ${offset}; use smaller batches`,
  )
}

/** As `take`, of indices that are known to be inside. */
export function gather(parts: Parts, indices: Uint32Array): Parts {
  const { type, offsets, data, children } = parts
  const length = indices.length
  const valid = withValidity(parts.validity && takeBits(parts.validity, indices), length)
  if (offsets) {
    const moved = new Int32Array(length + 1)
    let total = 0
    for (let i = 0; i < length; i++) {
      const at = indices[i] as number
      total += (offsets[at + 1] as number) - (offsets[at] as number)
      if (total > maxOffset) checkOffset(type, total)
      moved[i + 1] = total
    }
    const ranges = runs(indices, offsets)
    if (children.length) {
      const items = expand(ranges)
      return { type, length, ...valid, offsets: moved, data: noBytes, children: children.map(c => gather(c, items)) }
    }
    return { type, length, ...valid, offsets: moved, data: copyRanges(data as Uint8Array, ranges, 1), children }
  }
  switch (type.kind) {
    case 'bool':
      return { type, length, ...valid, data: takeBits(data as Uint8Array, indices), children }
    case 'struct':
      return { type, length, ...valid, data: noBytes, children: children.map(c => gather(c, indices)) }
    case 'fixedList': {
      const items = expandFixed(indices, type.size)
      return { type, length, ...valid, data: noBytes, children: children.map(c => gather(c, items)) }
    }
    case 'fixed':
      return { type, length, ...valid, data: copyRanges(data as Uint8Array, runs(indices), type.width), children }
    default:
      return { type, length, ...valid, data: takeValues(type, data, indices), children }
  }
}

function takeValues(type: DataType, data: Values, indices: Uint32Array): Values {
  const out = allocate(type, indices.length)
  if (data instanceof BigUint64Array || data instanceof BigInt64Array) {
    // Halves, since every element read of a 64-bit array would make a bigint.
    const from = new Uint32Array(data.buffer, data.byteOffset, data.length * 2)
    const to = new Uint32Array(out.buffer)
    for (let i = 0; i < indices.length; i++) {
      const at = (indices[i] as number) * 2
      to[2 * i] = from[at] as number
      to[2 * i + 1] = from[at + 1] as number
    }
    return out
  }
  const to = out as Uint32Array
  for (let i = 0; i < indices.length; i++) to[i] = data[indices[i] as number] as number
  return out
}

/** Zeroed values for `length` elements of `type`. */
export function allocate(type: DataType, length: number): Values {
  const Type = valuesOf(type)
  return new Type(new ArrayBuffer(length * Type.BYTES_PER_ELEMENT))
}

function join(type: DataType, all: readonly Values[]): Values {
  let length = 0
  for (const values of all) length += values.length
  if (hasOffsets(type)) checkOffset(type, length)
  const out = allocate(type, length) as Uint8Array
  let at = 0
  for (const values of all) {
    out.set(values as Uint8Array, at)
    at += values.length
  }
  return out
}

/** Ranges [start, end) in pairs, neighbours joined: of the values behind `offsets` at `indices`, or of the indices themselves. */
export function runs(indices: Uint32Array, offsets?: Int32Array): Uint32Array {
  const out = new Uint32Array(indices.length * 2)
  let n = 0
  for (let i = 0; i < indices.length; i++) {
    const at = indices[i] as number
    const start = offsets ? (offsets[at] as number) : at
    const end = offsets ? (offsets[at + 1] as number) : at + 1
    if (start === end) continue
    if (n && out[n - 1] === start) out[n - 1] = end
    else {
      out[n++] = start
      out[n++] = end
    }
  }
  return out.subarray(0, n)
}

/** The bytes of `ranges` of elements of `width` bytes, one behind the other. */
export function copyRanges(data: Uint8Array, ranges: Uint32Array, width: number): Uint8Array {
  let total = 0
  for (let i = 0; i < ranges.length; i += 2) total += ((ranges[i + 1] as number) - (ranges[i] as number)) * width
  const out = new Uint8Array(total)
  const source = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  let at = 0
  for (let i = 0; i < ranges.length; i += 2) {
    const start = (ranges[i] as number) * width
    const end = (ranges[i + 1] as number) * width
    if (end - start > 96) {
      source.copy(out, at, start, end)
      at += end - start
    } else for (let j = start; j < end; j++) out[at++] = data[j] as number
  }
  return out
}

/** Every index within `ranges`. */
export function expand(ranges: Uint32Array): Uint32Array {
  let total = 0
  for (let i = 0; i < ranges.length; i += 2) total += (ranges[i + 1] as number) - (ranges[i] as number)
  const out = new Uint32Array(total)
  let n = 0
  for (let i = 0; i < ranges.length; i += 2) for (let j = ranges[i] as number; j < (ranges[i + 1] as number); j++) out[n++] = j
  return out
}

function expandFixed(indices: Uint32Array, size: number): Uint32Array {
  const out = new Uint32Array(indices.length * size)
  let n = 0
  for (let i = 0; i < indices.length; i++) {
    const start = (indices[i] as number) * size
    for (let j = 0; j < size; j++) out[n++] = start + j
  }
  return out
}

function sliceBits(map: Uint8Array, from: number, length: number): Uint8Array {
  const out = new Uint8Array(bitmapBytes(length))
  copyBits(map, from, length, out, 0)
  return out
}
