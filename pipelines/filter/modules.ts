/**
 * A user's own rule: an ES module whose default export takes a batch and says of each row why it goes, or nothing.
 *
 *     export default batch => batch.ids.map((_, i) => (batch.text(i).includes('lorem') ? 'filler' : undefined))
 *
 * It runs in the unit's process and is part of the stage's identity (module_source.ts). Texts become JavaScript strings here and nowhere else:
 * expect a few hundred MB/s at best. Some rows of every batch are asked about twice, backwards: what depends on order, on chance or on
 * what came before is an error, not content that differs from run to run.
 */
import { parse } from 'node:path'
import * as z from 'zod'
import { type Batch, type Field, f64 } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import { numberColumn } from './columns.ts'
import { numbersIn } from './expressions.ts'
import { digestOfSources, loadModule, placeOf, type Sources, sourcesOf } from './module_source.ts'
import type { Step, StepOptions, Verdict } from './step.ts'

const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.]{0,63}$/)

export const moduleSchema = z
  .strictObject({
    path: z.string().describe('ES module (.js, .mjs, .ts), relative to the config'),
    statistics: z.array(name).default([]).describe('Names of the numbers that it returns; they become columns of `statistics`'),
    options: z.record(z.string(), z.json()).default({}).describe('Given to the module as `batch.options`'),
  })
  .describe('A rule of your own')

export type ModuleConfig = z.output<typeof moduleSchema>

/** What a module sees. */
export interface RuleBatch {
  /** Ids of the rows, 32 hex digits each. */
  readonly ids: readonly string[]
  /** From the config. */
  readonly options: Readonly<Record<string, unknown>>
  text(row: number): string
  kind(row: number): string
  type(row: number): string | null
  url(row: number): string | null
  language(row: number): string | null
  /** What an earlier step measured, one number a row; NaN where it has none. */
  statistic(name: string): Float64Array
}

/** Why a row goes: a reason, with what was measured and the limit where there are such (else 1 and 0). Nothing: it stays. */
export type RuleVerdict = string | { reason: string; value?: number; threshold?: number } | null | undefined

/** One verdict a row; with `statistics`, one number a row for each name of the config (NaN where there is none). */
export type RuleResult = readonly RuleVerdict[] | { verdicts: readonly RuleVerdict[]; statistics: Record<string, ArrayLike<number>> }

export type Rule = (batch: RuleBatch) => RuleResult | Promise<RuleResult>

interface Loaded {
  rule: Rule
  sources: Sources
  /** Where the rule stands, for errors that have no place of their own. */
  place: string
}

/** Rows of a batch that are asked about twice. */
const again = 32

/** `sha256`: the digest that was pinned; undefined where none was. */
export function moduleStep(config: ModuleConfig, sha256: string | undefined): Step {
  const name = parse(config.path).name.replace(/[^\w.-]/g, '_')
  let loading: Promise<Loaded> | undefined
  return {
    name: `module.${name}`,
    fields: config.statistics.map((each): Field => ({ name: each, type: f64(), nullable: true })),
    /** Of the text alone: the user's code runs in units, in processes of their own. */
    async check() {
      const text = (await sourcesOf(config.path)).values().next().value as string
      if (!/\bdefault\b/.test(text)) throw shape(config.path, 'a default export that is a function', 'none')
    },
    async run(batch, { measured }) {
      loading ??= load(config, sha256)
      const loaded = await loading
      const rows = Uint32Array.from({ length: batch.rows }, (_, i) => i)
      const first = await ask(loaded, config, batch, measured, rows)
      const few = rows.slice(0, again).reverse()
      const second = await ask(loaded, config, batch, measured, few)
      for (const [place, row] of few.entries()) {
        const [one, other] = [first.said(row), second.said(place)]
        if (one === other) continue
        throw failure(
          loaded,
          batch,
          row,
          'MODULE_ORDER',
          'the same answer whatever the order of rows and however often it is asked',
          `${one}, then ${other}`,
        )
      }
      return { verdicts: first.verdicts, measured: config.statistics.map(each => numberColumn(first.statistics[each] as Float64Array)) }
    },
  }
}

async function load({ path }: ModuleConfig, sha256: string | undefined): Promise<Loaded> {
  const sources = await sourcesOf(path)
  const digest = digestOfSources(path, sources)
  if (sha256 !== undefined && digest !== sha256)
    throw new MillraceError({
      code: 'INPUT_CHANGED',
      kind: 'config',
      expected: `the module that the run pinned (sha256 ${sha256.slice(0, 16)}…)`,
      found: `sha256 ${digest.slice(0, 16)}…: it, or what it imports, was edited`,
      where: path,
      next: 'start the run again: the changed module is a new stage',
    })
  const text = sources.values().next().value as string
  const line = text.slice(0, Math.max(0, text.search(/export\s+default|as\s+default/))).split('\n').length
  const place = `${path}:${line}`
  try {
    const { default: rule } = await loadModule(path, sources, digest)
    if (typeof rule === 'function') return { rule: rule as Rule, sources, place }
    throw shape(place, 'a default export that is a function', typeof rule)
  } catch (error) {
    if (error instanceof MillraceError) throw error
    throw new MillraceError(
      {
        code: 'MODULE_LOAD',
        kind: 'config',
        expected: 'a module that loads',
        found: String(error),
        where: placeOf(error, sources) ?? path,
      },
      { cause: error },
    )
  }
}

interface Answer {
  verdicts: Map<number, Verdict>
  statistics: Record<string, Float64Array>
  /** All that was said of a row, as text. */
  said(row: number): string
}

