/** Between native arrays and Arrow columns: no text and no number of a document becomes a JavaScript value here. */
import type { Texts } from '../../native/addon/text.ts'
import { Column, type Field, f64, optional, type Schema, schema, utf8 } from '../arrow/index.ts'
import { documentId } from '../schemas.ts'

/** Offsets and bytes of a utf8 column, as native code takes them. */
export const textsIn = (column: Column): Texts => ({ offsets: column.offsets as Int32Array, bytes: column.data as Uint8Array })

export const textColumn = (texts: Texts): Column =>
  new Column({ type: utf8(), length: texts.offsets.length - 1, validity: undefined, offsets: texts.offsets, data: texts.bytes })

/** Numbers with NaN as null. */
export function numberColumn(values: Float64Array): Column {
  const data = new Float64Array(values.length)
  const validity = new Uint8Array((values.length + 7) >>> 3)
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    if (Number.isNaN(value)) continue
    data[i] = value
    validity[i >>> 3] = (validity[i >>> 3] as number) | (1 << (i & 7))
  }
  return new Column({ type: f64(), length: values.length, validity, offsets: undefined, data })
}

/** Columns of `statistics` that no step adds. */
export const labels = { id: documentId, profile: utf8(), rule: optional(utf8()) }

/** The table `statistics`: id, the profile that judges the kind, why the document was dropped, and what the steps measured. */
export const statisticsSchema = (fields: readonly Field[]): Schema => ({ fields: [...schema(labels).fields, ...fields] })
