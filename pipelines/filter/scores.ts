/**
 * Scores that were computed elsewhere, joined by document id: JSONL (also .gz, .zst) or Parquet. A joined column is a statistic like any
 * other, so expressions and modules can ask for it.
 *
 * A join that silently finds nothing is the commonest way to filter a corpus by accident: a document without a row is an error with counts,
 * unless `allowMissing`. The file is held whole, 16 bytes an id and 8 a number, once in a process.
 */
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import * as z from 'zod'
import { type Field, f64 } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import { linesIn } from '../lines.ts'
import { numberColumn } from './columns.ts'
import type { Step } from './step.ts'

export const scoresSchema = z
  .strictObject({
    path: z.string().describe('JSONL (.gz, .zst) or Parquet, relative to the config'),
    id: z.string().default('id').describe('Its column with document ids: 32 hex digits, or 16 bytes'),
    columns: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_.]{0,63}$/), z.string())
      .refine(columns => Object.keys(columns).length > 0, 'at least one column')
      .describe('Name of a statistic -> the column that holds it'),
    allowMissing: z.boolean().default(false).describe('Documents without a row have no value, where otherwise they are an error'),
  })
  .describe('Numbers computed elsewhere, joined by document id')

export type ScoresConfig = z.output<typeof scoresSchema>

/** Rows of a file; more would not fit beside a unit's documents. */
const mostRows = 2 ** 26

export function scoresStep(config: ScoresConfig): Step {
  const names = Object.keys(config.columns)
  let loading: Promise<Table> | undefined
  return {
    name: `scores.${names[0]}`,
    fields: names.map((name): Field => ({ name, type: f64(), nullable: true })),
    async check() {
      await read(config, 1)
    },
    async run(batch) {
      loading ??= read(config)
      const table = await loading
      const id = batch.column('id')
      const values = names.map(() => new Float64Array(batch.rows).fill(Number.NaN))
      const missing: number[] = []
      for (let i = 0; i < batch.rows; i++) {
        const row = table.find(id.bytes(i))
        if (row < 0) missing.push(i)
        else for (const [n, column] of values.entries()) column[i] = table.numbers[row * names.length + n] as number
      }
      if (missing.length && !config.allowMissing) {
        const first = missing[0] as number
        const name = `${batch.column('source').text(first)}/${batch.column('key').text(first)} (${id.value(first)})`
        throw wrong(
          config.path,
          `a row for every document, of ${batch.rows} that came together`,
          `${batch.rows - missing.length} joined, ${missing.length} without a row among the file’s ${table.rows}; the first is ${name}`,
          'make the scores from the same extract, or set allowMissing: true',
        )
      }
      return { verdicts: new Map(), measured: values.map(numberColumn) }
    },
  }
}

const wrong = (where: string, expected: string, found: string, next?: string): MillraceError =>
  new MillraceError({ code: 'SCORES_JOIN', kind: 'config', expected, found, where, next })

/** Ids in an open-addressing table over flat arrays; numbers row by row. */
class Table {
  rows = 0
  numbers: Float64Array
  readonly #width: number
  #ids = new Uint32Array(4 * 1024)
  #slots = new Int32Array(4096).fill(-1)
  readonly #key = new Uint32Array(4)
  readonly #bytes = new Uint8Array(this.#key.buffer)

  constructor(width: number) {
    this.#width = width
    this.numbers = new Float64Array(width * 1024)
  }

  /** Row of an id, -1 where it has none. */
  find(id: Uint8Array): number {
    this.#bytes.set(id)
    return this.#slots[this.#slot()] as number
  }

