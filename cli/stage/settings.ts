/** The config of one stage: a file (its own settings, or a whole run config with `stages.<name>`), then `--set a.b=c`, then the schema. */
import { readFile } from 'node:fs/promises'
import { isMap, isScalar, LineCounter, type Node, parse, parseDocument } from 'yaml'
import type * as z from 'zod'
import { ConfigError, expectedBy } from '../../activities/config.ts'
import type { Stage } from '../../pipelines/stage.ts'
import { usage } from '../usage.ts'

const next = 'docs/config.md lists every setting, under stages'

type Settings = Record<string, unknown>

/** Parsed, with defaults. Throws CONFIG with file and line, or the `--set` that was wrong. `given` are the names set by the user. */
export async function settingsOf(
  stage: Stage,
  file: string | undefined,
  sets: readonly string[],
): Promise<{ config: Settings; given: ReadonlySet<string> }> {
  const { values, at } = file ? await fromFile(file, stage.name) : { values: {}, at: () => `stage ${stage.name}` }
  const changed = new Map<string, string>()
  for (const set of sets) {
    const equals = set.indexOf('=')
    if (equals < 1) throw usage('--set', 'name=value, like --set maxDocumentBytes=1000000', JSON.stringify(set))
    const path = set.slice(0, equals).split('.')
    put(values, path, scalar(set.slice(equals + 1)))
    changed.set(path.join('.'), `--set ${set}`)
  }
  const parsed = stage.config.safeParse(values)
  if (parsed.success) return { config: parsed.data as Settings, given: new Set(Object.keys(values)) }
  const issue = parsed.error.issues[0] as z.core.$ZodIssue
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path
  const asked = path.join('.')
  const where =
    [...changed].find(([name]) => asked === name || asked.startsWith(`${name}.`) || name.startsWith(`${asked}.`))?.[1] ?? at(path)
  const name = path.join('.')
  if (issue.code === 'unrecognized_keys') {
    // The schema names what a section takes only where it is the stage's own: deeper, what is known is in the reference.
    const known = issue.path.length
      ? `a known field in ${issue.path.join('.')}`
      : `a setting of ${stage.name} (${namesOf(stage).join(', ')})`
    throw new ConfigError(where, known, issue.path.length ? `"${issue.keys[0]}"` : `"${name}"`, next)
  }
  const expected = expectedBy(issue)
  throw new ConfigError(where, `${name || 'the settings'} to be ${expected}`, show(values, path), next)
}

/** Names of the settings that a stage has. */
export const namesOf = (stage: Stage): string[] => Object.keys((stage.config as unknown as { shape?: Settings }).shape ?? {})

async function fromFile(file: string, name: string): Promise<{ values: Settings; at: (path: readonly PropertyKey[]) => string }> {
  const text = await readFile(file, 'utf8').catch(error => {
    throw new ConfigError(file, 'a readable config', String((error as NodeJS.ErrnoException).code), 'give --config an existing YAML file')
  })
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const line = (offset: number | undefined) => (offset === undefined ? file : `${file}:${lines.linePos(offset).line}`)
  const [broken] = document.errors
  if (broken) throw new ConfigError(line(broken.pos[0]), 'YAML', broken.message)
  const all = document.toJS() as unknown
  if (typeof all !== 'object' || all === null || Array.isArray(all)) throw new ConfigError(file, 'a map of settings', typeof all)
  const whole = 'stages' in all
  const prefix = whole ? ['stages', name] : []
  const values = whole ? ((all as { stages?: Record<string, Settings> }).stages?.[name] ?? {}) : (all as Settings)
  const at = (path: readonly PropertyKey[]) => {
    let node = document.contents as Node | null | undefined
    let offset = node?.range?.[0]
    for (const key of [...prefix, ...path]) {
      const pair = isMap(node) ? node.items.find(item => isScalar(item.key) && String(item.key.value) === String(key)) : undefined
      if (!pair) break
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value as Node | null
    }
    return line(offset)
  }
  return { values: structuredClone(values), at }
}

function put(values: Settings, path: readonly string[], value: unknown): void {
  let at = values
  for (const key of path.slice(0, -1)) {
    if (!Object.hasOwn(at, key) || typeof at[key] !== 'object' || at[key] === null)
      Object.defineProperty(at, key, { value: {}, enumerable: true, writable: true, configurable: true })
    at = at[key] as Settings
  }
  Object.defineProperty(at, path.at(-1) ?? '', { value, enumerable: true, writable: true, configurable: true })
}

/** A value as YAML reads it: numbers, booleans, lists; anything else is text. */
function scalar(text: string): unknown {
  try {
    return parse(text) as unknown
  } catch {
    return text
  }
}

function show(values: unknown, path: readonly PropertyKey[]): string {
  let value = values
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key]
  return value === undefined ? 'nothing' : typeof value === 'number' ? String(value) : JSON.stringify(value).slice(0, 120)
}
