/**
 * A worker: workflows and light activities on `millrace`, units on `millrace-cpu`. More machines are more of these on the same queues.
 *
 * SIGTERM: takes no more work, lets children save (a segment) or ends them, and leaves; what was running is tried again elsewhere.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { pino } from 'pino'
import { createActivities } from '../activities/index.ts'
import { createWorkerContext } from '../activities/worker-context.ts'
import { instructionSet } from '../native/addon/process.ts'
import { MillraceError } from '../pipelines/errors.ts'
import { noServer, target } from './connect.ts'
import { home } from './home.ts'

export interface WorkerOptions {
  queues: string[]
  /** Units that run at once. Default: one per core. */
  slots?: number
}

export async function runWorker(options: WorkerOptions): Promise<void> {
  const log = pino({ base: { pid: process.pid } })
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => log.warn({ level, ...meta }, message)),
    shutdownSignals: [],
  })
  const found = await target()
  if (!found) throw noServer()
  const connection = await NativeConnection.connect(found.connection).catch(error => {
    throw new MillraceError({
      code: 'NO_SERVER',
      kind: 'config',
      expected: `a Temporal server at ${found.address}`,
      found: String((error as Error).message).split('\n')[0] ?? '',
      next: 'millrace up',
    })
  })
  const stopping = new AbortController()
  const context = await createWorkerContext({ home: home(), log, shutdown: stopping.signal })
  const activities = createActivities(context, async (store, run) => {
    const { makeReport } = await import('../web/report/index.ts')
    return makeReport(store, run)
  })
  const slots = options.slots ?? availableParallelism()
  const common = {
    connection,
    namespace: found.namespace,
    activities,
    maxHeartbeatThrottleInterval: '2s',
    defaultHeartbeatThrottleInterval: '2s',
    shutdownGraceTime: '25s',
  } as const
  const workers: Worker[] = []
  if (options.queues.includes('millrace')) {
    workers.push(
      await Worker.create({
        ...common,
        taskQueue: 'millrace',
        workflowBundle: { codePath: await bundle() },
        maxCachedWorkflows: 200,
        maxConcurrentActivityTaskExecutions: 16,
        maxEagerActivityReservationsPerWorkflowTask: 0,
      } as Parameters<typeof Worker.create>[0]),
    )
  }
  for (const taskQueue of options.queues.filter(queue => queue !== 'millrace')) {
    workers.push(await Worker.create({ ...common, taskQueue, maxConcurrentActivityTaskExecutions: slots }))
  }
  const stop = () => {
    if (stopping.signal.aborted) return
    stopping.abort()
    for (const worker of workers) worker.shutdown()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  log.info(
    {
      server: found.address,
      namespace: found.namespace,
      queues: options.queues,
      slots,
      code: context.codeDigest,
      instructionSet: instructionSet(),
    },
    'worker ready',
  )
  process.send?.('ready')
  try {
    await Promise.all(workers.map(worker => worker.run()))
  } finally {
    context.runner.close()
    await context.journal.flush()
    await connection.close()
  }
}

/** The workflow bundle, made once per version of the code: a restarted worker is ready seconds sooner. */
async function bundle(): Promise<string> {
  const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url))
  const hash = createHash('sha256')
  for (const file of (await readdir(dirname(workflowsPath))).sort()) hash.update(await readFile(join(dirname(workflowsPath), file)))
  hash.update(await readFile(new URL('../package-lock.json', import.meta.url)).catch(() => ''))
  const path = join(home(), 'cache', `workflows-${hash.digest('hex').slice(0, 16)}.js`)
  if (existsSync(path)) return path
  await mkdir(join(home(), 'cache'), { recursive: true })
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') })
  await writeFile(`${path}.${process.pid}`, code)
  await rename(`${path}.${process.pid}`, path)
  return path
}