  /** False where the id is there already. */
  add(id: Uint8Array, values: readonly number[]): boolean {
    this.#bytes.set(id)
    const slot = this.#slot()
    if ((this.#slots[slot] as number) >= 0) return false
    if ((this.rows + 1) * 4 > this.#ids.length) {
      this.#ids = grown(this.#ids, new Uint32Array(this.#ids.length * 2))
      this.numbers = grown(this.numbers, new Float64Array(this.numbers.length * 2))
    }
    this.#ids.set(this.#key, this.rows * 4)
    this.numbers.set(values, this.rows * this.#width)
    this.#slots[slot] = this.rows++
    if (this.rows * 2 > this.#slots.length) this.#spread()
    return true
  }

  #slot(): number {
    const mask = this.#slots.length - 1
    const [a, b, c, d] = this.#key as unknown as [number, number, number, number]
    for (let slot = (a ^ Math.imul(b, 0x9e3779b1) ^ (b >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot] as number
      if (row < 0) return slot
      const at = row * 4
      const ids = this.#ids
      if (ids[at] === a && ids[at + 1] === b && ids[at + 2] === c && ids[at + 3] === d) return slot
    }
  }

  #spread(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1)
    for (let row = 0; row < this.rows; row++) {
      this.#key.set(this.#ids.subarray(row * 4, row * 4 + 4))
      this.#slots[this.#slot()] = row
    }
  }
}

function grown<T extends Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from as never)
  return to
}

/** The first `most` rows. */
async function read(config: ScoresConfig, most = Number.POSITIVE_INFINITY): Promise<Table> {
  const names = Object.entries(config.columns)
  const table = new Table(names.length)
  let row = 0
  for await (const record of /\.parquet$/i.test(config.path) ? parquetRows(config, most) : jsonRows(config)) {
    const where = `${config.path}, row ${row++}`
    const id = idOf(record[config.id])
    if (!id)
      throw wrong(
        where,
        `a document id in ${JSON.stringify(config.id)}: 32 hex digits, or 16 bytes`,
        String(JSON.stringify(record[config.id])).slice(0, 80),
      )
    const values = names.map(([, column]) => {
      const value = typeof record[column] === 'bigint' ? Number(record[column]) : record[column]
      if (typeof value !== 'number' || !Number.isFinite(value))
        throw wrong(where, `a number in ${JSON.stringify(column)}`, String(JSON.stringify(value)).slice(0, 80))
      return value
    })
    if (table.rows >= mostRows)
      throw wrong(where, `at most ${mostRows} rows`, 'more', 'split the corpus by source, or keep the best scores only')
    if (!table.add(id, values)) throw wrong(where, 'every id once', `${Buffer.from(id).toString('hex')} twice`)
    if (row >= most) break
  }
  if (!table.rows) throw wrong(config.path, 'at least one row', 'none')
  return table
}

function idOf(value: unknown): Uint8Array | undefined {
  if (typeof value === 'string' && /^[0-9a-f]{32}$/i.test(value)) return Buffer.from(value, 'hex')
  return value instanceof Uint8Array && value.length === 16 ? value : undefined
}

async function* jsonRows({ path }: ScoresConfig): AsyncGenerator<Record<string, unknown>> {
  let number = 0
  try {
    for await (const line of linesIn(path)) {
      number++
      if (line.trim()) yield parsed(line, `${path}, line ${number}`)
    }
  } catch (error) {
    if (error instanceof MillraceError) throw error
    throw wrong(path, 'a file that can be read', (error as Error).message)
  }
}

function parsed(line: string, where: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // said below
  }
  throw wrong(where, 'a JSON object', JSON.stringify(line.slice(0, 80)))
}

async function* parquetRows({ path, id, columns }: ScoresConfig, most: number): AsyncGenerator<Record<string, unknown>> {
  const wanted = [id, ...new Set(Object.values(columns))]
  try {
    const file = await asyncBufferFromFile(path)
    const metadata = await parquetMetadataAsync(file)
    const names = parquetSchema(metadata).children.map(child => child.element.name)
    const gone = wanted.find(name => !names.includes(name))
    if (gone) throw wrong(path, `a column ${JSON.stringify(gone)}`, `the columns ${names.join(', ')}`.slice(0, 300))
    const rows = Math.min(Number(metadata.num_rows), most)
    for (let rowStart = 0; rowStart < rows; rowStart += 65536)
      yield* await parquetReadObjects({
        file,
        metadata,
        columns: wanted,
        rowStart,
        rowEnd: Math.min(rows, rowStart + 65536),
        compressors,
        utf8: false,
      })
  } catch (error) {
    if (error instanceof MillraceError) throw error
    throw wrong(path, 'Parquet', String((error as Error).message).slice(0, 200))
  }
}
