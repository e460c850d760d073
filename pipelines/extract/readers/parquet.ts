/**
 * Parquet through hyparquet: a window of rows at a time, so that memory follows the window and not the row group.
 *
 * A page that does not decode fails the window that needs it. The window is then halved until the rows that cannot be read are found (pages
 * before them are skipped without decoding), and those are quarantined as one range; the rest is read. Offsets are rows.
 */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { type AsyncBuffer, type Compressors, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { compressors as others } from 'hyparquet-compressors'
import { FileBytes } from '../bytes.ts'
import { recordOf, textOf } from '../fields.ts'
import { type Input, InputError, type Item, type Limits, unreadable } from '../records.ts'
import { plainFile } from './spill.ts'

const windowBytes = 64 * 2 ** 20
const maxPageBytes = 512 * 2 ** 20
/** Failed reads that are halved, per file: a file broken everywhere is not worth a search. */
const maxSearch = 256

type Row = Record<string, unknown>

/** Record keys are `<file>#<row>`. */
export async function* readParquet(input: Input, limits: Limits): AsyncGenerator<Item, void, undefined> {
  let plain: Awaited<ReturnType<typeof plainFile>> | undefined
  let file: FileBytes | undefined
  try {
    plain = await plainFile(input, limits)
    file = await FileBytes.open(plain.path)
    const buffer = asyncBuffer(file)
    const metadata = await asInput(() => parquetMetadataAsync(buffer))
    yield* readGroups(input, limits, buffer, metadata)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    yield unreadable(`${input.key}#0`, 0, error.code, error.message)
  } finally {
    await file?.close()
    await plain?.remove()
  }
}

async function* readGroups(input: Input, limits: Limits, file: AsyncBuffer, metadata: FileMetaData): AsyncGenerator<Item, void, undefined> {
  let first = 0
  let searches = maxSearch
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows)
    if (!Number.isSafeInteger(rows) || rows < 0)
      throw new InputError('PARQUET', first, `row group at row ${first}: expected a number of rows, found ${rows}`)
    const bytes = group.columns.reduce((sum, column) => sum + Number(column.meta_data?.total_uncompressed_size ?? 0), 0)
    const size = Math.min(65536, Math.max(64, Math.floor((rows * windowBytes) / Math.max(1, bytes))))
    // Ranges still to read, the nearest last; a failed one is replaced by its halves.
    const todo: [number, number][] = []
    for (let from = first + rows; from > first; from -= size) todo.push([Math.max(first, from - size), from])
    let broken: { from: number; to: number; why: string } | undefined
    while (todo.length) {
      const [from, to] = todo.pop() as [number, number]
      try {
        const read = await asInput(() => readRows(file, metadata, from, to))
        if (broken) yield unreadableRows(input, broken)
        broken = undefined
        for (const [i, row] of read.entries()) yield itemOf(input, limits, row, from + i)
      } catch (error) {
        if (!(error instanceof InputError)) throw error
        if (to - from > 1 && searches-- > 0) {
          const middle = (from + to) >>> 1
          todo.push([middle, to], [from, middle])
        } else if (broken?.to === from) broken.to = to
        else {
          if (broken) yield unreadableRows(input, broken)
          broken = { from, to, why: error.message }
        }
      }
    }
    if (broken) yield unreadableRows(input, broken)
    first += rows
  }
}

const unreadableRows = (input: Input, { from, to, why }: { from: number; to: number; why: string }): Item =>
  unreadable(`${input.key}#${from}`, from, 'PARQUET_PAGE', `rows ${from} to ${to - 1} (${to - from}): ${why}`)

function itemOf(input: Input, limits: Limits, row: Row, offset: number): Item {
  const key = `${input.key}#${offset}`
  try {
    for (const column of ['text', 'html'] as const) {
      const name = input.source.fields[column] ?? column
      const value = row[name]
      if (value instanceof Uint8Array) row[name] = textOf(value) // text in a column that says nothing about its bytes
    }
    return { record: { key, offset, ...recordOf(row, input.source.fields, limits) } }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return unreadable(key, offset, error.code, error.message)
  }
}

async function readRows(file: AsyncBuffer, metadata: FileMetaData, rowStart: number, rowEnd: number): Promise<Row[]> {
  const rows = (await parquetReadObjects({
    file,
    metadata,
    rowStart,
    rowEnd,
    compressors,
    parsers,
    utf8: false,
    useOffsetIndex: true,
  })) as Row[]
  if (rows.length !== rowEnd - rowStart)
    throw new InputError('PARQUET', rowStart, `expected ${rowEnd - rowStart} rows, found ${rows.length}`)
  return rows
}

/** hyparquet throws plain errors for wrong bytes; what the machine refuses (a system code) stays what it is. */
async function asInput<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof InputError || (error as { syscall?: string }).syscall) throw error
    throw new InputError('PARQUET', 0, `expected Parquet, found: ${String((error as Error).message).slice(0, 200)}`)
  }
}

const parsers = {
  stringFromBytes: (bytes: Uint8Array | undefined) => bytes && textOf(bytes),
  jsonFromBytes: (bytes: Uint8Array | undefined) => bytes && textOf(bytes),
}

const sized =
  (decompress: (input: Uint8Array, options: { maxOutputLength: number }) => Uint8Array) =>
  (input: Uint8Array, length: number): Uint8Array => {
    check(length)
    return new Uint8Array(decompress(input, { maxOutputLength: Math.max(1, length) }))
  }

function check(length: number): void {
  if (!(length >= 0 && length <= maxPageBytes))
    throw new InputError('PARQUET', 0, `expected a page of at most ${maxPageBytes} bytes, found ${length}`)
}

const bounded = (codec: 'SNAPPY' | 'LZ4' | 'LZ4_RAW') => (input: Uint8Array, length: number) => {
  check(length)
  return others[codec]!(input, length)
}

const compressors: Compressors = {
  SNAPPY: bounded('SNAPPY'),
  LZ4: bounded('LZ4'),
  LZ4_RAW: bounded('LZ4_RAW'),
  GZIP: sized(gunzipSync),
  BROTLI: sized(brotliDecompressSync),
  ZSTD: sized(zstdDecompressSync),
}

function asyncBuffer(file: FileBytes): AsyncBuffer {
  return {
    byteLength: file.size,
    async slice(start, end = file.size) {
      if (!(start >= 0 && end >= start && end <= file.size))
        throw new InputError('PARQUET', 0, `expected bytes inside the file's ${file.size}, found ${start} to ${end}`)
      const bytes = await file.at(start, end - start)
      return new Uint8Array(bytes).buffer
    },
  }
}
