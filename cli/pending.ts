/**
 * What a server has under way for a run, and what it tries again and again. Neither the store nor the workflow says of an activity that its
 * last attempt failed: a stage that never gets past one looks as if it were waiting.
 *
 * Read from `describe()`: the workflow of the run, its children, and the stages that another run may be making for it.
 */
import type { Client } from '@temporalio/client'
import type { RunRecord } from '../activities/run.ts'
import type { Store } from '../storage/store.ts'
import { oneLine, yellow } from './output.ts'
import { findRun } from './runs.ts'

/** An activity that is not done. */
export interface Pending {
  workflowId: string
  /** Fingerprint of the stage whose workflow it is, and that stage's name. */
  stage?: string
  fingerprint?: string
  activity: string
  /** The attempt under way, or the next where one is waited for. */
  attempt: number
  /** What the attempt before ended with, where it failed; `code` where it has one. */
  failed?: { code?: string; message: string }
}

interface Failure {
  message?: string | null
  cause?: Failure | null
  applicationFailureInfo?: { type?: string | null } | null
}

interface PendingActivity {
  activityType?: { name?: string | null } | null
  attempt?: number | null
  lastFailure?: Failure | null
}

/** As much of a description as is read here. */
export interface Described {
  raw: {
    pendingActivities?: readonly PendingActivity[] | null
    pendingChildren?: readonly { workflowId?: string | null }[] | null
  }
}

type Describe = (workflowId: string) => Promise<Described>

/** Workflows that are looked at for one answer: a run has some ten. */
const most = 64

/** Of these workflows and all below them, by workflow and activity. A workflow that is not there has none. */
export async function pendingIn(describe: Describe, workflowIds: readonly string[]): Promise<Pending[]> {
  const found: Pending[] = []
  const seen = new Set<string>()
  for (let open = [...workflowIds]; open.length && seen.size < most; ) {
    const ids = [...new Set(open)].filter(id => !seen.has(id)).slice(0, most - seen.size)
    for (const id of ids) seen.add(id)
    const described = await Promise.all(ids.map(id => describe(id).catch(() => undefined)))
    open = described.flatMap(each => (each?.raw.pendingChildren ?? []).flatMap(({ workflowId }) => workflowId ?? []))
    for (const [i, each] of described.entries())
      for (const activity of each?.raw.pendingActivities ?? []) found.push(pendingOf(ids[i] as string, activity))
  }
  const order = ({ workflowId, activity }: Pending) => `${workflowId} ${activity}`
  return found.sort((a, b) => (order(a) < order(b) ? -1 : 1))
}

export function pendingOf(workflowId: string, activity: PendingActivity): Pending {
  const { lastFailure, attempt } = activity
  const code = codeOf(lastFailure)
  const [, stage, fingerprint] = /^stage\/([^/]+)\/([0-9a-f]+)$/.exec(workflowId) ?? []
  return {
    workflowId,
    ...(stage === undefined || fingerprint === undefined ? {} : { stage, fingerprint }),
    activity: activity.activityType?.name ?? 'an activity',
    attempt: attempt || 1,
    ...(lastFailure ? { failed: { ...(code ? { code } : {}), message: lastFailure.message || 'no reason given' } } : {}),
  }
}

/** The type of the failure or of what caused it. */
function codeOf(failure: Failure | null | undefined): string | undefined {
  for (let at = failure; at; at = at.cause) {
    const type = at.applicationFailureInfo?.type
    if (type && type !== 'Error') return type
  }
  return undefined
}

/** In one line: which activity, which attempt, what the one before failed with. undefined where none failed. */
export function retriedLine({ stage, activity, attempt, failed }: Pending): string | undefined {
  if (!failed) return undefined
  const name = stage ? `${stage}: ${activity}` : activity
  return `${yellow(`${name}, attempt ${attempt}`)}; the last failed: ${failed.code ? `[${failed.code}] ` : ''}${oneLine(failed.message, 300)}`
}

/** A client's `describe`, with a deadline: a server that is slow is no reason to wait. */
export const describeWith =
  (client: Client): Describe =>
  async workflowId =>
    client.withDeadline(Date.now() + 3000, () => client.workflow.getHandle(workflowId).describe())

/** Running workflows whose run is not in a store yet, with their `openRun`. At most 20. */
export async function openingsOf(client: Client): Promise<Pending[]> {
  const found: Pending[] = []
  const describe = describeWith(client)
  for await (const { workflowId, parentExecution } of client.workflow.list({ query: "ExecutionStatus = 'Running'" })) {
    if (parentExecution || found.length >= 20) continue
    const described = await describe(workflowId).catch(() => undefined)
    for (const activity of described?.raw.pendingActivities ?? [])
      if (activity.activityType?.name === 'openRun') found.push(pendingOf(workflowId, activity))
  }
  return found
}

/** The run that is meant; where the store has none, the workflows that are opening it: by their id or the config's name in it. Throws NO_RUN. */
export async function runOrOpenings(
  store: Store,
  wanted: string,
  openings: () => Promise<Pending[]>,
): Promise<{ record: RunRecord } | { openings: Pending[] }> {
  try {
    return { record: await findRun(store, wanted) }
  } catch (error) {
    const found = (await openings()).filter(({ workflowId }) => workflowId === wanted || workflowId.split('/').includes(wanted))
    if (!found.length) throw error
    return { openings: found }
  }
}
