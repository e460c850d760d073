/**
 * The order of training rows: a pure function (seed, mixture log, position) -> (component, rank) -> (part, batch, row).
 *
 * Two look-ups and a permutation per row, nothing stored but one table of 4,096 slots per log entry: resuming, another number of
 * readers, skipping, and asking which documents were in a step are the same call. Position -> component and rank by the slot table; rank
 * -> pass and place in the pass; place -> row by a seeded permutation of the pass. Ranks go on over entries and phases of one row length,
 * so no row of a pass is read twice and none is left out; a phase of another row length has rows, and so ranks, of its own.
 */
import { MillraceError } from '../errors.ts'
import type { IndexEntry } from '../shard/layout.ts'
import { checkLog, type MixtureLog, nextPosition, type WeightsEntry } from './log.ts'
import { Permutation } from './permute.ts'
import { type SlotTable, slotCount, slotTable } from './slots.ts'

/** Where a row lies: record batch `batch` of the file of partition `part`. */
export interface RowPlace {
  part: number
  batch: number
  row: number
}

export interface OrderedRow extends RowPlace {
  position: number
  phase: string
  component: string
  /** How many rows of the component come before it (of this row length, skipped ones too). */
  rank: number
  pass: number
}

export interface Exhaustion {
  component: string
  /** The first position that has no row left. */
  position: number
  /** Rows that the component has, over all passes. */
  rows: number
}

interface Stretch {
  entry: WeightsEntry
  to: number
  names: readonly string[]
  table: SlotTable
  /** Rank that each component has reached where the entry begins. */
  base: readonly number[]
}

interface Pass {
  /** Rank of its first row. */
  from: number
  rows: PassRows
  permutation: Permutation
}

export class Order {
  readonly log: MixtureLog
  readonly rowLength: number
  readonly #stretches: Stretch[] = []
  readonly #passes: ReadonlyMap<string, readonly Pass[]>

