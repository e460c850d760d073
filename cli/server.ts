/** The embedded Temporal server: `temporal server start-dev` on a SQLite file under `.millrace/`, on free ports, in the background. */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Connection } from '@temporalio/client'
import { MillraceError } from '../pipelines/errors.ts'
import { temporalPath } from '../scripts/parts.mjs'
import { alive, home } from './home.ts'

export interface Server {
  address: string
  ui: string
  pid: number
}

export interface ServerOptions {
  port?: number
  namespace?: string
  /** Without the web UI. */
  headless?: boolean
  /** Further arguments of `temporal server start-dev`: for tests. */
  more?: readonly string[]
}

const free = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })

/** The first port from `first` on that is free. Steps of 10, since the server takes neighbours of its own. */
export async function freePort(first: number): Promise<number> {
  for (let port = first; port < first + 2000; port += 10) if (await free(port)) return port
  throw new MillraceError({ code: 'NO_PORT', kind: 'resource', expected: `a free port from ${first} on`, found: 'none' })
}

export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const binary = temporalPath()
  if (!binary)
    throw new MillraceError({
      code: 'NO_TEMPORAL',
      kind: 'config',
      expected: 'the Temporal CLI',
      found: 'none',
      next: 'node scripts/setup.mjs',
    })
  await mkdir(home(), { recursive: true })
  const port = await freePort(options.port ?? 7233)
  const uiPort = await freePort(port + 1000)
  const logPath = join(home(), 'server.log')
  const log = openSync(logPath, 'a')
  const child = spawn(
    binary,
    [
      'server',
      'start-dev',
      '--ip=127.0.0.1',
      `--port=${port}`,
      `--db-filename=${join(home(), 'temporal.sqlite')}`,
      '--sqlite-pragma=journal_mode=WAL',
      '--sqlite-pragma=synchronous=NORMAL',
      `--namespace=${options.namespace ?? 'default'}`,
      '--log-level=error',
      ...(options.more ?? []),
      ...(options.headless ? ['--headless'] : [`--ui-port=${uiPort}`, '--ui-ip=127.0.0.1', '--ui-disable-news-fetch']),
    ],
    { detached: true, stdio: ['ignore', log, log] },
  )
  closeSync(log)
  child.unref()
  const address = `127.0.0.1:${port}`
  if (!child.pid) throw new MillraceError({ code: 'NO_TEMPORAL', kind: 'resource', expected: `${binary} to start`, found: 'nothing' })
  await ready(address, options.namespace ?? 'default', child.pid, logPath)
  return { address, ui: `http://127.0.0.1:${uiPort}`, pid: child.pid }
}

async function ready(address: string, namespace: string, pid: number, logPath: string): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: '1s' })
      await connection.workflowService.describeNamespace({ namespace })
      await connection.close()
      return
    } catch {
      if (!alive(pid) || Date.now() > deadline) {
        const tail = (await readFile(logPath, 'utf8').catch(() => '')).trim().split('\n').slice(-3).join('\n')
        throw new MillraceError({
          code: 'SERVER_START',
          kind: 'resource',
          expected: `the Temporal server to answer at ${address}`,
          found: alive(pid) ? 'no answer in 60 s' : `that it ended: ${tail}`,
          where: logPath,
        })
      }
      await new Promise(resolve => setTimeout(resolve, 200))
    }
  }
}
