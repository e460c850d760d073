/**
 * The loader: hands training rows to the trainer in the order of `order.ts`, read from mapped shards.
 *
 * Its whole state is one integer, the position of the next row, and the mixture log: `batch` says the position behind what it read, and
 * that is what a checkpoint keeps. Another number of readers, a skip and a resume need nothing else; nothing is buffered that could be lost.
 */
import { type ShardDescription, ShardFiles, type ShardRows } from '../../native/addon/shard.ts'
import { MillraceError } from '../errors.ts'
import type { IndexEntry } from '../shard/layout.ts'
import { advance, type MixtureLog, nextPosition } from './log.ts'
import { type Exhaustion, exhausted, Order, type OrderedRow, PassRows, type RowPlace } from './order.ts'

export interface LoaderRequest {
  seed: number
  log: MixtureLog
  /** Phase that is being read: its rows must be the ones of these shards. */
  phase: string
  /** Index of the shards (`readIndex`), of one row length. */
  index: readonly IndexEntry[]
  /** Local shard files, by partition. */
  shards: readonly string[]
  /** Where a component is used up: `error` throws LOADER_EXHAUSTED, `hold` hands out what comes before and says so. Default: error. */
  onExhausted?: 'error' | 'hold'
}

/** Rows as `native/addon/trainer.ts` takes them. */
export interface LoadedRows {
  tokens: Uint32Array
  targets: Int32Array
  runRows: Int32Array
  runStarts: Int32Array
  runLengths: Int32Array
  rows: number
  rowLength: number
}

export interface LoadedBatch extends LoadedRows {
  /** [rows] Position of each row in the run. */
  positions: Float64Array
  /** Position of the row behind the batch, of all readers: the loader's state. */
  next: number
  /** Set where the batch is short because a component is used up. */
  held?: Exhaustion
}

/** One stretch of a document that was, or will be, read at a position. */
export interface ReadDocument {
  position: number
  component: string
  pass: number
  /** 32 hex digits. */
  document: string
  /** First position in bos + ids + eos, and how many. */
  offset: number
  length: number
}

export interface Loader {
  readonly rowLength: number
  readonly order: Order
  /** `count` rows from `position` on, skips left out; reader r of W gets those at places r, r + W, … of the batch. */
  batch(position: number, count: number, reader?: { reader: number; readers: number }): Promise<LoadedBatch>
  /** Which documents the rows at positions [from, to) hold; skipped rows are left out. */
  documentsOf(from: number, to: number): Promise<ReadDocument[]>
  /** Components that have held-out rows, with their number. */
  readonly validation: ReadonlyMap<string, number>
  /** Held-out rows [from, to) of a component, in the order of the shards. */
  validationRows(component: string, from: number, to: number): Promise<LoadedRows>
  /** The first position from `position` on that finds its component used up. */
  exhaustion(position: number): Exhaustion | undefined
}

/** Opens the shards of a phase. Throws LOADER_PHASE, LOADER_INDEX and what `Order` throws; IO and FORMAT come from the files. */
export async function openLoader(request: LoaderRequest): Promise<Loader> {
  const { seed, log, phase, index } = request
  const entry = log.findLast(each => each.kind === 'weights' && each.phase === phase)
  if (entry?.kind !== 'weights') throw refused('LOADER_PHASE', `a phase that the mixture log has begun`, phase)
  const { rowLength } = entry
  const order = new Order({ seed, log, rowLength, index })
  const files = await ShardFiles.open(request.shards)
  checkIndex(index, files.files, request.shards, rowLength)
  return new MappedLoader(request, order, files)
}

class MappedLoader implements Loader {
  readonly rowLength: number
  readonly order: Order
  readonly validation: ReadonlyMap<string, number>
  readonly #heldOut: ReadonlyMap<string, PassRows>
  readonly #log: MixtureLog
  readonly #hold: boolean
  readonly #files: ShardFiles

