/**
 * What a run of a config would do, step by step, and because of what: nothing is run, no server is asked, nothing is written.
 *
 * Compared with the newest run of the same name. A stage that is stale need not run whole: units are named by what they read, so where the
 * inputs of its first operation are there, that operation is planned and its units are looked up.
 */
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Pinned } from '../activities/inputs.ts'
import { type JournalEntry, readJournal } from '../activities/journal.ts'
import { describeRun, type RunRecord } from '../activities/run.ts'
import { codeDigest, openStore } from '../activities/worker-context.ts'
import type { Node } from '../pipelines/graph.ts'
import { type Part, plan, rawRoles } from '../pipelines/plan.ts'
import { operationsOf } from '../pipelines/stage.ts'
import { stageOf } from '../pipelines/stages.ts'
import { trainingNodes } from '../pipelines/train/next.ts'
import { findManifest, type Manifest } from '../storage/artifacts.ts'
import { readJson, type Store } from '../storage/store.ts'
import { home } from './home.ts'
import { listRuns, nodesOf } from './runs.ts'

export interface PlannedNode {
  id: string
  stage: string
  fingerprint: string
  /** reuse: the artifact is there. stale: an earlier run made it from something else. run: it was never made. */
  state: 'reuse' | 'run' | 'stale'
  because: string[]
  /** Of the first operation, where what it reads is there: units in all, and those that exist already. */
  units?: { operation: string; total: number; existing: number }
  /** Bytes of what the stage reads, where that is known. */
  bytesIn?: number
  /** CPU that the step cost when it last ran. */
  cpuSeconds?: number
}

export interface RunPlan {
  name: string
  store: string
  comparedWith: string | null
  input: { files: number; bytes: number; notes: string[] }
  /** Bytes: what a run over this input is refused below, and what is free. */
  disk: { needed: number; free: number | null }
  nodes: PlannedNode[]
}

export async function planRun(configPath: string): Promise<RunPlan> {
  const { config, pinned, nodes: corpus, store: uri } = await describeRun(configPath, home())
  const store = await openStore(uri)
  const nodes = [...corpus, ...trainingNodes(config, corpus)]
  const runs = (await listRuns(store)).filter(run => run.name === config.name).slice(0, 5)
  const [newest] = runs
  const before = newest ? await beforeOf(store, newest, pinned) : undefined
  const costs = await costsOf(store, runs)
  const planned: PlannedNode[] = []
  for (const node of nodes) {
    const cost = costs.get(node.id)
    planned.push({ ...(await planNode(store, node, nodes, pinned, before)), ...(cost === undefined ? {} : { cpuSeconds: cost }) })
  }
  const bytes = pinned.sources.reduce((sum, file) => sum + file.size, 0)
  const extracts = planned.find(node => node.id === 'extract')?.state !== 'reuse'
  return {
    name: config.name,
    store: uri,
    comparedWith: newest?.run ?? null,
    input: { files: pinned.sources.length, bytes, notes: pinned.notes },
    disk: { needed: extracts ? bytes * 4 + 256 * 2 ** 20 : 0, free: await freeBytes(uri) },
    nodes: planned,
  }
}

interface Before {
  nodes: ReadonlyMap<string, Node>
  inputs: string | undefined
  code: ReadonlyMap<string, string>
  codeNow: string
  run: string
}

async function beforeOf(store: Store, record: RunRecord, pinned: Pinned): Promise<Before> {
  const old = await readJson<Pinned>(store, record.inputs.key)
  const code = new Map<string, string>()
  for (const entry of await readJournal(store, record.run)) if (isDone(entry)) code.set(entry.node, entry.codeDigest)
  return {
    run: record.run,
    nodes: new Map((await nodesOf(store, record)).map(node => [node.id, node])),
    inputs: old ? compareInputs(old, pinned) : undefined,
    code,
    codeNow: await codeDigest(),
  }
}

const isDone = ({ state }: JournalEntry): boolean => state === 'committed' || state === 'alreadyThere'

async function planNode(store: Store, node: Node, all: readonly Node[], pinned: Pinned, before: Before | undefined): Promise<PlannedNode> {
  const head = { id: node.id, stage: node.stage, fingerprint: node.fingerprint }
  const old = before?.nodes.get(node.id)
  if (await findManifest(store, node.stage, node.fingerprint)) {
    const code = before?.code.get(node.id)
    const other = old?.fingerprint === node.fingerprint && code !== undefined && code !== before?.codeNow
    return {
      ...head,
      state: 'reuse',
      because: other ? [`same revision ${node.revision}, other code (made at ${code}, now ${before?.codeNow})`] : [],
    }
  }
  const found = await firstUnits(store, node, pinned)
  if (!old) return { ...head, state: 'run', because: [before ? `not in run ${before.run}` : 'never run'], ...found }
  if (old.fingerprint === node.fingerprint) return { ...head, state: 'run', because: [`run ${before?.run} did not finish it`], ...found }
  return { ...head, state: 'stale', because: reasons(old, node, all, before), ...found }
}

