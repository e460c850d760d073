/** What `millrace up` left behind: where server and worker are. `.millrace/up.json`. */
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultHome } from '../activities/worker-context.ts'

export interface Up {
  address: string
  namespace: string
  /** Absent where the cluster is not ours. */
  ui?: string
  serverPid?: number
  supervisorPid: number
  startedAt: string
  /** Where `up` was called: what relative paths of configs are relative to in the worker. */
  cwd?: string
}

export const home = (): string => defaultHome()
const path = () => join(home(), 'up.json')

export const alive = (pid: number | undefined): boolean => {
  if (!pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

export async function readUp(): Promise<Up | undefined> {
  if (!existsSync(path())) return undefined
  const up = JSON.parse(await readFile(path(), 'utf8')) as Up
  return alive(up.supervisorPid) ? up : undefined
}

export async function writeUp(up: Up): Promise<void> {
  await mkdir(home(), { recursive: true })
  await writeFile(`${path()}.new`, `${JSON.stringify(up, null, 1)}\n`)
  await rename(`${path()}.new`, path())
}

export const removeUp = (): Promise<void> => rm(path(), { force: true })
