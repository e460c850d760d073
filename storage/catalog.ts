/**
 * Human names for artifacts. A version (`catalog/<name>/<version>.json`) and a promotion (`catalog/<name>/promotions/<n>.json`) are each one
 * object that is created once; `latest` is the promotion with the highest number.
 *
 * Numbers have no gaps: n is created by conditional create only after n - 1 was seen, so of racing promotions each gets a number of its own
 * and any number of readers find the same latest one by asking for n + 1 until there is none. A listing only says where to begin. No clock:
 * when something was promoted is when its object was written.
 */
import { MillraceError } from '../pipelines/errors.ts'
import type { Manifest } from './artifacts.ts'
import { manifestKey } from './artifacts.ts'
import { readJson, type Store } from './store.ts'

/** What a name points to: the key of a manifest, and what it is. */
export interface Target {
  manifest: string
  stage: string
  fingerprint: string
}

export interface Promotion extends Target {
  who: string
  why: string
  /** What was looked at before, and how it came out: `{ "held-out perplexity": "12.4" }`. */
  checks: Record<string, string>
}

export interface Entry {
  name: string
  versions: { version: string; target: Target; created: Date }[]
  /** The promotion with the highest number; undefined where nothing was promoted yet. */
  latest: (Promotion & { n: number }) | undefined
}

const names = /^[a-z0-9][a-z0-9-]{0,62}$/
const versions = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const maxText = 4000

const versionKey = (name: string, version: string) => `catalog/${name}/${version}.json`
const promotionKey = (name: string, n: number) => `catalog/${name}/promotions/${n}.json`

/** Names an artifact for good. The same version of the same manifest already there is success; of another, CATALOG_TAKEN. */
export async function nameVersion(store: Store, name: string, version: string, manifest: string): Promise<'created' | 'exists'> {
  check(names, name, 'catalog name', 'small letters, digits and hyphens, at most 63')
  check(versions, version, 'catalog version', 'letters, digits, dot, hyphen and underscore, at most 63')
  const target = await targetOf(store, manifest)
  const outcome = await store.create(versionKey(name, version), text(target))
  if (outcome === 'exists') {
    const found = await readJson<Target>(store, versionKey(name, version))
    if (found?.manifest !== target.manifest)
      throw new MillraceError({
        code: 'CATALOG_TAKEN',
        kind: 'config',
        expected: `a version that ${name} does not have, or the same manifest`,
        found: `version ${version}, which names ${found?.manifest}`,
        where: `${store.uri}, ${versionKey(name, version)}`,
        next: 'choose another version: what a version names never changes',
      })
  }
  return outcome
}

/**
 * Makes a manifest the latest of a name. Promoting exactly what is the latest already (manifest, who, why, checks) changes nothing, so a
 * promotion may be tried again after an answer got lost.
 */
export async function promote(
  store: Store,
  name: string,
  promotion: { manifest: string; who: string; why: string; checks?: Record<string, string> },
): Promise<Promotion & { n: number; outcome: 'created' | 'exists' }> {
  check(names, name, 'catalog name', 'small letters, digits and hyphens, at most 63')
  for (const [what, said] of [['who', promotion.who] as const, ['why', promotion.why] as const, ...Object.entries(promotion.checks ?? {})])
    if (!said.trim() || said.length > maxText)
      throw new MillraceError({
        code: 'CATALOG_PROMOTION',
        kind: 'config',
        expected: `\`${what}\` of a promotion: 1 to ${maxText} characters`,
        found: `${said.trim().length}`,
        where: `catalog ${name}`,
      })
  const { who, why } = promotion
  const checks = Object.fromEntries(Object.entries(promotion.checks ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)))
  const made: Promotion = { ...(await targetOf(store, promotion.manifest)), who, why, checks }
  const before = await latest(store, name)
  if (before && sameAs(before, made)) return { ...before, outcome: 'exists' }
  for (let n = (before?.n ?? 0) + 1; ; n++) {
    if ((await store.create(promotionKey(name, n), text(made))) === 'created') return { ...made, n, outcome: 'created' }
    const found = await readJson<Promotion>(store, promotionKey(name, n))
    if (found && sameAs(found, made)) return { ...made, n, outcome: 'exists' }
  }
}

/** The promotion with the highest number, or undefined. */
export async function latest(store: Store, name: string): Promise<(Promotion & { n: number }) | undefined> {
  check(names, name, 'catalog name', 'small letters, digits and hyphens, at most 63')
  let found: (Promotion & { n: number }) | undefined
  for (let n = Math.max(1, ...(await numbers(store, name))); ; n++) {
    const next = await readJson<Promotion>(store, promotionKey(name, n))
    if (!next) return found
    found = { ...next, n }
  }
}

