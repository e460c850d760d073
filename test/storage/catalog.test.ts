/** Names for artifacts: versions never change, racing promotions get a number each, and every reader finds the same latest one. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { commitManifest, type Manifest } from '../../storage/artifacts.ts'
import { entries, latest, nameVersion, promote, promotions, resolveManifest } from '../../storage/catalog.ts'
import { FileStore } from '../../storage/file.ts'

let folder: string
let store: FileStore
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-catalog-'))
  store = new FileStore(folder)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function artifact(i: number): Promise<string> {
  const fingerprint = i.toString(16).padStart(16, '0')
  const rest = { node: 'shard', revision: 1, config: {}, seed: 1, parents: {}, roles: {}, operations: [], quarantined: 0 }
  await commitManifest(store, { stage: 'shard', fingerprint, ...rest } satisfies Manifest)
  return `artifacts/shard/${fingerprint}/manifest.json`
}
const by = (manifest: string, why = 'because') => ({ manifest, who: 'a test', why })

it('names an artifact once and for good', async () => {
  const [first, second] = [await artifact(1), await artifact(2)]
  expect(await nameVersion(store, 'web', '2025-06', first)).toBe('created')
  expect(await nameVersion(store, 'web', '2025-06', first)).toBe('exists')
  await expect(nameVersion(store, 'web', '2025-06', second)).rejects.toMatchObject({ code: 'CATALOG_TAKEN', kind: 'config' })
  expect(await resolveManifest(store, 'web:2025-06')).toBe(first)
})

it('gives each of thirty racing promotions a number of its own, without gaps', async () => {
  const manifests = await Promise.all(Array.from({ length: 30 }, (_, i) => artifact(i + 1)))
  const made = await Promise.all(manifests.map((manifest, i) => promote(new FileStore(folder), 'web', by(manifest, `number ${i}`))))
  expect(made.map(({ n }) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1))
  const last = made.find(({ n }) => n === 30)
  expect(await latest(store, 'web')).toMatchObject({ n: 30, manifest: last?.manifest, why: last?.why })
  expect(await resolveManifest(store, 'web')).toBe(last?.manifest)
  for (const { n, manifest } of await promotions(store, 'web')) expect(made.find(each => each.n === n)?.manifest).toBe(manifest)
})

it('does nothing twice when the same promotion is tried again, and goes back when asked', async () => {
  const [first, second] = [await artifact(1), await artifact(2)]
  expect(await promote(store, 'web', { ...by(first), checks: { b: '1', a: '2' } })).toMatchObject({ n: 1, outcome: 'created' })
  expect(await promote(store, 'web', { ...by(first), checks: { a: '2', b: '1' } })).toMatchObject({ n: 1, outcome: 'exists' })
  expect(await promote(store, 'web', by(second))).toMatchObject({ n: 2 })
  expect(await promote(store, 'web', by(first, 'the second was worse'))).toMatchObject({ n: 3 })
  expect((await latest(store, 'web'))?.manifest).toBe(first)
})

it('finds the latest one where a listing lags behind', async () => {
  const manifests = await Promise.all([1, 2, 3].map(artifact))
  for (const manifest of manifests) await promote(store, 'web', by(manifest))
  const stale = new FileStore(folder)
  stale.list = async function* (prefix: string) {
    for await (const entry of FileStore.prototype.list.call(store, prefix)) if (entry.key.endsWith('/1.json')) yield entry
  }
  expect((await latest(stale, 'web'))?.n).toBe(3)
  expect(await promote(stale, 'web', by(manifests[0] as string, 'again'))).toMatchObject({ n: 4 })
})

it('lists what there is', async () => {
  const manifest = await artifact(1)
  expect(await entries(store)).toEqual([])
  await promote(store, 'web', by(manifest))
  await nameVersion(store, 'books', '1', manifest)
  expect((await entries(store)).map(({ name, versions, latest: last }) => [name, versions.length, last?.n])).toEqual([
    ['books', 1, undefined],
    ['web', 0, 1],
  ])
})

it('refuses names that would leave the catalog, and what is no manifest', async () => {
  const manifest = await artifact(1)
  for (const name of ['../units', 'a/b', '', 'A', 'x'.repeat(64)])
    await expect(promote(store, name, by(manifest))).rejects.toMatchObject({ code: 'CATALOG_NAME' })
  await expect(nameVersion(store, 'web', 'a/b', manifest)).rejects.toMatchObject({ code: 'CATALOG_NAME' })
  await expect(promote(store, 'web', by('runs/x/run.json'))).rejects.toMatchObject({ code: 'CATALOG_MANIFEST' })
  await expect(promote(store, 'web', by('artifacts/shard/ffffffffffffffff/manifest.json'))).rejects.toMatchObject({
    code: 'CATALOG_MANIFEST',
  })
  await expect(promote(store, 'web', by(manifest, ' '))).rejects.toMatchObject({ code: 'CATALOG_PROMOTION' })
  await expect(resolveManifest(store, '../x')).rejects.toMatchObject({ code: 'CATALOG_NONE' })
})
