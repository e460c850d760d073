/**
 * What Millrace asks of a store, and no more: whole objects under `/`-separated keys, created once, never overwritten.
 *
 * `create` is the one operation that promises anything: of any number of racing creators of a key exactly one gets `created`, a reader
 * sees the object whole or not at all, and when the call returns it is durable. The commit protocol (units.ts) rests on that alone.
 * Readers open manifests; `list` is for status, gc and verify, which may miss what is being written.
 */
import { MillraceError } from '../pipelines/errors.ts'

export interface Store {
  /** `file:///…` or `s3://bucket/prefix`. */
  readonly uri: string
  /** Conditional create. `exists` says that the key was taken; what lies there is the caller's to compare. */
  create(key: string, content: Uint8Array | string | { path: string }): Promise<'created' | 'exists'>
  /** The object, or undefined where there is none. For small objects: manifests, plans, configs. */
  read(key: string): Promise<Buffer | undefined>
  size(key: string): Promise<number | undefined>
  /** A local file with the object's bytes: the object itself where the store is local (never write to it), else a copy at `to`. Throws STORE_MISSING. */
  fetch(key: string, to: string): Promise<string>
  list(prefix: string): AsyncGenerator<{ key: string; size: number; modified: Date }, void, undefined>
  /** Replaces a damaged object. The only overwrite there is; `verify` and `force` call it after a digest mismatch. */
  repair(key: string, path: string): Promise<void>
  remove(key: string): Promise<void>
  /** Refuses a store that cannot promise the above, by name. Called once when a worker starts. */
  probe(): Promise<void>
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: names with control characters are what it refuses
const forbidden = /(^|\/)\.{1,2}(\/|$)|^\/|\/\/|\\|[\0-\x1f]|\/$/

/** Throws for a key that could leave the store's root or that some store cannot hold (S3: 1024 bytes with its prefix; files: 255 a name). */
export function checkKey(key: string): string {
  const holds = (text: string, bytes: number) => Buffer.byteLength(text) <= bytes
  if (!key || forbidden.test(key) || !key.isWellFormed() || !holds(key, 900) || !key.split('/').every(name => holds(name, 250))) {
    throw new MillraceError({
      code: 'STORE_KEY',
      kind: 'bug',
      expected: 'a relative key without empty or dot segments',
      found: JSON.stringify(key),
    })
  }
  return key
}

/** A prefix to list: a key, perhaps cut off anywhere. Throws where it could leave the store's root. */
export function checkPrefix(prefix: string): string {
  if (prefix !== '') checkKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix)
  return prefix
}

/** An object that something refers to is not there. Trying again cannot bring it back; making it anew can. */
export const missing = (store: Store, key: string): MillraceError =>
  new MillraceError({
    code: 'STORE_MISSING',
    kind: 'bug',
    expected: `an object that a plan or a manifest refers to: ${key}`,
    found: 'none',
    where: store.uri,
    next: 'remove the unit.json beside it and start the same run again: the unit is done anew',
  })

/** The store does not answer. Charged to nobody: the activity is tried again until it does. */
export const unreachable = (uri: string, where: string, found: string, cause: unknown): MillraceError =>
  new MillraceError(
    {
      code: 'STORE_UNREACHABLE',
      kind: 'resource',
      expected: 'the store to answer',
      found,
      where: `${uri} (${where})`,
      next: 'nothing where it comes back: the run waits and goes on by itself',
    },
    { cause },
  )

/** JSON of an object; undefined where there is none. */
export async function readJson<T>(store: Store, key: string): Promise<T | undefined> {
  const bytes = await store.read(key)
  return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as T)
}

/**
 * Creates an object whose content is a function of its key. Already there with the same bytes is success; with others it is a
 * DeterminismError, because two runs of the same work disagree.
 */
export async function createSame(store: Store, key: string, content: string): Promise<'created' | 'exists'> {
  const outcome = await store.create(key, content)
  if (outcome === 'exists') {
    const found = (await store.read(key))?.toString('utf8')
    if (found !== content) throw new DeterminismError(key, content, found ?? '')
  }
  return outcome
}

/** The same work gave other content. Never retried: somebody must look. */
export class DeterminismError extends MillraceError {
  constructor(key: string, expected: string, found: string) {
    const cut = (text: string) => (text.length > 300 ? `${text.slice(0, 300)}…` : text)
    super({
      code: 'DETERMINISM',
      kind: 'bug',
      expected: `what was committed before: ${cut(found)}`,
      found: cut(expected),
      where: key,
      next: 'millrace verify the key; if a stage changed its output, raise its revision',
    })
    this.name = 'DeterminismError'
  }
}
