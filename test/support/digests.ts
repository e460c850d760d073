/** Content digests of everything that a run made: what must be the same on any machine, after any crash. */

import type { Node } from '../../pipelines/graph.ts'
import { contentsOf, findManifest } from '../../storage/artifacts.ts'
import { readJson, type Store } from '../../storage/store.ts'

export type Digests = Record<string, { fingerprint: string; roles: Record<string, string[]> }>

export async function digestsOf(store: Store, run: string): Promise<Digests> {
  const digests: Digests = {}
  for await (const { key } of store.list(`runs/${run}/nodes/`)) {
    const node = (await readJson<Node>(store, key)) as Node
    const manifest = await findManifest(store, node.stage, node.fingerprint)
    if (manifest) digests[node.id] = { fingerprint: node.fingerprint, roles: contentsOf(manifest) }
  }
  return Object.fromEntries(Object.entries(digests).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Where two runs differ, in words. Empty: they are the same. */
export function differences(expected: Digests, found: Digests): string[] {
  const lines: string[] = []
  for (const id of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    const [a, b] = [expected[id], found[id]]
    if (!a || !b) lines.push(`${id}: only in the ${a ? 'expected' : 'found'} run`)
    else if (a.fingerprint !== b.fingerprint) lines.push(`${id}: fingerprint ${a.fingerprint} expected, ${b.fingerprint} found`)
    else {
      for (const role of new Set([...Object.keys(a.roles), ...Object.keys(b.roles)])) {
        if (JSON.stringify(a.roles[role]) !== JSON.stringify(b.roles[role])) lines.push(`${id}.${role}: content differs`)
      }
    }
  }
  return lines
}
