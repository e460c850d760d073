/** Opening a run: read and validate the config, pin the inputs, name every stage, write it all down. Later steps see references only. */

import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { heartbeat } from '@temporalio/activity'
import type { Config, Execution } from '../pipelines/config.ts'
import { corpusNodes } from '../pipelines/corpus.ts'
import { MillraceError } from '../pipelines/errors.ts'
import type { Node } from '../pipelines/graph.ts'
import { canonical, digestOf } from '../pipelines/identity.ts'
import { stageNames } from '../pipelines/stages.ts'
import { findManifest } from '../storage/artifacts.ts'
import { createSame, missing, readJson, type Store } from '../storage/store.ts'
import { ConfigError, loadConfig } from './config.ts'
import { identityOfSource, type Pinned, pinInputs } from './inputs.ts'
import { checkKinds } from './kinds.ts'
import { epochsOf } from './retry.ts'
import { storeUri, type WorkerContext } from './worker-context.ts'

/** What a user starts a workflow with. */
export interface RunRequest {
  config: string
  from?: string
  only?: string
  force?: string[]
  /** How often units with quarantined records are done again: each time is an epoch in their keys and makes new artifacts. Default 0. */
  retryQuarantined?: number
}

/** How a workflow opens a run. `after`: a run that it does again; config and inputs are that run's, and `round` tells their names apart. */
export interface OpenRequest extends RunRequest {
  workflowRun: string
  after?: { run: string; store: string; round: number }
}

/** What workflows carry: a name, a place and the stages to run. */
export interface RunRef {
  run: string
  name: string
  store: string
  nodes: NodeRef[]
  /** Node -> nodes that must be done before it. */
  after: Record<string, string[]>
  phases: number
  execution: Pick<Execution, 'window' | 'unitsPerActivity' | 'outageSeconds'>
  notes: string[]
}

export interface NodeRef {
  run: string
  store: string
  id: string
  stage: string
  fingerprint: string
  force: boolean
}

/** `runs/<run>/run.json`. */
export interface RunRecord {
  run: string
  name: string
  config: Config
  configPath: string
  configDigest: string
  request: RunRequest
  inputs: { key: string; sourcesDigest: string; evaluationDigest: string; files: number; bytes: number }
  nodes: Node[]
  startedAt: string
}

export const runKey = (run: string): string => `runs/${run}/run.json`
const nodeKey = (run: string, fingerprint: string): string => `runs/${run}/nodes/${fingerprint}.json`

export async function readRun(store: Store, run: string): Promise<RunRecord> {
  const record = await readJson<RunRecord>(store, runKey(run))
  if (!record)
    throw new MillraceError({
      code: 'NO_RUN',
      kind: 'config',
      expected: `a run in ${store.uri}`,
      found: run,
      next: 'millrace status lists runs',
    })
  return record
}

/** Everything that a run is, from its config alone; touches no store. For `openRun` and `millrace plan`. */
export async function describeRun(
  configPath: string,
  home: string,
  beat?: (detail: string) => void,
): Promise<{ config: Config; pinned: Pinned; nodes: Node[]; store: string }> {
  const config = await loadConfig(configPath)
  const pinned = await pinInputs(config, configPath, join(home, 'cache', 'inputs.json'), beat)
  pinned.notes.push(...checkKinds(config, pinned.sources, configPath))
  const nodes = await corpusNodes(config, { ...pinned, sources: config.sources.map(identityOfSource) })
  return { config, pinned, nodes, store: storeUri(config.run.store, home) }
}

async function describeAgain(store: Store, after: { run: string; store: string }): ReturnType<typeof describeRun> {
  const { config, inputs } = await readRun(store, after.run)
  const pinned = await readJson<Pinned>(store, inputs.key)
  if (!pinned) throw missing(store, inputs.key)
  const nodes = await corpusNodes(config, { ...pinned, sources: config.sources.map(identityOfSource) })
  return { config, pinned, nodes, store: after.store }
}

export async function openRun(context: WorkerContext, request: OpenRequest): Promise<RunRef> {
  checkRequest(request)
  const described = request.after
    ? await describeAgain(await context.store(request.after.store), request.after)
    : await describeRun(request.config, context.home, heartbeat)
  const { config, pinned, store: uri } = described
  const store = await context.store(uri)
  await checkSpace(uri, pinned)
  const run = `${runName(config.name, request.workflowRun)}${request.after ? `-${request.after.round}` : ''}`
  const graph = (epochs: ReadonlyMap<string, number>) =>
    corpusNodes(config, { ...pinned, sources: config.sources.map(identityOfSource) }, epochs)
  const nodes = request.retryQuarantined ? await graph(await epochsOf(store, request.retryQuarantined, graph)) : described.nodes
  const named = pinned.files ? [Object.values(pinned.files).flatMap(files => Object.values(files).map(({ sha256 }) => sha256))] : []
  const inputsKey = `runs/${run}/inputs-${digestOf([pinned.sourcesDigest, pinned.evaluationDigest, ...named], 16)}.json`
  await store.create(inputsKey, JSON.stringify(pinned)) // named by identity: another attempt may have seen other times of the same bytes
  for (const node of nodes) await saveNode(store, run, node)
  await select(store, nodes, request) // refuses before there is a run
  const record: RunRecord = {
    run,
    name: config.name,
    config,
    configPath: request.config,
    configDigest: digestOf(canonical(config), 16),
    request,
    inputs: {
      key: inputsKey,
      sourcesDigest: pinned.sourcesDigest,
      evaluationDigest: pinned.evaluationDigest,
      files: pinned.sources.length,
      bytes: pinned.sources.reduce((sum, file) => sum + file.size, 0),
    },
    nodes,
    startedAt: new Date().toISOString(),
  }
  // The first attempt to get here decides what the run is; one that read an edited config or other inputs follows it.
  const first = (await store.create(runKey(run), `${JSON.stringify(record, null, 1)}\n`)) === 'created' ? record : await readRun(store, run)
  const wanted = await select(store, first.nodes, request)
  return {
    run,
    name: first.name,
    store: uri,
    nodes: wanted.map(node => refOf(node, run, uri, request.force)),
    after: Object.fromEntries(wanted.map(node => [node.id, parentsOf(node, wanted)])),
    phases: request.only && !['initialize', 'train', 'grow', 'decide', 'evaluate'].includes(request.only) ? 0 : first.config.phases.length,
    execution: first.config.run,
    notes: pinned.notes,
  }
}

