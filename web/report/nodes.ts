/** The steps of a run with their manifests: the corpus as the run recorded it, then training, each after what it reads. */
import { type RunRecord, readRun } from '../../activities/run.ts'
import type { Node } from '../../pipelines/graph.ts'
import { findManifest, type Manifest } from '../../storage/artifacts.ts'
import { readJson, type Store } from '../../storage/store.ts'

export interface Step {
  node: Node
  /** Absent where it was not made. */
  manifest: Manifest | undefined
}

export interface Steps {
  record: RunRecord
  corpus: Step[]
  training: Step[]
}

/** Throws NO_RUN. Training's nodes are saved when they come up, so a run that stopped has those that it reached. */
export async function stepsOf(store: Store, run: string): Promise<Steps> {
  const record = await readRun(store, run)
  const known = new Set(record.nodes.map(node => node.fingerprint))
  const later: Node[] = []
  for await (const { key } of store.list(`runs/${run}/nodes/`)) {
    const node = await readJson<Node>(store, key)
    if (node && !known.has(node.fingerprint)) later.push(node)
  }
  const withManifest = (nodes: readonly Node[]): Promise<Step[]> =>
    Promise.all(nodes.map(async node => ({ node, manifest: await findManifest(store, node.stage, node.fingerprint) })))
  return { record, corpus: await withManifest(record.nodes), training: await withManifest(inOrder(later)) }
}

/** By the longest way from a node without parents among these, then by name. */
function inOrder(nodes: readonly Node[]): Node[] {
  const known = new Set(nodes.map(node => node.fingerprint))
  const children = new Map<string, Node[]>()
  const waiting = new Map<string, number>()
  for (const node of nodes) {
    const parents = new Set(
      Object.values(node.parents)
        .flat()
        .map(parent => parent.fingerprint)
        .filter(fingerprint => known.has(fingerprint)),
    )
    waiting.set(node.fingerprint, parents.size)
    for (const parent of parents) {
      const list = children.get(parent)
      if (list) list.push(node)
      else children.set(parent, [node])
    }
  }
  const depths = new Map<string, number>()
  const ready = nodes.filter(node => !waiting.get(node.fingerprint))
  for (const { fingerprint } of ready) {
    const below = (depths.get(fingerprint) ?? 0) + 1
    for (const child of children.get(fingerprint) ?? []) {
      depths.set(child.fingerprint, Math.max(below, depths.get(child.fingerprint) ?? 0))
      const left = (waiting.get(child.fingerprint) ?? 0) - 1
      waiting.set(child.fingerprint, left)
      if (left === 0) ready.push(child) // the loop goes on over what it pushes
    }
  }
  const depth = (node: Node) => depths.get(node.fingerprint) ?? 0
  return [...nodes].sort((a, b) => depth(a) - depth(b) || (a.id < b.id ? -1 : 1))
}

/** Sums of counters over all operations. */
export function countersOf(manifest: Manifest | undefined): Map<string, number> {
  const sums = new Map<string, number>()
  for (const operation of manifest?.operations ?? [])
    for (const [name, by] of Object.entries(operation.counters)) sums.set(name, (sums.get(name) ?? 0) + by)
  return sums
}

/** Counters `<prefix>/<value>` -> value, sorted by value. */
export function talliesOf(manifest: Manifest | undefined, prefix: string): Map<string, number> {
  const found = [...countersOf(manifest)].filter(([name]) => name.startsWith(`${prefix}/`))
  return new Map(found.map(([name, by]) => [name.slice(prefix.length + 1), by] as const).sort(([a], [b]) => (a < b ? -1 : 1)))
}

export const rowsOf = (manifest: Manifest | undefined, role: string): number | null =>
  manifest?.roles[role] ? manifest.roles[role].reduce((sum, part) => sum + part.rows, 0) : null

/** Uncompressed bytes of a role. */
export const bytesOf = (manifest: Manifest | undefined, role: string): number | null =>
  manifest?.roles[role]
    ? manifest.roles[role].reduce(
        (sum, part) => sum + (part.batches ? part.batches.reduce((total, batch) => total + batch.bytes, 0) : part.bytes),
        0,
      )
    : null
