/**
 * Runs units in child processes. A slot keeps its child between units; a child that crashed, stalled or grew too large is replaced.
 *
 * What ended an attempt decides who is charged for it (design: "Only bytes can quarantine"): `own` causes count against the unit,
 * `stopped` against nobody.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type ErrorKind, MillraceError } from '../pipelines/errors.ts'
import type { ChildEvent } from '../pipelines/serve.ts'
import type { Job, UnitResult } from '../pipelines/unit.ts'

export type Progress = Extract<ChildEvent, { event: 'progress' }>

export interface Finished {
  result: UnitResult
  rss: number
  cpuMs: number
}

/** A child that ended without an answer. `signal` SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT can be an input's fault; SIGKILL never. */
export class ChildDied extends MillraceError {
  readonly signal: string | undefined
  readonly exitCode: number | undefined
  constructor(unit: string, exitCode: number | null, signal: NodeJS.Signals | null, output: string) {
    super({
      code: signal ?? 'CHILD_EXIT',
      kind: 'resource',
      expected: 'the unit child to answer',
      found: signal ? `that ${signal} ended it` : `that it left with code ${exitCode}`,
      where: `unit ${unit}${output ? `; it last said: ${output}` : ''}`,
    })
    this.name = 'ChildDied'
    this.signal = signal ?? undefined
    this.exitCode = exitCode ?? undefined
  }
}

export interface RunOptions {
  /** Milliseconds without progress after which the child is killed. */
  stall: number
  onProgress?: (progress: Progress) => void
  /** Aborted: the child gets SIGTERM and time to save (`grace`), then SIGKILL. */
  signal?: AbortSignal
  grace?: number
}

export interface RunnerOptions {
  /** Resident bytes above which an idle child is replaced. */
  maxIdleMemory?: number
  log?: (line: string) => void
  env?: Record<string, string>
  /** The child's entry. Default: pipelines/child.ts. */
  childPath?: string
}

const childPath = fileURLToPath(new URL('../pipelines/child.ts', import.meta.url))

export class Runner {
  #idle: Child[] = []
  #all = new Set<Child>()
  #options: RunnerOptions

  constructor(options: RunnerOptions = {}) {
    this.#options = options
  }

  /** `fresh`: in a child that has run nothing before (to tell an input's fault from a neighbour's). */
  async run(job: Job, options: RunOptions & { fresh?: boolean }): Promise<Finished> {
    const child = (options.fresh ? undefined : this.#idle.pop()) ?? this.#start()
    let kept = false
    try {
      const finished = await child.run(job, options)
      // One that was told to stop keeps that in mind and may still be killed: it takes no other job.
      kept = child.alive && !options.fresh && !options.signal?.aborted && finished.rss <= (this.#options.maxIdleMemory ?? 2 ** 31)
      if (kept) this.#idle.push(child)
      return finished
    } finally {
      if (!kept) child.end()
    }
  }

  /** Pids of live children: for tests and chaos. */
  get pids(): number[] {
    return [...this.#all].flatMap(child => child.pid ?? [])
  }

  close(): void {
    for (const child of this.#all) child.end()
  }

  #start(): Child {
    const child = new Child(this.#options, () => {
      this.#all.delete(child)
      this.#idle = this.#idle.filter(each => each !== child)
    })
    this.#all.add(child)
    return child
  }
}

class Child {
  #process: ChildProcess
  #onEvent: ((event: ChildEvent) => void) | undefined
  #output = ''
  #exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  alive = true

  constructor(options: RunnerOptions, onExit: () => void) {
    this.#process = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', options.childPath ?? childPath], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      // Native calls run on several threads one after the other: with a heap each, the C library would hold a batch of pages for every one.
      env: { MALLOC_ARENA_MAX: '2', ...withoutSecrets(process.env), ...options.env, MILLRACE_PARENT: String(process.pid) },
    })
    const keep = (text: string) => {
      this.#output = (this.#output + text).slice(-2000)
      options.log?.(text)
    }
    this.#process.stdout?.setEncoding('utf8').on('data', keep)
    this.#process.stderr?.setEncoding('utf8').on('data', keep)
    this.#process.stdin?.on('error', () => undefined) // the exit says more
    createInterface({ input: this.#process.stdio[3] as Readable }).on('line', line => {
      const event = parsed(line)
      if (event) this.#onEvent?.(event)
    })
    this.#exit = new Promise(resolve => {
      this.#process.once('error', error => keep(String(error)))
      this.#process.once('close', (code, signal) => {
        this.alive = false
        onExit()
        resolve({ code, signal })
      })
    })
  }

  get pid(): number | undefined {
    return this.alive ? this.#process.pid : undefined
  }

  end(): void {
    this.#process.stdin?.end()
    this.#process.kill('SIGKILL')
  }

  async run(job: Job, options: RunOptions): Promise<Finished> {
    let timer: NodeJS.Timeout | undefined
    let stalled = false
    const touch = () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        stalled = true
        this.#process.kill('SIGKILL')
      }, options.stall)
    }
    const stop = () => {
      this.#process.kill('SIGTERM')
      if (options.grace) setTimeout(() => this.alive && this.#process.kill('SIGKILL'), options.grace).unref()
      else this.#process.kill('SIGKILL')
    }
    touch()
    options.signal?.addEventListener('abort', stop, { once: true })
    if (options.signal?.aborted) stop()
    try {
      const answered = new Promise<Finished>((resolve, reject) => {
        this.#onEvent = event => {
          touch()
          if (event.event === 'progress') options.onProgress?.(event)
          else if (event.event === 'done') resolve({ result: event.result, rss: event.rss, cpuMs: event.cpuMs })
          else if (event.event === 'failed') reject(remote(event))
        }
      })
      this.#process.stdin?.write(`${JSON.stringify(job)}\n`)
      const died = this.#exit.then(({ code, signal }) => {
        options.signal?.throwIfAborted()
        if (stalled)
          throw new MillraceError({
            code: 'STALL',
            kind: 'resource',
            expected: `progress within ${options.stall} ms`,
            found: 'none',
            where: `unit ${job.unit}`,
          })
        throw new ChildDied(job.unit, code, signal, this.#output.trim().split('\n').at(-1) ?? '')
      })
      died.catch(() => undefined)
      answered.catch(() => undefined)
      return await Promise.race([answered, died])
    } finally {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', stop)
      this.#onEvent = undefined
    }
  }
}

/** undefined for the line that a child was killed in the middle of: its exit says what happened. */
function parsed(line: string): ChildEvent | undefined {
  try {
    return JSON.parse(line) as ChildEvent
  } catch {
    return undefined
  }
}

/** An error that a child reported, as it would have been thrown here. */
function remote(event: Extract<ChildEvent, { event: 'failed' }>): Error {
  const error = new Error(event.message)
  if (event.stack) error.stack = event.stack
  return Object.assign(error, { name: 'UnitError', code: event.code, kind: event.kind as ErrorKind })
}

/** Credentials stay with the worker. */
function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(AWS_|TEMPORAL_|MILLRACE_S3_)/.test(name)))
}
