/** A row as JSON for people: `millrace show` and JSONL output. */
import type { Batch } from './batch.ts'

/**
 * Row `i` as what JSON.stringify takes: fixed and binary as hex, maps and structs as objects, 64-bit integers as numbers where exact and as
 * strings where not, non-finite floats as strings. Nulls are left out of the top level and kept below it.
 */
export function rowsToJson(batch: Batch, i: number): Record<string, unknown> {
  const pairs: [string, unknown][] = []
  for (const [c, f] of batch.schema.fields.entries()) {
    const column = batch.columns[c] as (typeof batch.columns)[number]
    if (!column.isNull(i)) pairs.push([f.name, plain(column.value(i))])
  }
  return Object.fromEntries(pairs)
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value.toString()
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
  return value
}
