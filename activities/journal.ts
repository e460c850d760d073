/**
 * The run journal: what happened to which unit, when, at what cost. Arrow files that are sealed every 2 s or 1 MB and belong to no digest.
 * Losing it loses pictures, never data: so a failed write is logged and the run goes on.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArrowReader, ArrowWriter, BatchBuilder, f64, schema, utf8 } from '../pipelines/arrow/index.ts'
import type { Store } from '../storage/store.ts'

export type JournalState = 'planned' | 'reused' | 'started' | 'progress' | 'committed' | 'alreadyThere' | 'failed' | 'quarantined'

export interface JournalEntry {
  /** Milliseconds since 1970. */
  t: number
  stage: string
  node: string
  operation: string
  unitKey: string
  attempt: number
  state: JournalState
  documents: number
  bytesIn: number
  bytesOut: number
  cpuMs: number
  rssPeak: number
  worker: string
  codeDigest: string
  revision: number
  errorCode: string
}

const journalSchema = schema({
  t: f64(),
  stage: utf8(),
  node: utf8(),
  operation: utf8(),
  unitKey: utf8(),
  attempt: f64(),
  state: utf8(),
  documents: f64(),
  bytesIn: f64(),
  bytesOut: f64(),
  cpuMs: f64(),
  rssPeak: f64(),
  worker: utf8(),
  codeDigest: utf8(),
  revision: f64(),
  errorCode: utf8(),
})

const sealRows = 4000
const sealMs = 2000

/** One writer per worker; entries of several runs are kept apart. */
export class Journal {
  readonly worker: string
  readonly #start = Date.now()
  readonly #log: (message: string) => void
  #open = new Map<
    string,
    { store: Store; run: string; entries: JournalEntry[]; timer: NodeJS.Timeout | undefined; sealing: Promise<void> }
  >()
  #sealed = 0

  constructor(worker: string, log: (message: string) => void = () => undefined) {
    this.worker = worker
    this.#log = log
  }

  add(store: Store, run: string, entry: Omit<JournalEntry, 't' | 'worker'>): void {
    const id = `${store.uri} ${run}`
    let open = this.#open.get(id)
    if (!open) {
      open = { store, run, entries: [], timer: undefined, sealing: Promise.resolve() }
      this.#open.set(id, open)
    }
    open.entries.push({ ...entry, t: Date.now(), worker: this.worker })
    if (open.entries.length >= sealRows) void this.#seal(id)
    else open.timer ??= setTimeout(() => void this.#seal(id), sealMs).unref()
  }

  async flush(): Promise<void> {
    await Promise.all([...this.#open.keys()].map(id => this.#seal(id)))
  }

  #seal(id: string): Promise<void> {
    const open = this.#open.get(id)
    if (!open) return Promise.resolve()
    clearTimeout(open.timer)
    open.timer = undefined
    const entries = open.entries.splice(0)
    if (entries.length) {
      const key = `runs/${open.run}/journal/${this.worker}-${this.#start}-${String(this.#sealed++).padStart(6, '0')}.arrow`
      open.sealing = open.sealing
        .then(() => write(open.store, key, entries))
        .catch(error => this.#log(`journal ${key}: ${(error as Error).message}`))
    }
    return open.sealing
  }
}

async function write(store: Store, key: string, entries: readonly JournalEntry[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-journal-'))
  try {
    const path = join(folder, `${randomBytes(4).toString('hex')}.arrow`)
    const writer = await ArrowWriter.open(path, journalSchema)
    const builder = new BatchBuilder(journalSchema)
    for (const entry of entries) builder.append({ ...entry })
    await writer.append(builder.finish())
    await writer.close()
    await store.create(key, { path })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Every entry of a run, by time. For status, reports and tests. */
export async function readJournal(store: Store, run: string): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = []
  const folder = await mkdtemp(join(tmpdir(), 'millrace-journal-'))
  try {
    for await (const { key } of store.list(`runs/${run}/journal/`)) {
      const path = await store.fetch(key, join(folder, 'part.arrow'))
      const reader = await ArrowReader.open(path).catch(() => undefined)
      if (!reader) continue // a damaged file costs its seconds of the picture
      try {
        for await (const batch of reader) {
          const columns = batch.schema.fields.map(field => ({ name: field.name, column: batch.column(field.name) }))
          for (let row = 0; row < batch.rows; row++) {
            entries.push(Object.fromEntries(columns.map(({ name, column }) => [name, column.value(row)])) as unknown as JournalEntry)
          }
        }
      } finally {
        await reader.close()
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return entries.sort((a, b) => a.t - b.t)
}
