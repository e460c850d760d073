/**
 * One column in the making: growing buffers, one value at a time, children below.
 *
 * A value that is refused may leave part of itself behind; `truncate` takes it back. Buffers grow by half, so memory is at most 2.5 times
 * what is in them.
 */
import { isUtf8 } from 'node:buffer'
import { bitmapBytes, clearTail, setBit } from './bits.ts'
import { Column } from './column.ts'
import { allocate, checkOffset, withValidity } from './kernels.ts'
import { childFields, type Field, formatType, hasOffsets, type Values, valuesOf } from './types.ts'

export class ColumnBuilder {
  readonly field: Field
  readonly #path: string
  readonly #per: number // elements of #data a slot; 0 where offsets or bits count
  #length = 0
  #nulls = 0
  #validity = new Uint8Array(8) // grown with the slots; set = present
  #offsets = new Int32Array(0)
  #data: Values
  #used = 0 // elements of #data in use, or items behind the last offset
  readonly #children: ColumnBuilder[]

  constructor(field: Field, path: string) {
    const { type } = field
    this.field = field
    this.#path = path
    this.#per = type.kind === 'fixed' ? type.width : type.kind === 'int' || type.kind === 'float' ? 1 : 0
    this.#data = allocate(type, 0)
    if (hasOffsets(type)) this.#offsets = new Int32Array(17)
    this.#children = childFields(type).map(f => new ColumnBuilder(f, `${path}.${f.name}`))
  }

