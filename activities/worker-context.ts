/** What the activities of one worker share: stores, the child runner, the journal, the digest of the code. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { homedir, hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Logger } from 'pino'
import { FileStore } from '../storage/file.ts'
import type { Store } from '../storage/store.ts'
import { Journal } from './journal.ts'
import { Runner } from './runner.ts'

export interface WorkerContext {
  /** `.millrace` of the project: server, cache, default store. */
  home: string
  log: Logger
  runner: Runner
  journal: Journal
  codeDigest: string
  store(uri: string): Promise<Store>
  /** Aborted when the worker shuts down: children save and leave. */
  shutdown: AbortSignal
}

export const defaultHome = (): string => resolve(process.env.MILLRACE_HOME ?? '.millrace')

/** The store of a config: what `run.store` says, else `MILLRACE_STORE`, else a folder in the project's `.millrace`. */
export function storeUri(named: string | undefined, home: string): string {
  const uri = named ?? process.env.MILLRACE_STORE ?? join(home, 'store')
  if (/^[a-z0-9]+:\/\//.test(uri)) return uri
  return pathToFileURL(resolve(uri.replace(/^~(?=\/)/, homedir()))).href
}

export async function openStore(uri: string): Promise<Store> {
  if (uri.startsWith('s3://')) {
    const { S3Store } = await import('../storage/s3.ts')
    return S3Store.open(uri)
  }
  return new FileStore(fileURLToPath(uri))
}

export async function createWorkerContext(options: { home: string; log: Logger; shutdown: AbortSignal }): Promise<WorkerContext> {
  const stores = new Map<string, Promise<Store>>()
  const probed = async (uri: string) => {
    const store = await openStore(uri)
    await store.probe()
    return store
  }
  return {
    ...options,
    runner: new Runner({ log: text => options.log.info({ child: text.trimEnd() }, 'child output') }),
    journal: new Journal(`${hostname()}-${process.pid}`.replace(/[^A-Za-z0-9-]/g, '-'), message => options.log.warn(message)),
    codeDigest: await codeDigest(),
    store(uri) {
      let store = stores.get(uri)
      if (!store) {
        store = probed(uri)
        store.catch(() => stores.delete(uri))
        stores.set(uri, store)
      }
      return store
    },
  }
}

/** Digest of what can change a unit's output: pipelines, native sources and the lockfile. */
export async function codeDigest(): Promise<string> {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const hash = createHash('sha256')
  for (const folder of ['pipelines', 'native']) {
    const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true })
    const files = entries
      .filter(entry => entry.isFile() && !/_test\.cc$/.test(entry.name))
      .map(entry => join(entry.parentPath, entry.name))
      .sort()
    for (const file of files)
      hash
        .update(file.slice(root.length))
        .update('\0')
        .update(await readFile(file))
  }
  hash.update(await readFile(join(root, 'package-lock.json')).catch(() => ''))
  return hash.digest('hex').slice(0, 16)
}