function reasons(old: Node, node: Node, all: readonly Node[], before: Before | undefined): string[] {
  const because: string[] = []
  if (old.revision !== node.revision) because.push(`revision ${old.revision} → ${node.revision}`)
  if (old.seed !== node.seed) because.push(`seed ${old.seed} → ${node.seed}`)
  if (old.inputs !== node.inputs) because.push(before?.inputs || 'other input')
  const changed = differences(old.config, node.config)
  if (changed.length)
    because.push(`config: ${changed.slice(0, 3).join(', ')}${changed.length > 3 ? ` and ${changed.length - 3} more` : ''}`)
  const parents = new Set(Object.values(node.parents).flatMap(list => list.map(parent => parent.fingerprint)))
  const olds = new Set(Object.values(old.parents).flatMap(list => list.map(parent => parent.fingerprint)))
  const upstream = all.filter(each => parents.has(each.fingerprint) && !olds.has(each.fingerprint)).map(each => each.id)
  if (upstream.length) because.push(`after ${upstream.slice(0, 3).join(', ')}${upstream.length > 3 ? ', …' : ''}`)
  return because.length ? because : ['other parents']
}

/** Paths of a config that differ, with both values. */
export function differences(a: unknown, b: unknown, path = ''): string[] {
  const plain = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
  if (plain(a) && plain(b))
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap(key => differences(a[key], b[key], path ? `${path}.${key}` : key))
  const [x, y] = [JSON.stringify(a) ?? 'none', JSON.stringify(b) ?? 'none']
  const short = (text: string) => (text.length > 40 ? `${text.slice(0, 39)}…` : text)
  return x === y ? [] : [`${path} ${short(x)} → ${short(y)}`]
}

/** In words: what files came, went and changed. */
function compareInputs(old: Pinned, now: Pinned): string {
  const key = (file: Pinned['sources'][number]) => `${file.source.name}/${file.key}`
  const index = (pinned: Pinned) => new Map([...pinned.sources, ...pinned.evaluation].map(file => [key(file), file.sha256]))
  const [a, b] = [index(old), index(now)]
  const added = [...b.keys()].filter(name => !a.has(name))
  const removed = [...a.keys()].filter(name => !b.has(name))
  const changed = [...b].filter(([name, sha256]) => a.has(name) && a.get(name) !== sha256).map(([name]) => name)
  const say = (what: string, names: readonly string[]) =>
    names.length ? [`${names.length} ${what} (${names[0]}${names.length > 1 ? ', …' : ''})`] : []
  const words = [...say('added', added), ...say('removed', removed), ...say('changed', changed)]
  return words.length ? `input: ${words.join(', ')}` : ''
}

async function firstUnits(store: Store, node: Node, pinned: Pinned): Promise<Pick<PlannedNode, 'units' | 'bytesIn'>> {
  const stage = await stageOf(node.stage)
  const [operation] = operationsOf(stage, stage.config.parse(node.config))
  if (!operation) return {}
  const roles: Record<string, Part[]> = {}
  for (const [role, parents] of Object.entries(node.parents)) {
    const parts: Part[] = []
    for (const parent of parents) {
      const manifest: Manifest | undefined = await findManifest(store, parent.stage, parent.fingerprint)
      if (!manifest) return {}
      parts.push(...(manifest.roles[parent.role] ?? []))
    }
    roles[role] = parts
  }
  const find = (role: string) => (roles[role] ?? []).map(part => ({ ...part, role }))
  const raw = operation.reads.includes('raw') ? pinned.sources : operation.reads.includes('evaluation') ? pinned.evaluation : []
  const planned = plan({
    stage,
    operation,
    config: stage.config.parse(node.config),
    seed: node.seed,
    reads: operation.reads.filter(role => !rawRoles.includes(role)).flatMap(find),
    sides: (operation.sides ?? []).flatMap(find),
    raw: raw.map(({ source, key, size, sha256 }) => ({ source, key, size, sha256, location: '' })),
  })
  let existing = 0
  for (const unit of planned.units) if ((await store.size(`units/${node.stage}/${unit.key}/unit.json`)) !== undefined) existing++
  return {
    units: { operation: operation.name, total: planned.units.length, existing },
    bytesIn: planned.units.reduce((sum, unit) => sum + unit.bytes, 0),
  }
}

/** CPU seconds of a step when one of these runs, newest first, did it. */
async function costsOf(store: Store, runs: readonly RunRecord[]): Promise<Map<string, number>> {
  const costs = new Map<string, number>()
  for (const run of runs) {
    const own = new Map<string, number>()
    for (const entry of await readJournal(store, run.run))
      if (isDone(entry)) own.set(entry.node, (own.get(entry.node) ?? 0) + entry.cpuMs / 1000)
    for (const [node, seconds] of own) if (!costs.has(node)) costs.set(node, seconds)
  }
  return costs
}

async function freeBytes(uri: string): Promise<number | null> {
  if (!uri.startsWith('file:')) return null
  for (let path = fileURLToPath(uri); ; path = dirname(path)) {
    const found = await statfs(path).catch(() => undefined)
    if (found) return found.bavail * found.bsize
    if (path === dirname(path)) return null
  }
}
