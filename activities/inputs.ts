/**
 * Pins raw input: lists what belongs to the sources and takes every file's sha256. From then on a run reads exactly these bytes.
 *
 * Identity is (source, key, size, sha256). Where a file lies, when it changed and its ETag only save hashing it again; they are kept in a
 * cache beside the worker and never enter a key.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Config, EvaluationEntry, SourceEntry } from '../pipelines/config.ts'
import { MillraceError } from '../pipelines/errors.ts'
import { descends, matches } from '../pipelines/extract/source.ts'
import { type Files, pinFiles } from '../pipelines/files.ts'
import { digestOf } from '../pipelines/identity.ts'
import type { Raw } from '../pipelines/plan.ts'
import type { SourceIdentity } from '../pipelines/stage.ts'
import { stageOf } from '../pipelines/stages.ts'
import { allowed, ConfigError, checkSection } from './config.ts'

export type PinnedFile = Raw & { mtimeMs: number }

export interface Pinned {
  sources: PinnedFile[]
  evaluation: PinnedFile[]
  /** Digest over identities: what fingerprints use. */
  sourcesDigest: string
  evaluationDigest: string
  /** Stage -> files that its section names; absent where none does. */
  files?: Record<string, Files>
  /** What a user should know: an optional source that is not there. */
  notes: string[]
}

/** What of a source's entry is identity: all but where it lies. */
export function identityOfSource(entry: SourceEntry): SourceIdentity {
  const { path: _path, optional: _optional, ...identity } = entry as SourceEntry & { optional?: boolean }
  return identity as SourceIdentity
}

/** `${NAME}` in a path is the worker's environment: for folders that differ by machine. */
export function expand(path: string, where: string): string {
  return path.replace(/\$\{([A-Z][A-Z0-9_]*)\}/g, (_, name: string) => {
    const value = process.env[name]
    if (value === undefined)
      throw new ConfigError(where, `the environment variable ${name}`, 'none in the worker', `set ${name} where the worker starts`)
    return value
  })
}

export async function pinInputs(
  config: Config,
  configPath: string,
  cachePath: string,
  heartbeat: (detail: string) => void = () => undefined,
): Promise<Pinned> {
  const cache = await HashCache.open(cachePath)
  const files = await pinNamed(config, configPath, cache) // first: what is wrong with a stage is said before terabytes are read
  const notes: string[] = []
  const sources: PinnedFile[] = []
  for (const entry of config.sources) {
    const found = await listSource(entry, configPath, notes)
    sources.push(...(await hashAll(found, identityOfSource(entry), cache, heartbeat)))
  }
  const evaluation: PinnedFile[] = []
  for (const entry of config.evaluation) {
    const path = await allowed(
      resolve(dirname(configPath), expand(entry.path, `evaluation.${entry.name}`)),
      `evaluation.${entry.name}.path`,
    )
    evaluation.push(
      ...(await hashAll([{ key: entry.path.split('/').at(-1) ?? entry.name, path }], identityOfEvaluation(entry), cache, heartbeat)),
    )
  }
  await cache.save()
  const digests = { sourcesDigest: digestOfFiles(sources), evaluationDigest: digestOfFiles(evaluation) }
  return { sources, evaluation, ...digests, ...(files ? { files } : {}), notes }
}

/** Models, scores and modules that stages name; every stage is asked whether it can work with its own. */
async function pinNamed(config: Config, configPath: string, cache: HashCache): Promise<Record<string, Files> | undefined> {
  const all: Record<string, Files> = {}
  for (const [name, section] of Object.entries(config.stages ?? {})) {
    const stage = await stageOf(name)
    if (!stage.files && !stage.check) continue
    const own = stage.config.parse(section)
    const files = await pinFiles(stage, own, {
      base: dirname(configPath),
      allowed: (path, where) => allowed(path, where),
      sha256: async path => (await cache.sha256(path)).sha256,
    })
    if (files) all[name] = files
    await checkSection(stage, files ? { ...own, files } : own, configPath)
  }
  return Object.keys(all).length ? all : undefined
}

const verified = new Map<string, string>()

/** Throws INPUT_CHANGED where a file that a stage's config names no longer has its bytes. A module is checked by who loads it. */
export async function verifyFiles(config: unknown): Promise<void> {
  for (const [place, { path, sha256 }] of Object.entries((config as { files?: Files }).files ?? {})) {
    if (/^modules\./.test(place)) continue
    const info = await stat(path).catch(() => undefined)
    const key = `${info?.size} ${info?.mtimeMs} ${path}`
    const found = info ? (verified.get(key) ?? (await sha256Of(path))) : undefined
    if (found) verified.set(key, found)
    if (found === sha256) continue
    throw new MillraceError({
      code: 'INPUT_CHANGED',
      kind: 'config',
      expected: `the bytes that the run pinned (sha256 ${sha256.slice(0, 16)}…)`,
      found: info ? 'other bytes under the same name' : 'no file',
      where: `${place}, ${path}`,
      next: 'start the run again: the changed file makes a new stage',
    })
  }
}

const identityOfEvaluation = (entry: EvaluationEntry): SourceIdentity => ({ name: entry.name, kind: 'evaluation', fields: entry.fields })

const digestOfFiles = (files: readonly PinnedFile[]): string =>
  digestOf(files.map(file => ({ source: file.source, key: file.key, size: file.size, sha256: file.sha256 })))

interface Found {
  key: string
  path: string
}