/** Time first, so that names sort; Temporal's ids are UUIDs of version 7, whose first ten digits two runs of a quarter second share. */
const runName = (name: string, workflowRun: string): string => {
  const id = workflowRun.replaceAll('-', '')
  return `${name}-${id.slice(0, 10)}${id.slice(-6)}`
}

export const refOf = (node: Node, run: string, store: string, force: readonly string[] | undefined): NodeRef => ({
  run,
  store,
  id: node.id,
  stage: node.stage,
  fingerprint: node.fingerprint,
  force: force?.includes(node.stage) ?? false,
})

export const saveNode = (store: Store, run: string, node: Node) => createSame(store, nodeKey(run, node.fingerprint), JSON.stringify(node))

export async function readNode(store: Store, ref: NodeRef): Promise<Node> {
  const node = await readJson<Node>(store, nodeKey(ref.run, ref.fingerprint))
  if (!node)
    throw new MillraceError({
      code: 'NO_NODE',
      kind: 'bug',
      expected: nodeKey(ref.run, ref.fingerprint),
      found: 'nothing',
      where: store.uri,
    })
  return node
}

function checkRequest(request: RunRequest): void {
  if (typeof request?.config !== 'string') {
    throw new ConfigError(
      'input',
      'one JSON object like {"config":"configs/quickstart.yaml"}',
      JSON.stringify(request?.config) ?? 'nothing',
      'start the workflow again with that input',
    )
  }
  const epoch: unknown = request.retryQuarantined
  if (epoch !== undefined && !(Number.isInteger(epoch) && (epoch as number) >= 0 && (epoch as number) <= 100))
    throw new ConfigError('input.retryQuarantined', 'how often quarantined records are tried again: 0 to 100', JSON.stringify(epoch))
  for (const [field, value] of [
    ['from', request.from],
    ['only', request.only],
    ...(request.force ?? []).map(stage => ['force', stage] as const),
  ] as const) {
    if (value !== undefined && !stageNames.includes(value))
      throw new ConfigError(`input.${field}`, `a stage (${stageNames.join(', ')})`, JSON.stringify(value))
  }
}

const parentsOf = (node: Node, among: readonly Node[]): string[] => {
  const fingerprints = new Set(Object.values(node.parents).flatMap(list => list.map(parent => parent.fingerprint)))
  return among.filter(other => fingerprints.has(other.fingerprint)).map(other => other.id)
}

/** `from` and `only` require what precedes; what is missing is named with the command that makes it. */
async function select(store: Store, nodes: readonly Node[], request: RunRequest): Promise<Node[]> {
  const target = request.only ?? request.from
  if (!target) return [...nodes]
  const first = nodes.findIndex(node => node.stage === target)
  if (first < 0) return [] // a stage of training: `nextTraining` asks for the shards that it needs
  const wanted = request.only
    ? nodes.filter(node => node.stage === target)
    : nodes.filter((node, i) => i >= first || dependsOn(node, target, nodes))
  for (const node of wanted) {
    for (const parent of Object.values(node.parents).flat()) {
      if (wanted.some(other => other.fingerprint === parent.fingerprint)) continue
      if (await findManifest(store, parent.stage, parent.fingerprint)) continue
      throw new ConfigError(
        `input.${request.only ? 'only' : 'from'}`,
        `the output of stage ${parent.stage} for this config (artifacts/${parent.stage}/${parent.fingerprint})`,
        'none in the store',
        `millrace run ${request.config} --only ${parent.stage}`,
      )
    }
  }
  return wanted
}

function dependsOn(node: Node, stage: string, nodes: readonly Node[]): boolean {
  return Object.values(node.parents)
    .flat()
    .some(
      parent => parent.stage === stage || nodes.some(other => other.fingerprint === parent.fingerprint && dependsOn(other, stage, nodes)),
    )
}

/** A corpus takes about its input again per documents stage. Refuses to begin what cannot end. */
async function checkSpace(uri: string, pinned: Pinned): Promise<void> {
  if (!uri.startsWith('file:')) return
  const needed = pinned.sources.reduce((sum, file) => sum + file.size, 0) * 4 + 256 * 2 ** 20
  let path = fileURLToPath(uri)
  for (;;) {
    const found = await statfs(path).catch(() => undefined)
    if (found) {
      const free = found.bavail * found.bsize
      if (free >= needed) return
      const gb = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`
      throw new MillraceError({
        code: 'DISK_SPACE',
        kind: 'config',
        expected: `${gb(needed)} free for a run over this input`,
        found: gb(free),
        where: path,
        next: 'free space or choose another run.store',
      })
    }
    const parent = join(path, '..')
    if (parent === path) return
    path = parent
  }
}
