/** The activity that runs a stage's canary (pipelines/canary.ts) in the worker's children, before the stage's first unit. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Context } from '@temporalio/activity'
import { runCanary } from '../pipelines/canary.ts'
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

/** How often a child may crash on our own texts before the stage is to blame: a neighbour's damage is worth a second try. */
const attempts = 3

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
      })
      return
    } catch (error) {
      const code = blame(error as Error)
      if (signal.aborted || !code) throw error
      if (attempt < attempts) continue
      throw new MillraceError(
        {
          code: 'CANARY',
          kind: 'bug',
          expected: `${ref.stage} to read planted documents`,
          found: `${code}, ${attempts} times: ${(error as Error).message}`,
          where: `stage ${ref.stage}, the side batch that never enters a part`,
          next: 'millrace doctor; run.canaries: false goes on without',
        },
        { cause: error },
      )
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  }
}

async function evaluationFiles(store: Store, key: string): Promise<RawFile[]> {
  const pinned = (await readJson<Pinned>(store, key)) as Pinned
  for (const file of pinned.evaluation) await verifyPinned(file)
  return pinned.evaluation.map(({ source, key: name, location, size, sha256 }) => ({ source, key: name, path: location, size, sha256 }))
}
