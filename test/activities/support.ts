/** Units of the troublesome stage over documents given as texts: run by the real runner, committed to a store in a folder. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { asyncLocalStorage, type Context } from '@temporalio/activity'
import { pino } from 'pino'
import { Journal, readJournal } from '../../activities/journal.ts'
import { Runner } from '../../activities/runner.ts'
import { executeUnit, type UnitRequest } from '../../activities/unit.ts'
import type { WorkerContext } from '../../activities/worker-context.ts'
import { ArrowReader, ArrowWriter, BatchBuilder } from '../../pipelines/arrow/index.ts'
import { asPart } from '../../pipelines/local.ts'
import { type Plan, plan } from '../../pipelines/plan.ts'
import type { Stage } from '../../pipelines/stage.ts'
import type { Job } from '../../pipelines/unit.ts'
import { FileStore } from '../../storage/file.ts'
import { partKey, type Unit } from '../../storage/units.ts'
import { table, trouble } from './stage.ts'

export const childPath = fileURLToPath(new URL('./child.ts', import.meta.url))

export class Bench {
  readonly folder: string
  readonly store: FileStore
  readonly runner = new Runner({ childPath })
  readonly stopping = new AbortController()
  readonly context: WorkerContext
  #count = 0

  private constructor(folder: string) {
    this.folder = folder
    this.store = new FileStore(join(folder, 'store'))
    this.context = {
      home: folder,
      log: pino({ level: 'silent' }),
      runner: this.runner,
      journal: new Journal('test'),
      codeDigest: 'test',
      store: async () => this.store,
      shutdown: this.stopping.signal,
    }
  }

  static async open(): Promise<Bench> {
    const bench = new Bench(await mkdtemp(join(tmpdir(), 'millrace-bench-')))
    await bench.store.probe()
    return bench
  }

  async close(): Promise<void> {
    this.runner.close()
    await this.context.journal.flush()
    await rm(this.folder, { recursive: true, force: true })
  }

  /** A committed input unit of documents, two rows a batch. Its part lies in the store like any other. */
  async input(texts: readonly string[]): Promise<{ location: string; path: string }> {
    const path = join(this.folder, `input-${this.#count++}.arrow`)
    const writer = await ArrowWriter.open(path, table)
    const builder = new BatchBuilder(table)
    for (const [i, text] of texts.entries()) {
      builder.append({ source: 'test', key: `doc-${i}`, text })
      if (builder.rows === 2 || i === texts.length - 1) await writer.append(builder.finish())
    }
    await writer.close()
    const { commitUnit } = await import('../../storage/units.ts')
    const part = await asPart('documents', path)
    const key = part.content.slice(0, 32)
    const sha256 = await (await import('../../activities/inputs.ts')).sha256Of(path)
    const { unit } = await commitUnit(
      this.store,
      { stage: 'given', operation: 'map', revision: 1, key },
      {
        parts: [{ role: 'documents', path, extension: 'arrow', content: part.content, sha256, rows: part.rows, bytes: part.bytes }],
        counters: {},
        quarantined: 0,
        documents: texts.length,
        bytesIn: 0,
      },
    )
    return { location: partKey('given', key, unit.parts[0]?.file ?? ''), path }
  }

  async plan(texts: readonly string[], config: object = {}): Promise<Plan> {
    const { location, path } = await this.input(texts)
    return plan({
      stage: trouble as Stage,
      operation: (trouble as Stage).operations[0] as Stage['operations'][number],
      config: trouble.config.parse(config),
      seed: 1,
      reads: [{ ...(await asPart('documents', path)), location }],
      sides: [],
      raw: [],
    })
  }

  /** The job of a plan's only unit, without the activity around it. */
  async job(texts: readonly string[], config: object = {}): Promise<Job> {
    const planned = await this.plan(texts, config)
    const work = join(this.folder, `work-${this.#count++}`)
    await mkdir(join(work, 'output'), { recursive: true })
    await mkdir(join(work, 'scratch'), { recursive: true })
    const unit = planned.units[0] as Plan['units'][number]
    return {
      stage: 'trouble',
      operation: 'map',
      config: trouble.config.parse(config),
      seed: 1,
      unit: unit.key,
      partition: 0,
      partitions: 1,
      threads: 1,
      maxMemory: 2 ** 30,
      scratch: join(work, 'scratch'),
      output: join(work, 'output'),
      parts: unit.parts.map(part => ({ role: part.role, path: this.store.path(part.location), from: part.from, to: part.to })),
      sides: [],
      raw: [],
    }
  }

  /** Runs the only unit of a plan as the activity does. */
  async execute(planned: Plan, config: object = {}, more: Partial<UnitRequest> & { stallSeconds?: number } = {}) {
    const { stallSeconds = 20, ...request } = more
    const fingerprint = '0123456789abcdef'
    const full: UnitRequest = {
      store: this.store,
      ref: { run: 'test', store: this.store.uri, id: 'trouble', stage: 'trouble', fingerprint, force: false },
      stage: trouble as Stage,
      node: { id: 'trouble', stage: 'trouble', revision: 1, config: trouble.config.parse(config), seed: 1, parents: {}, fingerprint },
      plan: planned,
      unit: planned.units[0] as Plan['units'][number],
      execution: { threads: 1, maxMemory: 2 ** 30, stallSeconds, saveSeconds: 30 } as UnitRequest['execution'],
      force: false,
      signal: this.stopping.signal,
      onProgress: () => undefined,
      ...request,
    }
    const info = { activityId: String(this.#count++), attempt: 1 }
    return asyncLocalStorage.run({ info } as Context, () => executeUnit(this.context, full))
  }

  /** Rows of one role of a unit. */
  async rows(unit: Unit, role: string): Promise<Record<string, unknown>[]> {
    const part = unit.parts.find(each => each.role === role)
    if (!part) return []
    const reader = await ArrowReader.open(this.store.path(partKey(unit.stage, unit.key, part.file)))
    const rows: Record<string, unknown>[] = []
    for await (const batch of reader)
      for (let i = 0; i < batch.rows; i++)
        rows.push(Object.fromEntries(batch.schema.fields.map(field => [field.name, batch.column(field.name).value(i)])))
    await reader.close()
    return rows
  }

  /** (state, attempt, error) of everything the journal has on a unit. */
  async journal(unit: string): Promise<string[]> {
    await this.context.journal.flush()
    const entries = await readJournal(this.store, 'test')
    return entries
      .filter(entry => entry.unitKey === unit)
      .map(({ state, attempt, errorCode }) => `${state} ${attempt}${errorCode ? ` ${errorCode}` : ''}`)
  }
}
