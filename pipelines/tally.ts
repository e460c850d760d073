/**
 * Counts what a unit writes by kind, source, rule or code, so that a report needs manifests alone and reads no data that grows with the corpus.
 *
 * Whatever a stage is, a role that has such a column is counted: `<role>/<column>/<value>`, and `<role>/bytes/<kind>` for texts. These are
 * counters, part of no digest. Values come from input, so their number and length are bounded: beyond `most` of a column they count as
 * `(others)`, beyond `most` characters they are cut.
 */
import type { Batch, Column } from './arrow/index.ts'

const columns = ['kind', 'source', 'rule', 'code'] as const
const most = 64

export class Tally {
  readonly #role: string
  readonly #count: (name: string, by: number) => void
  #known = new Map<string, Set<string>>()

  constructor(role: string, count: (name: string, by: number) => void) {
    this.#role = role
    this.#count = count
  }

  add(batch: Batch): void {
    for (const name of columns) {
      if (!batch.has(name)) continue
      const column = batch.column(name)
      const sums = this.#sums(name, column, () => 1)
      for (const [value, by] of sums) this.#count(`${this.#role}/${name}/${value}`, by)
    }
    if (!batch.has('kind') || !batch.has('text')) return
    const offsets = batch.column('text').offsets as Int32Array
    const bytes = this.#sums('kind', batch.column('kind'), i => (offsets[i + 1] as number) - (offsets[i] as number))
    for (const [value, by] of bytes) this.#count(`${this.#role}/bytes/${value}`, by)
  }

  #sums(name: string, column: Column, of: (i: number) => number): Map<string, number> {
    const known = this.#known.get(name) ?? new Set<string>()
    this.#known.set(name, known)
    const sums = new Map<string, number>()
    for (let i = 0; i < column.length; i++) {
      if (column.isNull(i)) continue
      const text = column.text(i).slice(0, most).toWellFormed()
      const value = known.has(text) || known.size < most ? text : '(others)'
      known.add(value)
      sums.set(value, (sums.get(value) ?? 0) + of(i))
    }
    return sums
  }
}
