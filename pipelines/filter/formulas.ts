/**
 * Rules for prose on texts with formulas: they read a view in which a formula is one word (maths.ts), and what stays keeps its formulas.
 *
 * A verdict and every statistic are of the view. Where a profile edits lines, the edit is made again on the text itself, of the rows whose
 * view differs from it: few, so nobody else pays for it.
 */
import { type Judgement, judge, type NativeProfile, type Options, type Texts } from '../../native/addon/text.ts'
import { type Batch, Column } from '../arrow/index.ts'
import { concat, take } from '../arrow/kernels.ts'
import { textColumn, textsIn } from './columns.ts'
import { proseColumn } from './maths.ts'

export interface Edited {
  /** Texts of all rows, where any changed; those of rows that are dropped may be anything. */
  text?: Texts
  rows: number[]
}

/** Judges `batch` by the prose view of documents of these kinds. */
export async function judgeProse(
  batch: Batch,
  kinds: readonly string[],
  profileOf: Uint8Array,
  profiles: readonly NativeProfile[],
  options: Options,
): Promise<{ judged: Judgement; edited: Edited }> {
  const texts = textsIn(batch.column('text'))
  const views = await proseColumn(batch, kinds, { ...(options.threads === undefined ? {} : { threads: options.threads }) })
  const judged = await judge(views, profileOf, profiles, options)
  const edited = editedIn(judged, batch.rows)
  const rows = Uint32Array.from({ length: batch.rows }, (_, i) => i).filter(i => differs(texts, views, i))
  if (!rows.length) return { judged, edited }
  const column = new Column(take(textColumn(texts), rows))
  const own = await judge(
    textsIn(column),
    Uint8Array.from(rows, row => profileOf[row] as number),
    profiles.map(editAlone),
    options,
  )
  if (!edited.text && !own.text) return { judged, edited }
  const ours = own.text ? textColumn(own.text) : column
  const indices = Uint32Array.from({ length: batch.rows }, (_, i) => i)
  for (const [place, row] of rows.entries()) indices[row] = batch.rows + place
  const all = new Column(take(concat(column.type, [textColumn(edited.text ?? texts), ours]), indices))
  const viewed = new Set(rows)
  const kept = new Set(judged.kept)
  const changed = [...own.edited].map(place => rows[place] as number).filter(row => kept.has(row))
  return {
    judged,
    edited: { text: textsIn(all), rows: [...edited.rows.filter(row => !viewed.has(row)), ...changed].sort((a, b) => a - b) },
  }
}

/** The native texts are those of kept rows; the others become empty, so that nothing is copied. */
export function editedIn({ text, kept, edited }: Judgement, rows: number): Edited {
  if (!text) return { rows: [...edited] }
  const offsets = new Int32Array(rows + 1)
  let next = 0
  for (let i = 0; i < rows; i++) {
    if (kept[next] === i) next++
    offsets[i + 1] = text.offsets[next] as number
  }
  return { text: { offsets, bytes: text.bytes }, rows: [...edited] }
}

/** The profile's edit without any verdict. */
const editAlone = ({ words, c4 }: NativeProfile): NativeProfile => ({
  words,
  before: [],
  c4: c4 && { ...c4, loremIpsum: false, curlyBracket: false, minSentences: null },
  after: [],
})

function differs(a: Texts, b: Texts, row: number): boolean {
  const [from, to] = [a.offsets[row] as number, a.offsets[row + 1] as number]
  const [other, end] = [b.offsets[row] as number, b.offsets[row + 1] as number]
  if (to - from !== end - other) return true
  const bytes = Buffer.from(a.bytes.buffer, a.bytes.byteOffset, a.bytes.byteLength)
  return bytes.compare(b.bytes, other, end, from, to) !== 0
}
