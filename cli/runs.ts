/** Runs as the store has them: what `status`, `explain`, `show` and `plan` read. No server is asked. */

import { type RunRecord, runKey } from '../activities/run.ts'
import { openStore, storeUri } from '../activities/worker-context.ts'
import { MillraceError } from '../pipelines/errors.ts'
import type { Node } from '../pipelines/graph.ts'
import { trainingNodes } from '../pipelines/train/next.ts'
import { readJson, type Store } from '../storage/store.ts'
import { home } from './home.ts'

/** The store that `--store`, MILLRACE_STORE or the project says. */
export const openLocal = (named?: string): Promise<Store> => openStore(storeUri(named, home()))

/** Names of all runs. */
export async function runIds(store: Store): Promise<string[]> {
  const ids = new Set<string>()
  for await (const { key } of store.list('runs/')) {
    const [, run = '', file] = key.split('/')
    if (file === 'run.json') ids.add(run)
  }
  return [...ids]
}

/** Every run, the newest first. */
export async function listRuns(store: Store): Promise<RunRecord[]> {
  const runs = await Promise.all((await runIds(store)).map(run => readJson<RunRecord>(store, runKey(run))))
  return runs.flatMap(run => run ?? []).sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
}

/** The run of this id, or the newest of this name; without either the newest of all. Throws NO_RUN. */
export async function findRun(store: Store, wanted?: string): Promise<RunRecord> {
  if (wanted && /^[A-Za-z0-9-]+$/.test(wanted)) {
    const exact = await readJson<RunRecord>(store, runKey(wanted))
    if (exact) return exact
  }
  const runs = await listRuns(store)
  const found = wanted ? runs.find(run => run.name === wanted) : runs[0]
  if (found) return found
  throw new MillraceError({
    code: 'NO_RUN',
    kind: 'config',
    expected: wanted ? `a run in ${store.uri}` : `at least one run in ${store.uri}`,
    found: wanted ? JSON.stringify(wanted) : 'none',
    next: runs.length ? 'millrace status lists the runs' : 'millrace run CONFIG starts one',
  })
}

/**
 * The nodes of a run, corpus first, then training in order. `opened` is false for those that the run has not come to; training is planned
 * from the config, since its steps are written down one by one.
 */
export async function nodesOf(store: Store, record: RunRecord): Promise<(Node & { opened: boolean })[]> {
  const opened = new Map<string, Node>()
  for await (const { key } of store.list(`runs/${record.run}/nodes/`)) {
    const node = await readJson<Node>(store, key)
    if (node) opened.set(node.fingerprint, node)
  }
  const planned = [...record.nodes, ...planTraining(record)]
  const nodes = planned.map(node => ({ ...node, opened: opened.has(node.fingerprint) }))
  const strange = [...opened.values()].filter(node => !planned.some(each => each.fingerprint === node.fingerprint))
  return [...nodes, ...strange.map(node => ({ ...node, opened: true }))]
}

/** Training cannot be planned where other code wrote the run: then only what was opened is known. */
function planTraining(record: RunRecord): Node[] {
  try {
    return trainingNodes(record.config, record.nodes)
  } catch {
    return []
  }
}
