/**
 * Reading for a report: manifests, and a bounded number of record batches. What a report shows of data is a sample; what it counts comes from
 * manifests, so that it takes as long for a corpus of a terabyte as for one of a megabyte.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArrowReader, type Batch } from '../../pipelines/arrow/index.ts'
import type { Part } from '../../pipelines/plan.ts'
import type { Manifest } from '../../storage/artifacts.ts'
import type { Store } from '../../storage/store.ts'

/** Record batches of text, and bytes of files that are copied from a store which is not local. */
const mostBatches = 96
const mostBytes = 2 ** 29

export class Reading {
  readonly store: Store
  readonly #folder: string
  #readers = new Map<string, ArrowReader>()
  #batches = 0
  #bytes = 0
  /** Set when something was left out because the budget was used up. */
  partial = false

  private constructor(store: Store, folder: string) {
    this.store = store
    this.#folder = folder
  }

  static async open(store: Store): Promise<Reading> {
    return new Reading(store, await mkdtemp(join(tmpdir(), 'millrace-report-')))
  }

  async close(): Promise<void> {
    for (const reader of this.#readers.values()) await reader.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Rows of a small table (an index, metrics, an evaluation), part after part: its size does not grow with the corpus. */
  async *table(parts: readonly Part[] | undefined): AsyncGenerator<Batch, void, undefined> {
    for (const part of parts ?? []) {
      const reader = await ArrowReader.open(await this.#fetch(part.location))
      try {
        yield* reader
      } finally {
        await reader.close()
      }
    }
  }

  /** The reader of a part, kept open; undefined where the budget for copies is used up. */
  async reader(location: string): Promise<ArrowReader | undefined> {
    const open = this.#readers.get(location)
    if (open) return open
    if (!this.store.uri.startsWith('file:')) {
      this.#bytes += (await this.store.size(location)) ?? 0
      if (this.#bytes > mostBytes) {
        this.partial = true
        return undefined
      }
    }
    for (const [name, oldest] of this.#readers) {
      if (this.#readers.size < 16) break
      await oldest.close()
      this.#readers.delete(name)
    }
    const reader = await ArrowReader.open(await this.#fetch(location))
    this.#readers.set(location, reader)
    return reader
  }

  /** One batch, of it these columns; undefined where the budget is used up. `columns` without text are cheap and not counted. */
  async batch(location: string, index: number, columns: readonly string[]): Promise<Batch | undefined> {
    if (columns.includes('text') && this.#batches++ >= mostBatches) {
      this.partial = true
      return undefined
    }
    const reader = await this.reader(location)
    if (!reader) return undefined
    return reader.read(
      index,
      columns.filter(name => reader.schema.fields.some(field => field.name === name)),
    )
  }

  /** A file role as text; undefined where there is none. */
  async text(manifest: Manifest | undefined, role: string): Promise<string | undefined> {
    const part = manifest?.roles[role]?.[0]
    return part ? readFile(await this.#fetch(part.location), 'utf8') : undefined
  }

  /** A local path of a file role. */
  async file(part: Part): Promise<string> {
    return this.#fetch(part.location)
  }

  #fetch(location: string): Promise<string> {
    return this.store.fetch(location, join(this.#folder, location.replaceAll('/', '-')))
  }
}

/** `most` of the items, evenly spread, first and last among them. */
export function spreadOver<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items]
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))] as T)
}
