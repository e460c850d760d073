/** The activities of the `stage` workflow: find, plan, run units, commit. All may run twice; none can do anything twice. */
import { Context, heartbeat } from '@temporalio/activity'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import type { Config } from '../pipelines/config.ts'
import { MillraceError } from '../pipelines/errors.ts'
import type { Node } from '../pipelines/graph.ts'
import { type Part, type Plan, plan, rawRoles } from '../pipelines/plan.ts'
import { type Operation, operationsOf, type Stage } from '../pipelines/stage.ts'
import { stageOf } from '../pipelines/stages.ts'
import { commitManifest, findManifest, type Manifest, type ManifestPart, readPlan, storePlan } from '../storage/artifacts.ts'
import { readJson, type Store } from '../storage/store.ts'
import { findUnit, partKey, partsOf, type Unit } from '../storage/units.ts'
import type { Pinned } from './inputs.ts'
import { planAgain } from './retry.ts'
import { type NodeRef, readNode, readRun } from './run.ts'
import { checkSurvival } from './survival.ts'
import { executeUnit } from './unit.ts'
import type { WorkerContext } from './worker-context.ts'

export interface ManifestRef {
  stage: string
  fingerprint: string
  documents: number
  quarantined: number
  reused: boolean
}

export interface PlanRef {
  operation: string
  kind: string
  key: string
  units: number
}

export interface UnitsRequest {
  node: NodeRef
  revision: number
  codeDigest: string
  operation: string
  plan: string
  from: number
  to: number
}

export interface UnitsDone {
  done: number
  reused: number
  documents: number
  quarantined: number
  /** Units that `force` did again with the same content. */
  reproduced: number
}

export async function findStage(context: WorkerContext, ref: NodeRef): Promise<ManifestRef | undefined> {
  const store = await context.store(ref.store)
  const manifest = await findManifest(store, ref.stage, ref.fingerprint)
  return manifest ? { ...refOf(manifest), reused: true } : undefined
}

const refOf = (manifest: Manifest): Omit<ManifestRef, 'reused'> => ({
  stage: manifest.stage,
  fingerprint: manifest.fingerprint,
  documents: manifest.operations.at(-1)?.documents ?? 0,
  quarantined: manifest.quarantined,
})

/** What the workflow needs to know of a stage before it plans: no more than names. */
export async function describeStage(
  context: WorkerContext,
  ref: NodeRef,
): Promise<{ revision: number; codeDigest: string; canary: boolean; operations: { name: string; kind: string }[] }> {
  const store = await context.store(ref.store)
  const [stage, run, node] = await Promise.all([stageOf(ref.stage), readRun(store, ref.run), readNode(store, ref)])
  return {
    revision: stage.revision,
    codeDigest: context.codeDigest,
    canary: stage.canary !== undefined && run.config.run.canaries,
    operations: operationsOf(stage, stage.config.parse(node.config)).map(({ name, kind }) => ({ name, kind })),
  }
}

/** Plans one operation over what its inputs and the operations before it committed, and stores the plan. */
export async function planOperation(
  context: WorkerContext,
  ref: NodeRef,
  operationName: string,
  done: readonly PlanRef[],
): Promise<PlanRef> {
  const store = await context.store(ref.store)
  const [stage, node] = await Promise.all([stageOf(ref.stage), readNode(store, ref)])
  const operation = operationOf(stage, operationName)
  const roles = await rolesSoFar(store, node, done)
  const find = (role: string) => (roles[role] ?? []).map(part => ({ ...part, role }))
  const shuffled = operation.reads
    .map(role => done.find(each => each.operation === role.split('.')[0] && each.kind === 'shuffle'))
    .find(Boolean)
  const request = {
    stage,
    operation,
    config: stage.config.parse(node.config),
    seed: node.seed,
    reads: operation.reads.filter(role => !rawRoles.includes(role)).flatMap(find),
    sides: (operation.sides ?? []).flatMap(find),
    raw: await rawOf(store, ref, operation),
    ...(shuffled ? { partitions: (await readPlan(store, shuffled.key)).partitions } : {}),
  }
  const planned = node.epoch ? await planAgain(store, ref.fingerprint, node.epoch, request) : plan(request)
  const key = await storePlan(store, ref.fingerprint, planned)
  for (const unit of planned.units)
    record(context, store, ref, { operation: operationName, unitKey: unit.key, state: 'planned', bytesIn: unit.bytes })
  return { operation: operationName, kind: operation.kind, key, units: planned.units.length }
}

