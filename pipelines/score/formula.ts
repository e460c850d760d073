/**
 * Quality from stored statistics: a weighted mean of parts, each in [0, 1] and monotone in its statistics, so that a score can be explained
 * part by part and recomputed from the `statistics` table.
 *
 *   rise(x, a, b) = 0 below a, 1 above b, linear between; fall = 1 - rise.
 *
 *   prose  completeness  half for a last character that ends a sentence, half for rise(terminal_lines, 0, 0.5)
 *          repetition    the smaller of fall(dup_5_grams, 0, 0.3) and fall(dup_line_characters, 0, 0.3)
 *          letters       rise(letter_share, 0.5, 0.75)
 *          lines         rise(mean_line, 15, 80)
 *          length        rise(octaves(words), octaves(50), octaves(800))
 *          language      rise(stop_words, 0, 6)
 *   code   repetition    fall(dup_10_grams, 0.1, 0.6)
 *          letters       rise(letter_share, 0.25, 0.5)
 *          lines         fall(mean_line, 45, 100)
 *          length        rise(octaves(lines), octaves(4), octaves(64))
 *          completeness, language: 1
 *
 * These are heuristics without a label behind them; a trained classifier takes their place behind the same column.
 */
import * as z from 'zod'

export type Statistic = (name: string) => number

const weight = (value: number, what: string) => z.number().min(0).max(1).default(value).describe(what)

export const weightsSchema = z
  .strictObject({
    completeness: weight(0.2, 'Ends of sentences'),
    repetition: weight(0.25, 'Little that is said twice'),
    letters: weight(0.15, 'Share of letters'),
    lines: weight(0.15, 'Length of lines'),
    length: weight(0.15, 'Length of the document'),
    language: weight(0.1, 'Common English words; 0 for other languages'),
  })
  .refine(weights => Object.values(weights).some(value => value > 0), 'expected a weight above 0')
  .describe('Parts of the quality score; they are divided by their sum')

export type Weights = z.output<typeof weightsSchema>

/** 0 below `from`, 1 above `to`; 0 for NaN: what cannot be measured earns nothing. */
export const rise = (x: number, from: number, to: number): number =>
  Number.isNaN(x) ? 0 : Math.min(1, Math.max(0, (x - from) / (to - from)))

const fall = (x: number, from: number, to: number): number => (Number.isNaN(x) ? 0 : 1 - rise(x, from, to))

/** log2 at powers of two and linear between them: monotone, and the same bits on every machine, which Math.log2 does not promise. 0 below 1. */
export function octaves(x: number): number {
  if (!(x >= 1)) return 0
  let rest = Math.min(x, Number.MAX_SAFE_INTEGER)
  let whole = 0
  for (; rest >= 2; rest /= 2) whole++
  return whole + (rest - 1)
}

const longRise = (x: number, from: number, to: number): number => rise(octaves(x), octaves(from), octaves(to))

/** The parts of the formula above, by name. `of` gives a statistic of native/text/statistics.h. */
export function parts(of: Statistic, code: boolean): Weights {
  if (code) {
    return {
      completeness: 1,
      repetition: fall(of('dup_10_grams'), 0.1, 0.6),
      letters: rise(of('letter_share'), 0.25, 0.5),
      lines: fall(of('mean_line'), 45, 100),
      length: longRise(of('lines'), 4, 64),
      language: 1,
    }
  }
  return {
    completeness: (of('ends_sentence') === 1 ? 0.5 : 0) + rise(of('terminal_lines'), 0, 0.5) / 2,
    repetition: Math.min(fall(of('dup_5_grams'), 0, 0.3), fall(of('dup_line_characters'), 0, 0.3)),
    letters: rise(of('letter_share'), 0.5, 0.75),
    lines: rise(of('mean_line'), 15, 80),
    length: longRise(of('words'), 50, 800),
    language: rise(of('stop_words'), 0, 6),
  }
}

/** In [0, 1]. */
export function quality(of: Statistic, code: boolean, weights: Weights): number {
  const found = parts(of, code)
  let sum = 0
  let total = 0
  for (const name of ['completeness', 'repetition', 'letters', 'lines', 'length', 'language'] as const) {
    sum += weights[name] * found[name]
    total += weights[name]
  }
  return Math.min(1, sum / total)
}
