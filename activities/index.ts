/** The activities, bound to one worker's context. */
import { Context, heartbeat } from '@temporalio/activity'
import { findManifest } from '../storage/artifacts.ts'
import { checkCanary } from './canary.ts'
import { closeRun, type ReportMaker } from './close-run.ts'
import { type NodeRef, type OpenRequest, openRun, type RunRef } from './run.ts'
import {
  asFailure,
  commitStage,
  describeStage,
  findStage,
  type ManifestRef,
  type PlanRef,
  planOperation,
  runUnits,
  type UnitsRequest,
} from './stage.ts'
import { nextTraining } from './training.ts'
import type { WorkerContext } from './worker-context.ts'

/** Errors leave an activity as failures that say whether trying again can help. */
async function failing<T>(body: () => Promise<T>): Promise<T> {
  const beat = setInterval(() => heartbeat(), 2000)
  try {
    return await body()
  } catch (error) {
    throw asFailure(error)
  } finally {
    clearInterval(beat)
  }
}

/** `makeReport` comes from above (web/report): without it a run ends with no report. */
export function createActivities(context: WorkerContext, makeReport?: ReportMaker) {
  return {
    openRun: (request: OpenRequest) => failing(() => openRun(context, request)),
    findStage: (node: NodeRef) => failing(() => findStage(context, node)),
    describeStage: (node: NodeRef) => failing(() => describeStage(context, node)),
    planOperation: (node: NodeRef, operation: string, done: readonly PlanRef[]) =>
      failing(() => planOperation(context, node, operation, done)),
    checkCanary: (node: NodeRef, made: { revision: number; codeDigest: string }) => failing(() => checkCanary(context, node, made)),
    runUnits: (request: UnitsRequest) => runUnits(context, request),
    commitStage: (node: NodeRef, plans: readonly PlanRef[]) => failing(() => commitStage(context, node, plans)),
    /** Waits for an artifact that another workflow is making; undefined when a minute passed without it. */
    awaitStage: (node: NodeRef) =>
      failing(async (): Promise<ManifestRef | undefined> => {
        const store = await context.store(node.store)
        for (let i = 0; i < 60; i++) {
          if (await findManifest(store, node.stage, node.fingerprint)) return findStage(context, node)
          await Context.current().sleep(1000)
        }
        return undefined
      }),
    nextTraining: (run: RunRef, done: readonly { id: string; stage: string; fingerprint: string }[]) =>
      failing(() => nextTraining(context, run, done)),
    closeRun: (run: RunRef, how: { trained: boolean }) => failing(() => closeRun(context, run, how, makeReport)),
  }
}

export type Activities = ReturnType<typeof createActivities>
