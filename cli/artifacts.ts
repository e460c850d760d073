/** Finds what a user names: `stage/fingerprint[/role]`, a step of a run (`filter/decisions`), a key of the store, a local file. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MillraceError } from '../pipelines/errors.ts'
import { findManifest, type Manifest } from '../storage/artifacts.ts'
import type { Store } from '../storage/store.ts'
import { findRun, nodesOf } from './runs.ts'

export type Found =
  | { kind: 'file'; path: string }
  | { kind: 'key'; key: string }
  | { kind: 'folder'; prefix: string }
  | { kind: 'artifact'; manifest: Manifest; role?: string }

export async function locate(store: Store, named: string, run?: string): Promise<Found> {
  if (existsSync(named) && (await stat(named)).isFile()) return { kind: 'file', path: named }
  const path = named.replace(/^\/+|\/+$/g, '')
  const parts = path.split('/')
  if (['units', 'artifacts', 'runs', 'catalog'].includes(parts[0] ?? '')) {
    const artifact = parts[0] === 'artifacts' && parts.length === 3 ? await findManifest(store, parts[1] ?? '', parts[2] ?? '') : undefined
    if (artifact) return { kind: 'artifact', manifest: artifact }
    if ((await store.size(path)) !== undefined) return { kind: 'key', key: path }
    if (parts[0] === 'units' && (await store.size(`${path}/unit.json`)) !== undefined) return { kind: 'key', key: `${path}/unit.json` }
    if (parts[0] === 'runs' && (await store.size(`${path}/run.json`)) !== undefined) return { kind: 'key', key: `${path}/run.json` }
    for await (const _ of store.list(`${path}/`)) return { kind: 'folder', prefix: `${path}/` }
  }
  const [stage = '', second, role] = parts
  if (second && /^[0-9a-f]{16}$/.test(second) && /^[a-z]+$/.test(stage)) {
    const manifest = await findManifest(store, stage, second)
    if (manifest) return { kind: 'artifact', manifest, ...(role ? { role } : {}) }
  }
  const node = await stepNamed(store, stage, run)
  if (node) return { kind: 'artifact', manifest: node, ...(second ? { role: second } : {}) }
  throw new MillraceError({
    code: 'NOT_FOUND',
    kind: 'config',
    expected: `an artifact (stage/fingerprint/role), a step of a run (filter/decisions), a key of ${store.uri}, or a local file`,
    found: JSON.stringify(named),
    next: 'millrace status lists runs; millrace show runs/RUN names what a run is made of',
  })
}

async function stepNamed(store: Store, id: string, run: string | undefined): Promise<Manifest | undefined> {
  const record = await findRun(store, run).catch(error => {
    if (run === undefined) return undefined
    throw error
  })
  if (!record) return undefined
  const node = (await nodesOf(store, record)).find(each => each.id === id)
  return node ? findManifest(store, node.stage, node.fingerprint) : undefined
}

/** A folder for objects of a store that is not local; gone when the command ends. */
export async function withScratch<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-'))
  try {
    return await body(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
