/** What training does next: reads what has been committed and asks the pure function `nextTraining`. */
import type { Step } from '../pipelines/train/next.ts'
import { findManifest } from '../storage/artifacts.ts'
import { type NodeRef, type RunRef, readRun, refOf, saveNode } from './run.ts'
import { unitsFile } from './training-facts.ts'
import type { WorkerContext } from './worker-context.ts'

export interface NextTraining {
  /** Steps whose artifacts are there already, in order: passed over without a workflow of their own. */
  reused: NodeRef[]
  /** The first step that is not; absent where training is done. */
  node?: NodeRef
}

export async function nextTraining(context: WorkerContext, run: RunRef, done: readonly Step[]): Promise<NextTraining> {
  const { nextTraining: next } = await import('../pipelines/train/next.ts')
  const store = await context.store(run.store)
  const record = await readRun(store, run.run)
  const steps = [...done]
  const reused: NodeRef[] = []
  for (;;) {
    const node = await next({
      config: record.config,
      corpus: record.nodes,
      done: steps,
      read: async (step, role) => unitsFile(store, await findManifest(store, step.stage, step.fingerprint), role),
    })
    if (!node) return { reused }
    await saveNode(store, run.run, node)
    const ref = refOf(node, run.run, run.store, record.request.force)
    if (ref.force || !(await findManifest(store, node.stage, node.fingerprint))) return { reused, node: ref }
    reused.push(ref)
    steps.push({ id: node.id, stage: node.stage, fingerprint: node.fingerprint })
  }
}
