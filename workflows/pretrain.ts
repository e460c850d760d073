/** All of it: open the run, build the corpus, train the model, write the report. What a user starts; done again where an update asks for it. */
import { defineQuery, executeChild, setHandler, workflowInfo } from '@temporalio/workflow'
import type { RunRef, RunRequest } from '../activities/run.ts'
import type { ManifestRef } from '../activities/stage.ts'
import { patient } from './activities.ts'
import { buildCorpus } from './build-corpus.ts'
import { again, Retries, retryQuarantined } from './retry.ts'
import { trainModel } from './train-model.ts'

export interface PretrainResult {
  run: string
  store: string
  report: string | undefined
  reused: number
  stages: number
  notes: string[]
}

export const pretrainProgress = defineQuery<{ run: string; part: string }>('progress')

export async function pretrain(request: RunRequest): Promise<PretrainResult> {
  const progress = { run: '', part: 'opening the run' }
  setHandler(pretrainProgress, () => progress)
  const retries = new Retries(request.retryQuarantined)
  setHandler(retryQuarantined, retries.ask)
  const { workflowId, firstExecutionRunId: workflowRun } = workflowInfo()
  let run = await patient.openRun({ ...request, workflowRun })
  for (let round = 1; ; round++) {
    const id = round === 1 ? workflowId : `${workflowId}/again-${round}`
    Object.assign(progress, { run: run.run, part: 'corpus' })
    const corpus = await executeChild(buildCorpus, { workflowId: `${id}/corpus`, args: [{ opened: run }] })
    const trains = run.phases > 0 && !retries.asked // else it would train on shards that are made anew
    if (trains) {
      progress.part = 'training'
      await executeChild(trainModel, { workflowId: `${id}/training`, args: [{ opened: run }] })
    }
    progress.part = 'report'
    const closed = await patient.closeRun(run, { trained: trains })
    if (!retries.take()) {
      progress.part = 'done'
      return resultOf(run, corpus.stages, closed.report)
    }
    run = await patient.openRun(again(request, run, { workflowRun, round: round + 1, epoch: retries.epoch }))
  }
}

function resultOf(run: RunRef, stages: Record<string, ManifestRef>, report: string | undefined): PretrainResult {
  const made = Object.values(stages)
  return {
    run: run.run,
    store: run.store,
    report,
    reused: made.filter(stage => stage.reused).length,
    stages: made.length,
    notes: run.notes,
  }
}
