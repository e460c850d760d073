/**
 * Runs one unit in this process: opens its inputs, gives the operation its context, closes what it wrote. The child runner
 * (activities/child.ts) and `runStage` (local.ts) both end here, so a stage behaves alike under Temporal, on the command line and in tests.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ArrowReader, type Batch, BatchBuilder } from './arrow/index.ts'
import { MillraceError, type QuarantinedRecord } from './errors.ts'
import { quarantine as quarantineSchema } from './schemas.ts'
import type { Context, LocalPart, Operation, RawFile, Stage } from './stage.ts'
import { Tally } from './tally.ts'
import { RegroupingWriter, type WrittenPart } from './writer.ts'

export interface Job {
  stage: string
  operation: string
  config: unknown
  seed: number
  unit: string
  partition: number
  partitions: number
  threads: number
  maxMemory: number
  /** Kept between attempts of a `segment`, else empty. */
  scratch: string
  /** Where parts are written, as `<role>.<extension>`. */
  output: string
  parts: LocalPart[]
  sides: LocalPart[]
  raw: RawFile[]
  /** segment: how often it saves; cannot reach an output byte. */
  saveSeconds?: number
  saveSteps?: number
  /** Records (rows over `parts`, or raw files) to read alone, or to leave out: to find and to quarantine one that ends a process. */
  only?: Rows
  exclude?: readonly number[]
  quarantined?: readonly QuarantinedRecord[]
}

export interface Rows {
  from: number
  to: number
}

export interface UnitResult {
  parts: WrittenPart[]
  counters: Record<string, number>
  quarantined: number
  documents: number
  bytesIn: number
}

export interface Hooks {
  progress?: (event: { documents: number; bytes: number; detail?: Record<string, unknown> }) => void
  stopping?: AbortSignal
}

export async function runUnit(stage: Stage, job: Job, hooks: Hooks = {}): Promise<UnitResult> {
  const operation = stage.operations.find(each => each.name === job.operation)
  if (!operation)
    throw new MillraceError({ code: 'NO_OPERATION', kind: 'bug', expected: `an operation of ${stage.name}`, found: job.operation })
  const unit = new Unit(stage, operation, job, hooks)
  try {
    await operation.run(unit)
    return await unit.finish()
  } catch (error) {
    await unit.discard()
    throw error
  }
}

class Unit implements Context<unknown> {
  readonly config: unknown
  readonly seed: number
  readonly unit: string
  readonly partition: number
  readonly partitions: number
  readonly threads: number
  readonly maxMemory: number
  readonly scratch: string
  readonly stopping: AbortSignal
  #operation: Operation<unknown>
  #job: Job
  #hooks: Hooks
  #writers = new Map<string, RegroupingWriter>()
  #files = new Map<string, string>()
  #quarantined: QuarantinedRecord[] = []
  #counters = new Map<string, number>()
  #documents = 0
  #bytes = 0

  constructor(stage: Stage, operation: Operation<unknown>, job: Job, hooks: Hooks) {
    this.config = stage.config.parse(job.config)
    this.seed = job.seed
    this.unit = job.unit
    this.partition = job.partition
    this.partitions = job.partitions
    this.threads = job.threads
    this.maxMemory = job.maxMemory
    this.scratch = job.scratch
    this.stopping = hooks.stopping ?? new AbortController().signal
    this.#operation = operation
    this.#job = job
    this.#hooks = hooks
    this.#quarantined.push(...(job.quarantined ?? []))
  }

  get saveSeconds(): number {
    return this.#job.saveSeconds ?? 30
  }

  get saveSteps(): number | undefined {
    return this.#job.saveSteps
  }

  raw = (): readonly RawFile[] => this.#job.raw.filter((_, i) => this.#wanted(i))

