/**
 * One unit, from its plan to its commit: fetch what it reads, run it in a child, commit what it wrote.
 *
 * Attempts are charged by cause. The unit's own (a crash, a stall, an error of its code): three, then the stage fails with the reason.
 * The worker's end or a cancelled activity: none. Only bytes can quarantine (isolate.ts).
 */
import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Execution } from '../pipelines/config.ts'
import { MillraceError } from '../pipelines/errors.ts'
import type { Node } from '../pipelines/graph.ts'
import type { Plan, PlannedUnit } from '../pipelines/plan.ts'
import type { LocalPart, RawFile, Stage } from '../pipelines/stage.ts'
import type { Job } from '../pipelines/unit.ts'
import { FileStore } from '../storage/file.ts'
import { missing, readJson, type Store } from '../storage/store.ts'
import { checkPart, commitUnit, type Unit } from '../storage/units.ts'
import { type Pinned, verifyFiles, verifyPinned } from './inputs.ts'
import { blame, isolate } from './isolate.ts'
import { type NodeRef, readRun } from './run.ts'
import type { Finished, Progress } from './runner.ts'
import { record } from './stage.ts'
import type { WorkerContext } from './worker-context.ts'

export interface UnitRequest {
  store: Store
  ref: NodeRef
  stage: Stage
  node: Node
  plan: Plan
  unit: PlannedUnit
  execution: Execution
  force: boolean
  signal: AbortSignal
  onProgress: (progress: Progress) => void
}

const ownAttempts = 3

/** `reproduced`: `force` did committed work again, and it gave the same content. */
export async function executeUnit(context: WorkerContext, request: UnitRequest): Promise<{ unit: Unit; reproduced: boolean }> {
  const { store, ref, plan, unit } = request
  const operation = plan.operation
  const resumable = request.stage.operations.find(each => each.name === operation)?.kind === 'segment'
  const work = workFolder(store, unit.key, resumable)
  for (let attempt = 1; ; attempt++) {
    record(context, store, ref, { operation, unitKey: unit.key, state: 'started', attempt, revision: plan.revision })
    try {
      const job = await prepare(request, work, resumable)
      const finished = await runOrIsolate(context, request, job, resumable)
      const {
        unit: committed,
        outcome,
        repaired,
      } = await commitUnit(store, { stage: plan.stage, operation, revision: plan.revision, key: unit.key }, finished.result, finished.cpuMs)
      record(context, store, ref, {
        operation,
        unitKey: unit.key,
        state: outcome,
        attempt,
        revision: plan.revision,
        documents: committed.documents,
        bytesIn: committed.bytesIn,
        bytesOut: committed.parts.reduce((sum, part) => sum + part.bytes, 0),
        cpuMs: finished.cpuMs,
        rssPeak: finished.rss,
      })
      const reproduced = request.force && outcome === 'alreadyThere'
      for (const key of repaired) context.log.warn({ run: ref.run, stage: ref.stage, unit: unit.key, key }, 'damaged file repaired')
      if (reproduced) context.log.info({ run: ref.run, stage: ref.stage, unit: unit.key }, 'reproduced')
      await rm(work, { recursive: true, force: true })
      return { unit: committed, reproduced }
    } catch (thrown) {
      const error = full(store, thrown)
      const { kind = 'bug' } = error as Partial<MillraceError>
      const code = String((error as Partial<MillraceError>).code ?? 'ERROR')
      record(context, store, ref, { operation, unitKey: unit.key, state: 'failed', attempt, revision: plan.revision, errorCode: code })
      context.log.warn({ run: ref.run, stage: ref.stage, unit: unit.key, attempt, code, error: (error as Error).message }, 'unit failed')
      if (!resumable) await rm(work, { recursive: true, force: true })
      if (request.signal.aborted || kind === 'config' || code === 'DETERMINISM' || code.startsWith('STORE_')) throw error
      if (attempt >= ownAttempts) {
        throw new MillraceError(
          {
            code: 'UNIT_FAILED',
            kind: 'bug',
            expected: `unit ${unit.key} of ${ref.stage}.${operation} to finish`,
            found: `${ownAttempts} failed attempts; the last: [${code}] ${(error as Error).message}`,
            where: `run ${ref.run}`,
            next: 'mend the cause and start the same run again: everything committed is kept',
          },
          { cause: error },
        )
      }
    }
  }
}

/** A disk without room stops the run at once: trying again cannot help, and no unit is to blame. */
function full(store: Store, error: unknown): unknown {
  const { code, kind, message } = error as Partial<MillraceError>
  // libuv has no name for EDQUOT (122); native code says it in words.
  const isFull = code === 'ENOSPC' || /system error -122\b|no space left on device|disk quota exceeded/i.test(message ?? '')
  if (!isFull || kind === 'input') return error
  return new MillraceError(
    {
      code: 'STORE_FULL',
      kind: 'resource',
      expected: 'room on the disk for what a unit writes',
      found: message ?? '',
      where: store instanceof FileStore ? store.uri : tmpdir(),
      next: 'free space or choose another run.store, then start the same run again: what was committed is kept',
    },
    { cause: error },
  )
}

