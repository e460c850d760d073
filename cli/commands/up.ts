import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { MillraceError } from '../../pipelines/errors.ts'
import { alive, home, readUp, type Up, writeUp } from '../home.ts'
import { nameNpm } from '../npm.ts'
import { green, json, out } from '../output.ts'

interface Options {
  root: string[]
  slots?: number
  port?: number
  json?: boolean
}

export function add(program: Command): void {
  program
    .command('up')
    .description('Start the embedded server and a worker in the background (a server that TEMPORAL_ADDRESS names is used as it is)')
    .option(
      '--root <folder>',
      'let configs and file:// sources lie below this folder too; may be repeated',
      (value, all: string[]) => [...all, value],
      [] as string[],
    )
    .option('--slots <n>', 'units at once (default: one per core)', Number)
    .option('--port <n>', 'first port to try (default 7233)', Number)
    .option('--json', 'print what was started as JSON')
    .addHelpText('after', '\nExample:\n  millrace up --root /data/crawls')
    .action(async (options: Options) => {
      const { up, started } = await bringUp(options)
      if (options.json) return json({ ...up, started })
      out(
        `${green('●')} server ${up.address}${up.ui ? `, web UI ${up.ui}` : ''}; worker ${started ? 'started' : 'already running'}. Logs: ${join(home(), 'worker.log')}. Stop: millrace down`,
      )
    })
  program
    .command('supervise', { hidden: true })
    .allowUnknownOption()
    .argument('[arguments...]')
    .action(async (workerArguments: string[]) => {
      const { supervise } = await import('../supervise.ts')
      process.exitCode = await supervise(workerArguments)
    })
}

/** Server and worker, started where they are not running. */
export async function bringUp(options: Partial<Options> = {}): Promise<{ up: Up; started: boolean }> {
  const running = await readUp()
  if (running && (!running.serverPid || alive(running.serverPid))) return { up: running, started: false }
  await mkdir(home(), { recursive: true })
  nameNpm()
  const external = process.env.TEMPORAL_ADDRESS
  const { startServer } = await import('../server.ts')
  const server = external ? undefined : await startServer(options.port ? { port: options.port } : {})
  const up: Up = {
    address: server?.address ?? (external as string),
    namespace: process.env.TEMPORAL_NAMESPACE ?? 'default',
    ...(server ? { ui: server.ui, serverPid: server.pid } : {}),
    supervisorPid: 0,
    startedAt: new Date().toISOString(),
    cwd: process.cwd(),
  }
  const logPath = join(home(), 'worker.log')
  const log = openSync(logPath, 'a')
  const main = fileURLToPath(new URL('../main.ts', import.meta.url))
  const roots = [process.env.MILLRACE_ROOTS ?? process.cwd(), home(), ...(options.root ?? []).map(root => resolve(root))].join(':')
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', main, 'supervise', '--', ...(options.slots ? ['--slots', String(options.slots)] : [])],
    {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, MILLRACE_HOME: home(), MILLRACE_ROOTS: roots, TEMPORAL_ADDRESS: up.address, TEMPORAL_NAMESPACE: up.namespace },
    },
  )
  closeSync(log)
  child.unref()
  up.supervisorPid = child.pid ?? 0
  await writeUp(up)
  await workerReady(up, logPath)
  return { up, started: true }
}

async function workerReady(up: Up, logPath: string): Promise<void> {
  const began = Date.parse(up.startedAt)
  for (let waited = 0; waited < 60_000; waited += 200) {
    const text = await readFile(logPath, 'utf8').catch(() => '')
    for (const line of text.split('\n')) {
      if (!line.includes('worker ready')) continue
      try {
        if ((JSON.parse(line) as { time: number }).time >= began) return
      } catch {}
    }
    if (!alive(up.supervisorPid)) {
      throw new MillraceError({
        code: 'WORKER_START',
        kind: 'resource',
        expected: 'the worker to start',
        found: text.trim().split('\n').at(-1) ?? 'nothing',
        where: logPath,
      })
    }
    await new Promise(done => setTimeout(done, 200))
  }
  throw new MillraceError({
    code: 'WORKER_START',
    kind: 'resource',
    expected: 'the worker to be ready within 60 s',
    found: 'no word from it',
    where: logPath,
  })
}
