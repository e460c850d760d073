/** Rows of one component, role and pass, written in record batches of bounded size, one index entry each. */
import { Batch, BatchBuilder, Column, type DataType, type Schema } from '../arrow/index.ts'
import { batchBytes } from '../schemas.ts'
import type { PartWriter } from '../stage.ts'
import type { Group, PackedDocument } from './documents.ts'
import { Rearranger } from './fim.ts'
import { flags, ids, index, rows as rowsSchema, type ShardConfig, wide } from './layout.ts'
import { orderKey, pack } from './pack.ts'

export interface Filled {
  rows: number
  tokens: number
  padding: number
  /** Documents that are told in another order; absent where the component has no rate. */
  rearranged?: number
}

/** Writes the passes of one partition. Batches are numbered over all calls, as the writer numbers them. */
export class RowWriter {
  readonly #config: ShardConfig
  readonly #seed: number
  readonly #part: number
  readonly #rows: PartWriter
  readonly #schema: Schema
  readonly #perBatch: number
  readonly #starts: Uint8Array
  readonly #index = new BatchBuilder(index)
  #batches = 0

  /** `starts` of the vocabulary (`startsOf`): empty where no component has a rate. */
  constructor(request: { config: ShardConfig; seed: number; part: number; rows: PartWriter; starts: Uint8Array }) {
    this.#config = request.config
    this.#seed = request.seed
    this.#part = request.part
    this.#rows = request.rows
    this.#starts = request.starts
    this.#schema = rowsSchema(request.config)
    const { rowLength, vocabulary } = request.config
    this.#perBatch = Math.max(1, Math.floor(batchBytes / (rowLength * (wide(vocabulary) ? 4 : 2))))
  }

  /** Packs the documents whose count is above `pass`, in the order of their draws. */
  async write({ component, role, documents }: Group, pass: number): Promise<Filled> {
    const { rowLength } = this.#config
    const ordered = documents
      .filter(document => document.count > pass)
      .map(document => ({ document, key: orderKey(this.#seed, document.id, component, pass, rowLength) }))
      .sort((a, b) => a.key - b.key || (a.document.id < b.document.id ? -1 : 1))
      .map(({ document }) => document)
    // What is held out is measured as it was written.
    const rate = role === 'train' ? (this.#config.fim?.[component] ?? 0) : 0
    const rearranger = new Rearranger({ seed: this.#seed, pass, rate, starts: this.#starts })
    const runs = new RunColumns(ordered, pass, rearranger)
    const count = pack(
      Uint32Array.from(ordered, document => rearranger.lengthOf(document)),
      rowLength,
      runs.add,
    )
    const filled: Filled = { rows: count, tokens: 0, padding: 0 }
    if (rate > 0) filled.rearranged = ordered.filter(document => rearranger.applies(document)).length
    for (let row = 0; row < count; row += this.#perBatch) {
      const size = Math.min(this.#perBatch, count - row)
      const chunk = runs.upTo(row + size)
      await this.#rows.appendPartition(
        new Batch(this.#schema, [this.#tokens(ordered, chunk, size, rearranger), runs.column(this.#schema, chunk, row, size)]),
      )
      const { documents: started, tokens } = runs.measure(chunk)
      const padding = size * rowLength - tokens
      this.#index.append({
        component,
        role,
        pass,
        part: this.#part,
        batch: this.#batches++,
        rows: size,
        documents: started,
        tokens,
        padding,
      })
      filled.tokens += tokens
      filled.padding += padding
    }
    return filled
  }

  /** The index of what was written so far. */
  finish(): Batch {
    return this.#index.finish()
  }

  #tokens(ordered: readonly PackedDocument[], chunk: readonly PlacedRun[], size: number, rearranger: Rearranger): Column {
    const { rowLength, vocabulary } = this.#config
    const Ids = wide(vocabulary) ? Uint32Array : Uint16Array
    const data = new Ids(size * rowLength).fill(ids.padding)
    const first = chunk[0]?.row ?? 0
    for (const { document, row, start, offset, length } of chunk)
      copyPiece(rearranger.idsOf(ordered[document] as PackedDocument), data, (row - first) * rowLength + start, offset, length)
    const type = this.#schema.fields[0]?.type as DataType & { kind: 'fixedList' }
    return new Column({
      type,
      length: size,
      data: new Uint8Array(0),
      children: [new Column({ type: type.item.type, length: data.length, data })],
    })
  }
}

/** Positions [offset, offset + length) of bos + ids + eos, to `at`. */
function copyPiece(own: Uint32Array, to: Uint16Array | Uint32Array, at: number, offset: number, length: number): void {
  const whole = own.length + 2
  const from = Math.max(offset, 1)
  const end = Math.min(offset + length, whole - 1)
  if (offset === 0) to[at] = ids.bos
  if (end > from) to.set(own.subarray(from - 1, end - 1), at + from - offset)
  if (offset + length === whole) to[at + length - 1] = ids.eos
}

interface PlacedRun {
  document: number
  row: number
  start: number
  offset: number
  length: number
  flags: number
}

/** The runs of one pass of a partition, in the order of rows. */
class RunColumns {
  readonly #ordered: readonly PackedDocument[]
  readonly #pass: number
  readonly #rearranger: Rearranger
  readonly #runs: PlacedRun[] = []
  #next = 0

  constructor(ordered: readonly PackedDocument[], pass: number, rearranger: Rearranger) {
    this.#ordered = ordered
    this.#pass = pass
    this.#rearranger = rearranger
  }

  add = (document: number, row: number, start: number, offset: number, length: number, place: number): void => {
    const told = this.#rearranger.applies(this.#ordered[document] as PackedDocument) ? flags.fim : 0
    this.#runs.push({ document, row, start, offset, length, flags: place | told })
  }

  /** The runs of the rows before `to` that were not asked for yet. */
  upTo(to: number): readonly PlacedRun[] {
    const begin = this.#next
    while (this.#next < this.#runs.length && (this.#runs[this.#next] as PlacedRun).row < to) this.#next++
    return this.#runs.slice(begin, this.#next)
  }

  measure(chunk: readonly PlacedRun[]): { documents: number; tokens: number } {
    let documents = 0
    let tokens = 0
    for (const run of chunk) {
      tokens += run.length
      if (run.flags & flags.first) documents++
    }
    return { documents, tokens }
  }

  column(schema: Schema, chunk: readonly PlacedRun[], from: number, rows: number): Column {
    const type = schema.fields[1]?.type as DataType & { kind: 'list' }
    const item = type.item.type as DataType & { kind: 'struct' }
    const length = chunk.length
    const offsets = new Int32Array(rows + 1)
    for (const { row } of chunk) offsets[row - from + 1] = (offsets[row - from + 1] as number) + 1
    for (let i = 0; i < rows; i++) offsets[i + 1] = (offsets[i + 1] as number) + (offsets[i] as number)
    const document = new Uint8Array(16 * length)
    for (const [i, run] of chunk.entries()) document.set(Buffer.from((this.#ordered[run.document] as PackedDocument).id, 'hex'), 16 * i)
    const numbers = [
      new Uint32Array(length).fill(this.#pass),
      Uint32Array.from(chunk, run => run.offset),
      Uint32Array.from(chunk, run => run.length),
      Uint32Array.from(chunk, run => run.flags),
    ]
    const children = [document, ...numbers].map((data, i) => new Column({ type: item.fields[i]?.type as DataType, length, data }))
    return new Column({
      type,
      length: rows,
      offsets,
      data: new Uint8Array(0),
      children: [new Column({ type: item, length, data: new Uint8Array(0), children })],
    })
  }
}
