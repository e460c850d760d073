/**
 * An engine of its own for a test: server, port, store, home and workers that nobody else uses; all of it gone afterwards. Workers are
 * real processes of the `millrace` command, so they can be killed.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, Connection, type WorkflowHandle } from '@temporalio/client'
import type { RunRequest } from '../../activities/run.ts'
import { freePort, startServer } from '../../cli/server.ts'
import { FileStore } from '../../storage/file.ts'
import type { PretrainResult } from '../../workflows/pretrain.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const main = join(root, 'cli', 'main.ts')

export interface EngineOptions {
  workers?: number
  env?: Record<string, string>
  slots?: number
  /** `supervise` restarts what dies. */
  supervised?: boolean
  /** Further arguments of the server. */
  server?: readonly string[]
}

export class Engine {
  readonly home: string
  readonly address: string
  serverPid: number
  readonly client: Client
  readonly store: FileStore
  readonly #connection: Connection
  #workers: ChildProcess[] = []
  #options: EngineOptions

  private constructor(home: string, address: string, serverPid: number, connection: Connection, options: EngineOptions) {
    this.home = home
    this.address = address
    this.serverPid = serverPid
    this.#connection = connection
    this.client = new Client({ connection })
    this.store = new FileStore(join(home, 'store'))
    this.#options = options
  }

  static async start(options: EngineOptions = {}): Promise<Engine> {
    const home = await mkdtemp(join(tmpdir(), 'millrace-test-'))
    const before = process.env.MILLRACE_HOME
    process.env.MILLRACE_HOME = home
    const port = await freePort(17_000 + Math.floor(Math.random() * 3000) * 10)
    const server = await startServer({ port, headless: true, more: options.server ?? [] })
    if (before === undefined) delete process.env.MILLRACE_HOME
    else process.env.MILLRACE_HOME = before
    const connection = await Connection.connect({ address: server.address })
    const engine = new Engine(home, server.address, server.pid, connection, options)
    try {
      for (let i = 0; i < (options.workers ?? 1); i++) await engine.addWorker()
    } catch (error) {
      await engine.stop() // else the server outlives the test
      throw error
    }
    return engine
  }

  /** What a command of this engine runs with. */
  get env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      MILLRACE_HOME: this.home,
      MILLRACE_STORE: join(this.home, 'store'),
      MILLRACE_ROOTS: `${root}:${this.home}:${tmpdir()}`,
      TEMPORAL_ADDRESS: this.address,
      ...this.#options.env,
    }
  }

  /** `tree`: another checkout of the code that the worker runs. */
  async addWorker(more: { queues?: string; tree?: string } = {}): Promise<ChildProcess> {
    const log = createWriteStream(join(this.home, `worker-${this.#workers.length}.log`), { flags: 'a' })
    const how = this.#options.supervised ? ['supervise', '--'] : ['worker']
    const slots = this.#options.slots ? ['--slots', String(this.#options.slots)] : []
    const queues = more.queues ? ['--queues', more.queues] : []
    const entry = more.tree ? join(more.tree, 'cli', 'main.ts') : main
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry, ...how, ...slots, ...queues], {
      cwd: more.tree ?? root,
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#workers.push(child)
    await new Promise<void>((resolve, reject) => {
      child.stdout?.on('data', data => {
        log.write(data)
        if (String(data).includes('worker ready')) resolve()
      })
      let output = ''
      child.stderr?.on('data', data => {
        log.write(data)
        output = (output + data).slice(-2000)
      })
      child.stdout?.on('data', data => {
        output = (output + data).slice(-2000)
      })
      child.once('exit', code => reject(new Error(`the worker left with code ${code}: ${output}`)))
    })
    return child
  }

  get workers(): readonly ChildProcess[] {
    return this.#workers
  }

  /** Ends the server with SIGKILL, throws its database away, and starts another at the same address. Workers find it by themselves. */
  async loseDatabase(): Promise<void> {
    kill(this.serverPid, 'SIGKILL')
    for (const name of readdirSync(this.home)) if (name.startsWith('temporal.sqlite')) await rm(join(this.home, name))
    const before = process.env.MILLRACE_HOME
    process.env.MILLRACE_HOME = this.home
    const port = Number(this.address.split(':')[1])
    while (!(await freePort(port).then(free => free === port))) await new Promise(resolve => setTimeout(resolve, 100))
    this.serverPid = (await startServer({ port, headless: true, more: this.#options.server ?? [] })).pid
    if (before === undefined) delete process.env.MILLRACE_HOME
    else process.env.MILLRACE_HOME = before
  }

  start(request: RunRequest, workflowId = `pretrain/test/${Date.now().toString(36)}`): Promise<WorkflowHandle> {
    return this.client.workflow.start('pretrain', { taskQueue: 'millrace', workflowId, args: [request] })
  }

  async run(request: RunRequest): Promise<PretrainResult> {
    return (await (await this.start(request)).result()) as PretrainResult
  }

  /** Numbered saves of segments under way, and how large they are together. */
  async saves(): Promise<number> {
    const folder = join(this.home, 'store', 'tmp')
    if (!existsSync(folder)) return 0
    return readdirSync(folder, { recursive: true }).filter(name => /save-\d+/.test(String(name))).length
  }

  async logs(): Promise<string> {
    const files = readdirSync(this.home).filter(name => name.endsWith('.log'))
    return (await Promise.all(files.map(name => readFile(join(this.home, name), 'utf8')))).join('\n')
  }

  async stop(): Promise<void> {
    for (const worker of this.#workers) kill(worker.pid, 'SIGKILL')
    for (const { pid } of processes(this.home)) kill(pid, 'SIGKILL')
    await this.#connection.close().catch(() => undefined)
    kill(this.serverPid, 'SIGKILL')
    await rm(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

export function kill(pid: number | undefined, signal: NodeJS.Signals): boolean {
  try {
    return pid ? process.kill(pid, signal) : false
  } catch {
    return false
  }
}

export interface Found {
  pid: number
  parent: number
  role: 'worker' | 'supervisor' | 'child' | 'trainer' | 'idle'
}

/** Millrace's processes of one home, and what each is doing: from /proc, as an operator would look. */
export function processes(home: string): Found[] {
  const found: Found[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      if (!existsSync(`/proc/${name}/environ`) || !readFileSync(`/proc/${name}/environ`, 'utf8').includes(`MILLRACE_HOME=${home}\0`))
        continue
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      const comm = readFileSync(`/proc/${name}/comm`, 'utf8').trim()
      const parent = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1])
      const role = comm.startsWith('millrace-train')
        ? 'trainer'
        : comm.startsWith('millrace-child')
          ? 'child'
          : comm.startsWith('millrace-idle') || command.includes('pipelines/child.ts')
            ? 'idle'
            : command.includes('main.ts supervise')
              ? 'supervisor'
              : command.includes('main.ts worker')
                ? 'worker'
                : undefined
      if (role) found.push({ pid: Number(name), parent, role })
    } catch {
      // gone meanwhile
    }
  }
  return found
}
