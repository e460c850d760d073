/** Reads a config: YAML to a validated value, or an error that names file, line, what was expected and what was found. */
import { readFile, realpath } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type * as z from 'zod'
import { type Config, configSchema } from '../pipelines/config.ts'
import { MillraceError } from '../pipelines/errors.ts'
import type { Stage } from '../pipelines/stage.ts'
import { stepsOf } from '../pipelines/train/config.ts'

/** Asked wrongly: exit code 2, never retried. */
export class ConfigError extends MillraceError {
  constructor(
    where: string,
    expected: string,
    found: string,
    next = 'mend the line and start again; configs/schema.json lists every field',
  ) {
    super({ code: 'CONFIG', kind: 'config', expected, found, where, next })
    this.name = 'ConfigError'
  }
}

/** Folders that configs and `file://` sources may lie in, after realpath. */
export const roots = (): string[] =>
  (process.env.MILLRACE_ROOTS ?? process.cwd())
    .split(':')
    .filter(Boolean)
    .map(root => resolve(root))

/** The real path of something that a config names; refused where it leaves the roots. */
export async function allowed(path: string, where: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined)
  if (!real) throw new ConfigError(where, 'a file or folder that exists', path)
  const real_roots = await Promise.all(roots().map(root => realpath(root).catch(() => root)))
  const inside = real_roots.some(root => {
    const way = relative(root, real)
    return way === '' || (!way.startsWith(`..${sep}`) && way !== '..' && !isAbsolute(way))
  })
  if (!inside) {
    throw new ConfigError(
      where,
      `a path below ${roots().join(', ')}`,
      real,
      'name its folder in MILLRACE_ROOTS (or give it to `millrace up`) and start the worker again',
    )
  }
  return real
}

export async function loadConfig(path: string): Promise<Config> {
  const file = resolve(path)
  const text = await readFile(await allowed(file, path), 'utf8').catch(error => {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(path, 'a readable config', String((error as NodeJS.ErrnoException).code))
  })
  return parseConfig(text, path)
}

export async function parseConfig(text: string, file: string): Promise<Config> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const at = (offset: number | undefined) => (offset === undefined ? file : `${file}:${lines.linePos(offset).line}`)
  const [broken] = document.errors
  if (broken) throw new ConfigError(at(broken.pos[0]), 'YAML', broken.message)
  const parsed = (await configSchema()).safeParse(document.toJS() ?? {})
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    if (!issue) throw new ConfigError(file, 'a valid config', 'an error without a reason')
    throw explain(issue, document.contents, at)
  }
  const config = parsed.data as unknown as Config
  checkBudgets(config, path => at(offsetOf(document.contents, path)))
  return config
}

/** What no single field can say. */
function checkBudgets(config: Config, at: (path: PropertyKey[]) => string): void {
  const twice = config.sources.map(source => source.name).find((name, i, names) => names.indexOf(name) !== i)
  if (twice) throw new ConfigError(at(['sources']), 'every source to have a name of its own', `"${twice}" twice`)
  if (config.phases.length && !config.model) throw new ConfigError(at(['phases']), '`model` beside `phases`', 'none')
  const { model } = config
  if (model) {
    if (model.topK > model.experts + model.zeroExperts)
      throw new ConfigError(
        at(['model', 'topK']),
        `topK <= experts + zeroExperts (${model.experts + model.zeroExperts})`,
        String(model.topK),
      )
    if (model.expectedExperts > model.topK)
      throw new ConfigError(at(['model', 'expectedExperts']), `expectedExperts <= topK (${model.topK})`, String(model.expectedExperts))
    if (model.ropeDim % 2) throw new ConfigError(at(['model', 'ropeDim']), 'an even number', String(model.ropeDim))
    if (config.optimizer.balanceAlpha > 0 && model.experts % config.optimizer.balanceGroups) {
      throw new ConfigError(
        at(['optimizer', 'balanceGroups']),
        `a divisor of model.experts (${model.experts})`,
        String(config.optimizer.balanceGroups),
      )
    }
  }
  for (const [i, phase] of config.phases.entries()) {
    const sum = Object.values(phase.mixture).reduce((a, b) => a + b, 0)
    if (!(sum > 0)) throw new ConfigError(at(['phases', i, 'mixture']), 'at least one component with a weight above 0', 'none')
    if (stepsOf(phase) < 1) throw new ConfigError(at(['phases', i, 'tokens']), 'a budget of at least one step', String(phase.tokens))
    if (phase.warmupTokens > phase.tokens)
      throw new ConfigError(at(['phases', i, 'warmupTokens']), `at most the phase's tokens (${phase.tokens})`, String(phase.warmupTokens))
    const twin = config.phases.findIndex(other => other.name === phase.name)
    if (twin !== i) throw new ConfigError(at(['phases', i, 'name']), 'every phase to have a name of its own', `"${phase.name}" twice`)
    if (i === 0 && phase.grow) throw new ConfigError(at(['phases', 0, 'grow']), 'growth to come after a phase', 'growth before the first')
  }
  const names = ((config.stages.mix?.components ?? []) as { name: string }[]).map(each => each.name)
  for (const name of Object.keys((config.stages.shard?.fim ?? {}) as object))
    if (!names.includes(name))
      throw new ConfigError(at(['stages', 'shard', 'fim', name]), `a component of mix (${names.join(', ')})`, `"${name}"`)
}

