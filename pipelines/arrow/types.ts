/**
 * The types that a Millrace file may hold: the part of Arrow's that native code and the trainer read without conversion.
 *
 * Small on purpose: int32 offsets only, no dictionaries, no views, no time types. What other writers use beyond it is converted on
 * read where that is simple (`read.ts`) and refused by name where it is not. Layouts: Arrow columnar format 1.5, "Physical memory layout".
 */

export type DataType =
  | { readonly kind: 'utf8' }
  | { readonly kind: 'binary' }
  | { readonly kind: 'fixed'; readonly width: number }
  | { readonly kind: 'int'; readonly bits: 8 | 16 | 32 | 64; readonly signed: boolean }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  | { readonly kind: 'bool' }
  | { readonly kind: 'list'; readonly item: Field }
  | { readonly kind: 'fixedList'; readonly size: number; readonly item: Field }
  | { readonly kind: 'struct'; readonly fields: readonly Field[] }
  | { readonly kind: 'map'; readonly key: Field; readonly value: Field }

export interface Field {
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
}

export interface Schema {
  readonly fields: readonly Field[]
  readonly metadata?: Readonly<Record<string, string>>
}

/** A type whose slots may be null; made by `optional`. */
export interface Optional {
  readonly optional: DataType
}

/** The array that holds a column's values: bytes for utf8, binary, fixed and bool (a bitmap), else one element a value. Empty for nested types. */
export type Values =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array

type Constructor = (new (buffer: ArrayBufferLike, byteOffset?: number, length?: number) => Values) & { readonly BYTES_PER_ELEMENT: number }

export const utf8 = (): DataType => ({ kind: 'utf8' })
export const binary = (): DataType => ({ kind: 'binary' })
/** Exactly `width` bytes a value (width ≥ 1). */
export const fixed = (width: number): DataType => ({ kind: 'fixed', width: positive(width, 'fixed width') })
export const u8 = (): DataType => ({ kind: 'int', bits: 8, signed: false })
export const u16 = (): DataType => ({ kind: 'int', bits: 16, signed: false })
export const u32 = (): DataType => ({ kind: 'int', bits: 32, signed: false })
export const u64 = (): DataType => ({ kind: 'int', bits: 64, signed: false })
export const i8 = (): DataType => ({ kind: 'int', bits: 8, signed: true })
export const i16 = (): DataType => ({ kind: 'int', bits: 16, signed: true })
export const i32 = (): DataType => ({ kind: 'int', bits: 32, signed: true })
export const i64 = (): DataType => ({ kind: 'int', bits: 64, signed: true })
export const f32 = (): DataType => ({ kind: 'float', bits: 32 })
export const f64 = (): DataType => ({ kind: 'float', bits: 64 })
export const bool = (): DataType => ({ kind: 'bool' })
export const list = (item: DataType | Optional): DataType => ({ kind: 'list', item: field('item', item) })
/** Exactly `size` items a value (size ≥ 1), items back to back in the child. */
export const fixedList = (item: DataType | Optional, size: number): DataType => ({
  kind: 'fixedList',
  size: positive(size, 'list size'),
  item: field('item', item),
})
/** At least one member: without a buffer nothing would bound a struct's length. */
export const struct = (fields: Record<string, DataType | Optional>): DataType => {
  positive(Object.keys(fields).length, 'members of a struct')
  return { kind: 'struct', fields: fieldsOf(fields) }
}
/** map<utf8, utf8>; the builder writes its keys sorted by their bytes. */
export const textMap = (): DataType => ({ kind: 'map', key: field('key', utf8()), value: field('value', utf8()) })
/** Lets the slots of a field, item or member be null. */
export const optional = (type: DataType): Optional => ({ optional: type })

export const field = (name: string, type: DataType | Optional): Field =>
  'optional' in type ? { name, type: type.optional, nullable: true } : { name, type, nullable: false }

/** The schema with these fields, in the order of the object's keys: `schema({ id: fixed(16), text: utf8(), title: optional(utf8()) })`. */
export const schema = (fields: Record<string, DataType | Optional>, metadata?: Record<string, string>): Schema =>
  metadata ? { fields: fieldsOf(fields), metadata } : { fields: fieldsOf(fields) }

/** The fields of a type's children in the order of `Column.children`; a map's are its key and its value (the entries struct is implied). */
export function childFields(type: DataType): readonly Field[] {
  switch (type.kind) {
    case 'list':
    case 'fixedList':
      return [type.item]
    case 'struct':
      return type.fields
    case 'map':
      return [type.key, type.value]
    default:
      return []
  }
}

/** True where values are found through `length + 1` int32 offsets. */
export const hasOffsets = (type: DataType): boolean =>
  type.kind === 'utf8' || type.kind === 'binary' || type.kind === 'list' || type.kind === 'map'

/** Bytes of one value in the data buffer; 0 for bool (bits), for values behind offsets and for nested types. */
export const valueWidth = (type: DataType): number =>
  type.kind === 'fixed' ? type.width : type.kind === 'int' || type.kind === 'float' ? type.bits / 8 : 0

/** The typed array of a type's values. */
export function valuesOf(type: DataType): Constructor {
  if (type.kind === 'float') return type.bits === 32 ? Float32Array : Float64Array
  if (type.kind !== 'int') return Uint8Array
  if (type.bits === 8) return type.signed ? Int8Array : Uint8Array
  if (type.bits === 16) return type.signed ? Int16Array : Uint16Array
  if (type.bits === 32) return type.signed ? Int32Array : Uint32Array
  return type.signed ? BigInt64Array : BigUint64Array
}

/** A type as people write it, and as it enters the content digest: `map<utf8, utf8>`, `list<item: int64?>`; `?` marks what may be null. */
export function formatType(type: DataType): string {
  switch (type.kind) {
    case 'fixed':
      return `fixed[${type.width}]`
    case 'int':
      return `${type.signed ? 'int' : 'uint'}${type.bits}`
    case 'float':
      return `float${type.bits}`
    case 'list':
      return `list<${formatField(type.item)}>`
    case 'fixedList':
      return `list[${type.size}]<${formatField(type.item)}>`
    case 'struct':
      return `struct<${type.fields.map(formatField).join(', ')}>`
    case 'map':
      return `map<${formatField(type.key)}, ${formatField(type.value)}>`
    default:
      return type.kind
  }
}

/** A field as `"name": type`, the name quoted as JSON so that no name can look like a type. */
export const formatField = (f: Field): string => `${JSON.stringify(f.name)}: ${formatType(f.type)}${f.nullable ? '?' : ''}`

/** True if two types have the same layout, names and nullability all the way down. */
export const sameType = (a: DataType, b: DataType): boolean => a === b || formatType(a) === formatType(b)

/** True if two schemas have the same fields in the same order; metadata does not count. */
export const sameFields = (a: Schema, b: Schema): boolean =>
  a === b ||
  (a.fields.length === b.fields.length &&
    a.fields.every((f, i) => f === b.fields[i] || formatField(f) === formatField(b.fields[i] as Field)))

const fieldsOf = (fields: Record<string, DataType | Optional>): Field[] => Object.entries(fields).map(([name, type]) => field(name, type))

function positive(n: number, what: string): number {
  if (Number.isInteger(n) && n >= 1 && n <= 0x7fffffff) return n
  throw new RangeError(`arrow: expected ${what} of 1 to 2147483647, found ${n}`)
}
