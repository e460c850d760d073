/**
 * A store in a folder. Conditional create: a random name in `tmp/`, fsync, link(2), fsync of the folder, unlink. rename(2) would overwrite,
 * so it is no conditional create. A folder whose file system has no hard links is refused at start-up by name.
 */
import { randomBytes } from 'node:crypto'
import { access, copyFile, type FileHandle, link, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MillraceError } from '../pipelines/errors.ts'
import { checkKey, checkPrefix, missing, type Store, unreachable } from './store.ts'

/** Errors of Linux that libuv has no name for. */
const unnamed: Record<number, string> = { [-116]: 'ESTALE', [-122]: 'EDQUOT' }
const codeOf = (error: unknown): string => {
  const { code = '', errno = 0 } = error as NodeJS.ErrnoException
  return unnamed[errno] ?? code
}
/** A disk or a network file system that does not answer: it may come back. */
const outages = new Set(['EIO', 'ESTALE', 'ETIMEDOUT', 'EHOSTDOWN', 'ENOTCONN', 'EREMOTEIO', 'ENODEV', 'EMFILE', 'ENFILE'])
/** No object: nothing there, a folder of objects, or a name below an object. */
const absent = (error: unknown): boolean => ['ENOENT', 'EISDIR', 'ENOTDIR'].includes(codeOf(error))

export class FileStore implements Store {
  readonly root: string
  readonly uri: string
  #folders = new Set<string>()

  constructor(root: string) {
    this.root = resolve(root)
    this.uri = pathToFileURL(this.root).href
  }

  path = (key: string): string => join(this.root, ...checkKey(key).split('/'))

  async create(key: string, content: Uint8Array | string | { path: string }): Promise<'created' | 'exists'> {
    const target = this.path(key)
    for (let attempt = 1; ; attempt++) {
      await this.#folder(dirname(target))
      const staged = await this.#stage(content)
      let outcome: 'created' | 'exists' = 'created'
      try {
        await link(staged, target)
      } catch (error) {
        // A folder that somebody removed under a long-lived worker: make it again, once.
        if (codeOf(error) === 'ENOENT' && attempt === 1) {
          this.#folders.clear()
          continue
        }
        if (codeOf(error) !== 'EEXIST') throw this.#refused(error, key)
        outcome = 'exists'
      } finally {
        await unlink(staged).catch(() => undefined)
      }
      // Also for `exists`: what the caller builds on must be as durable as if it had made it.
      await this.#sync(dirname(target))
      return outcome
    }
  }

  async read(key: string): Promise<Buffer | undefined> {
    try {
      return await readFile(this.path(key))
    } catch (error) {
      if (absent(error)) return undefined
      throw this.#refused(error, key)
    }
  }

  async size(key: string): Promise<number | undefined> {
    try {
      const found = await stat(this.path(key))
      return found.isFile() ? found.size : undefined
    } catch (error) {
      if (absent(error)) return undefined
      throw this.#refused(error, key)
    }
  }

  async fetch(key: string): Promise<string> {
    const path = this.path(key)
    await access(path).catch(error => {
      throw absent(error) ? missing(this, key) : this.#refused(error, key)
    })
    return path
  }

  /** In order of keys. Folder by folder, so that what comes and goes meanwhile costs no other entry. */
  async *list(prefix: string): AsyncGenerator<{ key: string; size: number; modified: Date }, void, undefined> {
    const start = checkPrefix(prefix).split('/').slice(0, -1).join('/')
    yield* this.#walk(start, prefix)
  }

