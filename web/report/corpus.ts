/** Components and shards: what `mix` decided, and what of it lies in the shards. Both are read from small tables: an index, a summary. */

import { placeOf } from '../../activities/close-run.ts'
import type { Column } from '../../pipelines/arrow/index.ts'
import type { Step } from './nodes.ts'
import type { Reading } from './read.ts'
import type { ComponentRow, ReportFacts, ShardRow, Warning } from './types.ts'

export async function componentsOf(reading: Reading, steps: readonly Step[]): Promise<ComponentRow[]> {
  const rows: ComponentRow[] = []
  for (const { manifest } of steps)
    for await (const batch of reading.table(manifest?.roles.components)) {
      const number = (name: string, i: number) => batch.column(name).number(i)
      for (let i = 0; i < batch.rows; i++)
        rows.push({
          component: batch.column('component').text(i),
          documents: number('documents', i),
          tokens: number('tokens', i),
          reads: number('reads', i),
          readTokens: number('readTokens', i),
          passes: number('passes', i),
          validationDocuments: number('validationDocuments', i),
          validationTokens: number('validationTokens', i),
          budget: number('budget', i),
        })
    }
  return rows
}

export async function shardsOf(reading: Reading, steps: readonly Step[]): Promise<ShardRow[]> {
  const shards: ShardRow[] = []
  for (const { node, manifest } of steps) {
    const files = manifest?.roles.rows
    if (!manifest || !files || !manifest.roles.index) continue
    const found = new Map<string, ShardRow['components'][number]>()
    for await (const batch of reading.table(manifest.roles.index)) {
      const column = (name: string): Column => batch.column(name)
      for (let i = 0; i < batch.rows; i++) {
        const [component, role] = [column('component').text(i), column('role').text(i)]
        const pass = column('pass').number(i)
        const key = `${role}/${component}`
        const sum = found.get(key) ?? { component, role, passes: 0, documents: 0, tokens: 0, readTokens: 0, rows: 0, padding: 0 }
        found.set(key, sum)
        const tokens = column('tokens').number(i)
        sum.passes = Math.max(sum.passes, pass + 1)
        sum.rows += column('rows').number(i)
        sum.padding += column('padding').number(i)
        sum.readTokens += tokens
        if (pass > 0) continue
        sum.documents += column('documents').number(i)
        sum.tokens += tokens
      }
    }
    const components = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum)
    shards.push({
      node: node.id,
      fingerprint: node.fingerprint,
      rowLength: Number((node.config as { rowLength?: number }).rowLength),
      files: files.map(part => placeOf(reading.store, part.location)),
      fileBytes: files.reduce((sum, part) => sum + part.bytes, 0),
      rows: components.reduce((sum, each) => sum + each.rows, 0),
      padding: components.reduce((sum, each) => sum + each.padding, 0),
      components,
    })
  }
  return shards.sort((a, b) => a.rowLength - b.rowLength)
}

/** Every component once, from the shortest rows that have it: a row length packs what its phases read. */
export function reachedOf(shards: readonly ShardRow[]): ReportFacts['reached'] {
  if (!shards.length) return null
  const packed = new Map<string, ShardRow['components'][number]>()
  for (const each of shards.flatMap(shard => shard.components)) {
    const key = `${each.role}/${each.component}`
    if (!packed.has(key)) packed.set(key, each)
  }
  const sum = (role: string, what: 'documents' | 'tokens' | 'readTokens') =>
    [...packed.values()].filter(each => each.role === role).reduce((total, each) => total + each[what], 0)
  return {
    documents: sum('train', 'documents') + sum('validation', 'documents'),
    tokens: sum('train', 'tokens') + sum('validation', 'tokens'),
    readTokens: sum('train', 'readTokens'),
    validationDocuments: sum('validation', 'documents'),
    validationTokens: sum('validation', 'tokens'),
  }
}

export function componentWarnings(components: readonly ComponentRow[]): Warning[] {
  return components.flatMap(({ component, documents, reads, validationDocuments }): Warning[] => {
    if (documents === 0 || reads === 0)
      return [{ code: 'COMPONENT_EMPTY', where: component, message: `component ${component} has nothing to train on` }]
    if (validationDocuments > 0) return []
    const message = `component ${component} has no held-out document, so its loss is not measured`
    return [{ code: 'NOTHING_HELD_OUT', where: component, message }]
  })
}