/** Runs units [from, to) of a plan, one after the other. Heartbeats every 2 s; cancellation kills the child. */
export async function runUnits(context: WorkerContext, request: UnitsRequest): Promise<UnitsDone> {
  const { node: ref } = request
  const store = await context.store(ref.store)
  const [stage, node, planned, run] = await Promise.all([
    stageOf(ref.stage),
    readNode(store, ref),
    readPlan(store, request.plan),
    readRun(store, ref.run),
  ])
  checkRevision(context, request, stage, run.config)
  const counts: UnitsDone = { done: 0, reused: 0, documents: 0, quarantined: 0, reproduced: 0 }
  let detail: Record<string, unknown> = {}
  const beat = setInterval(() => heartbeat({ ...counts, ...detail }), 2000)
  try {
    for (let i = request.from; i < request.to; i++) {
      const unit = planned.units[i]
      if (!unit) break
      Context.current().cancellationSignal.throwIfAborted()
      const found = await findUnit(store, ref.stage, unit.key)
      if (found && !ref.force) {
        record(context, store, ref, { operation: request.operation, unitKey: unit.key, state: 'reused', documents: found.documents })
        count(counts, found, true)
        continue
      }
      const done = await executeUnit(context, {
        store,
        ref,
        stage,
        node,
        plan: planned,
        unit,
        execution: run.config.run,
        force: ref.force,
        signal: AbortSignal.any([Context.current().cancellationSignal, context.shutdown]),
        onProgress: progress => {
          detail = { unit: unit.key, documents: counts.documents + progress.documents, bytes: progress.bytes, ...progress.detail }
        },
      })
      count(counts, done.unit, false)
      if (done.reproduced) counts.reproduced++
      heartbeat(counts)
    }
    return counts
  } catch (error) {
    throw asFailure(error)
  } finally {
    clearInterval(beat)
  }
}

function count(counts: UnitsDone, unit: Unit, reused: boolean): void {
  counts.done++
  if (reused) counts.reused++
  counts.documents += unit.documents
  counts.quarantined += unit.quarantined
}

/** Makes the manifest from the plans' units. Fails where too many records were quarantined. */
export async function commitStage(context: WorkerContext, ref: NodeRef, plans: readonly PlanRef[]): Promise<ManifestRef> {
  const store = await context.store(ref.store)
  const [stage, node, run] = await Promise.all([stageOf(ref.stage), readNode(store, ref), readRun(store, ref.run)])
  const roles: Record<string, ManifestPart[]> = {}
  const operations: Manifest['operations'] = []
  let quarantined = 0
  for (const planRef of plans) {
    const units = await unitsOf(store, await readPlan(store, planRef.key))
    for (const unit of units) {
      for (const part of unit.parts) {
        const under =
          part.role === 'quarantine'
            ? 'quarantine'
            : Object.entries(stage.outputs).find(([, from]) => from === `${planRef.operation}.${part.role}`)?.[0]
        if (under) (roles[under] ??= []).push(manifestPart(unit, part.file, under))
      }
    }
    const counters: Record<string, number> = {}
    for (const unit of units) for (const [name, by] of Object.entries(unit.counters)) counters[name] = (counters[name] ?? 0) + by
    operations.push({
      name: planRef.operation,
      units: units.length,
      documents: sum(units, 'documents'),
      quarantined: sum(units, 'quarantined'),
      counters,
      bytesIn: sum(units, 'bytesIn'),
      ...(units.every(unit => unit.cpuMs !== undefined) ? { cpuMs: units.reduce((total, unit) => total + (unit.cpuMs ?? 0), 0) } : {}),
    })
    quarantined += sum(units, 'quarantined')
  }
  checkQuarantined(ref, quarantined, Math.max(...operations.map(each => each.documents)), run.config)
  const survival = await checkSurvival(store, stage, node, { roles, operations }, run.config.run)
  const manifest: Manifest = {
    stage: ref.stage,
    node: node.id,
    revision: stage.revision,
    fingerprint: ref.fingerprint,
    config: stage.identity?.(node.config) ?? node.config, // where a file lies is no part of an artifact
    seed: node.seed,
    parents: Object.fromEntries(
      Object.entries(node.parents).map(([role, list]) => [
        role,
        list.map(parent => `${parent.stage}/${parent.fingerprint}/${parent.role}`),
      ]),
    ),
    roles,
    operations,
    quarantined,
    ...(survival ? { notes: { survival } } : {}),
  }
  await commitManifest(store, manifest)
  await context.journal.flush()
  return { ...refOf(manifest), reused: false }
}

const sum = (units: readonly Unit[], what: 'documents' | 'quarantined' | 'bytesIn') => units.reduce((total, unit) => total + unit[what], 0)

function manifestPart(unit: Unit, file: string, role: string): ManifestPart {
  const part = unit.parts.find(each => each.file === file) as Unit['parts'][number]
  const { file: _file, ...rest } = part
  return { ...rest, role, location: partKey(unit.stage, unit.key, file), unit: unit.key }
}

