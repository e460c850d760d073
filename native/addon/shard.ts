/** Shard files mapped into memory: rows by (file, batch, row), as typed arrays. Errors are `Error`s with code IO, FORMAT, ARGUMENT or SHAPE. */
import { domain } from './load.ts'

type Handle = { readonly handle: unique symbol }

export interface ShardDescription {
  /** Ids of a row, and bytes of an id (2 or 4). */
  rowLength: number
  width: number
  /** [batches] Rows of each record batch, and where its ids begin in the file. */
  rows: Float64Array
  tokens: Float64Array
}

/** Rows in the order in which they were asked for; all but `tokens` and `targets` per run, ordered by (row, start). */
export interface ShardRows {
  /** [rows × rowLength]; empty where ids were not asked for. */
  tokens: Uint32Array
  /** [rows × rowLength] The id that a position predicts; −1 at the end of a run and in padding. */
  targets: Int32Array
  runRows: Int32Array
  runStarts: Int32Array
  runLengths: Int32Array
  /** [runs × 16] */
  documents: Uint8Array
  passes: Uint32Array
  offsets: Uint32Array
  flags: Uint32Array
}

interface Native {
  open(paths: readonly string[]): Promise<{ handle: Handle; files: ShardDescription[] }>
  read(handle: Handle, files: Uint32Array, batches: Uint32Array, rows: Uint32Array, withIds: boolean): Promise<ShardRows>
}

const native = () => domain<Native>('shard')

/** Files that stay mapped as long as this object lives. */
export class ShardFiles {
  readonly files: readonly ShardDescription[]
  readonly #handle: Handle

  private constructor(handle: Handle, files: readonly ShardDescription[]) {
    this.#handle = handle
    this.files = files
  }

  /** Maps the files and checks their footers. */
  static async open(paths: readonly string[]): Promise<ShardFiles> {
    const { handle, files } = await native().open(paths)
    return new ShardFiles(handle, files)
  }

  /** Row `rows[i]` of batch `batches[i]` of file `files[i]`, for every i. */
  read(files: Uint32Array, batches: Uint32Array, rows: Uint32Array, withIds = true): Promise<ShardRows> {
    return native().read(this.#handle, files, batches, rows, withIds)
  }
}