/** A crashed child, or one that cannot read its input, may be the fault of one record: find it before the attempt is charged. */
async function runOrIsolate(context: WorkerContext, request: UnitRequest, job: Job, resumable: boolean): Promise<Finished> {
  const options = {
    stall: request.execution.stallSeconds * 1000,
    signal: request.signal,
    grace: resumable ? 20_000 : 0, // only a segment has something to save
    onProgress: request.onProgress,
  }
  try {
    return await context.runner.run(job, options)
  } catch (error) {
    if (request.signal.aborted) throw error
    if (blame(error as Error)) await checkInputs(request, job)
    const isolated = await isolate(context.runner, request.stage, job, error as Error, options)
    if (!isolated) throw error
    return isolated
  }
}

/** A damaged file in the store is nobody's bad record: quarantining what cannot be read of it would fork the unit's content. */
async function checkInputs({ store, unit, plan }: UnitRequest, job: Job): Promise<void> {
  for (const [i, part] of unit.parts.entries()) await checkPart(store, part.location, job.parts[i]?.path ?? '')
  for (const [i, side] of plan.sides.entries()) await checkPart(store, side.location, job.sides[i]?.path ?? '')
}

/** Local paths for everything that the unit reads; empty output and scratch. */
async function prepare(request: UnitRequest, work: string, resumable: boolean): Promise<Job> {
  const { store, ref, plan, unit, node, execution } = request
  await verifyFiles(node.config)
  const output = join(work, 'output')
  const scratch = join(work, 'scratch')
  await rm(output, { recursive: true, force: true })
  if (!resumable) await rm(scratch, { recursive: true, force: true })
  await mkdir(output, { recursive: true })
  await mkdir(scratch, { recursive: true })
  let fetched = 0
  const local = async (part: LocalPart | { role: string; location: string; from: number; to: number }): Promise<LocalPart> => ({
    role: part.role,
    path: await store.fetch('location' in part ? part.location : part.path, join(scratch, `input-${fetched++}`)),
    from: part.from,
    to: part.to,
  })
  const parts: LocalPart[] = []
  for (const part of unit.parts) parts.push(await local(part))
  const sides: LocalPart[] = []
  for (const part of plan.sides) sides.push(await local(part))
  return {
    stage: plan.stage,
    operation: plan.operation,
    config: node.config,
    seed: node.seed,
    unit: unit.key,
    partition: unit.partition,
    partitions: plan.partitions,
    threads: execution.threads,
    maxMemory: execution.maxMemory,
    scratch,
    output,
    parts,
    sides,
    raw: await rawFiles(store, ref, unit),
    saveSeconds: execution.saveSeconds,
    ...(execution.saveSteps === undefined ? {} : { saveSteps: execution.saveSteps }),
  }
}

const pinnedFiles = new Map<string, Promise<Map<string, Pinned['sources'][number]>>>()

/** Where the pinned files lie on this machine, after a check that they are still what was pinned. */
async function rawFiles(store: Store, ref: NodeRef, unit: PlannedUnit): Promise<RawFile[]> {
  if (!unit.raw.length) return []
  const run = await readRun(store, ref.run)
  const id = `${store.uri} ${run.inputs.key}`
  let index = pinnedFiles.get(id)
  if (!index) {
    index = readJson<Pinned>(store, run.inputs.key).then(pinned => {
      if (!pinned) throw missing(store, run.inputs.key)
      return new Map([...pinned.sources, ...pinned.evaluation].map(file => [`${file.source.name}\0${file.key}`, file]))
    })
    index.catch(() => pinnedFiles.delete(id)) // else one outage would fail every later unit
    for (const old of [...pinnedFiles.keys()].slice(3)) pinnedFiles.delete(old)
    pinnedFiles.set(id, index)
  }
  const files = await index
  const raw: RawFile[] = []
  for (const { source, key } of unit.raw) {
    const file = files.get(`${source.name}\0${key}`)
    if (!file)
      throw new MillraceError({
        code: 'INPUT_GONE',
        kind: 'config',
        expected: `${key} of source ${source.name} among the pinned inputs`,
        found: 'nothing',
      })
    await verifyPinned(file)
    raw.push({ source, key, path: file.location, size: file.size, sha256: file.sha256 })
  }
  return raw
}

/** On the store's own disk where it has one, so that committing is a link and not a copy. A segment's folder outlives its worker. */
export function workFolder(store: Store, key: string, resumable: boolean): string {
  const root = store instanceof FileStore ? join(store.root, 'tmp') : join(tmpdir(), 'millrace')
  const attempt = resumable ? '' : `-${randomBytes(6).toString('hex')}` // two stages may do the same unit at once
  return join(root, `work-${key}${attempt}`)
}
