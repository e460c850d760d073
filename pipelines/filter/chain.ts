/**
 * Runs a batch through steps. After each the batch shrinks to what stays, so that a dear step behind a cheap one sees few documents; what
 * was measured is spread over all rows again at the end, null where a step was not reached.
 */
import { type Batch, BatchBuilder, Column, type Field } from '../arrow/index.ts'
import { concat, take } from '../arrow/kernels.ts'
import { MillraceError } from '../errors.ts'
import { documents } from '../schemas.ts'
import { textColumn } from './columns.ts'
import type { Measured, Outcome, Step, Verdict } from './step.ts'

export interface Refusal {
  code: string
  found: string
}

export interface StepCount {
  step: string
  in: number
  dropped: number
  edited: number
  refused: number
  /** Of all threads of the process, microseconds: for reports alone. */
  cpuUs: number
}

/** What a chain made of a batch; rows are those of the batch that was given. */
export interface Chained {
  kept: Batch
  verdicts: Map<number, Verdict>
  refused: Map<number, Refusal>
  /** One column for each field of each step, over all rows. */
  measured: Column[]
  /** Kept rows whose text is not as it came. */
  edited: number
  /** What each step did, in order. */
  counts: StepCount[]
}

export interface ChainOptions {
  threads: number
  seed: number
  /** Longer texts are refused before any step sees them. */
  maxDocumentBytes: number
}

/** Throws STEP_FIELDS where two steps measure under one name, or one under a name of the table's own. */
export function fieldsOf(steps: readonly Step[], reserved: readonly string[]): Field[] {
  const owners = new Map(reserved.map(name => [name, 'the table itself']))
  const fields: Field[] = []
  for (const step of steps)
    for (const each of step.fields) {
      const owner = owners.get(each.name)
      if (owner)
        throw new MillraceError({
          code: 'STEP_FIELDS',
          kind: 'config',
          expected: 'names of statistics that no two steps share',
          found: `${JSON.stringify(each.name)} of ${step.name}, which ${owner} has`,
          where: `filter.${step.name}`,
          next: 'give the column, or the statistic of the module, another name',
        })
      owners.set(each.name, step.name)
      fields.push(each)
    }
  return fields
}

const documentText = documents.fields.find(field => field.name === 'text')!.type

export async function runChain(batch: Batch, steps: readonly Step[], options: ChainOptions): Promise<Chained> {
  const run = new Run(batch)
  run.refuseLarge(options.maxDocumentBytes)
  for (const step of steps) await run.apply(step, options)
  return run.finish(steps)
}

class Run {
  readonly #rows: number
  #batch: Batch
  /** Row of `#batch` -> row as given. */
  #at: Uint32Array
  readonly #verdicts = new Map<number, Verdict>()
  readonly #refused = new Map<number, Refusal>()
  readonly #edited = new Set<number>()
  readonly #columns: { field: Field; column: Column; at: Uint32Array }[] = []
  readonly #counts: StepCount[] = []

  constructor(batch: Batch) {
    this.#rows = batch.rows
    this.#batch = batch
    this.#at = Uint32Array.from({ length: batch.rows }, (_, i) => i)
  }

  refuseLarge(most: number): void {
    const offsets = this.#batch.column('text').offsets as Int32Array
    const refused = new Map<number, Refusal>()
    for (let i = 0; i < this.#batch.rows; i++) {
      if ((offsets[i + 1] as number) - (offsets[i] as number) <= most) continue
      refused.set(i, { code: 'DOCUMENT_TOO_LARGE', found: 'more bytes than maxDocumentBytes' })
    }
    if (refused.size) this.#settle({ verdicts: new Map(), measured: [], refused })
  }

  async apply(step: Step, { threads, seed }: ChainOptions): Promise<void> {
    const count = { step: step.name, in: this.#batch.rows, dropped: 0, edited: 0, refused: 0, cpuUs: 0 }
    this.#counts.push(count)
    const before = process.cpuUsage()
    const outcome: Outcome = this.#batch.rows
      ? await step.run(this.#batch, { threads, seed, measured: this.#measured() })
      : { verdicts: new Map(), measured: step.fields.map(nothing) }
    for (const [i, each] of step.fields.entries()) this.#columns.push({ field: each, column: outcome.measured[i] as Column, at: this.#at })
    for (const i of outcome.edited ?? []) this.#edited.add(this.#at[i] as number)
    const { user, system } = process.cpuUsage(before)
    count.cpuUs = user + system
    count.dropped = outcome.verdicts.size
    count.refused = outcome.refused?.size ?? 0
    count.edited = outcome.edited?.length ?? 0
    this.#settle(outcome)
  }

  finish(steps: readonly Step[]): Chained {
    const columns = this.#columns.map(({ field, column, at }) => spread(field, column, at, this.#rows))
    if (columns.length !== steps.reduce((sum, step) => sum + step.fields.length, 0))
      throw new TypeError('filter: a step measured too little')
    const edited = this.#at.reduce((sum, row) => sum + Number(this.#edited.has(row)), 0)
    return { kept: this.#batch, verdicts: this.#verdicts, refused: this.#refused, measured: columns, edited, counts: this.#counts }
  }

  /** Puts the texts in, takes the rows out. */
  #settle({ verdicts, refused, text }: Outcome): void {
    if (text) this.#batch = this.#batch.with('text', documentText, textColumn(text))
    for (const [i, refusal] of refused ?? []) this.#refused.set(this.#at[i] as number, refusal)
    for (const [i, verdict] of verdicts) if (!refused?.has(i)) this.#verdicts.set(this.#at[i] as number, verdict)
    if (!verdicts.size && !refused?.size) return
    const staying = Uint32Array.from(this.#at.keys()).filter(i => !verdicts.has(i) && !refused?.has(i))
    this.#batch = this.#batch.take(staying)
    this.#at = staying.map(i => this.#at[i] as number)
  }

  /** What was measured so far, of the rows that are still there. Taken when it is asked for: few steps ask. */
  #measured(): Measured {
    const now = this.#at
    const find = (name: string) => this.#columns.find(({ field }) => field.name === name)
    return {
      has: name => find(name) !== undefined,
      column(name) {
        const found = find(name)
        if (!found) throw new TypeError(`filter: no step before measures ${JSON.stringify(name)}`)
        if (found.at === now) return found.column
        const places = new Map(Array.from(found.at, (row, place) => [row, place]))
        return new Column(
          take(
            found.column,
            now.map(row => places.get(row) as number),
          ),
        )
      },
    }
  }
}

const nothing = (field: Field): Column => new BatchBuilder({ fields: [field] }).finish().columns[0] as Column
const nullOf = (field: Field): Column => {
  const builder = new BatchBuilder({ fields: [field] })
  builder.append({})
  return builder.finish().columns[0] as Column
}

/** A column over `rows` rows, of which those `at` have the values given and the others null. */
function spread(field: Field, column: Column, at: Uint32Array, rows: number): Column {
  if (at.length === rows) return column
  const indices = new Uint32Array(rows).fill(column.length)
  for (const [place, row] of at.entries()) indices[row] = place
  return new Column(take(concat(field.type, [column, nullOf(field)]), indices))
}