/** Every promotion of a name, the first one first, with when it was written. */
export async function promotions(store: Store, name: string): Promise<(Promotion & { n: number; created: Date | undefined })[]> {
  const last = (await latest(store, name))?.n ?? 0
  const created = new Map<string, Date>()
  for await (const { key, modified } of store.list(`catalog/${name}/promotions/`)) created.set(key, modified)
  const all: (Promotion & { n: number; created: Date | undefined })[] = []
  for (let n = 1; n <= last; n++) {
    const promotion = await readJson<Promotion>(store, promotionKey(name, n))
    if (promotion) all.push({ ...promotion, n, created: created.get(promotionKey(name, n)) })
  }
  return all
}

/** Every name, or one, with its versions and its latest promotion. */
export async function entries(store: Store, only?: string): Promise<Entry[]> {
  if (only !== undefined) check(names, only, 'catalog name', 'small letters, digits and hyphens, at most 63')
  const found = new Map<string, Entry>()
  for await (const { key, modified } of store.list(only === undefined ? 'catalog/' : `catalog/${only}/`)) {
    const [, name = '', file = '', below] = key.split('/')
    const entry = found.get(name) ?? { name, versions: [], latest: undefined }
    found.set(name, entry)
    const target = below === undefined && file.endsWith('.json') ? await readJson<Target>(store, key) : undefined
    if (target) entry.versions.push({ version: file.slice(0, -'.json'.length), target, created: modified })
  }
  for (const entry of found.values()) entry.latest = await latest(store, entry.name)
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** `dedup/0123456789abcdef`, the key of a manifest, or `name`, `name:version`, `name:3` (a promotion) -> the key of a manifest. */
export async function resolveManifest(store: Store, reference: string): Promise<string> {
  const artifact = /^(?:artifacts\/)?([a-z]+)\/([0-9a-f]{16})(?:\/manifest\.json)?$/.exec(reference)
  if (artifact) return manifestKey(artifact[1] as string, artifact[2] as string)
  const [name = '', version] = reference.split(':')
  let found: Target | undefined
  if (names.test(name)) {
    if (version === undefined || version === 'latest') found = await latest(store, name)
    else if (versions.test(version)) {
      found = await readJson<Target>(store, versionKey(name, version))
      if (!found && /^[1-9][0-9]{0,8}$/.test(version)) found = await readJson<Promotion>(store, promotionKey(name, Number(version)))
    }
  }
  if (found) return found.manifest
  throw new MillraceError({
    code: 'CATALOG_NONE',
    kind: 'config',
    expected: 'an artifact (STAGE/FINGERPRINT) or a name in the catalog (NAME, NAME:VERSION)',
    found: JSON.stringify(reference),
    where: store.uri,
    next: 'millrace catalog list',
  })
}

async function numbers(store: Store, name: string): Promise<number[]> {
  const found: number[] = []
  for await (const { key } of store.list(`catalog/${name}/promotions/`)) {
    const n = /\/([1-9][0-9]{0,8})\.json$/.exec(key)?.[1]
    if (n) found.push(Number(n))
  }
  return found.sort((a, b) => a - b).slice(-1) // only where to begin: one that the listing misses is found by asking for it
}

async function targetOf(store: Store, manifest: string): Promise<Target> {
  const found = /^artifacts\/[a-z]+\/[0-9a-f]{16}\/manifest\.json$/.test(manifest) ? await readJson<Manifest>(store, manifest) : undefined
  if (found) return { manifest, stage: found.stage, fingerprint: found.fingerprint }
  throw new MillraceError({
    code: 'CATALOG_MANIFEST',
    kind: 'config',
    expected: 'the key of a manifest: artifacts/<stage>/<fingerprint>/manifest.json',
    found: JSON.stringify(manifest),
    where: store.uri,
    next: 'millrace status RUN lists the artifacts of a run',
  })
}

const sameAs = (a: Promotion, b: Promotion): boolean =>
  a.manifest === b.manifest && a.who === b.who && a.why === b.why && JSON.stringify(a.checks) === JSON.stringify(b.checks)

const text = (value: object): string => `${JSON.stringify(value, null, 1)}\n`

function check(pattern: RegExp, value: string, what: string, expected: string): void {
  if (pattern.test(value)) return
  throw new MillraceError({
    code: 'CATALOG_NAME',
    kind: 'config',
    expected: `a ${what} of ${expected}`,
    found: JSON.stringify(value).slice(0, 80),
  })
}
