/**
 * Survival: how many documents of each source and kind went into a stage and how many came out. A rule that fits no book drops every book,
 * and the total hardly moves; per source it is plain.
 *
 * Counted from the counters of units (tally.ts), so it costs no read of data. It is no part of any digest.
 */
export const survivalColumns = ['source', 'kind'] as const
export type SurvivalColumn = (typeof survivalColumns)[number]

export interface Flow {
  in: number
  out: number
}

/** Column -> value -> flow, values in order. */
export type Survival = Record<SurvivalColumn, Record<string, Flow>>

/** Counters of an operation, and the role of it that holds the documents. */
export interface Counted {
  role: string
  counters: Readonly<Record<string, number>>
}

export interface Alarm extends Flow {
  column: SurvivalColumn
  value: string
}

/** Fewer documents say nothing. */
export const leastDocuments = 20

/** Values beyond what a unit counts by name. */
const others = '(others)'

export function survivalOf(before: readonly Counted[], after: readonly Counted[]): Survival {
  const survival: Survival = { source: {}, kind: {} }
  for (const column of survivalColumns) {
    const [into, out] = [sumsOf(before, column), sumsOf(after, column)]
    for (const value of [...new Set([...into.keys(), ...out.keys()])].sort())
      survival[column][value] = { in: into.get(value) ?? 0, out: out.get(value) ?? 0 }
  }
  return survival
}

function sumsOf(counted: readonly Counted[], column: string): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { role, counters } of counted) {
    const prefix = `${role}/${column}/`
    for (const [name, by] of Object.entries(counters)) {
      if (!name.startsWith(prefix)) continue
      const value = name.slice(prefix.length)
      sums.set(value, (sums.get(value) ?? 0) + by)
    }
  }
  return sums
}

/**
 * Sources and kinds of which less than `minSurvival` is left, or nothing; `allowed` names those that may go: a source, or `kind:NAME`. A stage
 * that counted values together (`(others)`) raises none for that column: what is missing by name may be among them.
 */
export function alarmsOf(survival: Survival, minSurvival: number, allowed: readonly string[]): Alarm[] {
  const alarms: Alarm[] = []
  for (const column of survivalColumns) {
    const flows = survival[column]
    if ((flows[others]?.out ?? 0) > 0) continue
    for (const [value, flow] of Object.entries(flows)) {
      if (value === others || flow.in < leastDocuments) continue
      if (allowed.includes(column === 'source' ? value : `kind:${value}`)) continue
      if (flow.out === 0 || flow.out / flow.in < minSurvival) alarms.push({ column, value, ...flow })
    }
  }
  return alarms
}
