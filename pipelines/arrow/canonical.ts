/**
 * One spelling for a column's values, so that digests and files depend on what a column says and not on how it came about.
 *
 * Arrow leaves null slots, slots below null parents and bits behind the end undefined. Zeroing them costs a scan of the nulls, and a copy
 * only where something has to change.
 */
import { bitmapBytes, clearTail, getBit, setBit } from './bits.ts'
import { copyRanges, expand, gather, type Parts, runs, withValidity } from './kernels.ts'
import { childFields, type DataType, type Values, valueWidth } from './types.ts'

/**
 * The same values with one spelling: null slots hold zeros or no bytes, slots below a null struct or fixed list are null where they may be
 * and zero where not, and bits behind the end are zero. Content digests and files are made of this. Parts that are canonical come back as they are.
 */
export function canonical(parts: Parts, hidden?: Uint8Array, nullable = true): Parts {
  let { validity, nullCount } = parts
  const { type, length, offsets, data, children } = parts
  if (hidden && (nullable || validity)) {
    const merged = new Uint8Array(bitmapBytes(length))
    for (let i = 0; i < merged.length; i++) {
      const own = validity ? (validity[i] as number) : 255
      merged[i] = nullable ? (hidden[i] as number) & own : ~(hidden[i] as number) | own
    }
    clearTail(merged, length)
    ;({ validity, nullCount } = withValidity(merged, length))
  } else if (validity && (tailIsDirty(validity, length) || !nullCount)) {
    const clean = validity.slice(0, bitmapBytes(length))
    clearTail(clean, length)
    ;({ validity, nullCount } = withValidity(clean, length))
  }
  const shown = validity ?? hidden // a slot that is absent here counts as zero
  const fields = childFields(type)
  if (offsets && shown) {
    if (hasBytesInNulls(offsets, shown, length)) {
      const kept = dropNullRanges(offsets, shown, length)
      const own = kept.ranges
      if (!fields.length)
        return { type, length, nullCount, validity, offsets: kept.offsets, data: copyRanges(data as Uint8Array, own, 1), children }
      return {
        type,
        length,
        nullCount,
        validity,
        offsets: kept.offsets,
        data,
        children: children.map((c, i) => canonical(gather(c, expand(own)), undefined, (fields[i] as { nullable: boolean }).nullable)),
      }
    }
  }
  let below: Uint8Array | undefined
  if (shown && type.kind === 'struct') below = shown
  if (shown && type.kind === 'fixedList') below = repeatBits(shown, length, type.size)
  const clean = fields.length ? children.map((c, i) => canonical(c, below, (fields[i] as { nullable: boolean }).nullable)) : children
  const values = fields.length || offsets ? data : zeroNulls(type, data, length, shown)
  const same = values === data && validity === parts.validity && clean.every((c, i) => c === children[i])
  return same ? parts : { type, length, nullCount, validity, offsets, data: values, children: clean }
}

function repeatBits(map: Uint8Array, length: number, times: number): Uint8Array {
  const out = new Uint8Array(bitmapBytes(length * times))
  for (let i = 0; i < length; i++) if (getBit(map, i)) for (let j = 0; j < times; j++) setBit(out, i * times + j)
  return out
}

function tailIsDirty(map: Uint8Array, length: number): boolean {
  return map.length !== bitmapBytes(length) || ((length & 7) !== 0 && (map[length >>> 3] as number) >>> (length & 7) !== 0)
}

function hasBytesInNulls(offsets: Int32Array, validity: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (offsets[i] !== offsets[i + 1] && !getBit(validity, i)) return true
  return false
}

function dropNullRanges(offsets: Int32Array, validity: Uint8Array, length: number): { offsets: Int32Array; ranges: Uint32Array } {
  const kept = new Uint32Array(length)
  const moved = new Int32Array(length + 1)
  let n = 0
  let total = 0
  for (let i = 0; i < length; i++) {
    if (getBit(validity, i)) {
      kept[n++] = i
      total += (offsets[i + 1] as number) - (offsets[i] as number)
    }
    moved[i + 1] = total
  }
  return { offsets: moved, ranges: runs(kept.subarray(0, n), offsets) }
}

function zeroNulls(type: DataType, data: Values, length: number, shown: Uint8Array | undefined): Values {
  if (type.kind === 'bool') {
    const map = data as Uint8Array
    let dirty = tailIsDirty(map, length)
    if (shown) for (let i = 0; i < bitmapBytes(length) && !dirty; i++) dirty = ((map[i] as number) & ~(shown[i] as number)) !== 0
    if (!dirty) return data
    const out = map.slice(0, bitmapBytes(length))
    if (shown) for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) & (shown[i] as number)
    clearTail(out, length)
    return out
  }
  if (!shown) return data
  const width = valueWidth(type)
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  let out: Values = data
  let target = bytes
  for (let i = 0; i < length; i++) {
    if (getBit(shown, i)) continue
    for (let j = i * width; j < (i + 1) * width; j++) {
      if (!target[j]) continue
      if (out === data) {
        out = data.slice()
        target = new Uint8Array(out.buffer, out.byteOffset, out.byteLength)
      }
      target[j] = 0
    }
  }
  return out
}
