/** Raw sources to shards: every stage as soon as what it reads is there. */
import { defineQuery, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow'
import type { RunRef, RunRequest } from '../activities/run.ts'
import type { ManifestRef } from '../activities/stage.ts'
import { patient } from './activities.ts'
import { again, Retries, refuse, retryQuarantined } from './retry.ts'
import { runStage } from './run-stage.ts'

export interface CorpusProgress {
  run: string
  stages: Record<string, 'waiting' | 'running' | 'done' | 'reused'>
}

export const corpusProgress = defineQuery<CorpusProgress>('progress')

/** Input: a request as a user starts it, or the run that `pretrain` has opened. */
export async function buildCorpus(request: RunRequest | { opened: RunRef }): Promise<{ run: RunRef; stages: Record<string, ManifestRef> }> {
  const progress: CorpusProgress = { run: '', stages: {} }
  setHandler(corpusProgress, () => progress)
  const { parent, firstExecutionRunId: workflowRun } = workflowInfo()
  if ('opened' in request) {
    setHandler(retryQuarantined, () => refuse(parent?.workflowId))
    return { run: request.opened, stages: await build(request.opened, progress) }
  }
  const retries = new Retries(request.retryQuarantined)
  setHandler(retryQuarantined, retries.ask)
  let run = await patient.openRun({ ...request, workflowRun })
  for (let round = 1; ; round++) {
    const stages = await build(run, progress)
    await patient.closeRun(run, { trained: false })
    if (!retries.take()) return { run, stages }
    run = await patient.openRun(again(request, run, { workflowRun, round: round + 1, epoch: retries.epoch }))
  }
}

async function build(run: RunRef, progress: CorpusProgress): Promise<Record<string, ManifestRef>> {
  Object.assign(progress, { run: run.run, stages: {} })
  const stages: Record<string, ManifestRef> = {}
  const running = new Map<string, Promise<void>>()
  const show = () =>
    setCurrentDetails(
      Object.entries(progress.stages)
        .map(([id, state]) => `${id}: ${state}`)
        .join('\n'),
    )
  for (const node of run.nodes) {
    progress.stages[node.id] = 'waiting'
    const parents = (run.after[node.id] ?? []).map(id => running.get(id))
    const done = Promise.all(parents).then(async () => {
      progress.stages[node.id] = 'running'
      show()
      const made = await runStage(node, run.execution)
      stages[node.id] = made
      progress.stages[node.id] = made.reused ? 'reused' : 'done'
      show()
    })
    done.catch(() => undefined) // awaited below; a failure must not surface before its siblings have been waited for
    running.set(node.id, done)
  }
  await Promise.all(running.values())
  return stages
}
