/**
 * The source of a user's rule module: its digest, which is identity, and its loading, which runs the bytes of that digest and no others.
 *
 * A module may import files beside it (relative, with their extension; .js, .mjs or .ts) and a few pure modules of Node. Anything else could
 * change a verdict behind the digest's back, and is refused when it is asked for. Node's own loader does the rest, through its hooks.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { registerHooks } from 'node:module'
import { dirname, relative, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { compileFunction, constants } from 'node:vm'
import { MillraceError } from '../errors.ts'
import { digestOf } from '../identity.ts'

/** Absolute path -> text, of a module and all that it imports. */
export type Sources = ReadonlyMap<string, string>

/** No clock, file, network or process in these. */
const pure = ['assert', 'buffer', 'crypto', 'path', 'string_decoder', 'url', 'util'].flatMap(name => [name, `node:${name}`])
const most = 256

const specifiers = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])(\.{1,2}\/[^'"\n]+)\1/g

/** Throws CONFIG_FILE where the module is not there. What it imports and is not there is said when it runs. */
export async function sourcesOf(path: string): Promise<Sources> {
  const sources = new Map<string, string>()
  const open = [resolve(path)]
  for (let next = open.shift(); next !== undefined && sources.size < most; next = open.shift()) {
    if (sources.has(next)) continue
    const text = await readFile(next, 'utf8').catch(() => undefined)
    if (text === undefined && next !== resolve(path)) continue
    if (text === undefined)
      throw new MillraceError({
        code: 'CONFIG_FILE',
        kind: 'config',
        expected: 'an ES module',
        found: 'nothing that can be read',
        where: path,
      })
    sources.set(next, text)
    for (const [, , specifier] of text.matchAll(specifiers)) open.push(resolve(dirname(next), specifier as string))
  }
  return sources
}

/** sha256 over what a module is made of, each file by its way from the module: the same wherever the folder lies. */
export function digestOfSources(path: string, sources: Sources): string {
  const from = dirname(resolve(path))
  const files = [...sources].map(([file, text]) => ({
    file: relative(from, file).split(sep).join('/'),
    sha256: createHash('sha256').update(text).digest('hex'),
  }))
  return digestOf(files.sort((a, b) => (a.file < b.file ? -1 : 1)))
}

export const moduleDigest = async (path: string): Promise<string> => digestOfSources(path, await sourcesOf(path))

const scheme = 'millrace-rule:'
const mark = '?rule='
const known = new Map<string, { entry: string; sources: Sources }>()
let hooked = false

/** Loads the module with these sources; the same digest is loaded once in a process. Throws what it throws. */
export async function loadModule(path: string, sources: Sources, digest: string): Promise<Record<string, unknown>> {
  known.set(digest, { entry: resolve(path), sources })
  if (!hooked) hook()
  hooked = true
  return load(`${scheme}${digest}`)
}

/** Node's own `import`: what transforms a program (a test runner) leaves it alone here. */
const load = compileFunction('return import(specifier)', ['specifier'], {
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
}) as (specifier: string) => Promise<Record<string, unknown>>

function hook(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier.startsWith(scheme)) {
        const digest = specifier.slice(scheme.length)
        return found(known.get(digest)?.entry ?? '', digest)
      }
      const digest = context.parentURL?.split(mark)[1]
      if (!digest || pure.includes(specifier)) return next(specifier, context)
      const parent = fileURLToPath((context.parentURL as string).split(mark)[0] as string)
      const file = resolve(dirname(parent), specifier)
      if (/^\.{1,2}\//.test(specifier) && known.get(digest)?.sources.has(file)) return found(file, digest)
      throw new MillraceError({
        code: 'MODULE_IMPORT',
        kind: 'config',
        expected: `an import of a file beside the module, or of ${pure.filter(name => name.startsWith('node:')).join(', ')}`,
        found: JSON.stringify(specifier),
        where: parent,
        next: 'a rule may use only what its digest covers: copy what it needs into a file beside it',
      })
    },
    load(url, context, next) {
      const [file = '', digest] = url.split(mark)
      const source = digest === undefined ? undefined : known.get(digest)?.sources.get(fileURLToPath(file))
      return source === undefined ? next(url, context) : { format: formatOf(file), source, shortCircuit: true }
    },
  })
}

const formatOf = (file: string): string => (/\.[mc]?ts$/.test(file) ? 'module-typescript' : file.endsWith('.json') ? 'json' : 'module')
const found = (file: string, digest: string) => ({
  url: `${pathToFileURL(file).href}${mark}${digest}`,
  format: formatOf(file),
  shortCircuit: true,
})

/** `file:line` where an error came out of one of these sources; undefined where it came from elsewhere. */
export function placeOf(error: unknown, sources: Sources): string | undefined {
  for (const [, file = '', line = ''] of String((error as Error)?.stack).matchAll(/(file:\/\/[^\s)?]+)\?rule=[0-9a-f]+:(\d+):\d+/g)) {
    const path = fileURLToPath(file)
    if (sources.has(path)) return `${path}:${line}`
  }
  return undefined
}
