/**
 * Looks for documents in the tables of a run: the id column is scanned, a batch at a time, and of a hit only the columns that are asked for
 * are read. So memory is one column of one batch, whatever the corpus.
 */
import { join } from 'node:path'
import { ArrowReader, type Batch, type Column } from '../pipelines/arrow/index.ts'
import type { Manifest, ManifestPart } from '../storage/artifacts.ts'
import type { Store } from '../storage/store.ts'

export interface Hit {
  part: ManifestPart
  /** Which part of the role, which row of the part. */
  index: number
  row: number
  values: Record<string, unknown>
}

export class Lookup {
  readonly #store: Store
  readonly #folder: string

  constructor(store: Store, folder: string) {
    this.#store = store
    this.#folder = folder
  }

  /** The local file of a part. */
  path(part: Pick<ManifestPart, 'location' | 'content'>): Promise<string> {
    return this.#store.fetch(part.location, join(this.#folder, part.content.slice(0, 32)))
  }

  /** Every batch of a role, with these columns only. */
  async scan(
    manifest: Manifest | undefined,
    role: string,
    columns: readonly string[],
    each: (
      batch: Batch,
      at: { part: ManifestPart; index: number; batch: number; row: number; reader: ArrowReader },
    ) => Promise<boolean | undefined> | boolean | undefined,
  ): Promise<void> {
    for (const [index, part] of (manifest?.roles[role] ?? []).entries()) {
      if (!part.rows) continue
      const reader = await ArrowReader.open(await this.path(part))
      try {
        let row = 0
        for (let batch = 0; batch < reader.batches; batch++) {
          const stop = await each(await reader.read(batch, columns), { part, index, batch, row, reader })
          if (stop) return
          row += reader.rowsIn(batch)
        }
      } finally {
        await reader.close()
      }
    }
  }

  /** The first rows (at most `most`) whose `column` holds this id, with the other columns named. */
  async find(
    manifest: Manifest | undefined,
    role: string,
    id: string,
    columns: readonly string[],
    column = 'id',
    most = 1,
  ): Promise<Hit[]> {
    const wanted = Buffer.from(id, 'hex')
    const hits: Hit[] = []
    await this.scan(manifest, role, [column], async (batch, { part, index, batch: number, row, reader }) => {
      const found = indexOf(batch.column(column), wanted, most - hits.length)
      if (found.length) {
        const values = await reader.read(number, columns)
        for (const i of found) {
          hits.push({ part, index, row: row + i, values: Object.fromEntries(columns.map(name => [name, values.column(name).value(i)])) })
        }
      }
      return hits.length >= most
    })
    return hits
  }

  /** How many rows hold this id. */
  async count(manifest: Manifest | undefined, role: string, id: string, column = 'id'): Promise<number> {
    const wanted = Buffer.from(id, 'hex')
    let count = 0
    await this.scan(manifest, role, [column], batch => {
      count += indexOf(batch.column(column), wanted, Number.POSITIVE_INFINITY).length
      return undefined
    })
    return count
  }

  /** Ids of a set -> the columns named; those that are not found are left out. */
  async many(
    manifest: Manifest | undefined,
    role: string,
    ids: ReadonlySet<string>,
    columns: readonly string[],
  ): Promise<Map<string, Record<string, unknown>>> {
    const found = new Map<string, Record<string, unknown>>()
    await this.scan(manifest, role, ['id'], async (batch, { batch: number, reader }) => {
      const rows: [number, string][] = []
      for (let i = 0; i < batch.rows; i++) {
        const id = String(batch.column('id').value(i))
        if (ids.has(id) && !found.has(id)) rows.push([i, id])
      }
      if (rows.length) {
        const values = await reader.read(number, columns)
        for (const [i, id] of rows) found.set(id, Object.fromEntries(columns.map(name => [name, values.column(name).value(i)])))
      }
      return found.size === ids.size
    })
    return found
  }
}

/** Rows of a fixed column that hold these bytes. */
export function indexOf(column: Column, wanted: Buffer, most: number): number[] {
  const data = column.data as Uint8Array
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const rows: number[] = []
  for (let at = bytes.indexOf(wanted); at >= 0 && rows.length < most; at = bytes.indexOf(wanted, at + 1))
    if (at % wanted.length === 0) rows.push(at / wanted.length)
  return rows
}