async function listSource(entry: SourceEntry, configPath: string, notes: string[]): Promise<Found[]> {
  const where = `sources.${entry.name}.path`
  const optional = (entry as { optional?: boolean }).optional === true
  let root: string
  let pattern: string | undefined
  try {
    const path = expand(entry.path, where)
    const parts = path.split('/')
    const first = parts.findIndex(part => /[*?{]/.test(part))
    pattern = first >= 0 ? parts.slice(first).join('/') : undefined
    root = await allowed(resolve(dirname(configPath), first >= 0 ? parts.slice(0, first).join('/') || '/' : path), where)
  } catch (error) {
    if (!optional) throw error
    notes.push(`source ${entry.name}: not on this machine (${entry.path}); the run goes on without it`)
    return []
  }
  const scoped = pattern ? { ...entry, include: entry.include.length ? entry.include : [pattern] } : entry
  const found: Found[] = []
  const info = await stat(root)
  if (info.isFile()) found.push({ key: (root.split('/').at(-1) ?? entry.name).normalize('NFC'), path: root })
  else await walk(root, '', scoped, found)
  if (!found.length && !optional)
    throw new ConfigError(
      where,
      'at least one file that the source takes',
      `none below ${root}`,
      'see include, exclude and format of the source',
    )
  if (!found.length) notes.push(`source ${entry.name}: no file below ${entry.path}; the run goes on without it`)
  found.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  const twin = found.findIndex((file, i) => file.key === found[i + 1]?.key)
  if (twin >= 0)
    throw new ConfigError(
      where,
      'file names that differ in Unicode normal form C',
      `${JSON.stringify(found[twin]?.path)} and ${JSON.stringify(found[twin + 1]?.path)}`,
      'rename or exclude one of them',
    )
  return found
}

async function walk(root: string, folder: string, source: SourceEntry, found: Found[]): Promise<void> {
  const pending = [folder]
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    for (const entry of await readdir(join(root, current), { withFileTypes: true })) {
      const key = current ? `${current}/${entry.name}` : entry.name
      if (entry.isDirectory()) {
        if (descends(source, key)) pending.push(key)
      } else if (entry.isFile() && matches(source, key.normalize('NFC'))) found.push({ key: key.normalize('NFC'), path: join(root, key) })
    }
  }
}

async function hashAll(
  found: readonly Found[],
  source: SourceIdentity,
  cache: HashCache,
  heartbeat: (detail: string) => void,
): Promise<PinnedFile[]> {
  const pinned: PinnedFile[] = new Array(found.length)
  let next = 0
  const worker = async () => {
    for (let i = next++; i < found.length; i = next++) {
      const { key, path } = found[i] as Found
      const { info, sha256 } = await cache.sha256(path)
      pinned[i] = { source, key, location: path, size: info.size, sha256, mtimeMs: info.mtimeMs }
      if (i % 500 === 0) heartbeat(`${source.name}: ${i} of ${found.length} files`)
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  return pinned
}

/** Throws INPUT_CHANGED where a pinned file no longer has its bytes. */
export async function verifyPinned(file: PinnedFile): Promise<void> {
  const info = await stat(file.location).catch(() => undefined)
  if (info && info.size === file.size && info.mtimeMs === file.mtimeMs) return
  if (info && info.size === file.size && (await sha256Of(file.location)) === file.sha256) return
  throw new MillraceError({
    code: 'INPUT_CHANGED',
    kind: 'config',
    expected: `the bytes that the run pinned (sha256 ${file.sha256.slice(0, 16)}…)`,
    found: info ? 'other bytes under the same name' : 'no file',
    where: `source ${file.source.name}, ${file.key}`,
    next: 'start the run again: the changed file is a new input',
  })
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}

/** (path, size, mtime) -> sha256. Losing it costs a read of every file, nothing else. */
class HashCache {
  readonly #path: string
  #known: Map<string, string>
  #used = new Map<string, string>()

  private constructor(path: string, known: Map<string, string>) {
    this.#path = path
    this.#known = known
  }

  static async open(path: string): Promise<HashCache> {
    const text = await readFile(path, 'utf8').catch(() => '{}')
    try {
      return new HashCache(path, new Map(Object.entries(JSON.parse(text) as Record<string, string>)))
    } catch {
      return new HashCache(path, new Map())
    }
  }

  /** Throws INPUT_CHANGED for a file that changes while it is read, three times over. */
  async sha256(path: string): Promise<{ info: { size: number; mtimeMs: number }; sha256: string }> {
    for (let attempt = 1; ; attempt++) {
      const info = await statOf(path)
      const key = `${info.size} ${info.mtimeMs} ${path}`
      const known = this.#known.get(key)
      const digest = known ?? (await sha256Of(path))
      const after = known === undefined ? await statOf(path) : info
      if (after.size === info.size && after.mtimeMs === info.mtimeMs) {
        // A file that was written a moment ago may change again within one tick of its clock: not remembered yet.
        if (known !== undefined || Date.now() - info.mtimeMs > 2000) this.#used.set(key, digest)
        return { info, sha256: digest }
      }
      if (attempt === 3)
        throw new MillraceError({
          code: 'INPUT_CHANGED',
          kind: 'config',
          expected: 'a file that nobody writes to',
          found: 'that it changed three times while it was read',
          where: path,
          next: 'start the run again when the file is complete',
        })
    }
  }

  async save(): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true })
    const temporary = `${this.#path}.${randomBytes(6).toString('hex')}` // two runs may open at once in one worker
    await writeFile(temporary, JSON.stringify(Object.fromEntries([...this.#known, ...this.#used])))
    await rename(temporary, this.#path)
  }
}

async function statOf(path: string): Promise<{ size: number; mtimeMs: number }> {
  try {
    return await stat(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !path.includes('\ufffd')) throw error
    throw new ConfigError(path, 'a file name in UTF-8', 'other bytes', 'rename or exclude the file')
  }
}
