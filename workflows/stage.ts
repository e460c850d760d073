/**
 * One stage over one dataset: per operation plan, run the units in a bounded window; then commit.
 *
 * A stage whose manifest exists is done, whoever made it: starting the same workflow again is how one recovers. History carries references
 * and counts only, so a stage of 10⁵ units stays far below Temporal's history limit.
 */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow'
import type { NodeRef, RunRef } from '../activities/run.ts'
import type { ManifestRef, PlanRef } from '../activities/stage.ts'
import { quick, units } from './activities.ts'
import { boundedWindow } from './window.ts'

export interface StageRequest {
  node: NodeRef
  execution: RunRef['execution']
  /** Set by continue-as-new: operations that are done, the one under way, and where its window stands. */
  plans?: PlanRef[]
  open?: PlanRef
  next?: number
  counts?: StageProgress
}

export interface StageProgress {
  stage: string
  operation: string
  units: number
  done: number
  reused: number
  documents: number
  quarantined: number
  /** Units that `force` did again with the same content. */
  reproduced: number
}

export const stageProgress = defineQuery<StageProgress>('progress')

export async function stage(request: StageRequest): Promise<ManifestRef> {
  const { node, execution } = request
  let counts: StageProgress = request.counts ?? {
    stage: node.stage,
    operation: '',
    units: 0,
    done: 0,
    reused: 0,
    documents: 0,
    quarantined: 0,
    reproduced: 0,
  }
  setHandler(stageProgress, () => counts) // before the first await: a query may arrive with the first task

  const found = await quick.findStage(node)
  if (found && !node.force) return found

  const described = await quick.describeStage(node)
  const { runUnits, checkCanary } = units(execution.outageSeconds)
  if (described.canary && !request.counts) await checkCanary(node, { revision: described.revision, codeDigest: described.codeDigest }) // before the first unit: it fails in a second, not after hours
  const plans = request.plans ?? []
  for (const operation of described.operations.slice(plans.length)) {
    const plan = request.open?.operation === operation.name ? request.open : await quick.planOperation(node, operation.name, plans)
    const first = request.open?.operation === operation.name ? (request.next ?? 0) : 0
    counts = { ...counts, operation: operation.name, units: plan.units, done: first }
    const window = boundedWindow({ units: plan.units, first, size: execution.window, perCall: execution.unitsPerActivity }, range =>
      runUnits({
        node,
        revision: described.revision,
        codeDigest: described.codeDigest,
        operation: operation.name,
        plan: plan.key,
        ...range,
      }),
    )
    for await (const result of window) {
      counts = {
        ...counts,
        done: counts.done + result.done,
        reused: counts.reused + result.reused,
        documents: counts.documents + result.documents,
        quarantined: counts.quarantined + result.quarantined,
        reproduced: counts.reproduced + result.reproduced,
      }
      setCurrentDetails(
        `${operation.name}: ${counts.done} of ${plan.units} units, ${counts.reused} reused, ${node.force ? `${counts.reproduced} reproduced, ` : ''}${counts.quarantined} records quarantined`,
      )
      if (workflowInfo().continueAsNewSuggested) window.close()
    }
    if (window.next < plan.units) {
      await condition(allHandlersFinished)
      await continueAsNew<typeof stage>({ node, execution, plans, open: plan, next: window.next, counts })
    }
    plans.push(plan)
  }
  return quick.commitStage(node, plans)
}
