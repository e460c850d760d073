/**
 * Documents that this command wrote as JSONL or Parquet keep their ids when they are read again: extract leaves the columns that it does not
 * know in `meta`, and there they are found.
 */
import { type Batch, BatchBuilder } from '../../pipelines/arrow/index.ts'
import { documents } from '../../pipelines/schemas.ts'

const own = ['id', 'source', 'key'] as const

/** The batch with `id`, `source` and `key` as `meta` says them; the same batch where no row was ours. */
export function restoreIds(batch: Batch): Batch {
  const meta = batch.column('meta')
  const builder = new BatchBuilder(documents)
  let restored = 0
  for (let i = 0; i < batch.rows; i++) {
    const { id, source, key, ...rest } = meta.value(i) as Record<(typeof own)[number], string | undefined> & Record<string, string>
    const ours = id !== undefined && /^[0-9a-f]{32}$/.test(id) && source !== undefined && key !== undefined
    const row: Record<string, unknown> = {}
    for (const { name, type } of documents.fields) {
      const column = batch.column(name)
      if (!column.isNull(i)) row[name] = type.kind === 'utf8' || type.kind === 'fixed' ? column.bytes(i) : column.value(i)
    }
    if (ours) {
      Object.assign(row, { id, source, key, meta: { ...rest, ...nested(rest) } })
      delete (row.meta as Record<string, string>).meta
      restored++
    }
    builder.append(row)
  }
  return restored ? builder.finish() : batch
}

/** Parquet holds `meta` as text: an object of texts. */
function nested({ meta }: Record<string, string>): Record<string, string> {
  try {
    const value = JSON.parse(meta ?? '{}') as unknown
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
    return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]))
  } catch {
    return {}
  }
}
