/**
 * Which rows of stored statistics a rule judges, where that depends on the kind of a document: statistics have no kind, the documents that came
 * in have. Both tables have one order, since units are cut from it and listed in it; what was quarantined has no statistics. So one walk
 * through both tells, and holds one byte a row.
 */
import { ArrowReader, type Batch } from '../pipelines/arrow/index.ts'
import { MillraceError } from '../pipelines/errors.ts'
import { codesOf } from './sweep-rows.ts'

/** One number a row of statistics (local paths, in order): 1 where `judges` says so of the kind. `documents` are those that filtering read. */
export async function rowsJudged(
  statistics: readonly string[],
  documents: readonly string[],
  judges: (kind: string) => boolean,
): Promise<Uint8Array> {
  const batches = batchesOf(statistics, ['id'])
  const next = async () => {
    const { value } = await batches.next()
    return value ? { ids: value.column('id').data as Uint8Array, rows: value.rows } : undefined
  }
  let judged = new Uint8Array(1024)
  let row = 0
  let own = await next()
  let place = 0
  for await (const batch of batchesOf(documents, ['id', 'kind'])) {
    const ids = batch.column('id').data as Uint8Array
    const { codes, texts } = codesOf(batch.column('kind'))
    const wanted = Uint8Array.from(texts, text => Number(judges(text)))
    if (row + batch.rows > judged.length) {
      const longer = new Uint8Array(2 * (row + batch.rows))
      longer.set(judged)
      judged = longer
    }
    for (let i = 0; own && i < batch.rows; i++) {
      if (!same(own.ids, place, ids, i)) continue
      judged[row++] = wanted[codes[i] as number] as number
      if (++place < own.rows) continue
      own = await next()
      place = 0
    }
    if (!own) break
  }
  await batches.return(undefined)
  if (own)
    throw new MillraceError({
      code: 'STATISTICS_ORDER',
      kind: 'bug',
      expected: 'statistics in the order of the documents that were filtered',
      found: `row ${row}, which does not follow in the documents`,
      where: 'filter/statistics',
      next: 'millrace verify artifacts/filter',
    })
  return judged.subarray(0, row)
}

const same = (a: Uint8Array, i: number, b: Uint8Array, j: number): boolean => {
  for (let k = 0; k < 16; k++) if (a[16 * i + k] !== b[16 * j + k]) return false
  return true
}

/** Batches with rows. */
async function* batchesOf(paths: readonly string[], columns: readonly string[]): AsyncGenerator<Batch, undefined, undefined> {
  for (const path of paths) {
    const reader = await ArrowReader.open(path, { blocking: true })
    try {
      for (let batch = 0; batch < reader.batches; batch++) if (reader.rowsIn(batch)) yield await reader.read(batch, columns)
    } finally {
      await reader.close()
    }
  }
}
