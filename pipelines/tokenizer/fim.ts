/**
 * Fill in the middle: a document's ids cut in three, with the middle told last (Bavarian et al. 2022). A pure function of (seed, document,
 * pass), so that any worker and any order give the same; `shard` asks it, `tokenize` never does. Works on ids, so nothing is encoded again:
 * cuts lie between two ids, and only where a character of UTF-8 ends.
 */
import type { Texts } from '../../native/addon/tokenizer.ts'
import { fractionOf } from '../identity.ts'
import { fim } from './layout.ts'

export interface FimOptions {
  readonly seed: number
  /** The document's id as it is written, and which reading of it this is. */
  readonly document: string
  readonly pass: number
  /** Share of documents that are rearranged, 0 to 1. */
  readonly rate: number
  /** From `startsOf`, for the vocabulary of the ids. */
  readonly starts: Uint8Array
}

/** For each id 1 if its bytes begin a character: everything but a continuation byte does. */
export function startsOf({ offsets, bytes }: Texts): Uint8Array {
  return Uint8Array.from({ length: offsets.length - 1 }, (_, id) => (((bytes[offsets[id] as number] ?? 0) & 0xc0) === 0x80 ? 0 : 1))
}

const draw = ({ seed, document, pass }: Omit<FimOptions, 'starts'>, purpose: string): number =>
  fractionOf(`${seed}\0${document}\0fim\0${pass}\0${purpose}`)

/** How many ids a rearranged document has more: its three marks. */
export const fimMarks = 3

/** Whether a document of so many ids is rearranged in this pass. */
export const isRearranged = (length: number, options: Omit<FimOptions, 'starts'>): boolean =>
  length > 0 && options.rate > 0 && draw(options, 'rate') < options.rate

/**
 * The rearranged ids, three more than `ids`, or undefined where the document stays as it is: by the rate, or because it is empty. Half are
 * prefix, suffix, middle (PSM: `fim_prefix` P `fim_suffix` S `fim_middle` M), half suffix first (SPM: `fim_prefix` `fim_suffix` S
 * `fim_middle` P M). Prefix or suffix may be empty, the middle is not.
 */
export function fillInTheMiddle(ids: Uint32Array, options: FimOptions): Uint32Array | undefined {
  if (!isRearranged(ids.length, options)) return undefined
  const { starts } = options
  const borders: number[] = []
  for (let i = 0; i < ids.length; i++) if (i === 0 || starts[ids[i] as number]) borders.push(i)
  borders.push(ids.length)
  const one = Math.floor(draw(options, 'one') * borders.length)
  const other = (one + 1 + Math.floor(draw(options, 'other') * (borders.length - 1))) % borders.length
  const [from, to] = [borders[Math.min(one, other)] as number, borders[Math.max(one, other)] as number]
  const [prefix, middle, suffix] = [ids.subarray(0, from), ids.subarray(from, to), ids.subarray(to)]
  return draw(options, 'order') < 0.5
    ? joined([fim.prefix], prefix, [fim.suffix], suffix, [fim.middle], middle)
    : joined([fim.prefix, fim.suffix], suffix, [fim.middle], prefix, middle)
}

function joined(...parts: ArrayLike<number>[]): Uint32Array {
  const out = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
