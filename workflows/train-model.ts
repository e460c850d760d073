/**
 * Training as a chain of small artifacts: initialise, then per phase grow, and per segment train, evaluate, decide.
 *
 * What comes next is a pure function of the config and of what has been committed (`nextTraining`), so a second run, or one that lost
 * Temporal's database, decides nothing again.
 */
import { continueAsNew, defineQuery, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow'
import type { NodeRef, RunRef, RunRequest } from '../activities/run.ts'
import { patient, quick } from './activities.ts'
import { runStage } from './run-stage.ts'

export interface TrainRequest {
  opened: RunRef
  /** Steps that are done, in order; carried over continue-as-new. */
  done?: NodeRef[]
}

export interface TrainProgress {
  run: string
  done: number
  now: string
}

export const trainProgress = defineQuery<TrainProgress>('progress')

export async function trainModel(request: RunRequest | TrainRequest): Promise<{ run: RunRef; steps: number }> {
  const progress: TrainProgress = { run: '', done: 0, now: 'opening the run' }
  setHandler(trainProgress, () => progress)
  const run = 'opened' in request ? request.opened : await patient.openRun({ ...request, workflowRun: workflowInfo().firstExecutionRunId })
  progress.run = run.run
  const done: NodeRef[] = ('opened' in request ? request.done : undefined) ?? []
  for (;;) {
    const next = await quick.nextTraining(
      run,
      done.map(node => ({ id: node.id, stage: node.stage, fingerprint: node.fingerprint })),
    )
    done.push(...next.reused)
    progress.done = done.length
    const { node } = next
    if (!node) break
    progress.now = node.id
    setCurrentDetails(`${node.id} (${done.length} steps done)`)
    await runStage(node, run.execution)
    done.push(node)
    progress.done = done.length
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof trainModel>({ opened: run, done })
  }
  if (!('opened' in request)) await patient.closeRun(run, { trained: true })
  return { run, steps: done.length }
}
