/**
 * The activity that runs a stage's canary (pipelines/canary.ts) in the worker's children, before the stage's first unit.
 *
 * A failure is charged as a unit's is: a crash, a stall or an exit on our own texts three times, then the stage fails and says which step was
 * asked. A kill from outside, an outage and the worker's end are nobody's: the activity is tried again. Each is a line of the log, since
 * Temporal alone would know of it.
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Context } from '@temporalio/activity'
import { runCanary, type SideBatch } from '../pipelines/canary.ts'
import { MillraceError } from '../pipelines/errors.ts'
import type { RawFile, Stage } from '../pipelines/stage.ts'
import { stageOf } from '../pipelines/stages.ts'
import { readJson, type Store } from '../storage/store.ts'
import { type Pinned, verifyFiles, verifyPinned } from './inputs.ts'
import { blame } from './isolate.ts'
import { type NodeRef, readNode, readRun } from './run.ts'
import { checkRevision } from './stage.ts'
import { workFolder } from './unit.ts'
import type { WorkerContext } from './worker-context.ts'

/** How often a child may fail on our own texts before the stage is to blame: a neighbour's damage is worth a second try. */
const attempts = 3

/** What a child ends with beside crashes when a rule never answers, asks for too much, or leaves; units are charged for these too. */
const own = new Set(['STALL', 'CHILD_EXIT', 'MEMORY'])

/** The code that counts against the stage, or undefined where nobody is to blame. */
const charged = (error: Error & { code?: string }): string | undefined =>
  blame(error) ?? (own.has(error.code ?? '') ? error.code : undefined)

/** Throws CANARY where the stage lets through what it must drop, drops what it must keep, or crashes on it. */
export async function checkCanary(context: WorkerContext, ref: NodeRef, made: { revision: number; codeDigest: string }): Promise<void> {
  const store = await context.store(ref.store)
  const [stage, node, run] = await Promise.all([stageOf(ref.stage), readNode(store, ref), readRun(store, ref.run)])
  checkRevision(context, made, stage, run.config)
  const evaluation = stage.inputs.includes('evaluation') ? await evaluationFiles(store, run.inputs.key) : []
  await verifyFiles(node.config)
  const activity = Context.current()
  const signal = AbortSignal.any([activity.cancellationSignal, context.shutdown])
  // Several batches, each of which may read a large model: longer than the heartbeat timeout of units.
  const beat = setInterval(() => activity.heartbeat(), 2000)
  try {
    await attemptCanary(context, ref, store, { stage, node, run, evaluation, signal })
  } finally {
    clearInterval(beat)
  }
}

interface Prepared {
  stage: Stage
  node: Awaited<ReturnType<typeof readNode>>
  run: Awaited<ReturnType<typeof readRun>>
  evaluation: RawFile[]
  signal: AbortSignal
}

async function attemptCanary(
  context: WorkerContext,
  ref: NodeRef,
  store: Store,
  { stage, node, run, evaluation, signal }: Prepared,
): Promise<void> {
  const { threads, maxMemory, stallSeconds } = run.config.run
  for (let attempt = 1; ; attempt++) {
    const work = workFolder(store, `canary-${ref.stage}`, false)
    const folder = join(work, 'canary')
    await mkdir(folder, { recursive: true })
    const asked: { batch?: SideBatch } = {}
    try {
      await runCanary({
        stage,
        config: node.config,
        seed: node.seed,
        evaluation,
        folder,
        threads,
        maxMemory,
        execute: async (_, job) => (await context.runner.run(job, { stall: stallSeconds * 1000, signal })).result,
        onBatch: batch => {
          asked.batch = batch
        },
      })
      return
    } catch (thrown) {
      const error = thrown as Error & { code?: string }
      const code = charged(error)
      if (signal.aborted) throw error
      const step = asked.batch?.about?.where
      context.log.warn(
        { run: ref.run, stage: ref.stage, ...(step ? { step } : {}), attempt, code: error.code ?? error.name, error: error.message },
        'canary failed',
      )
      if (!code) throw error
      if (attempt < attempts) continue
      throw failure(ref.stage, asked.batch, code, error, stallSeconds)
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  }
}

/** Names the step whose batch was under way: a module of the user's, a model, or the stage itself. */
function failure(stage: string, asked: SideBatch | undefined, code: string, error: Error, stallSeconds: number): MillraceError {
  const about = asked?.about
  const documents = asked ? `${asked.documents.length} planted documents` : 'planted documents'
  const within = code === 'STALL' ? ` within ${stallSeconds} s (run.stallSeconds)` : ''
  const mend = about
    ? `see why ${about.where} ${code === 'STALL' ? 'does not return' : 'ends its process'}, and start the same run again`
    : 'millrace doctor'
  return new MillraceError(
    {
      code: 'CANARY',
      kind: about ? 'config' : 'bug',
      expected: `${about?.where ?? stage} to judge ${documents}${within}`,
      found: `${code}, ${attempts} times: ${error.message}`,
      where: `stage ${stage}, the side batch that never enters a part`,
      next: `${mend}; ${code === 'STALL' ? 'a larger run.stallSeconds waits longer; ' : ''}run.canaries: false goes on without`,
    },
    { cause: error },
  )
}

async function evaluationFiles(store: Store, key: string): Promise<RawFile[]> {
  const pinned = (await readJson<Pinned>(store, key)) as Pinned
  for (const file of pinned.evaluation) await verifyPinned(file)
  return pinned.evaluation.map(({ source, key: name, location, size, sha256 }) => ({ source, key: name, path: location, size, sha256 }))
}