  async *#walk(folder: string, prefix: string): AsyncGenerator<{ key: string; size: number; modified: Date }, void, undefined> {
    const entries = await readdir(join(this.root, folder), { withFileTypes: true }).catch(error => {
      if (absent(error)) return []
      throw this.#refused(error, folder)
    })
    const found = entries
      .filter(entry => entry.isFile() || entry.isDirectory())
      .map(entry => `${folder ? `${folder}/` : ''}${entry.name}${entry.isDirectory() ? '/' : ''}`)
      .filter(key => (key.startsWith(prefix) || (key.endsWith('/') && prefix.startsWith(key))) && !key.startsWith('tmp/'))
      .sort()
    for (const key of found) {
      if (key.endsWith('/')) yield* this.#walk(key.slice(0, -1), prefix)
      else {
        const info = await stat(join(this.root, key)).catch(() => undefined)
        if (info) yield { key, size: info.size, modified: info.mtime }
      }
    }
  }

  async repair(key: string, path: string): Promise<void> {
    const target = this.path(key)
    await this.#folder(dirname(target))
    const staged = await this.#stage({ path }, true)
    try {
      await rename(staged, target)
    } catch (error) {
      await unlink(staged).catch(() => undefined)
      throw this.#refused(error, key)
    }
    await this.#sync(dirname(target))
  }

  async remove(key: string): Promise<void> {
    await rm(this.path(key), { force: true })
  }

  async probe(): Promise<void> {
    const key = `tmp/probe-${randomBytes(8).toString('hex')}`
    const first = await this.create(key, 'probe')
    const second = await this.create(key, 'other')
    const read = (await this.read(key))?.toString()
    await this.remove(key)
    if (first === 'created' && second === 'exists' && read === 'probe') return
    throw new MillraceError({
      code: 'STORE_REFUSED',
      kind: 'config',
      expected: 'a file system on which link(2) creates a name once and only once',
      found: `created ${first}, then ${second}`,
      where: this.uri,
      next: 'choose another folder in run.store',
    })
  }

  /**
   * A durable private copy in `tmp/`; a hard link where the file already lies on this file system, since nobody writes to it again.
   * `copied`: never a link, because renaming a link onto its own file does nothing and leaves both names.
   */
  async #stage(content: Uint8Array | string | { path: string }, copied = false): Promise<string> {
    const staged = join(this.root, 'tmp', randomBytes(16).toString('hex'))
    for (let attempt = 1; ; attempt++) {
      await this.#folder(join(this.root, 'tmp'))
      try {
        if (typeof content === 'string' || content instanceof Uint8Array) {
          await withFile(staged, 'wx', async file => {
            await file.writeFile(content)
            await file.sync()
          })
        } else {
          if (copied) await copyFile(content.path, staged)
          else await link(content.path, staged).catch(() => copyFile(content.path, staged))
          await withFile(staged, 'r', file => file.sync())
        }
        return staged
      } catch (error) {
        await unlink(staged).catch(() => undefined)
        if (codeOf(error) !== 'ENOENT' || attempt > 1) throw this.#refused(error, staged)
        this.#folders.clear()
      }
    }
  }

  /** The folder, durably: every level whose entry this process has not yet synced is, whoever made it. */
  async #folder(path: string): Promise<void> {
    const levels: string[] = []
    for (let level = path; level !== this.root && !this.#folders.has(level); level = dirname(level)) levels.push(level)
    if (!levels.length) return
    try {
      await mkdir(path, { recursive: true })
      for (const level of levels) await syncFolder(dirname(level))
    } catch (error) {
      const blocked = ['ENOTDIR', 'EEXIST', 'ENOENT'].includes(codeOf(error))
      throw this.#refused(blocked ? Object.assign(new Error('no folder', { cause: error }), { code: 'ENOTDIR' }) : error, path)
    }
    for (const level of levels) this.#folders.add(level)
  }

  async #sync(folder: string): Promise<void> {
    await syncFolder(folder).catch(error => {
      throw this.#refused(error, folder)
    })
  }

  #refused(error: unknown, where: string): Error {
    const code = codeOf(error)
    const meaning: Record<string, string> = {
      ENOSPC: 'no space is left on the disk',
      EDQUOT: 'the disk quota is used up',
      EACCES: 'permission is denied',
      EPERM: 'the operation is not permitted (a file system without hard links?)',
      EROFS: 'the file system is read-only',
      ENOTDIR: 'a folder cannot be made: something else is in its place',
    }
    if (outages.has(code)) return unreachable(this.uri, where, code, error)
    if (!(code in meaning)) return error as Error
    return new MillraceError(
      {
        code: code === 'ENOSPC' || code === 'EDQUOT' ? 'STORE_FULL' : 'STORE_UNWRITABLE',
        kind: 'resource',
        expected: 'a store that can be written',
        found: meaning[code] ?? code,
        where: `${this.uri} (${where})`,
        next: 'free space or choose another run.store, then start the same run again: what was committed is kept',
      },
      { cause: error },
    )
  }
}

async function withFile(path: string, flags: string, body: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags)
  try {
    await body(file)
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  await withFile(path, 'r', file => file.sync())
}
