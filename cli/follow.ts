/**
 * Follows a run: asks its workflows once a second, reads the store for what is finished, and draws one line a stage.
 *
 * Nothing here matters to the run: whoever follows may come and go. An answer that does not come is a line that does not change.
 */
import { type Client, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client'
import type { RunRecord } from '../activities/run.ts'
import { MillraceError } from '../pipelines/errors.ts'
import type { Node } from '../pipelines/graph.ts'
import { operationsOf } from '../pipelines/stage.ts'
import { stageOf } from '../pipelines/stages.ts'
import { findManifest } from '../storage/artifacts.ts'
import type { Store } from '../storage/store.ts'
import type { CorpusProgress } from '../workflows/build-corpus.ts'
import type { PretrainResult } from '../workflows/pretrain.ts'
import type { StageProgress } from '../workflows/stage.ts'
import type { TrainProgress } from '../workflows/train-model.ts'
import { connect } from './connect.ts'
import { flow } from './facts.ts'
import { stageLine, trainingLine } from './follow-lines.ts'
import { dim, json, out, safe } from './output.ts'
import { pendingOf, retriedLine } from './pending.ts'
import { Board, type Line } from './progress.ts'
import { findRun, nodesOf } from './runs.ts'
import { workflowOf } from './services.ts'
import { Training } from './training.ts'

export interface Watched {
  id: string
  stage: string
  state: 'waiting' | 'running' | 'done' | 'reused'
  /** Milliseconds (this process's clock) at which it was first seen running, and done. */
  since?: number
  until?: number
  progress?: StageProgress
  /** An activity whose last attempt failed, in a line. */
  retried?: string | undefined
  /** Documents that earlier operations had read, and when the one under way was first seen. */
  before: number
  operationSince: number
  /** Place of the operation among the stage's, from 1. */
  place: string
  /** Of the activities under way: units, documents and, in training, step and loss. */
  under: { units: number; documents: number; bytes: number; step?: number; loss?: number; tokens?: number }
  documentsIn?: number
  documentsOut?: number
  dropped?: number
  quarantined: number
  units: number
}

/** Ended: the exit code. Detached (Ctrl-C): 130, and how to go on. */
export async function follow(
  client: Client,
  handle: WorkflowHandle,
  store: Store,
  options: { json?: boolean },
): Promise<{ code: number; result?: PretrainResult }> {
  const watch = new Watch(client, handle.workflowId, store)
  const board = new Board(options.json ? process.stderr : process.stdout)
  const stopped = new AbortController()
  const detach = () => stopped.abort()
  process.on('SIGINT', detach)
  try {
    const result = handle.result().then(
      value => ({ value: value as PretrainResult }),
      (error: unknown) => ({ error }),
    )
    for (;;) {
      const ended = await Promise.race([result, pause(1000, stopped.signal)])
      if (stopped.signal.aborted) {
        const name = watch.record?.run ?? handle.workflowId
        board.end(`\ndetached; the run goes on. Follow it again: millrace status ${name} --follow. Cancel it: millrace cancel ${name}`)
        return { code: 130 }
      }
      await watch.look(Boolean(ended)).catch(() => undefined)
      board.draw(await watch.lines())
      if (!ended) continue
      if ('error' in ended) throw failureOf(ended.error)
      return { code: 0, result: ended.value }
    }
  } finally {
    process.off('SIGINT', detach)
  }
}

/** `millrace status RUN --follow`. */
export async function followRun(record: RunRecord, store: Store, options: { json?: boolean }): Promise<number> {
  const { client, close } = await connect()
  try {
    const found = await workflowOf(client, record)
    if (!found) {
      throw new MillraceError({
        code: 'NO_WORKFLOW',
        kind: 'config',
        expected: `a workflow of run ${record.run} on this server`,
        found: 'none: it ended long ago, or ran on another server',
        next: `millrace status ${record.run}`,
      })
    }
    const { code, result } = await follow(client, client.workflow.getHandle(found.workflowId), store, options)
    if (result) showResult(result, options)
    return code
  } finally {
    await close()
  }
}

export function showResult(result: PretrainResult, options: { json?: boolean }): void {
  if (options.json) {
    json(result)
    return
  }
  for (const note of result.notes) out(dim(safe(note)))
  const all = result.reused === result.stages ? 'all reused' : `${result.reused} reused`
  out(`run ${result.run} is done: ${result.stages} stages of the corpus, ${all}`)
  if (result.report) out(`report ${safe(result.report)}`)
  else out(dim(`millrace status ${result.run} shows it again; millrace explain DOC --run ${result.run} says what became of a document`))
}

class Watch {
  readonly #client: Client
  readonly #id: string
  readonly #store: Store
  record: RunRecord | undefined
  #nodes: Node[] = []
  #watched = new Map<string, Watched>()
  #training: Training | undefined
  #now: string | undefined
  #retried: string | undefined

  constructor(client: Client, id: string, store: Store) {
    this.#client = client
    this.#id = id
    this.#store = store
  }

  async look(last: boolean): Promise<void> {
    if (!this.record) {
      const progress = await this.#ask<{ run: string }>(this.#id)
      if (!progress?.run) {
        this.#retried = retriedAmong(this.#id, await this.#activities(this.#id))
        return
      }
      this.record = await findRun(this.#store, progress.run)
      this.#training = new Training(this.#store, this.record.config)
      this.#nodes = await nodesOf(this.#store, this.record)
    }
    const [corpus, training] = await Promise.all([
      this.#ask<CorpusProgress>(`${this.#id}/corpus`),
      this.record.config.phases.length ? this.#ask<TrainProgress>(`${this.#id}/training`) : undefined,
    ])
    const steps = this.#nodes.filter(node => !this.record?.nodes.some(each => each.id === node.id))
    for (const [i, node] of steps.entries()) {
      if (!training) break
      const finished = i < training.done || (last && i <= training.done)
      await this.#set(node, finished ? 'done' : node.id === training.now ? 'running' : 'waiting')
    }
    this.#now = training?.now
    for (const node of this.record.nodes) {
      const state = corpus?.stages[node.id]
      if (state) await this.#set(node, state)
    }
  }

  async #set(node: Node, state: Watched['state']): Promise<void> {
    const found = this.#watched.get(node.id)
    const watched: Watched = found ?? {
      id: node.id,
      stage: node.stage,
      state: 'waiting',
      under: { units: 0, documents: 0, bytes: 0 },
      before: 0,
      operationSince: 0,
      place: '',
      quarantined: 0,
      units: 0,
    }
    this.#watched.set(node.id, watched)
    const before = watched.state
    watched.state = state
    if (state === 'running') {
      watched.since ??= performance.now()
      await this.#inside(node, watched)
    } else if ((state === 'done' || state === 'reused') && before !== state) {
      watched.until = performance.now()
      await this.#finished(node, watched)
    }
  }

  /** What a stage under way has done: its own count, and what its running activities said last. */
  async #inside(node: Node, watched: Watched): Promise<void> {
    const id = `stage/${node.stage}/${node.fingerprint}`
    const progress = await this.#ask<StageProgress>(id)
    if (progress) {
      if (progress.operation !== watched.progress?.operation) {
        watched.before = watched.progress?.documents ?? 0
        watched.operationSince = performance.now()
        const stage = await stageOf(node.stage)
        const names = operationsOf(stage, stage.config.parse(node.config)).map(({ name }) => name)
        watched.place = names.length > 1 ? ` (${names.indexOf(progress.operation) + 1} of ${names.length})` : ''
      }
      watched.progress = progress
    }
    const activities = await this.#activities(id)
    watched.retried = retriedAmong(id, activities)
    const under: Watched['under'] = { units: 0, documents: 0, bytes: 0 }
    for (const activity of activities) {
      const payload = activity.heartbeatDetails?.payloads?.[0]?.data
      const said = payload ? parse(payload) : undefined
      if (!said) continue
      under.units += Number(said.done ?? 0)
      under.documents += Number(said.documents ?? 0)
      under.bytes += Number(said.bytes ?? 0)
      for (const name of ['step', 'loss', 'tokens'] as const) if (typeof said[name] === 'number') under[name] = said[name]
    }
    watched.under = under
  }

  async #activities(id: string) {
    const described = await this.#client.workflow
      .getHandle(id)
      .describe()
      .catch(() => undefined)
    return described?.raw.pendingActivities ?? []
  }

  async #finished(node: Node, watched: Watched): Promise<void> {
    const manifest = await findManifest(this.#store, node.stage, node.fingerprint)
    if (!manifest) return
    watched.quarantined = manifest.quarantined
    watched.units = manifest.operations.reduce((sum, operation) => sum + operation.units, 0)
    Object.assign(watched, await flow(node, manifest, parent => findManifest(this.#store, parent.stage, parent.fingerprint)))
  }

  async lines(): Promise<Line[]> {
    if (!this.record) {
      const opening = this.#retried ?? dim('reading the config, hashing inputs')
      return [{ id: '', text: `opening the run: ${opening}`, log: this.#retried ? `opening the run: ${this.#retried}` : 'opening the run' }]
    }
    const lines: Line[] = [{ id: '', text: dim(`run ${this.record.run}`), log: `run ${this.record.run}` }]
    for (const node of this.record.nodes) {
      const watched = this.#watched.get(node.id)
      if (watched) lines.push(stageLine(watched))
    }
    const done = new Set([...this.#watched.values()].filter(({ state }) => state === 'done' || state === 'reused').map(({ id }) => id))
    const begun = this.#now !== undefined
    for (const phase of begun ? ((await this.#training?.phases(this.#nodes, done)) ?? []) : []) {
      const now = [...this.#watched.values()].find(
        ({ id, state }) => state === 'running' && id === this.#now && id.includes(`-${phase.phase}`),
      )
      lines.push(
        trainingLine(
          phase,
          now,
          this.record.config.phases.find(each => each.name === phase.phase),
        ),
      )
    }
    return lines
  }

  /** A query with a short deadline: a worker that is busy or away is no reason to wait. */
  async #ask<T>(workflowId: string): Promise<T | undefined> {
    try {
      return await this.#client.withDeadline(Date.now() + 3000, () => this.#client.workflow.getHandle(workflowId).query<T>('progress'))
    } catch {
      return undefined
    }
  }
}

const retriedAmong = (id: string, activities: readonly Parameters<typeof pendingOf>[1][]): string | undefined =>
  activities.map(each => retriedLine(pendingOf(id, each))).find(Boolean)

function parse(data: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(Buffer.from(data).toString('utf8')) as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<undefined> =>
  new Promise(resolve => {
    const timer = setTimeout(resolve, ms, undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  })

/** Cancelled and terminated runs have no cause that says more. */
function failureOf(error: unknown): unknown {
  if (!(error instanceof WorkflowFailedError)) return error
  const name = error.cause?.name
  if (name !== 'CancelledFailure' && name !== 'TerminatedFailure') return error
  return new MillraceError({
    code: 'CANCELLED',
    kind: 'resource',
    expected: 'the run to end',
    found: `that it was ${name === 'CancelledFailure' ? 'cancelled' : 'terminated'}`,
    next: 'start the same run again: everything committed is kept',
  })
}
