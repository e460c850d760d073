/** Whether server and worker are up, and what the server knows of a run. Everything here may be absent: the store is enough to go on. */
import type { Client } from '@temporalio/client'
import type { RunRecord } from '../activities/run.ts'
import { connect, target } from './connect.ts'
import { root } from './output.ts'
import { describeWith, openingsOf, type Pending, pendingIn } from './pending.ts'

export interface WorkflowState {
  workflowId: string
  status: string
  failure?: string
}

export interface Services {
  described: { server: string | null; worker: boolean }
  client: Client | undefined
  workflowOf(record: RunRecord): Promise<WorkflowState | undefined>
  /** What is under way for a run whose workflow runs; nothing where that is not known. */
  pendingOf(record: RunRecord, workflow: WorkflowState | undefined): Promise<Pending[]>
  /** `openRun` of the workflows whose run is not in a store yet. */
  openings(): Promise<Pending[]>
  close(): Promise<void>
}

export async function services(): Promise<Services> {
  const none: Services = {
    described: { server: null, worker: false },
    client: undefined,
    workflowOf: async () => undefined,
    pendingOf: async () => [],
    openings: async () => [],
    close: async () => undefined,
  }
  if (!(await target())) return none
  const connected = await connect().catch(() => undefined)
  if (!connected) return none
  const { client, address, namespace, close } = connected
  return {
    described: { server: address, worker: await hasWorker(client, namespace) },
    client,
    workflowOf: record => workflowOf(client, record).catch(() => undefined),
    pendingOf: async (record, workflow) => {
      if (workflow?.status !== 'RUNNING') return []
      const stages = record.nodes.map(({ stage, fingerprint }) => `stage/${stage}/${fingerprint}`)
      return pendingIn(describeWith(client), [workflow.workflowId, ...stages])
    },
    openings: () => openingsOf(client).catch(() => []),
    close,
  }
}

/** Whether anybody polls the queue of workflows. */
export async function hasWorker(client: Client, namespace: string): Promise<boolean> {
  const queue = { namespace, taskQueue: { name: 'millrace' }, taskQueueType: 1 }
  const found = await client.workflowService.describeTaskQueue(queue).catch(() => undefined)
  const fresh = Date.now() - 90_000
  return (found?.pollers ?? []).some(poller => Number(poller.lastAccessTime?.seconds ?? 0) * 1000 > fresh)
}

/** The `pretrain` (or other) workflow that opened a run. */
export async function workflowOf(client: Client, record: RunRecord): Promise<WorkflowState | undefined> {
  const runId = (record.request as { workflowRun?: string }).workflowRun
  if (!runId || !/^[0-9a-f-]+$/.test(runId)) return undefined
  for await (const found of client.workflow.list({ query: `RunId = '${runId}'` })) {
    const state = { workflowId: found.workflowId, status: found.status.name }
    if (state.status !== 'FAILED') return state
    const failure = await client.workflow
      .getHandle(found.workflowId, runId)
      .result()
      .then(() => undefined)
      .catch(error => root(error).message)
    return failure ? { ...state, failure } : state
  }
  return undefined
}
