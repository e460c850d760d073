/**
 * Reads flatbuffers that may lie: every position is checked against the buffer before it is followed.
 *
 * The generated readers of the flatbuffers package trust their input and read whatever an offset points at. Only what Arrow's metadata
 * uses is here: tables, scalars, strings, vectors. Layout: flatbuffers.dev, "FlatBuffer internals".
 */

/** Says that the buffer is wrong; never returns. */
export type Refuse = (expected: string, found: string) => never

export class Table {
  readonly #view: DataView
  readonly #at: number
  readonly #vtable: number
  readonly #vtableSize: number
  readonly #size: number
  readonly #refuse: Refuse

  private constructor(view: DataView, at: number, refuse: Refuse) {
    within(view, at, 4, 'a table', refuse)
    const vtable = at - view.getInt32(at, true)
    within(view, vtable, 4, 'a vtable', refuse)
    const vtableSize = view.getUint16(vtable, true)
    const size = view.getUint16(vtable + 2, true)
    if (vtableSize < 4 || vtableSize % 2) refuse('a vtable of 4 bytes or more, even', String(vtableSize))
    within(view, vtable, vtableSize, 'a vtable', refuse)
    within(view, at, Math.max(size, 4), 'a table', refuse)
    this.#view = view
    this.#at = at
    this.#vtable = vtable
    this.#vtableSize = vtableSize
    this.#size = size
    this.#refuse = refuse
  }

  static root(bytes: Uint8Array, refuse: Refuse): Table {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    within(view, 0, 4, 'a root', refuse)
    return new Table(view, view.getUint32(0, true), refuse)
  }

  bool(slot: number): boolean {
    return this.uint8(slot) !== 0
  }

  uint8(slot: number): number {
    const at = this.#field(slot, 1)
    return at ? this.#view.getUint8(at) : 0
  }

  int16(slot: number): number {
    const at = this.#field(slot, 2)
    return at ? this.#view.getInt16(at, true) : 0
  }

  int32(slot: number): number {
    const at = this.#field(slot, 4)
    return at ? this.#view.getInt32(at, true) : 0
  }

  /** An int64 as a number; refuses what is negative or no safe integer. */
  size(slot: number, what: string): number {
    const at = this.#field(slot, 8)
    return at ? size(this.#view, at, what, this.#refuse) : 0
  }

  int64(slot: number): bigint {
    const at = this.#field(slot, 8)
    return at ? this.#view.getBigInt64(at, true) : 0n
  }

  table(slot: number): Table | undefined {
    const at = this.#target(slot)
    return at ? new Table(this.#view, at, this.#refuse) : undefined
  }

  /** A string of at most `most` bytes. */
  string(slot: number, most: number): string | undefined {
    const at = this.#target(slot)
    if (!at) return undefined
    within(this.#view, at, 4, 'a string', this.#refuse)
    const length = this.#view.getUint32(at, true)
    within(this.#view, at + 4, length, 'a string', this.#refuse)
    if (length > most) this.#refuse(`a string of at most ${most} bytes`, String(length))
    return Buffer.from(this.#view.buffer, this.#view.byteOffset + at + 4, length).toString('utf8')
  }

  /** Number of elements of a vector; 0 where absent. */
  count(slot: number, width: number): number {
    return this.#vector(slot, width)?.count ?? 0
  }

  tables(slot: number): Table[] {
    const vector = this.#vector(slot, 4)
    const all: Table[] = []
    for (let i = 0; vector && i < vector.count; i++) {
      const at = vector.at + 4 * i
      all.push(new Table(this.#view, at + this.#view.getUint32(at, true), this.#refuse))
    }
    return all
  }

  /** A vector of structs: `read` gets a function that reads the int64 at a byte offset within the struct, or its int32. */
  structs<T>(slot: number, width: number, read: (long: (at: number, what: string) => number, int: (at: number) => number) => T): T[] {
    const vector = this.#vector(slot, width)
    const [view, refuse] = [this.#view, this.#refuse]
    let start = vector?.at ?? 0
    const long = (at: number, what: string) => size(view, start + at, what, refuse)
    const int = (at: number) => view.getInt32(start + at, true)
    const all: T[] = []
    for (let i = 0; vector && i < vector.count; i++, start += width) all.push(read(long, int))
    return all
  }

  #vector(slot: number, width: number): { at: number; count: number } | undefined {
    const at = this.#target(slot)
    if (!at) return undefined
    within(this.#view, at, 4, 'a vector', this.#refuse)
    const count = this.#view.getUint32(at, true)
    within(this.#view, at + 4, count * width, 'a vector', this.#refuse)
    return { at: at + 4, count }
  }

  /** Position of a field of `width` bytes, 0 if the table lacks it. */
  #field(slot: number, width: number): number {
    const entry = 4 + 2 * slot
    const offset = entry + 2 <= this.#vtableSize ? this.#view.getUint16(this.#vtable + entry, true) : 0
    if (!offset) return 0
    if (offset + width > this.#size) this.#refuse(`a field within ${this.#size} bytes of its table`, `${width} bytes at ${offset}`)
    return this.#at + offset
  }

  #target(slot: number): number {
    const at = this.#field(slot, 4)
    return at ? at + this.#view.getUint32(at, true) : 0
  }
}

function within(view: DataView, at: number, length: number, what: string, refuse: Refuse): void {
  if (at < 0 || at + length > view.byteLength) refuse(`${what} within ${view.byteLength} bytes of metadata`, `${length} bytes at ${at}`)
}

function size(view: DataView, at: number, what: string, refuse: Refuse): number {
  const high = view.getInt32(at + 4, true) // two halves: a BigInt for each length of a file would be its largest part
  if (high < 0 || high > 0x1fffff) refuse(`${what} of 0 or more`, String(view.getBigInt64(at, true)))
  return high * 2 ** 32 + view.getUint32(at, true)
}
