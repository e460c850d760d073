/**
 * What is known of each step of a run: from manifests where it is done, from plans and the journal where it is under way.
 *
 * The journal says what happened to which unit; the store says what is true. So "done" is always a manifest, and a run whose journal was
 * lost shows no rates, but the same states.
 */
import { type JournalEntry, readJournal } from '../activities/journal.ts'
import type { RunRecord } from '../activities/run.ts'
import { sections } from '../pipelines/config.ts'
import type { Node } from '../pipelines/graph.ts'
import type { Plan } from '../pipelines/plan.ts'
import { operationsOf } from '../pipelines/stage.ts'
import { stageOf } from '../pipelines/stages.ts'
import { findManifest, type Manifest, planKey } from '../storage/artifacts.ts'
import { readJson, type Store } from '../storage/store.ts'
import { nodesOf } from './runs.ts'

export interface NodeFacts {
  id: string
  stage: string
  fingerprint: string
  /** waiting: not begun. reused: done before this run. stopped: begun, and the run has ended. */
  state: 'waiting' | 'running' | 'stopped' | 'done' | 'reused' | 'failed'
  /** Operation under way, where one is. */
  operation?: string
  units: number
  unitsDone: number
  unitsReused: number
  /** Rows of the main input and output role, where the step has both. */
  documentsIn?: number
  documentsOut?: number
  /** 1 - out / in, where documents come in and go out. */
  dropped?: number
  quarantined: number
  /** Error code -> attempts that ended with it. */
  failures: Record<string, number>
  cpuSeconds: number
  /** From the first unit begun to the last committed. */
  seconds?: number
  documentsPerSecond?: number
  peakMemory: number
}

export interface RunFacts {
  nodes: NodeFacts[]
  /** Milliseconds since 1970 of the last word in the journal. */
  lastWord?: number
  ended: boolean
  workers: string[]
}

export async function factsOf(store: Store, record: RunRecord): Promise<RunFacts> {
  const [nodes, journal, end] = await Promise.all([
    nodesOf(store, record),
    readJournal(store, record.run),
    readJson(store, `runs/${record.run}/end.json`),
  ])
  const entries = new Map<string, JournalEntry[]>()
  for (const entry of journal) {
    const of = entries.get(entry.node)
    if (of) of.push(entry)
    else entries.set(entry.node, [entry])
  }
  const manifests = new Map<string, Manifest | undefined>()
  const manifestOf = async ({ stage, fingerprint }: Pick<Node, 'stage' | 'fingerprint'>) => {
    if (!manifests.has(fingerprint)) manifests.set(fingerprint, await findManifest(store, stage, fingerprint))
    return manifests.get(fingerprint)
  }
  const facts: NodeFacts[] = []
  for (const node of nodes) facts.push(await nodeFacts(store, node, node.opened, entries.get(node.id) ?? [], manifestOf))
  const last = journal.at(-1)?.t
  return {
    nodes: facts,
    ended: end !== undefined,
    workers: [...new Set(journal.map(entry => entry.worker))],
    ...(last === undefined ? {} : { lastWord: last }),
  }
}

type ManifestOf = (node: Pick<Node, 'stage' | 'fingerprint'>) => Promise<Manifest | undefined>

async function nodeFacts(
  store: Store,
  node: Node,
  opened: boolean,
  journal: readonly JournalEntry[],
  manifestOf: ManifestOf,
): Promise<NodeFacts> {
  const manifest = opened ? await manifestOf(node) : undefined
  const done = journal.filter(({ state }) => state === 'committed' || state === 'alreadyThere')
  const reused = journal.filter(({ state }) => state === 'reused')
  const failed = journal.filter(({ state }) => state === 'failed')
  const begun = journal.filter(({ state }) => state === 'started')
  const failures: Record<string, number> = {}
  for (const { errorCode } of failed) failures[errorCode] = (failures[errorCode] ?? 0) + 1
  const last = journal.at(-1)
  const facts: NodeFacts = {
    id: node.id,
    stage: node.stage,
    fingerprint: node.fingerprint,
    state: manifest
      ? journal.length && done.length
        ? 'done'
        : 'reused'
      : journal.length
        ? last?.state === 'failed'
          ? 'failed'
          : 'running'
        : 'waiting',
    units: 0,
    unitsDone: 0,
    unitsReused: 0,
    quarantined: manifest?.quarantined ?? 0,
    failures,
    cpuSeconds: sum(done, entry => entry.cpuMs) / 1000,
    peakMemory: Math.max(0, ...done.map(entry => entry.rssPeak)),
  }
  if (manifest) {
    facts.units = manifest.operations.reduce((total, operation) => total + operation.units, 0)
    facts.unitsDone = facts.units
    facts.unitsReused = facts.state === 'reused' ? facts.units : new Set(reused.map(entry => entry.unitKey)).size
    Object.assign(facts, await flow(node, manifest, manifestOf))
  } else if (journal.length) {
    const stage = await stageOf(node.stage)
    for (const { name } of operationsOf(stage, stage.config.parse(node.config))) {
      const plan = await readJson<Plan>(store, planKey(node.stage, node.fingerprint, name))
      if (!plan) break
      facts.operation = name
      facts.units += plan.units.length
    }
    facts.unitsReused = new Set(reused.map(entry => entry.unitKey)).size
    facts.unitsDone = new Set([...done, ...reused].map(entry => entry.unitKey)).size
    facts.documentsIn = sum(
      [...done, ...reused].filter(entry => entry.operation === facts.operation),
      entry => entry.documents,
    )
  }
  const [from, to] = [begun[0]?.t, done.at(-1)?.t]
  if (from !== undefined && to !== undefined && to > from) {
    facts.seconds = (to - from) / 1000
    const read = facts.documentsIn || facts.documentsOut
    if (read) facts.documentsPerSecond = read / facts.seconds
  }
  return facts
}

/** Documents that came in and went out, by the rows of the roles. */
export async function flow(
  node: Pick<Node, 'parents' | 'stage'>,
  manifest: Manifest,
  manifestOf: ManifestOf,
): Promise<Pick<NodeFacts, 'documentsIn' | 'documentsOut' | 'dropped'>> {
  if (!(node.stage in sections) || node.stage === 'evaluate') return {}
  const [input] = ['documents', 'tokens'].filter(role => node.parents[role])
  const output = ['documents', 'tokens', 'scores', ...(input === 'tokens' ? ['counts'] : [])].find(role => manifest.roles[role])
  const documentsOut = output ? rows(manifest, output) : undefined
  if (!input) return documentsOut === undefined ? {} : { documentsOut }
  let documentsIn = 0
  for (const parent of node.parents[input] ?? []) documentsIn += rows(await manifestOf(parent), parent.role)
  const drops = 'decisions' in manifest.roles && documentsOut !== undefined && documentsIn > 0
  return {
    documentsIn,
    ...(documentsOut === undefined ? {} : { documentsOut }),
    ...(drops ? { dropped: 1 - (documentsOut as number) / documentsIn } : {}),
  }
}

const rows = (manifest: Manifest | undefined, role: string): number => sum(manifest?.roles[role] ?? [], part => part.rows)
const sum = <T>(items: readonly T[], of: (item: T) => number): number => items.reduce((total, item) => total + of(item), 0)
