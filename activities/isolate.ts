/**
 * Finds the record that ends a child, so that one bad input does not stop a corpus.
 *
 * Only bytes can quarantine: a record alone in a fresh child must fail twice with the same typed error (kind `input`) or the same one of
 * the signals that a wild pointer gives. Killed, out of memory, stalled, out of disk: never a record's fault.
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ArrowReader } from '../pipelines/arrow/index.ts'
import type { QuarantinedRecord } from '../pipelines/errors.ts'
import type { Stage } from '../pipelines/stage.ts'
import type { Job, Rows } from '../pipelines/unit.ts'
import type { Finished, Runner, RunOptions } from './runner.ts'

const crashes = new Set(['SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGABRT'])

/** The name under which a failure may quarantine, or undefined where it never may. */
export function blame(error: Error & { code?: string; kind?: string; signal?: string }): string | undefined {
  if (error.signal) return crashes.has(error.signal) ? error.signal : undefined
  return error.kind === 'input' ? error.code : undefined
}

/** Records of a unit: rows of its parts, or whole raw files. */
type Range = { rows: Rows; size: number }

/** The unit's result without the records that alone end a child; undefined where no record is to blame. */
export async function isolate(runner: Runner, stage: Stage, job: Job, error: Error, options: RunOptions): Promise<Finished | undefined> {
  const operation = stage.operations.find(each => each.name === job.operation)
  if (!blame(error) || !operation || !['map', 'shuffle'].includes(operation.kind)) return undefined
  const total = job.raw.length || (await rowsOf(job))
  const bad: { row: number; code: string }[] = []
  const attempt = async (from: number, to: number, fresh: boolean): Promise<string | undefined> => {
    const output = join(job.output, '..', 'isolate')
    await rm(output, { recursive: true, force: true })
    await mkdir(output, { recursive: true })
    try {
      await runner.run({ ...job, output, only: { from, to } }, { ...options, fresh })
      return undefined
    } catch (failure) {
      options.signal?.throwIfAborted()
      return blame(failure as Error) ?? 'other'
    } finally {
      await rm(output, { recursive: true, force: true })
    }
  }
  const pending: Range[] = [{ rows: { from: 0, to: total }, size: total }]
  for (let range = pending.pop(); range; range = pending.pop()) {
    const { from, to } = range.rows
    const first = await attempt(from, to, true)
    if (!first) continue
    if (to - from === 1) {
      const second = await attempt(from, to, true)
      if (first === 'other' || second !== first) return undefined
      bad.push({ row: from, code: first })
    } else {
      const middle = from + Math.floor((to - from) / 2)
      pending.push({ rows: { from: middle, to }, size: to - middle }, { rows: { from, to: middle }, size: middle - from })
    }
  }
  if (!bad.length) return undefined
  const quarantined = await describe(job, bad)
  return runner.run({ ...job, exclude: bad.map(({ row }) => row).sort((a, b) => a - b), quarantined }, options)
}

async function rowsOf(job: Job): Promise<number> {
  let rows = 0
  for (const part of job.parts) {
    const reader = await ArrowReader.open(part.path)
    for (let i = part.from; i < part.to; i++) rows += reader.rowsIn(i)
    await reader.close()
  }
  return rows
}

async function describe(job: Job, bad: readonly { row: number; code: string }[]): Promise<QuarantinedRecord[]> {
  const message = (code: string) => `this record alone ends a fresh process with ${code}, twice`
  if (job.raw.length) {
    return bad.map(({ row, code }) => ({
      source: job.raw[row]?.source.name ?? '',
      key: job.raw[row]?.key ?? '',
      offset: 0,
      code,
      message: message(code),
    }))
  }
  const wanted = new Map(bad.map(({ row, code }) => [row, code]))
  const records: QuarantinedRecord[] = []
  let row = 0
  for (const part of job.parts) {
    const reader = await ArrowReader.open(part.path)
    for (let i = part.from; i < part.to; i++) {
      const batch = await reader.read(i)
      const text = (name: string, at: number) =>
        batch.schema.fields.some(field => field.name === name) ? String(batch.column(name).value(at)) : ''
      for (let at = 0; at < batch.rows; at++, row++) {
        const code = wanted.get(row)
        if (code)
          records.push({ source: text('source', at), key: text('key', at) || text('id', at), offset: row, code, message: message(code) })
      }
    }
    await reader.close()
  }
  return records
}
