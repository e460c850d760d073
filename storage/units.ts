/**
 * The commit protocol of a unit: parts first, under names that carry their digest; `unit.json` last, by conditional create. That is the commit.
 *
 * A unit that is there is done, whoever did it. Doing it again gives the same content or a DeterminismError. Files that a killed worker
 * left behind are harmless: their names carry their digest, nothing refers to them, and gc takes them.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { MillraceError } from '../pipelines/errors.ts'
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
  /** CPU of the attempt that committed it, all threads. A fact for ledgers, part of no digest; absent where older code committed. */
  cpuMs?: number
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
 * Commits what a child wrote. `alreadyThere` where another attempt was first with the same content; a file of it that is damaged is
 * repaired (`repaired` has its key). Throws DeterminismError, naming the unit and both digests, where it had another.
 */
export async function commitUnit(
  store: Store,
  named: { stage: string; operation: string; revision: number; key: string },
  result: UnitResult,
  cpuMs?: number,
): Promise<{ unit: Unit; outcome: 'committed' | 'alreadyThere'; repaired: string[] }> {
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
    ...(cpuMs === undefined ? {} : { cpuMs }),
  }
  const repaired: string[] = []
  for (const [i, part] of parts.entries()) {
    const written = result.parts[i]?.path ?? ''
    const at = partKey(named.stage, named.key, part.file)
    if ((await store.create(at, { path: written })) === 'exists' && (await settle(store, named, part, written))) repaired.push(at)
  }
  const outcome = await store.create(`${unitPath(named.stage, named.key)}/unit.json`, `${JSON.stringify(unit, null, 1)}\n`)
  if (outcome === 'created') return { unit, outcome: 'committed', repaired }
  const found = await findUnit(store, named.stage, named.key)
  if (!found || contentOf(found) !== contentOf(unit)) {
    throw new DeterminismError(`${unitPath(named.stage, named.key)}`, contentOf(unit), found ? contentOf(found) : 'nothing')
  }
  return { unit: found, outcome: 'alreadyThere', repaired }
}

/**
 * A part whose name is taken. Its name promises its content, not its bytes: a killed attempt may have left those of another compressor,
 * a disk may have damaged them. True where it was written anew.
 */
async function settle(store: Store, named: { stage: string; key: string }, part: UnitPart, written: string): Promise<boolean> {
  const at = partKey(named.stage, named.key, part.file)
  const copy = `${written}.stored`
  const stored = await sha256Of(await store.fetch(at, copy))
  await rm(copy, { force: true })
  if (stored === part.sha256) return false
  const committed = (await findUnit(store, named.stage, named.key))?.parts.find(each => each.file === part.file)
  if (committed?.sha256 === stored) return false
  if (committed && committed.sha256 !== part.sha256) {
    throw new MillraceError({
      code: 'STORE_DAMAGED',
      kind: 'bug',
      expected: `the bytes that were committed (sha256 ${committed.sha256.slice(0, 16)}…)`,
      found: `sha256 ${stored.slice(0, 16)}…, and this version compresses the same content to sha256 ${part.sha256.slice(0, 16)}…`,
      where: `${store.uri} (${at})`,
      next: 'run --force with the version that committed it, or remove its unit.json and everything made from it',
    })
  }
  await store.repair(at, written)
  return true
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}

/** Throws STORE_DAMAGED where a part's local bytes are not those that its unit committed. For a reader that could not read it. */
export async function checkPart(store: Store, location: string, path: string): Promise<void> {
  const [, stage = '', key = '', file = ''] = location.split('/')
  const part = (await findUnit(store, stage, key))?.parts.find(each => each.file === file)
  if (!part) return
  const found = await sha256Of(path)
  if (found === part.sha256) return
  throw new MillraceError({
    code: 'STORE_DAMAGED',
    kind: 'bug',
    expected: `the bytes that were committed (sha256 ${part.sha256.slice(0, 16)}…)`,
    found: `sha256 ${found.slice(0, 16)}…`,
    where: `${store.uri} (${location})`,
    next: `start the run again with force: ["${stage}"]: it makes the file anew and repairs it`,
  })
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
