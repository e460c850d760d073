/**
 * Finds and loads the native addon, once. `MILLRACE_ADDON` names another build of it (tests of sanitizers and instruction sets).
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const looked = process.env.MILLRACE_ADDON ?? fileURLToPath(new URL('../../build/addon/millrace.node', import.meta.url))

function load(): Record<string, unknown> {
  if (!existsSync(looked)) {
    const error = new Error(`The native addon is missing: looked for ${looked}. Build it with: node scripts/setup.mjs`)
    throw Object.assign(error, { code: 'ADDON_MISSING' })
  }
  return createRequire(import.meta.url)(looked) as Record<string, unknown>
}

let addon: Record<string, unknown> | undefined

/** The bindings of one domain (`native/addon/<domain>.cc`), typed by the caller. Throws ADDON_MISSING with the command that builds it. */
export function domain<T>(name: string): T {
  addon ??= load()
  const found = addon[name]
  if (found === undefined)
    throw Object.assign(
      new Error(`The native addon has no domain "${name}": it was built by an older source tree. Rebuild it with: node scripts/setup.mjs`),
      { code: 'ADDON_STALE' },
    )
  return found as T
}