  constructor(request: LoaderRequest, order: Order, files: ShardFiles) {
    this.order = order
    this.rowLength = order.rowLength
    this.#log = request.log
    this.#hold = request.onExhausted === 'hold'
    this.#files = files
    const entries = request.index.filter(each => each.role === 'validation' && each.rows > 0)
    const names = [...new Set(entries.map(each => each.component))].sort()
    this.#heldOut = new Map(
      names.map(name => [
        name,
        new PassRows(
          0,
          entries.filter(each => each.component === name),
        ),
      ]),
    )
    this.validation = new Map([...this.#heldOut].map(([name, rows]) => [name, rows.count]))
  }

  async batch(position: number, count: number, { reader, readers } = { reader: 0, readers: 1 }): Promise<LoadedBatch> {
    const held = this.exhaustion(position)
    const ends = held && advance(this.#log, position, count) > held.position ? held : undefined
    if (ends && !this.#hold) throw exhausted(ends)
    const rows: OrderedRow[] = []
    let at = nextPosition(this.#log, position)
    for (let i = 0; i < count && at !== ends?.position; i++) {
      if (i % readers === reader) rows.push(this.order.at(at))
      at = nextPosition(this.#log, at + 1)
    }
    const loaded = await this.#load(rows)
    return { ...loaded, positions: Float64Array.from(rows, row => row.position), next: at, ...(ends ? { held: ends } : {}) }
  }

  async documentsOf(from: number, to: number): Promise<ReadDocument[]> {
    const rows: OrderedRow[] = []
    for (let at = nextPosition(this.#log, from); at < to; at = nextPosition(this.#log, at + 1)) rows.push(this.order.at(at))
    const { runRows, runLengths, offsets, documents } = await this.#read(rows, false)
    const bytes = Buffer.from(documents.buffer, documents.byteOffset, documents.byteLength)
    return Array.from(runRows, (row, i) => {
      const { position, component, pass } = rows[row] as OrderedRow
      const document = bytes.toString('hex', 16 * i, 16 * i + 16)
      return { position, component, pass, document, offset: offsets[i] as number, length: runLengths[i] as number }
    })
  }

  async validationRows(component: string, from: number, to: number): Promise<LoadedRows> {
    const rows = this.#heldOut.get(component)
    if (!rows)
      throw refused(
        'LOADER_COMPONENT',
        `a component with held-out rows (${[...this.validation.keys()].join(', ') || 'there is none'})`,
        component,
      )
    return this.#load(Array.from({ length: Math.max(0, to - from) }, (_, i) => rows.place(from + i)))
  }

  exhaustion(position: number): Exhaustion | undefined {
    return this.order.exhaustion(position)
  }

  async #load(places: readonly RowPlace[]): Promise<LoadedRows> {
    const { tokens, targets, runRows, runStarts, runLengths } = await this.#read(places, true)
    return { tokens, targets, runRows, runStarts, runLengths, rows: places.length, rowLength: this.rowLength }
  }

  #read(places: readonly RowPlace[], withIds: boolean): Promise<ShardRows> {
    const column = (of: (place: RowPlace) => number) => Uint32Array.from(places, of)
    return this.#files.read(
      column(place => place.part),
      column(place => place.batch),
      column(place => place.row),
      withIds,
    )
  }
}

/** The index must say of every record batch what the files say: a mixed-up pair would train on other rows than the log claims. */
function checkIndex(index: readonly IndexEntry[], files: readonly ShardDescription[], paths: readonly string[], rowLength: number): void {
  for (const [i, file] of files.entries())
    if (file.rowLength !== rowLength) throw refused('LOADER_INDEX', `rows of ${rowLength} ids`, String(file.rowLength), paths[i])
  const found = files.reduce((sum, file) => sum + file.rows.length, 0)
  if (found !== index.length) throw refused('LOADER_INDEX', `an index of ${found} record batches, as the shards have`, String(index.length))
  for (const { part, batch, rows } of index) {
    const there = files[part]?.rows[batch]
    if (there !== rows)
      throw refused(
        'LOADER_INDEX',
        `${rows} rows in record batch ${batch}`,
        String(there ?? 'no such batch'),
        paths[part] ?? `part ${part}`,
      )
  }
}

const refused = (code: string, expected: string, found: string, where?: string) =>
  new MillraceError({ code, kind: 'bug', expected, found, where })
