/** What training does next: reads what has been committed and asks the pure function `nextTraining`. */
import type { Step } from '../pipelines/train/next.ts'
import { findManifest } from '../storage/artifacts.ts'
import { type NodeRef, type RunRef, readRun, refOf, saveNode } from './run.ts'
import { unitsFile } from './training-facts.ts'
import type { WorkerContext } from './worker-context.ts'

export async function nextTraining(context: WorkerContext, run: RunRef, done: readonly Step[]): Promise<NodeRef | undefined> {
  const { nextTraining: next } = await import('../pipelines/train/next.ts')
  const store = await context.store(run.store)
  const record = await readRun(store, run.run)
  const node = await next({
    config: record.config,
    corpus: record.nodes,
    done,
    read: async (step, role) => unitsFile(store, await findManifest(store, step.stage, step.fingerprint), role),
  })
  if (!node) return undefined
  await saveNode(store, run.run, node)
  return refOf(node, run.run, run.store, record.request.force)
}