/**
 * Asks a stage about its section, parsed, with files where they are pinned (Stage.check). What it says gets the line of the config: of the
 * field where the error's `where` names one.
 */
export async function checkSection<C>(stage: Stage<C>, section: C, configPath: string): Promise<void> {
  try {
    await stage.check?.(section)
  } catch (error) {
    const { code, kind, expected, found, where = '', next } = error as MillraceError
    if (!(error instanceof MillraceError) || kind !== 'config') throw error
    const text = await readFile(configPath, 'utf8').catch(() => '')
    const lines = new LineCounter()
    const { contents } = parseDocument(text, { lineCounter: lines, prettyErrors: false })
    const [field = ''] = /^[^\s,(]+/.exec(where) ?? []
    const path = field.startsWith(stage.name) ? field.replace(/\[(\d+)\]/g, '.$1').split('.') : [stage.name]
    const offset = offsetOf(contents, ['stages', ...path])
    const line = offset === undefined ? '' : `:${lines.linePos(offset).line}`
    // In its place, not around it: of a chain of causes a command shows the deepest.
    throw new MillraceError({ code, kind, expected, found, where: [`${configPath}${line}`, where].filter(Boolean).join(', '), next })
  }
}

function explain(issue: z.core.$ZodIssue, contents: unknown, at: (offset: number | undefined) => string): ConfigError {
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys
    const path = [...issue.path, key ?? '']
    return new ConfigError(at(offsetOf(contents, path)), `a known field in ${name(issue.path)}`, `"${key}"`)
  }
  if (issue.code === 'invalid_union') {
    // What is wrong further in tells of a value that was meant that way; else no way was meant more than another.
    const inner = issue.errors.flat().find(each => each.path.length || each.code === 'unrecognized_keys')
    if (inner) return explain({ ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue, contents, at)
  }
  const found = valueAt(contents, issue.path)
  return new ConfigError(
    at(offsetOf(contents, issue.path)),
    `${name(issue.path)} to be ${expectedBy(issue)}`,
    found === undefined ? 'nothing' : JSON.stringify(found).slice(0, 120),
  )
}

/** What an issue asks for, to stand behind "… to be": without the words that the sentence has already. */
export function expectedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && issue.errors.length) {
    const ways = issue.errors.flatMap(([first]) => (first ? [expectedBy(first)] : []))
    if (ways.length) return [...new Set(ways)].join(' or ')
  }
  if (issue.code === 'invalid_key') return 'under another name: of small letters, digits, - and _'
  return issue.message
    .replace(/^Invalid (input|option): expected /, '')
    .replace(/, received .*$/, '')
    .replace(/^Too (small|big): expected (number|int|string|array) to (be|have) /, '')
    .replace(/^expected /, '')
}

const name = (path: readonly PropertyKey[]): string =>
  path.length ? path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i ? '.' : ''}${String(key)}`)).join('') : 'the config'

/** Where a path of keys lies in the text; the nearest parent where it is missing. */
function offsetOf(contents: unknown, path: readonly PropertyKey[]): number | undefined {
  let node = contents as Node | null | undefined
  let offset = node?.range?.[0]
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find(item => isScalar(item.key) && String(item.key.value) === String(key))
      if (!pair) return offset
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value as Node | null
    } else if (isSeq(node)) {
      node = node.items[Number(key)] as Node | undefined
      offset = node?.range?.[0] ?? offset
    } else return offset
  }
  return offset
}

function valueAt(contents: unknown, path: readonly PropertyKey[]): unknown {
  let node = contents as Node | null | undefined
  for (const key of path) {
    if (isMap(node)) node = node.get(key, true) as Node | undefined
    else if (isSeq(node)) node = node.get(Number(key), true) as Node | undefined
    else return undefined
  }
  return isScalar(node) ? node.value : (node as { toJSON?: () => unknown } | null | undefined)?.toJSON?.()
}
