/** Steps of the set-up: each is skipped where its stamp says that it was done for the same input, and says how long it took. */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const at = (...parts) => join(root, ...parts)
export const cacheFolder = () => process.env.MILLRACE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace')

/** An error whose message is all that a user needs. */
export class SetupError extends Error {}

export const say = line => process.stderr.write(`${line}\n`)

/** Runs one step: one line when it begins and one with its time; output only where it fails. */
export async function step(name, needed, body) {
  if (!needed) return false
  const began = Date.now()
  const terminal = process.stderr.isTTY
  process.stderr.write(terminal ? `  … ${name}` : `  … ${name}\n`)
  await body()
  const seconds = ((Date.now() - began) / 1000).toFixed(1)
  say(`${terminal ? '\r' : ''}  ✓ ${name} (${seconds} s)`)
  return true
}

/** Runs a command, quietly. Its last lines are shown where it fails. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options })
    let output = ''
    const keep = chunk => {
      output = (output + chunk).slice(-6000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', error => reject(new SetupError(`${command}: ${error.code === 'ENOENT' ? 'not found' : error.message}`)))
    child.on('close', code => {
      if (code === 0) resolve(output)
      else reject(new SetupError(`${command} ${args.join(' ')} failed with code ${code}:\n${output.trim()}`))
    })
  })
}

export const tryRun = (command, args) => {
  const done = spawnSync(command, args, { encoding: 'utf8', cwd: root })
  return done.status === 0 ? done.stdout.trim() : undefined
}

export const sha256 = bytes => createHash('sha256').update(bytes).digest('hex')

/** Digest over files (folders are walked), by path and content. */
export function digestOf(paths, accept = () => true) {
  const hash = createHash('sha256')
  const visit = path => {
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const child = join(path, entry.name)
      if (entry.isDirectory()) visit(child)
      else if (accept(entry.name)) hash.update(relative(root, child)).update('\0').update(readFileSync(child))
    }
  }
  for (const path of paths) {
    const full = at(path)
    if (!existsSync(full)) continue
    if (
      readdirSync(dirname(full), { withFileTypes: true })
        .find(entry => join(dirname(full), entry.name) === full)
        ?.isDirectory()
    )
      visit(full)
    else hash.update(path).update('\0').update(readFileSync(full))
  }
  return hash.digest('hex')
}

export const stampIs = (path, value) => existsSync(path) && readFileSync(path, 'utf8') === value

export function writeStamp(path, value) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, value)
}

export const versionOf = text => (text?.match(/(\d+)\.(\d+)(?:\.(\d+))?/) ?? []).slice(1).map(Number)
export const atLeast = (found, wanted) => {
  for (let i = 0; i < wanted.length; i++) {
    if ((found[i] ?? 0) !== wanted[i]) return (found[i] ?? 0) > wanted[i]
  }
  return found.length > 0
}
