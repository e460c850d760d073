/**
 * Trying quarantined records again: an epoch raised in the identity of the stages and units that had some, so that they are done anew and make
 * new artifacts. Everything else keeps its key and is reused, also further down where the content came out the same.
 *
 * Which those are is read from the store: manifests for stages, unit.json for units. What was decided is written down (run.json, the plan)
 * and read from there again, since the work itself changes what the store would answer.
 */
import type { Node } from '../pipelines/graph.ts'
import { type Plan, type PlanRequest, plan } from '../pipelines/plan.ts'
import { findManifest, planKey } from '../storage/artifacts.ts'
import { readJson, type Store } from '../storage/store.ts'
import { findUnit } from '../storage/units.ts'

/** Node -> epoch, up to `target`: raised once for every artifact in the chain that had quarantined records. `graph` gives a run's nodes for epochs. */
export async function epochsOf(
  store: Store,
  target: number,
  graph: (epochs: ReadonlyMap<string, number>) => Promise<Node[]>,
): Promise<Map<string, number>> {
  const epochs = new Map<string, number>()
  for (let epoch = 1; epoch <= target; epoch++) {
    const raised: string[] = []
    for (const node of await graph(epochs)) {
      const manifest = await findManifest(store, node.stage, node.fingerprint)
      if (manifest?.quarantined) raised.push(node.id)
    }
    if (!raised.length) break
    for (const id of raised) epochs.set(id, epoch)
  }
  return epochs
}

/** The plan of an operation whose stage is at `epoch`: units that had quarantined records get new keys. */
export async function planAgain<C>(store: Store, fingerprint: string, epoch: number, request: PlanRequest<C>): Promise<Plan> {
  const decided = await readJson<Plan>(store, planKey(request.stage.name, fingerprint, request.operation.name))
  if (decided) return decided
  const first = plan(request)
  const epochs = new Map<string, number>()
  let planned = first
  for (let next = 1; next <= epoch; next++) {
    const keys = first.units.map(({ key }, i) => ({ key, now: planned.units[i]?.key ?? key }))
    const due = keys.filter(({ key }) => (epochs.get(key) ?? 0) === next - 1)
    for (let i = 0; i < due.length; i += 64) {
      const found = await Promise.all(
        due.slice(i, i + 64).map(async ({ key, now }) => ((await findUnit(store, request.stage.name, now))?.quarantined ? [key] : [])),
      )
      for (const key of found.flat()) epochs.set(key, next)
    }
    planned = plan({ ...request, epoch: key => epochs.get(key) })
  }
  return planned
}
