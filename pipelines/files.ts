/**
 * Files that a stage's config names: models, scores, modules. Of such a file its content is identity and its place is not, so a run pins the
 * digest once and every unit is given the bytes that were pinned, or an error.
 *
 * A stage lists them (`Stage.files`); who opens a run resolves and digests them (activities/inputs.ts, local.ts) and puts them into the
 * config's field `files`, which no user writes.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import * as z from 'zod'
import { MillraceError } from './errors.ts'
import type { Stage } from './stage.ts'

export interface NamedFile {
  /** Where the config has its path, as `modules.0.path`. */
  place: string
  /** As the config says; relative to the config's folder. */
  path: string
  /** Digest of the file at an absolute path, where it is not that of its bytes alone (a module and what it imports). */
  digest?: (path: string) => Promise<string>
}

/** By place: where it lies on this machine, and what is in it. */
export type Files = Record<string, { path: string; sha256: string }>

export const filesSchema = z
  .record(z.string(), z.strictObject({ path: z.string(), sha256: z.string() }))
  .optional()
  .describe('Files that this config names, pinned: filled in when a run opens')

export interface Pinning {
  /** Relative paths are below it. */
  base: string
  /** The real path; refused where it leaves what may be read. Default: any file. */
  allowed?: (path: string, where: string) => Promise<string>
  /** Default: reads the file. */
  sha256?: (path: string) => Promise<string>
}

/** Pins what a parsed config names; those that it holds already stay. undefined where it names none. CONFIG_FILE where one is missing. */
export async function pinFiles<C>(
  stage: Stage<C>,
  config: C,
  { base, allowed = async path => path, sha256 = sha256Of }: Pinning,
): Promise<Files | undefined> {
  const named = stage.files?.(config) ?? []
  if (!named.length) return undefined
  const before = (config as { files?: Files }).files ?? {}
  const files: Files = {}
  for (const { place, path, digest } of named) {
    const where = `stages.${stage.name}.${place}`
    const real = before[place]?.path ?? (await existing(await allowed(resolve(base, path), where), where))
    files[place] = before[place] ?? { path: real, sha256: await (digest ?? sha256)(real) }
  }
  return files
}

/** A config in which every pinned file stands with its absolute path. */
export function located<C>(config: C): C {
  const { files, ...rest } = config as C & { files?: Files }
  const copy = structuredClone(rest) as C
  for (const [place, { path }] of Object.entries(files ?? {})) put(copy, place, path)
  return copy
}

/** What of a config is identity: digests in the place of paths. */
export function identityOf<C>(config: C): unknown {
  const { files, ...rest } = config as C & { files?: Files }
  if (!files) return rest
  const copy = structuredClone(rest) as C
  for (const [place, { sha256 }] of Object.entries(files)) put(copy, place, { sha256 })
  return copy
}

/** An entry that a config leaves to its default may have no section: then there is one now. */
function put(config: unknown, place: string, value: unknown): void {
  const path = place.split('.')
  let at = config as Record<string, unknown>
  for (const key of path.slice(0, -1)) {
    at[key] ??= {}
    at = at[key] as Record<string, unknown>
  }
  at[path.at(-1) as string] = value
}

async function existing(path: string, where: string): Promise<string> {
  const info = await stat(path).catch(() => undefined)
  if (info?.isFile()) return path
  throw new MillraceError({
    code: 'CONFIG_FILE',
    kind: 'config',
    expected: 'a file',
    found: info ? 'a folder' : 'nothing',
    where: `${where} (${path})`,
    next: info ? 'name a file in it' : 'paths are relative to the config: mend the path or put the file there',
  })
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}
