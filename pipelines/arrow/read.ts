/**
 * Reads Arrow IPC files, ours and others', one batch at a time.
 *
 * Memory is one batch, at most `maxBatchBytes` before and after decompression; all else of the file stays on disk. A file is taken as
 * hostile: what it says of itself is checked against its size before anything is allocated, and every error is an ArrowFormatError.
 *
 * Measured on the file of `write.ts`: 560–710 MB/s of uncompressed bytes with zstd, 1.3–2.6 GB/s plain, checks and UTF-8 included.
 */
import { readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { zstdDecompress, zstdDecompressSync } from 'node:zlib'
import { Batch } from './batch.ts'
import { Column } from './column.ts'
import { decodeColumn, type Span, spansOf } from './columns.ts'
import { decodeFooter, decodeMessage, decodeRows, type Fail, type Footer, type Layout, type Wire } from './decode.ts'
import { ArrowFormatError } from './errors.ts'
import { concat } from './kernels.ts'
import type { Block } from './metadata.ts'
import type { Field, Schema } from './types.ts'

export interface ReadOptions {
  /** The most bytes of one batch, and of all dictionaries together; default 1 GiB. */
  readonly maxBatchBytes?: number
  /** Wait for the file in this thread. For commands that do nothing meanwhile: many small reads cost a tenth. Default false. */
  readonly blocking?: boolean
}

const magic = 'ARROW1'
const GiB = 2 ** 30
const nothing: Buffer = Buffer.alloc(0)
/** Bytes between two buffers that are read rather than skipped: about what one more read costs. */
const apart = 32_768
const decompress = promisify(zstdDecompress)

export class ArrowReader {
  readonly path: string
  readonly #file: FileHandle
  readonly #size: number
  readonly #max: number
  readonly #blocking: boolean
  #footer: Footer = { schema: { fields: [] }, wires: [], batches: [], dictionaries: [] }
  #rows: number[] = []
  readonly #dictionaries = new Map<bigint, Column>()

  private constructor(path: string, file: FileHandle, size: number, { maxBatchBytes = GiB, blocking = false }: ReadOptions) {
    this.path = path
    this.#file = file
    this.#size = size
    this.#max = maxBatchBytes
    this.#blocking = blocking
  }

  /** Reads the footer, each batch's number of rows and the dictionaries. ArrowFormatError, or the file system's error. */
  static async open(path: string, options: ReadOptions = {}): Promise<ArrowReader> {
    const file = await open(path, 'r')
    try {
      const reader = new ArrowReader(path, file, (await file.stat()).size, options)
      await reader.#start()
      return reader
    } catch (error) {
      await file.close()
      throw error
    }
  }

  get schema(): Schema {
    return this.#footer.schema
  }

  /** How many batches there are. */
  get batches(): number {
    return this.#rows.length
  }

  /** Rows of all batches. */
  get rows(): number {
    return this.#rows.reduce((total, n) => total + n, 0)
  }

  /** Rows of batch `i`, from its metadata. */
  rowsIn(i: number): number {
    const rows = this.#rows[i]
    if (rows === undefined) throw new RangeError(`arrow read: expected a batch below ${this.batches}, found ${i}`)
    return rows
  }

  /**
   * Batch `i`, or of it only the `columns` named, in that order: then only their part of the file is read and decompressed. Columns may be
   * views of one buffer, which lives as long as one of them. TypeError for a name that the schema lacks.
   */
  async read(i: number, columns?: readonly string[]): Promise<Batch> {
    const rows = this.rowsIn(i)
    const where = `batch ${i}`
    const { fields, ...rest } = this.schema
    const wanted = columns ? columns.map(name => this.#position(name)) : fields.map((_, c) => c)
    const { block, layout } = await this.#message(this.#footer.batches[i] as Block, where)
    if (layout.rows !== rows) this.#fail(where)(`${rows} rows, as when the file was opened`, String(layout.rows))
    const decoded = await this.#columns(block, layout, this.#footer.wires, wanted, where)
    return new Batch(columns ? { ...rest, fields: wanted.map(c => fields[c] as Field) } : this.schema, decoded, rows)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    for (let i = 0; i < this.batches; i++) yield await this.read(i)
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  async #start(): Promise<void> {
    const fail = this.#fail('footer')
    const least = 8 + 4 + magic.length
    if (this.#size < least) fail(`an Arrow file of at least ${least} bytes`, `${this.#size} bytes`)
    const head = await this.#bytes(0, 8, 'start')
    if (head.toString('latin1', 0, 6) !== magic)
      this.#fail('start')(
        `the bytes ${magic}`,
        JSON.stringify(head.toString('latin1', 0, 6)),
        'Only the Arrow IPC file format is read: streams (.arrows) and Feather V1 have to be written again.',
      )
    const tail = await this.#bytes(this.#size - 10, 10, 'footer')
    if (tail.toString('latin1', 4) !== magic)
      fail(`the bytes ${magic} at the end`, JSON.stringify(tail.toString('latin1', 4)), 'The file was cut off; write it again.')
    const length = tail.readInt32LE(0)
    if (length <= 0 || length > this.#size - 18) fail(`a footer of 1 to ${this.#size - 18} bytes`, String(length))
    if (length > this.#max) fail(`a footer within maxBatchBytes ${this.#max}`, String(length))
    const start = this.#size - 10 - length
    this.#footer = decodeFooter(await this.#bytes(start, length, 'footer'), fail)

    // Blocks that overlap could make a small file say much: together they may not be longer than the file.
    let total = 8
    for (const { offset, metadata, body } of [...this.#footer.dictionaries, ...this.#footer.batches]) {
      if (metadata < 8 || offset < 8 || offset % 8 || offset + metadata + body > start)
        fail(`blocks within bytes 8 to ${start}`, `${metadata} + ${body} bytes at ${offset}`)
      total += metadata + body
    }
    if (total > start) fail(`blocks of at most ${start} bytes in all`, String(total))
    await this.#readDictionaries()
    for (const [i, block] of this.#footer.batches.entries()) {
      const where = `batch ${i}`
      this.#rows.push(decodeRows(await this.#metadata(block, where), this.#fail(where)))
    }
  }

  async #readDictionaries(): Promise<void> {
    let left = this.#max
    for (const [i, block] of this.#footer.dictionaries.entries()) {
      const where = `dictionary ${i}`
      const fail = this.#fail(where)
      const { layout, dictionary } = await this.#message(block, where, true)
      if (!dictionary) return fail('a dictionary', 'a record batch')
      const wire = find(this.#footer.wires, dictionary.id)
      if (!wire) continue
      const { dictionary: _, ...plain } = wire
      const values: Wire = { ...plain, field: { ...plain.field, nullable: true } }
      const [column] = await this.#columns(block, layout, [values], [0], where)
      if (!column) return fail('values', 'none')
      const before = this.#dictionaries.get(dictionary.id)
      if (before && !dictionary.delta) fail('one dictionary a column', 'a replacement', 'Write the file again with unified dictionaries.')
      const whole = before ? new Column(concat(column.type, [before, column])) : column
      left -= column.byteLength + (before ? before.byteLength : 0)
      if (left < 0) fail(`dictionaries within maxBatchBytes ${this.#max}`, 'more')
      this.#dictionaries.set(dictionary.id, whole)
    }
  }

  async #message(
    block: Block,
    where: string,
    dictionary = false,
  ): Promise<{ block: Block; layout: Layout; dictionary?: { id: bigint; delta: boolean } }> {
    const fail = this.#fail(where)
    const decoded = decodeMessage(await this.#metadata(block, where), block.body, fail)
    if (!dictionary && decoded.dictionary) fail('a record batch', 'a dictionary')
    return { block, ...decoded }
  }

  /** The flatbuffer of a block. */
  async #metadata(block: Block, where: string): Promise<Buffer> {
    const fail = this.#fail(where)
    if (block.metadata > this.#max) fail(`metadata within maxBatchBytes ${this.#max}`, String(block.metadata))
    const bytes = await this.#bytes(block.offset, block.metadata, where)
    const prefix = bytes.readUInt32LE(0) === 0xffffffff ? 8 : 4 // 4 before Arrow 0.15
    const length = bytes.readInt32LE(prefix - 4)
    if (length < 0 || prefix + length > bytes.length) fail(`metadata within ${bytes.length} bytes`, String(length))
    return bytes.subarray(prefix, prefix + length)
  }

  /** The columns at positions `wanted` of `wires`. */
  async #columns(block: Block, layout: Layout, wires: readonly Wire[], wanted: readonly number[], where: string): Promise<Column[]> {
    const fail = this.#fail(where)
    const tooLarge = (found: string): never =>
      fail(`a batch within maxBatchBytes ${this.#max}`, found, 'Write the file again with smaller batches, or raise the limit.')
    if (block.body > this.#max) tooLarge(`${block.body} bytes`)
    const spans = spansOf(wires, layout, fail)
    const needed = wanted.flatMap(c => {
      const { buffer, endBuffer } = spans[c] as Span
      return Array.from({ length: endBuffer - buffer }, (_, i) => buffer + i)
    })
    const pieces = await this.#pieces(block, layout.buffers, needed, where)
    const claimed = pieces.map(piece => (layout.zstd && piece.length ? uncompressed(piece, fail) : piece.length))
    const total = claimed.reduce((sum, n) => sum + n, 0)
    if (total > this.#max) tooLarge(`${total} bytes uncompressed`)
    const buffers: Uint8Array[] = layout.buffers.map(() => nothing)
    await Promise.all(
      pieces.map(async (piece, k) => {
        buffers[needed[k] as number] = await this.#buffer(piece, claimed[k] as number, layout.zstd, fail)
      }),
    )
    const source = {
      layout,
      buffers,
      dictionaries: this.#dictionaries,
      budget: this.#max - total,
      fail: (column: string) => this.#fail(`${where}, column ${JSON.stringify(column)}`),
    }
    return wanted.map(c => new Column(decodeColumn(source, wires[c] as Wire, spans[c] as Span)))
  }

  /** The bytes of the `needed` buffers; those that lie close are read at once, what lies between others is not read. */
  async #pieces(block: Block, buffers: Layout['buffers'], needed: readonly number[], where: string): Promise<Buffer[]> {
    const pieces = needed.map(() => nothing)
    const parts = needed.map((i, k) => ({ ...(buffers[i] as Layout['buffers'][number]), k })).filter(({ length }) => length)
    parts.sort((a, b) => a.offset - b.offset)
    for (let first = 0, next = 0; first < parts.length; first = next) {
      const { offset: start } = parts[first] as (typeof parts)[number]
      const from = start - (start % 8)
      let to = from
      for (let part = parts[next]; part && (next === first || part.offset <= to + apart); part = parts[++next])
        to = Math.max(to, part.offset + part.length)
      const bytes = await this.#bytes(block.offset + block.metadata + from, to - from, where)
      for (const { offset, length, k } of parts.slice(first, next)) pieces[k] = bytes.subarray(offset - from, offset - from + length)
    }
    return pieces
  }

  #position(name: string): number {
    const at = this.schema.fields.findIndex(f => f.name === name)
    if (at >= 0) return at
    const names = this.schema.fields.map(f => f.name).join(', ')
    throw new TypeError(`arrow read: expected one of the columns ${names || '(none)'} of ${this.path}, found ${JSON.stringify(name)}`)
  }

  async #buffer(bytes: Buffer, length: number, zstd: boolean, fail: Fail): Promise<Uint8Array> {
    if (!zstd || bytes.length === 0) return bytes
    if (bytes.readBigInt64LE(0) === -1n) return bytes.subarray(8) // stored as it is
    if (length === 0) return bytes.subarray(0, 0)
    try {
      // A chunk may not be the whole: a length is a claim, and memory is taken as data comes.
      const options = { maxOutputLength: length, chunkSize: Math.min(Math.max(length, 64), 1 << 20) }
      const frame = bytes.subarray(8)
      const out = length < 65536 ? zstdDecompressSync(frame, options) : await decompress(frame, options)
      return out.length === length ? out : fail(`${length} bytes in a compressed buffer`, String(out.length))
    } catch (error) {
      if (error instanceof ArrowFormatError) throw error
      return fail(`a zstd frame of ${length} bytes`, error instanceof Error ? error.message : String(error))
    }
  }

  /** `length` bytes at `at`; both are within the file's size as it was when opened. */
  async #bytes(at: number, length: number, where: string): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length) // its own memory from offset 0, so that what is aligned in the file is aligned here
    for (let done = 0; done < length; ) {
      const bytesRead = this.#blocking
        ? readSync(this.#file.fd, bytes, done, length - done, at + done)
        : (await this.#file.read(bytes, done, length - done, at + done)).bytesRead
      if (bytesRead === 0) this.#fail(where)(`${length} bytes at ${at}`, `${done}`, 'The file became shorter while it was read.')
      done += bytesRead
    }
    return bytes
  }

  #fail(where: string): Fail {
    return (expected, found, next) => {
      throw new ArrowFormatError({ expected, found, path: this.path, where, ...(next ? { next } : {}) })
    }
  }
}

/** What a compressed buffer says its length is; -1 says that it is stored as it is. */
function uncompressed(buffer: Buffer, fail: Fail): number {
  if (buffer.length < 8) fail('a compressed buffer of 8 bytes or more', String(buffer.length))
  const claimed = buffer.readBigInt64LE(0)
  if (claimed === -1n) return buffer.length - 8
  if (claimed < 0n || claimed > 0x1fffffffffffffn) fail('an uncompressed length of 0 or more', String(claimed))
  return Number(claimed)
}

function find(wires: readonly Wire[], id: bigint): Wire | undefined {
  for (const w of wires) {
    if (w.dictionary?.id === id) return w
    const below = find(w.children, id)
    if (below) return below
  }
  return undefined
}
