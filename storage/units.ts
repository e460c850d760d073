/**
 * The commit protocol of a unit: parts first, under names that carry their digest; `unit.json` last, by conditional create. That is the commit.
 *
 * A unit that is there is done, whoever did it. Doing it again gives the same content or a DeterminismError. Files that a killed worker
 * left behind are harmless: their names carry their digest, nothing refers to them, and gc takes them.
 */
import { canonical } from '../pipelines/identity.ts'
import type { Part } from '../pipelines/plan.ts'
import type { UnitResult } from '../pipelines/unit.ts'
import { DeterminismError, type Store } from './store.ts'

/** What `unit.json` says. Parts carry everything that a plan needs, so that planning opens no data file. */
export interface Unit {
  stage: string
  operation: string
  revision: number
  key: string
  parts: UnitPart[]
  counters: Record<string, number>
  quarantined: number
  documents: number
  bytesIn: number
}

export interface UnitPart {
  role: string
  file: string
  content: string
  sha256: string
  rows: number
  bytes: number
  schema?: string
  batches?: { rows: number; bytes: number; content: string }[]
}

const unitPath = (stage: string, key: string) => `units/${stage}/${key}`

export const partKey = (stage: string, key: string, file: string): string => `${unitPath(stage, key)}/${file}`

export async function findUnit(store: Store, stage: string, key: string): Promise<Unit | undefined> {
  const bytes = await store.read(`${unitPath(stage, key)}/unit.json`)
  return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as Unit)
}

/** What identifies a unit's output: content, not bytes; compressors differ by version. */
const contentOf = (unit: Unit): string => canonical(unit.parts.map(part => ({ role: part.role, content: part.content, rows: part.rows })))

/**
 * Commits what a child wrote. `alreadyThere` where another attempt was first with the same content.
 * Throws DeterminismError, naming the unit and both digests, where it had another.
 */
export async function commitUnit(
  store: Store,
  named: { stage: string; operation: string; revision: number; key: string },
  result: UnitResult,
): Promise<{ unit: Unit; outcome: 'committed' | 'alreadyThere' }> {
  const parts = result.parts.map(part => ({
    role: part.role,
    file: `${part.role}-${part.content.slice(0, 16)}.${part.extension}`,
    content: part.content,
    sha256: part.sha256,
    rows: part.rows,
    bytes: part.bytes,
    ...(part.schema && part.batches ? { schema: part.schema, batches: part.batches } : {}),
  }))
  const unit: Unit = {
    ...named,
    parts,
    counters: result.counters,
    quarantined: result.quarantined,
    documents: result.documents,
    bytesIn: result.bytesIn,
  }
  for (const [i, part] of parts.entries())
    await store.create(partKey(named.stage, named.key, part.file), { path: result.parts[i]?.path ?? '' })
  const outcome = await store.create(`${unitPath(named.stage, named.key)}/unit.json`, `${JSON.stringify(unit, null, 1)}\n`)
  if (outcome === 'created') return { unit, outcome: 'committed' }
  const found = await findUnit(store, named.stage, named.key)
  if (!found || contentOf(found) !== contentOf(unit)) {
    throw new DeterminismError(`${unitPath(named.stage, named.key)}`, contentOf(unit), found ? contentOf(found) : 'nothing')
  }
  return { unit: found, outcome: 'alreadyThere' }
}

/** The parts of a unit as a plan sees them, in the order of their roles. */
export const partsOf = (unit: Unit): Part[] =>
  unit.parts.map(part => ({
    role: part.role,
    location: partKey(unit.stage, unit.key, part.file),
    content: part.content,
    rows: part.rows,
    bytes: part.bytes,
    ...(part.schema && part.batches ? { schema: part.schema, batches: part.batches } : {}),
  }))
