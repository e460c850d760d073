/** All of it: open the run, build the corpus, train the model, write the report. What a user starts. */
import { defineQuery, executeChild, setHandler, workflowInfo } from '@temporalio/workflow'
import type { RunRequest } from '../activities/run.ts'
import { patient } from './activities.ts'
import { buildCorpus } from './build-corpus.ts'
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
  const run = await patient.openRun({ ...request, workflowRun: workflowInfo().firstExecutionRunId })
  Object.assign(progress, { run: run.run, part: 'corpus' })
  const id = workflowInfo().workflowId
  const corpus = await executeChild(buildCorpus, { workflowId: `${id}/corpus`, args: [{ opened: run }] })
  const made = Object.values(corpus.stages)
  if (run.phases > 0) {
    progress.part = 'training'
    await executeChild(trainModel, { workflowId: `${id}/training`, args: [{ opened: run }] })
  }
  progress.part = 'report'
  const closed = await patient.closeRun(run, { trained: run.phases > 0 })
  progress.part = 'done'
  return {
    run: run.run,
    store: run.store,
    report: closed.report,
    reused: made.filter(stage => stage.reused).length,
    stages: made.length,
    notes: run.notes,
  }
}