  parts(role: string): LocalPart[] {
    this.#mustKnow(role)
    return [...this.#job.parts, ...this.#job.sides].filter(part => part.role === role)
  }

  async *batches(role: string): AsyncGenerator<Batch, void, undefined> {
    const counted = this.#operation.reads.includes(role)
    const partial = counted && (this.#job.only !== undefined || this.#job.exclude !== undefined)
    let row = partial ? await this.#rowsBefore(role) : 0
    for (const part of this.parts(role)) {
      const reader = await ArrowReader.open(part.path)
      try {
        for (let i = part.from; i < part.to; i++) {
          const read = await reader.read(i)
          const batch = partial ? this.#selected(read, row) : read
          row += read.rows
          if (batch.rows || !partial) yield batch
          if (counted) this.progress({ documents: batch.rows, bytes: batch.byteLength })
        }
      } finally {
        await reader.close()
      }
    }
  }

  files = (role: string): string[] => this.parts(role).map(part => part.path)

  async writer(role: string): Promise<RegroupingWriter> {
    const open = this.#writers.get(role)
    if (open) return open
    const declared = this.#role(role)
    if (!('schema' in declared)) throw this.#undeclared(role, 'an Arrow role')
    const schema = typeof declared.schema === 'function' ? declared.schema(this.config) : declared.schema
    const tally = new Tally(role, (name, by) => this.count(name, by))
    const path = join(this.#job.output, `${role}.arrow`)
    const writer = await RegroupingWriter.open(role, path, schema, declared.compression ?? 'zstd', batch => tally.add(batch))
    this.#writers.set(role, writer)
    return writer
  }

  file(role: string): string {
    const declared = this.#role(role)
    if (!('extension' in declared)) throw this.#undeclared(role, 'a file role')
    const path = join(this.#job.output, `${role}.${declared.extension}`)
    this.#files.set(role, path)
    return path
  }

  quarantine(record: QuarantinedRecord): void {
    this.#quarantined.push(record)
  }

  count(name: string, by = 1): void {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + by)
  }

  progress(more: { documents?: number; bytes?: number; detail?: Record<string, unknown> }): void {
    this.#documents += more.documents ?? 0
    this.#bytes += more.bytes ?? 0
    this.#hooks.progress?.({ documents: this.#documents, bytes: this.#bytes, ...(more.detail ? { detail: more.detail } : {}) })
  }

  async finish(): Promise<UnitResult> {
    for (const { code, source } of this.#quarantined) {
      this.count(`quarantine/code/${code}`)
      this.count(`quarantine/source/${source}`)
    }
    const parts: WrittenPart[] = []
    for (const [name, role] of Object.entries(this.#operation.writes)) {
      if ('schema' in role)
        parts.push(await (await this.writer(name)).close(this.#operation.kind === 'shuffle' ? this.partitions : undefined))
      else if (this.#files.has(name)) parts.push(await describeFile(name, this.file(name), role.extension))
    }
    if (this.#quarantined.length) parts.push(await this.#writeQuarantine())
    return {
      parts,
      counters: Object.fromEntries([...this.#counters].sort(([a], [b]) => (a < b ? -1 : 1))),
      quarantined: this.#quarantined.length,
      documents: this.#documents,
      bytesIn: this.#bytes,
    }
  }

  /** Closes what is open, for a child that lives on. */
  async discard(): Promise<void> {
    for (const writer of this.#writers.values()) await writer.discard().catch(() => undefined)
  }

  async #writeQuarantine(): Promise<WrittenPart> {
    const writer = await RegroupingWriter.open('quarantine', join(this.#job.output, 'quarantine.arrow'), quarantineSchema, 'zstd')
    const builder = new BatchBuilder(quarantineSchema)
    for (const record of this.#quarantined) builder.append({ ...record, offset: BigInt(record.offset) })
    await writer.append(builder.finish())
    return writer.close(undefined)
  }

  #wanted(row: number): boolean {
    const { only, exclude } = this.#job
    return (!only || (row >= only.from && row < only.to)) && !exclude?.includes(row)
  }

  #selected(batch: Batch, first: number): Batch {
    const rows: number[] = []
    for (let i = 0; i < batch.rows; i++) if (this.#wanted(first + i)) rows.push(i)
    return rows.length === batch.rows ? batch : batch.take(Uint32Array.from(rows))
  }

  /** Rows count over all parts of the job; a role's own begin after those of the roles that are listed before it. */
  async #rowsBefore(role: string): Promise<number> {
    let rows = 0
    for (const part of this.#job.parts) {
      if (part.role === role) break
      const reader = await ArrowReader.open(part.path)
      for (let i = part.from; i < part.to; i++) rows += reader.rowsIn(i)
      await reader.close()
    }
    return rows
  }

  #role(name: string) {
    const declared = this.#operation.writes[name]
    if (!declared) throw this.#undeclared(name, `one of ${Object.keys(this.#operation.writes).join(', ')}`)
    return declared
  }

  #mustKnow(role: string): void {
    if (!this.#operation.reads.includes(role) && !this.#operation.sides?.includes(role)) {
      throw this.#undeclared(role, `one of ${[...this.#operation.reads, ...(this.#operation.sides ?? [])].join(', ')}`)
    }
  }

  #undeclared(found: string, expected: string): MillraceError {
    return new MillraceError({
      code: 'ROLE_NOT_DECLARED',
      kind: 'bug',
      expected,
      found,
      where: `operation ${this.#job.stage}.${this.#job.operation}`,
    })
  }
}

/** A file role as a part: its content is the sha256 of its bytes. */
export async function describeFile(role: string, path: string, extension: string): Promise<WrittenPart> {
  if (!existsSync(path)) {
    throw new MillraceError({
      code: 'ROLE_NOT_WRITTEN',
      kind: 'bug',
      expected: `the operation to write ${path}`,
      found: 'no file',
      where: `role ${role}`,
    })
  }
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  const sha256 = hash.digest('hex')
  return { role, path, extension, content: sha256, sha256, rows: 0, bytes: (await stat(path)).size }
}
