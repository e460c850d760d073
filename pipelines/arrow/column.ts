/**
 * A column of one batch: Arrow buffers with a type, as native code takes them.
 *
 * Values become JavaScript only where a caller asks for one; whole-column work (take, slice, digest, write) copies typed arrays. Columns
 * are immutable by agreement: `bytes` and the buffers are views, and writing to them changes the column.
 */
import { getBit } from './bits.ts'
import { type Parts, slice, take, withValidity } from './kernels.ts'
import { type DataType, formatType, type Values } from './types.ts'

export class Column implements Parts {
  readonly type: DataType
  readonly length: number
  readonly nullCount: number
  /** One bit a slot, least significant first, set = present. Absent where no slot is null. */
  readonly validity: Uint8Array | undefined
  /** length + 1 positions, from 0: bytes in `data` (utf8, binary) or items in the children (list, map). */
  readonly offsets: Int32Array | undefined
  /** The values; see `Values`. Exactly as long as the last offset or length × width says. */
  readonly data: Values
  /** list, fixedList: the items. struct: its fields. map: keys and values. */
  readonly children: readonly Column[]

  /** `nullCount` is counted from `validity` where it is not given; `children` default to none. Buffers are kept, not copied. */
  constructor(parts: Omit<Parts, 'nullCount' | 'children'> & { nullCount?: number; children?: readonly Parts[] }) {
    this.type = parts.type
    this.length = parts.length
    this.nullCount = parts.nullCount ?? withValidity(parts.validity, parts.length).nullCount
    this.validity = this.nullCount ? parts.validity : undefined
    this.offsets = parts.offsets
    this.data = parts.data
    this.children = (parts.children ?? []).map(c => (c instanceof Column ? c : new Column(c)))
  }

  isNull(i: number): boolean {
    return this.validity !== undefined && !getBit(this.validity, i)
  }

  /** The text at `i` ('' for null). utf8 columns only. Invalid UTF-8 shows as U+FFFD. */
  text(i: number): string {
    if (this.type.kind !== 'utf8') throw this.#not('text', 'utf8')
    const bytes = this.data as Uint8Array
    const start = this.#offset(i)
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, this.#offset(i + 1) - start).toString('utf8')
  }

  /** A view of the bytes at `i`. utf8, binary and fixed columns only. */
  bytes(i: number): Uint8Array {
    const { type, data } = this
    if (type.kind === 'utf8' || type.kind === 'binary') return (data as Uint8Array).subarray(this.#offset(i), this.#offset(i + 1))
    if (type.kind === 'fixed') return (data as Uint8Array).subarray(this.#slot(i) * type.width, (i + 1) * type.width)
    throw this.#not('bytes', 'utf8, binary or fixed')
  }

  /** The number at `i` (0 or 1 for bool). RangeError for a 64-bit value that a number cannot hold exactly. */
  number(i: number): number {
    const { type, data } = this
    if (type.kind === 'bool') return getBit(data as Uint8Array, this.#slot(i)) ? 1 : 0
    if (type.kind !== 'int' && type.kind !== 'float') throw this.#not('number', 'int, float or bool')
    const value = data[this.#slot(i)] as number | bigint
    if (typeof value === 'number') return value
    const number = Number(value)
    if (Number.isSafeInteger(number)) return number
    throw new RangeError(`arrow column: expected at most 2^53 - 1 in absolute value for number(${i}), found ${value}; use value(${i})`)
  }

  /** The value at `i` as plain JavaScript, for people: null, string, number, bigint (64-bit), boolean, hex string (fixed, binary), array, object (struct, map). */
  value(i: number): unknown {
    this.#slot(i)
    if (this.isNull(i)) return null
    const { type, children } = this
    switch (type.kind) {
      case 'utf8':
        return this.text(i)
      case 'binary':
      case 'fixed': {
        const bytes = this.bytes(i)
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
      }
      case 'bool':
        return getBit(this.data as Uint8Array, i)
      case 'struct':
        return Object.fromEntries(type.fields.map((f, j) => [f.name, (children[j] as Column).value(i)]))
      case 'map': {
        const pairs: [string, unknown][] = []
        for (let j = this.#offset(i); j < this.#offset(i + 1); j++) pairs.push([String(this.#child(0).value(j)), this.#child(1).value(j)])
        return Object.fromEntries(pairs)
      }
      case 'list':
      case 'fixedList': {
        const from = type.kind === 'list' ? this.#offset(i) : i * type.size
        const to = type.kind === 'list' ? this.#offset(i + 1) : from + type.size
        const out: unknown[] = []
        for (let j = from; j < to; j++) out.push(this.#child(0).value(j))
        return out
      }
      default:
        return this.data[i]
    }
  }

  /** The slots at `indices`, in their order; they may repeat. RangeError if one is outside. */
  take(indices: Uint32Array): Column {
    return new Column(take(this, indices))
  }

  /** A copy of slots `from` (inclusive) to `to` (exclusive, default: the end). */
  slice(from: number, to: number = this.length): Column {
    return new Column(slice(this, from, to))
  }

  /** Bytes of all buffers, children included. */
  get byteLength(): number {
    let total = this.data.byteLength + (this.validity?.byteLength ?? 0) + (this.offsets?.byteLength ?? 0)
    for (const child of this.children) total += child.byteLength
    return total
  }

  #child(i: number): Column {
    return this.children[i] as Column
  }

  #offset(i: number): number {
    const offset = this.offsets?.[i]
    if (offset === undefined) throw new RangeError(`arrow column: expected a slot below ${this.length}, found ${i}`)
    return offset
  }

  #slot(i: number): number {
    if (i >= 0 && i < this.length) return i
    throw new RangeError(`arrow column: expected a slot below ${this.length}, found ${i}`)
  }

  #not(method: string, kinds: string): TypeError {
    return new TypeError(`arrow column: ${method}() expected a column of ${kinds}, found ${formatType(this.type)}`)
  }
}