  /** `index` describes the shards of one row length. Throws MIXTURE_LOG, and LOADER_COMPONENT for a weight on a component that has no rows there. */
  constructor(request: { seed: number; log: MixtureLog; rowLength: number; index: readonly IndexEntry[] }) {
    const { seed, log, rowLength } = request
    checkLog(log)
    this.log = log
    this.rowLength = rowLength
    this.#passes = passesOf(request.index, seed, rowLength)
    const reached = new Map<string, number>()
    const entries = log.filter(entry => entry.kind === 'weights')
    for (const [i, entry] of entries.entries()) {
      const to = entries[i + 1]?.at ?? Infinity
      const names = Object.keys(entry.weights).sort()
      const table = slotTable(names.map(name => entry.weights[name] as number))
      const base = names.map(name => reached.get(name) ?? 0)
      this.#stretches.push({ entry, to, names, table, base })
      if (entry.rowLength !== rowLength) continue
      for (const name of names) if (!this.#passes.has(name)) throw this.#unknown(name, entry.phase)
      if (to < Infinity)
        for (const [c, name] of names.entries()) reached.set(name, (base[c] as number) + occurrences(table, c, to - entry.at))
    }
  }

  /** The row at a position. Throws LOADER_EXHAUSTED where its component has none left, LOADER_PHASE where the position has other rows than these shards. */
  at(position: number): OrderedRow {
    const { stretch, c, rank } = this.#rank(position)
    const component = stretch.names[c] as string
    const pass = (this.#passes.get(component) as readonly Pass[]).findLast(each => each.from <= rank)
    if (!pass || rank - pass.from >= pass.rows.count) throw exhausted({ component, position, rows: this.rowsOf(component) })
    return {
      position,
      phase: stretch.entry.phase,
      component,
      rank,
      pass: pass.rows.pass,
      ...pass.rows.place(pass.permutation.at(rank - pass.from)),
    }
  }

  /** Rows that a component has for training, over all passes. */
  rowsOf(component: string): number {
    return (this.#passes.get(component) ?? []).reduce((sum, pass) => sum + pass.rows.count, 0)
  }

  /** The first position at or behind `from` that would find its component used up, under the log as it stands; skipped positions cannot fail. */
  exhaustion(from: number): Exhaustion | undefined {
    for (const { entry, to, names, table, base } of this.#stretches) {
      if (to <= from || entry.rowLength !== this.rowLength) continue
      let first: Exhaustion | undefined
      for (const [c, component] of names.entries()) {
        const rows = this.rowsOf(component)
        const seen = occurrences(table, c, Math.max(0, from - entry.at))
        let nth = Math.max(rows - (base[c] as number), seen)
        let position = entry.at + positionOf(table, c, nth)
        // A skip may cover it: then the next one of the component behind the skip is the first to fail.
        for (let next = nextPosition(this.log, position); next !== position; next = nextPosition(this.log, position)) {
          nth = occurrences(table, c, next - entry.at)
          position = entry.at + positionOf(table, c, nth)
        }
        if (position < to && (!first || position < first.position)) first = { component, position, rows }
      }
      if (first) return first
    }
    return undefined
  }

  #rank(position: number): { stretch: Stretch; c: number; rank: number } {
    if (!Number.isSafeInteger(position) || position < 0) throw new RangeError(`order: expected a position of 0 or more, found ${position}`)
    const stretch = this.#stretches.findLast(each => each.entry.at <= position)
    if (!stretch) throw new RangeError('order: expected a mixture log with weights, found an empty one')
    if (stretch.entry.rowLength !== this.rowLength) {
      throw new MillraceError({
        code: 'LOADER_PHASE',
        kind: 'bug',
        expected: `a position in a phase with rows of ${this.rowLength} ids`,
        found: `phase ${stretch.entry.phase} with rows of ${stretch.entry.rowLength}`,
        where: `position ${position}`,
      })
    }
    const offset = position - stretch.entry.at
    const slot = offset % slotCount
    const c = stretch.table.component[slot] as number
    const whole = Math.floor(offset / slotCount) * (stretch.table.slots[c] as Uint16Array).length
    return { stretch, c, rank: (stretch.base[c] as number) + whole + (stretch.table.rank[slot] as number) }
  }

  #unknown(component: string, phase: string): MillraceError {
    return new MillraceError({
      code: 'LOADER_COMPONENT',
      kind: 'config',
      expected: `a component with training rows of ${this.rowLength} ids: ${[...this.#passes.keys()].sort().join(', ') || '(there is none)'}`,
      found: component,
      where: `weights of phase ${phase}`,
      next: 'mend the weights of the phase, or the components of the mix stage',
    })
  }
}

export function exhausted({ component, position, rows }: Exhaustion): MillraceError {
  return new MillraceError({
    code: 'LOADER_EXHAUSTED',
    kind: 'config',
    expected: `rows left in component ${component}`,
    found: `all its ${rows} rows were read, as often as their counts allow`,
    where: `position ${position}`,
    next: `raise maxCount or the budget of ${component} in the mix stage, add documents, or lower its weight in this phase`,
  })
}

/** How often component c stands in the first n slots of the endless table. */
function occurrences(table: SlotTable, c: number, n: number): number {
  const slots = table.slots[c] as Uint16Array
  const rest = n % slotCount
  let before = 0
  while (before < slots.length && (slots[before] as number) < rest) before++
  return Math.floor(n / slotCount) * slots.length + before
}

/** The slot of the endless table that holds component c for the n-th time, from 0. */
function positionOf(table: SlotTable, c: number, n: number): number {
  const slots = table.slots[c] as Uint16Array
  return Math.floor(n / slots.length) * slotCount + (slots[n % slots.length] as number)
}

/** The rows of one component, role and pass, one after the other in the order of parts and batches. */
export class PassRows {
  readonly pass: number
  readonly count: number
  readonly #entries: readonly IndexEntry[]
  readonly #starts: readonly number[]

  constructor(pass: number, entries: readonly IndexEntry[]) {
    this.pass = pass
    this.#entries = [...entries].sort((a, b) => a.part - b.part || a.batch - b.batch)
    let count = 0
    this.#starts = this.#entries.map(entry => {
      count += entry.rows
      return count - entry.rows
    })
    this.count = count
  }

  /** The place of row `i`. */
  place(i: number): RowPlace {
    if (!(i >= 0 && i < this.count)) throw new RangeError(`rows: expected a row below ${this.count}, found ${i}`)
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#starts[middle] as number) <= i) low = middle
      else high = middle - 1
    }
    const entry = this.#entries[low] as IndexEntry
    return { part: entry.part, batch: entry.batch, row: i - (this.#starts[low] as number) }
  }
}

function passesOf(index: readonly IndexEntry[], seed: number, rowLength: number): Map<string, readonly Pass[]> {
  const groups = new Map<string, Map<number, IndexEntry[]>>()
  for (const entry of index) {
    if (entry.role !== 'train' || entry.rows === 0) continue
    const passes = groups.get(entry.component) ?? new Map<number, IndexEntry[]>()
    groups.set(entry.component, passes)
    const entries = passes.get(entry.pass) ?? []
    passes.set(entry.pass, entries)
    entries.push(entry)
  }
  return new Map(
    [...groups].map(([component, passes]) => {
      let from = 0
      const ordered = [...passes.entries()].sort(([a], [b]) => a - b)
      return [
        component,
        ordered.map(([pass, entries]): Pass => {
          const rows = new PassRows(pass, entries)
          from += rows.count
          const permutation = new Permutation(rows.count, `${seed}/${component}/${pass}/${rowLength}/rows`)
          return { from: from - rows.count, rows, permutation }
        }),
      ]
    }),
  )
}