async function ask(
  loaded: Loaded,
  config: ModuleConfig,
  batch: Batch,
  measured: StepOptions['measured'],
  rows: Uint32Array,
): Promise<Answer> {
  const view = new View(batch, measured, rows, config.options)
  let result: RuleResult
  try {
    result = await loaded.rule(view)
  } catch (error) {
    if (error instanceof MillraceError) throw error
    const found = `${String(error)}`.slice(0, 500)
    throw failure(loaded, batch, view.last, 'MODULE_THREW', 'verdicts', found, placeOf(error, loaded.sources), error)
  }
  return new Checked(loaded, config, batch, rows, result)
}

class View implements RuleBatch {
  readonly ids: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  readonly #batch: Batch
  readonly #measured: StepOptions['measured']
  readonly #rows: Uint32Array
  /** Row of the batch that was asked for last: what an error is about, most likely. */
  last: number | undefined

  constructor(batch: Batch, measured: StepOptions['measured'], rows: Uint32Array, options: Record<string, unknown>) {
    this.#batch = batch
    this.#measured = measured
    this.#rows = rows
    this.options = structuredClone(options)
    const id = batch.column('id')
    this.ids = Array.from(rows, row => String(id.value(row)))
  }

  text = (row: number): string => this.#batch.column('text').text(this.#at(row))
  kind = (row: number): string => this.#batch.column('kind').text(this.#at(row))
  type = (row: number): string | null => this.#optional('type', row)
  url = (row: number): string | null => this.#optional('url', row)
  language = (row: number): string | null => this.#optional('language', row)

  statistic = (name: string): Float64Array => {
    if (!this.#measured?.has(name)) throw new TypeError(`no earlier step measures ${JSON.stringify(name)}`)
    const all = numbersIn(this.#batch, this.#measured, name)
    return Float64Array.from(this.#rows, row => all[row] as number)
  }

  #optional(name: string, row: number): string | null {
    const [column, at] = [this.#batch.column(name), this.#at(row)]
    return column.isNull(at) ? null : column.text(at)
  }

  #at(row: number): number {
    const at = this.#rows[row]
    if (at === undefined) throw new RangeError(`row ${row} of ${this.#rows.length}`)
    this.last = at
    return at
  }
}

/** A result, taken apart. Throws MODULE_SHAPE, naming what is wrong and of which document. */
class Checked implements Answer {
  readonly verdicts = new Map<number, Verdict>()
  readonly statistics: Record<string, Float64Array> = {}

  constructor(loaded: Loaded, config: ModuleConfig, batch: Batch, rows: Uint32Array, result: unknown) {
    const wrong = (expected: string, found: unknown, row?: number) => {
      const text = typeof found === 'object' || typeof found === 'string' ? (JSON.stringify(found) ?? String(found)) : String(found)
      return failure(loaded, batch, row === undefined ? undefined : rows[row], 'MODULE_SHAPE', expected, text.slice(0, 200))
    }
    const { verdicts, statistics = {} } = (Array.isArray(result) ? { verdicts: result } : (result ?? {})) as Partial<
      Record<string, unknown>
    >
    if (!Array.isArray(verdicts))
      throw wrong('a list of verdicts, or { verdicts, statistics }', result === undefined ? 'nothing' : typeof result)
    if (verdicts.length !== rows.length) throw wrong(`one verdict for each of ${rows.length} rows`, verdicts.length)
    for (const [row, given] of (verdicts as unknown[]).entries()) {
      if (given === null || given === undefined) continue
      const { reason, value = 1, threshold = 0 } = (typeof given === 'string' ? { reason: given } : given) as Partial<Verdict>
      if (typeof reason !== 'string' || !/^[\w.-]{1,64}$/.test(reason))
        throw wrong('a verdict to be a reason of letters, digits, _ . and -, or { reason, value, threshold }, or nothing', given, row)
      if (!Number.isFinite(value) || !Number.isFinite(threshold)) throw wrong('value and threshold to be finite numbers', given, row)
      this.verdicts.set(row, { reason, value, threshold })
    }
    const given = Object.keys(statistics as object)
    const strange = given.find(each => !config.statistics.includes(each)) ?? config.statistics.find(each => !given.includes(each))
    if (strange) throw wrong(`statistics as the config names them (${config.statistics.join(', ') || 'none'})`, given.join(', ') || 'none')
    for (const each of config.statistics) {
      const values = (statistics as Record<string, ArrayLike<unknown>>)[each] as ArrayLike<unknown>
      if (values?.length !== rows.length) throw wrong(`${rows.length} numbers of ${each}`, values?.length)
      const numbers = new Float64Array(rows.length)
      for (let row = 0; row < rows.length; row++) {
        const number = values[row]
        if (typeof number !== 'number' || Math.abs(number) === Number.POSITIVE_INFINITY) throw wrong(`${each} to be a number`, number, row)
        numbers[row] = number
      }
      this.statistics[each] = numbers
    }
  }

  said(row: number): string {
    const numbers = Object.entries(this.statistics).map(([name, values]) => [name, String(values[row])])
    return JSON.stringify([this.verdicts.get(row) ?? 'stays', ...numbers])
  }
}

const shape = (where: string, expected: string, found: string): MillraceError =>
  new MillraceError({ code: 'MODULE_SHAPE', kind: 'config', expected, found, where, next: 'docs/filtering.md shows a module' })

function failure(
  loaded: Loaded,
  batch: Batch,
  row: number | undefined,
  code: string,
  expected: string,
  found: string,
  place = loaded.place,
  cause?: unknown,
): MillraceError {
  const document =
    row === undefined
      ? 'no document'
      : `document ${batch.column('id').value(row)}, ${batch.column('source').text(row)}/${batch.column('key').text(row)}`
  return new MillraceError(
    { code, kind: 'config', expected, found, where: `${place}, ${document}`, next: 'docs/filtering.md shows a module' },
    cause === undefined ? undefined : { cause },
  )
}
