/**
 * What a unit child does: takes jobs, one at a time, says how they go. pipelines/child.ts runs it over the stage table.
 *
 * In: one JSON line per job on standard input. Out: JSON lines on file descriptor 3 (`ready`, `progress`, `done`, `failed`). What a job
 * prints goes to the parent's log. First act: ask the kernel to die with the parent, then check that the parent is still there.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { dieWithParent, instructionSet } from '../native/addon/process.ts'
import type { Stage } from './stage.ts'
import { type Job, runUnit, type UnitResult } from './unit.ts'

export type ChildEvent =
  | { event: 'ready'; instructionSet: string }
  | { event: 'progress'; unit: string; documents: number; bytes: number; rss: number; cpuMs: number; detail?: Record<string, unknown> }
  | { event: 'done'; unit: string; result: UnitResult; rss: number; cpuMs: number }
  | { event: 'failed'; unit: string; code: string; kind: string; message: string; where?: string; stack?: string }

/** Serves jobs until standard input ends; then the process leaves. `find` gives a stage by its name. */
export async function serve(find: (name: string) => Promise<Stage>): Promise<void> {
  const parent = Number(process.env.MILLRACE_PARENT)
  if (!dieWithParent(parent)) process.exit(1)

  const say = (event: ChildEvent) => {
    const line = Buffer.from(`${JSON.stringify(event)}\n`)
    for (let sent = 0; sent < line.length; ) sent += writeSync(3, line, sent) // a signal may cut a write short
  }
  let before = process.cpuUsage()
  /** CPU time since the job began: a child does many. Memory is the most that it ever held. */
  const used = () => {
    const { user, system } = process.cpuUsage(before)
    return { rss: process.resourceUsage().maxRSS * 1024, cpuMs: Math.round((user + system) / 1000) }
  }
  const stopping = new AbortController()
  process.on('SIGTERM', () => stopping.abort())
  process.on('SIGINT', () => undefined) // Ctrl-C reaches the whole terminal group; the parent decides

  async function work(job: Job): Promise<void> {
    process.title = job.operation === 'segment' ? 'millrace-trainer' : 'millrace-child'
    before = process.cpuUsage()
    let last = 0
    try {
      const stage = await find(job.stage)
      const result = await runUnit(stage, job, {
        stopping: stopping.signal,
        progress: event => {
          const now = performance.now()
          if (now - last < 200) return
          last = now
          say({ event: 'progress', unit: job.unit, ...event, ...used() })
        },
      })
      say({ event: 'done', unit: job.unit, result, ...used() })
    } catch (error) {
      const e = error as Error & { code?: string; kind?: string; where?: string }
      say({
        event: 'failed',
        unit: job.unit,
        code: e.code ?? e.name,
        kind: e.kind ?? kindOf(e.code),
        message: e.message,
        ...(e.where ? { where: e.where } : {}),
        ...(e.stack ? { stack: e.stack } : {}),
      })
    } finally {
      process.title = 'millrace-idle'
    }
  }

  process.title = 'millrace-idle'
  say({ event: 'ready', instructionSet: instructionSet() })
  for await (const line of createInterface({ input: process.stdin })) if (line.trim()) await work(JSON.parse(line) as Job)
  process.exit(0)
}

/** Errors of the operating system are never the input's fault. */
function kindOf(code: string | undefined): string {
  if (code === 'ERR_OUT_OF_RANGE' || code === undefined) return 'bug'
  return /^E[A-Z]+$/.test(code) || code === 'MEMORY' || code === 'IO' ? 'resource' : 'bug'
}