  get bytes(): number {
    const own = (this.#nulls ? bitmapBytes(this.#length) : 0) + (hasOffsets(this.field.type) ? 4 * (this.#length + 1) : 0)
    if (this.#children.length) return this.#children.reduce((total, c) => total + c.bytes, own)
    return own + (this.field.type.kind === 'bool' ? bitmapBytes(this.#length) : this.#used * this.#data.BYTES_PER_ELEMENT)
  }

  append(value: unknown): void {
    if (value === null || value === undefined) {
      if (!this.field.nullable) throw this.#not(value)
      this.#blank()
      this.#nulls++
    } else {
      this.#add(value)
      this.#grow()
      setBit(this.#validity, this.#length)
    }
    this.#close()
  }

  /** Back to the first `length` slots. */
  truncate(length: number): void {
    const { type } = this.field
    if (length >= this.#length) {
      // A slot that failed half way: its items or bytes are there, the slot is not.
      this.#used = hasOffsets(type) ? (this.#offsets[this.#length] as number) : this.#length * this.#per
    } else {
      for (let i = length; i < this.#length; i++) {
        const mask = 1 << (i & 7)
        if (!((this.#validity[i >>> 3] as number) & mask)) this.#nulls--
        this.#validity[i >>> 3] = (this.#validity[i >>> 3] as number) & ~mask
        if (type.kind === 'bool' && i >>> 3 < this.#data.length) this.#data[i >>> 3] = (this.#data[i >>> 3] as number) & ~mask
      }
      this.#length = length
      this.#used = hasOffsets(type) ? (this.#offsets[length] as number) : length * this.#per
      if (this.#per) new Uint8Array(this.#data.buffer).fill(0, this.#used * this.#data.BYTES_PER_ELEMENT)
    }
    const items = hasOffsets(type) ? this.#used : type.kind === 'fixedList' ? this.#length * type.size : this.#length
    for (const child of this.#children) child.truncate(items)
  }

  finish(): Column {
    const { type } = this.field
    const length = this.#length
    const validity = this.#nulls ? this.#validity.slice(0, bitmapBytes(length)) : undefined
    if (validity) clearTail(validity, length)
    const used = type.kind === 'bool' ? bitmapBytes(length) : this.#children.length ? 0 : this.#used
    if (type.kind === 'bool') this.#reserve(used, true)
    const offsets = hasOffsets(type) ? this.#offsets.slice(0, length + 1) : undefined
    const column = new Column({
      type,
      length,
      ...withValidity(validity, length),
      offsets,
      data: this.#data.slice(0, used) as Values,
      children: this.#children.map(c => c.finish()),
    })
    this.#length = 0
    this.#nulls = 0
    this.#used = 0
    this.#validity = new Uint8Array(8)
    this.#data = allocate(type, 0)
    if (offsets) this.#offsets = new Int32Array(17)
    return column
  }

  /** A slot with nothing in it: zeros, or no items. */
  #blank(): void {
    const { type } = this.field
    this.#grow()
    if (this.#per) {
      this.#reserve(this.#used + this.#per)
      this.#used += this.#per
    }
    const times = type.kind === 'fixedList' ? type.size : type.kind === 'struct' ? 1 : 0
    for (const child of this.#children) for (let i = 0; i < times; i++) child.#hide()
  }

  #hide(): void {
    this.#blank()
    if (this.field.nullable) this.#nulls++
    else setBit(this.#validity, this.#length)
    this.#close()
  }

  #close(): void {
    this.#length++
    if (hasOffsets(this.field.type)) this.#offsets[this.#length] = this.#used
  }

  #add(value: unknown): void {
    const { type } = this.field
    switch (type.kind) {
      case 'utf8':
        this.#addText(value)
        return
      case 'binary':
        this.#addBytes(bytesOf(value) ?? this.#fail(value))
        return
      case 'fixed': {
        const bytes = bytesOf(value)
        if (bytes?.length !== type.width) throw this.#not(value, bytes ? `${bytes.length} bytes` : undefined)
        this.#addBytes(bytes)
        return
      }
      case 'bool':
        if (typeof value !== 'boolean') throw this.#not(value)
        this.#reserve(bitmapBytes(this.#length + 1), true)
        if (value) setBit(this.#data as Uint8Array, this.#length)
        return
      case 'int':
      case 'float':
        this.#reserve(this.#used + 1)
        this.#data[this.#used] = this.#number(value) as never
        this.#used++
        return
      case 'struct':
        this.#addStruct(value)
        return
      case 'map':
        this.#addMap(value)
        return
      default:
        this.#addItems(value)
    }
  }

  #addText(value: unknown): void {
    if (typeof value !== 'string') {
      if (!(value instanceof Uint8Array)) throw this.#not(value)
      if (!isUtf8(value)) throw this.#not(value, 'bytes that are not UTF-8')
      this.#addBytes(value)
      return
    }
    const bytes = Buffer.byteLength(value)
    checkOffset(this.field.type, this.#used + bytes)
    this.#reserve(this.#used + bytes)
    const { buffer } = this.#data
    if (bytes) Buffer.from(buffer, this.#used, bytes).write(value, 'utf8')
    this.#used += bytes
  }

  #addBytes(bytes: Uint8Array): void {
    if (!this.#per) checkOffset(this.field.type, this.#used + bytes.length)
    this.#reserve(this.#used + bytes.length)
    ;(this.#data as Uint8Array).set(bytes, this.#used)
    this.#used += bytes.length
  }

  #addStruct(value: unknown): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.#not(value)
    for (const name in value)
      if (!this.#children.some(c => c.field.name === name)) throw this.#not(value, `a member ${JSON.stringify(name)}`)
    for (const child of this.#children) child.append((value as Record<string, unknown>)[child.field.name])
  }

  #addMap(value: unknown): void {
    if (typeof value !== 'object' || value === null) throw this.#not(value)
    const pairs: [unknown, unknown][] = Array.isArray(value) ? [...value] : Object.entries(value)
    const [keys, values] = this.#children as [ColumnBuilder, ColumnBuilder]
    for (const pair of pairs) if (!Array.isArray(pair) || pair.length !== 2) throw this.#not(value, 'an entry that is no pair')
    pairs.sort((a, b) => compareKeys(a[0], b[0]))
    checkOffset(this.field.type, this.#used + pairs.length)
    for (const [key, item] of pairs) {
      keys.append(key)
      values.append(item)
      this.#used++
    }
  }

  #addItems(value: unknown): void {
    const { type } = this.field
    const items = this.#children[0] as ColumnBuilder
    if (!Array.isArray(value) && !(ArrayBuffer.isView(value) && !(value instanceof DataView))) throw this.#not(value)
    const all = value as ArrayLike<unknown>
    if (type.kind === 'fixedList' && all.length !== type.size) throw this.#not(value, `${all.length} items`)
    if (type.kind === 'list') checkOffset(type, this.#used + all.length)
    if (!items.#addArray(all)) for (let i = 0; i < all.length; i++) items.append(all[i])
    if (type.kind === 'list') this.#used += all.length
  }

  /** Copies a typed array of exactly this column's element type at once; false if `values` is none. */
  #addArray(values: ArrayLike<unknown>): boolean {
    const { type } = this.field
    if ((type.kind !== 'int' && type.kind !== 'float') || !(values instanceof valuesOf(type))) return false
    this.#reserve(this.#used + values.length)
    ;(this.#data as Uint8Array).set(values as Uint8Array, this.#used)
    this.#used += values.length
    const end = this.#length + values.length
    this.#grow(end)
    for (let i = this.#length; i < end; i++) setBit(this.#validity, i)
    this.#length = end
    return true
  }

  #number(value: unknown): number | bigint {
    const { type } = this.field
    if (type.kind === 'float') return typeof value === 'number' ? value : this.#fail(value)
    if (type.kind !== 'int') return this.#fail(value)
    if (type.bits === 64) {
      const wide = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
      if (typeof wide !== 'bigint') return this.#fail(value)
      return (type.signed ? BigInt.asIntN(64, wide) : BigInt.asUintN(64, wide)) === wide ? wide : this.#fail(value)
    }
    const low = type.signed ? -(2 ** (type.bits - 1)) : 0
    if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value >= low + 2 ** type.bits) return this.#fail(value)
    return value
  }

  /** Room for slots up to `length` (default: one more) in the bitmap and the offsets. */
  #grow(length = this.#length + 1): void {
    if (bitmapBytes(length) > this.#validity.length) {
      const wider = new Uint8Array(Math.max(bitmapBytes(length), this.#validity.length * 2))
      wider.set(this.#validity)
      this.#validity = wider
    }
    if (this.#offsets.length && length + 1 > this.#offsets.length) {
      const longer = new Int32Array(Math.max(length + 1, this.#offsets.length * 2))
      longer.set(this.#offsets)
      this.#offsets = longer
    }
  }

  #reserve(elements: number, exact = false): void {
    if (elements <= this.#data.length) return
    const longer = allocate(this.field.type, Math.max(elements, exact ? 8 : 64, Math.ceil(this.#data.length * 1.5)))
    ;(longer as Uint8Array).set(this.#data as Uint8Array)
    this.#data = longer
  }

  #fail(value: unknown): never {
    throw this.#not(value)
  }

  #not(value: unknown, found?: string): TypeError {
    const shown =
      found ?? (typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : Array.isArray(value) ? 'an array' : String(value))
    return new TypeError(
      `arrow builder: expected ${formatType(this.field.type)}${this.field.nullable ? ' or null' : ''} for ${this.#path}, found ${shown}`,
    )
  }
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value
  if (typeof value !== 'string' || value.length % 2 || !/^[0-9a-f]*$/i.test(value)) return undefined
  return Buffer.from(value, 'hex')
}

/** By UTF-8 bytes, which is by code point; numbers by value. */
function compareKeys(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b)
  const x = a as number
  const y = b as number
  return x < y ? -1 : x > y ? 1 : 0
}