function checkQuarantined(ref: NodeRef, quarantined: number, documents: number, config: Config): void {
  const records = Math.max(1, documents + quarantined)
  if (quarantined / records <= config.run.maxQuarantinedRatio) return
  throw asFailure(
    new MillraceError({
      code: 'QUARANTINE_RATIO',
      kind: 'config',
      expected: `at most ${(config.run.maxQuarantinedRatio * 100).toFixed(1)} % of the records quarantined (run.maxQuarantinedRatio)`,
      found: `${quarantined} of ${records}`,
      where: `stage ${ref.stage}`,
      next: 'read the reasons with `millrace show` on the quarantine parts of its units; mend the input or raise the ratio',
    }),
  )
}

/** Units of a plan, in planned order. Throws where one is gone: a damaged store, or gc beside a run. */
export async function unitsOf(store: Store, planned: Plan): Promise<Unit[]> {
  const units: Unit[] = new Array(planned.units.length)
  let next = 0
  const reader = async () => {
    for (let i = next++; i < planned.units.length; i = next++) {
      const key = planned.units[i]?.key ?? ''
      const unit = await findUnit(store, planned.stage, key)
      if (!unit) {
        throw new MillraceError({
          code: 'UNIT_GONE',
          kind: 'resource',
          expected: `units/${planned.stage}/${key}/unit.json`,
          found: 'nothing',
          where: store.uri,
          next: 'start the same run again: the unit is done anew',
        })
      }
      units[i] = unit
    }
  }
  await Promise.all(Array.from({ length: 16 }, reader))
  return units
}

/** `role` and `operation.role` -> parts, from the parents' manifests and the plans done so far. */
async function rolesSoFar(store: Store, node: Node, done: readonly PlanRef[]): Promise<Record<string, Part[]>> {
  const roles: Record<string, Part[]> = {}
  for (const [role, parents] of Object.entries(node.parents)) {
    roles[role] = []
    for (const parent of parents) {
      const manifest = await findManifest(store, parent.stage, parent.fingerprint)
      if (!manifest) {
        throw new MillraceError({
          code: 'PARENT_MISSING',
          kind: 'config',
          expected: `artifacts/${parent.stage}/${parent.fingerprint}`,
          found: 'no manifest',
          where: `stage ${node.stage}`,
          next: `run stage ${parent.stage} first`,
        })
      }
      roles[role].push(...(manifest.roles[parent.role] ?? []))
    }
  }
  for (const planRef of done) {
    for (const unit of await unitsOf(store, await readPlan(store, planRef.key))) {
      for (const part of partsOf(unit)) (roles[`${planRef.operation}.${part.role}`] ??= []).push(part)
    }
  }
  return roles
}

async function rawOf(store: Store, ref: NodeRef, operation: Operation<unknown>) {
  const role = operation.reads.find(each => rawRoles.includes(each))
  if (!role) return []
  const run = await readRun(store, ref.run)
  const pinned = (await readJson<Pinned>(store, run.inputs.key)) as Pinned
  // Where a file lies is no part of a plan: the same input elsewhere is the same plan. Execution looks it up again.
  return (role === 'raw' ? pinned.sources : pinned.evaluation).map(({ source, key, size, sha256 }) => ({
    source,
    key,
    size,
    sha256,
    location: '',
  }))
}

function operationOf(stage: Stage, name: string): Operation<unknown> {
  return stage.operations.find(operation => operation.name === name) as Operation<unknown>
}

/** A worker with other code refuses before it reads, so that old content is never committed under a new key. */
export function checkRevision(
  context: WorkerContext,
  request: { revision: number; codeDigest: string },
  stage: Stage,
  config: Config,
): void {
  const same = stage.revision === request.revision && (context.codeDigest === request.codeDigest || config.run.allowMixedCode)
  if (same) return
  throw ApplicationFailure.retryable(
    `this worker has revision ${stage.revision} of ${stage.name} (code ${context.codeDigest}), the plan was made at ${request.revision} (code ${request.codeDigest}); waiting for a worker that has it, or set run.allowMixedCode`,
    'WrongRevision',
  )
}

export function record(
  context: WorkerContext,
  store: Store,
  ref: NodeRef,
  entry: { operation: string; unitKey: string; state: Parameters<WorkerContext['journal']['add']>[2]['state'] } & Partial<
    Parameters<WorkerContext['journal']['add']>[2]
  >,
): void {
  context.journal.add(store, ref.run, {
    stage: ref.stage,
    node: ref.id,
    attempt: 1,
    documents: 0,
    bytesIn: 0,
    bytesOut: 0,
    cpuMs: 0,
    rssPeak: 0,
    codeDigest: context.codeDigest,
    revision: 0,
    errorCode: '',
    ...entry,
  })
}

/** An error as Temporal should see it: what nobody can mend by trying again is not retried. */
export function asFailure(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error
  if (error instanceof MillraceError || (error as { kind?: string }).kind) {
    const { code, kind, message } = error as MillraceError
    const lasting = kind === 'config' || kind === 'bug' || kind === 'input' || code === 'STORE_FULL' || code === 'STORE_UNWRITABLE'
    return ApplicationFailure.create({ message, type: code, nonRetryable: lasting, cause: error as Error })
  }
  return error as Error
}
