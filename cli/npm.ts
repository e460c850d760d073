/** Where npm lies: the quickstart reads the manual that ships with it. Named in the environment of the worker, since configs name `MILLRACE_NPM`. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { home } from './home.ts'

/** npm's folder: of the npm that runs us, else of the one on the PATH. */
export function npmFolder(): string | undefined {
  const running = process.env.npm_execpath
  const candidate = running && basename(dirname(dirname(running))) === 'npm' ? dirname(dirname(running)) : undefined
  if (candidate && existsSync(candidate)) return candidate
  try {
    const globals = execFileSync('npm', ['root', '-g'], { encoding: 'utf8', timeout: 20_000, stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    return existsSync(join(globals, 'npm')) ? join(globals, 'npm') : undefined
  } catch {
    return undefined
  }
}

/** Sets MILLRACE_NPM, and lets sources lie there. Where there is no npm the name stands for a folder that is not there: an optional source. */
export function nameNpm(): void {
  if (process.env.MILLRACE_NPM) return
  const found = npmFolder()
  process.env.MILLRACE_NPM = found ?? join(home(), 'no-npm')
  if (found) process.env.MILLRACE_ROOTS = `${process.env.MILLRACE_ROOTS ?? process.cwd()}:${found}`
}
