/**
 * Packing: documents one after the other into rows of exactly S ids, cut where a row ends.
 *
 * A document is bos + ids + eos. A piece after a cut repeats the last id of the piece before it as context, so every id but bos is
 * predicted exactly once; the last position of a run predicts nothing. So a run needs two ids to be of use, and a single position that is
 * left in a row is padding, as is the rest of the last row. No other padding: cutting beats best fit here, since attention does not cross
 * documents and a cut costs one repeated id (best fit wastes 0.01 % to 28 % by length, curation.md 9).
 */
import { fractionOf } from '../identity.ts'
import { flags } from './layout.ts'

/** Stretch [offset, offset + length) of document `document` at position `start` of row `row`. */
export type EmitRun = (document: number, row: number, start: number, offset: number, length: number, flags: number) => void

/** Packs documents of these lengths (bos and eos included, so 2 or more) in this order. Returns the number of rows. */
export function pack(lengths: ArrayLike<number>, rowLength: number, emit: EmitRun): number {
  let row = 0
  let filled = 0
  for (let document = 0; document < lengths.length; document++) {
    const length = lengths[document] as number
    let offset = 0
    for (;;) {
      if (rowLength - filled < 2) {
        row++
        filled = 0
      }
      const taken = Math.min(length - offset, rowLength - filled)
      const last = offset + taken === length
      emit(document, row, filled, offset, taken, (offset === 0 ? flags.first : 0) | (last ? flags.last : 0))
      filled += taken
      if (last) break
      offset += taken - 1
    }
  }
  return filled ? row + 1 : row
}

/** The order of documents inside one component, pass and partition: ascending draws, ties by id. */
export function orderKey(seed: number, id: string, component: string, pass: number, rowLength: number): number {
  return fractionOf(`${seed}/${id}/${component}/${pass}/${rowLength}/order`)
}
