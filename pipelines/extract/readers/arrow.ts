/**
 * Arrow IPC files, ours and others': rows as in JSONL. Offsets are rows. A record batch that does not decode costs its rows.
 */
import { ArrowFormatError, ArrowReader, type Batch } from '../../arrow/index.ts'
import { recordOf } from '../fields.ts'
import { type Input, InputError, type Item, type Limits, unreadable } from '../records.ts'
import { plainFile } from './spill.ts'

/** Record keys are `<file>#<row>`. The `id` and `key` that a row of ours has go to `meta`: the new document has its own. */
export async function* readArrow(input: Input, limits: Limits): AsyncGenerator<Item, void, undefined> {
  let plain: Awaited<ReturnType<typeof plainFile>> | undefined
  let reader: ArrowReader | undefined
  try {
    plain = await plainFile(input, limits)
    reader = await ArrowReader.open(plain.path)
    let first = 0
    for (let i = 0; i < reader.batches; i++) {
      const rows = reader.rowsIn(i)
      let batch: Batch
      try {
        batch = await reader.read(i)
      } catch (error) {
        if (!(error instanceof ArrowFormatError)) throw error
        yield unreadable(`${input.key}#${first}`, first, 'ARROW_BATCH', `rows ${first} to ${first + rows - 1} (${rows}): ${said(error)}`)
        first += rows
        continue
      }
      for (let row = 0; row < batch.rows; row++) yield itemOf(input, limits, batch, row, first + row)
      first += batch.rows
    }
  } catch (error) {
    if (error instanceof ArrowFormatError) yield unreadable(`${input.key}#0`, 0, 'ARROW', said(error))
    else if (error instanceof InputError) yield unreadable(`${input.key}#0`, 0, error.code, error.message)
    else throw error
  } finally {
    await reader?.close()
    await plain?.remove()
  }
}

/** Without the path: that is the machine's and would reach the quarantine's bytes. */
const said = (error: ArrowFormatError): string =>
  `${(error.where ?? 'file').replace(`${error.path}: `, '')}: expected ${error.expected}, found ${error.found}`

function itemOf(input: Input, limits: Limits, batch: Batch, row: number, offset: number): Item {
  const key = `${input.key}#${offset}`
  const values: Record<string, unknown> = {}
  for (const [i, field] of batch.schema.fields.entries()) values[field.name] = batch.columns[i]!.value(row)
  try {
    return { record: { key, offset, ...recordOf(values, input.source.fields, limits) } }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return unreadable(key, offset, error.code, error.message)
  }
}
