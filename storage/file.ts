/**
 * A store in a folder. Conditional create: a random name in `tmp/`, fsync, link(2), fsync of the folder, unlink. rename(2) would overwrite,
 * so it is no conditional create. A folder whose file system has no hard links is refused at start-up by name.
 */
import { randomBytes } from 'node:crypto'
import { copyFile, type FileHandle, link, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MillraceError } from '../pipelines/errors.ts'
import { checkKey, type Store } from './store.ts'

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''

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
    await this.#folder(dirname(target))
    const staged = await this.#stage(content)
    try {
      await link(staged, target)
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return 'exists'
      throw this.#refused(error, key)
    } finally {
      await unlink(staged).catch(() => undefined)
    }
    await syncFolder(dirname(target))
    return 'created'
  }

  async read(key: string): Promise<Buffer | undefined> {
    try {
      return await readFile(this.path(key))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw this.#refused(error, key)
    }
  }

  async size(key: string): Promise<number | undefined> {
    try {
      return (await stat(this.path(key))).size
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw this.#refused(error, key)
    }
  }

  async fetch(key: string): Promise<string> {
    return this.path(key)
  }

  async *list(prefix: string): AsyncGenerator<{ key: string; size: number; modified: Date }, void, undefined> {
    const start = prefix === '' ? this.root : join(this.root, ...prefix.split('/').slice(0, -1))
    const entries = await readdir(start, { withFileTypes: true, recursive: true }).catch(() => [])
    const keys = entries
      .filter(entry => entry.isFile())
      .map(entry => relative(this.root, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .filter(key => key.startsWith(prefix) && !key.startsWith('tmp/'))
      .sort()
    for (const key of keys) {
      const found = await stat(this.path(key)).catch(() => undefined)
      if (found) yield { key, size: found.size, modified: found.mtime }
    }
  }

  async repair(key: string, path: string): Promise<void> {
    const staged = await this.#stage({ path })
    await rename(staged, this.path(key))
    await syncFolder(dirname(this.path(key)))
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

  /** A durable private copy in `tmp/`; a hard link where the file already lies on this file system, since nobody writes to it again. */
  async #stage(content: Uint8Array | string | { path: string }): Promise<string> {
    await this.#folder(join(this.root, 'tmp'))
    const staged = join(this.root, 'tmp', randomBytes(16).toString('hex'))
    try {
      if (typeof content === 'string' || content instanceof Uint8Array) {
        await withFile(staged, 'wx', async file => {
          await file.writeFile(content)
          await file.sync()
        })
      } else {
        await link(content.path, staged).catch(() => copyFile(content.path, staged))
        await withFile(staged, 'r', file => file.sync())
      }
      return staged
    } catch (error) {
      await unlink(staged).catch(() => undefined)
      throw this.#refused(error, staged)
    }
  }

  async #folder(path: string): Promise<void> {
    if (this.#folders.has(path)) return
    try {
      const made = await mkdir(path, { recursive: true })
      if (made) await syncFolder(dirname(made))
    } catch (error) {
      throw this.#refused(error, path)
    }
    this.#folders.add(path)
  }

  #refused(error: unknown, where: string): Error {
    const code = codeOf(error)
    const meaning: Record<string, string> = {
      ENOSPC: 'no space is left on the disk',
      EDQUOT: 'the disk quota is used up',
      EACCES: 'permission is denied',
      EPERM: 'the operation is not permitted (a file system without hard links?)',
      EROFS: 'the file system is read-only',
    }
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
