/**
 * SampleMix counts under a token budget (arXiv 2503.01506, as longcat-flash.md 7.2 reads it): c(x) = s · w(x) · exp(p(x) / tau), capped at
 * maxCount, with the one s that makes the expected tokens of a component its budget; then the floor, and one more with the chance of
 * the fraction.
 *
 * The paper scales softmax by target over source tokens; solving for s instead hits the budget also where long documents score unlike short
 * ones, and where the cap bites. The exponent is rounded to 1/1024 (0.1 % of a count), so a histogram of it is all that the fold needs:
 * memory is bounded whatever the corpus.
 */
import { fractionOf } from '../identity.ts'
import type { MixConfig } from './config.ts'

export const binsPerUnit = 1024

/** Smallest and largest value of a score over all documents; absent where no document has one. */
export interface Extent {
  low: number
  high: number
}

export const widen = (extent: Extent | undefined, value: number): Extent =>
  extent ? { low: Math.min(extent.low, value), high: Math.max(extent.high, value) } : { low: value, high: value }

const normalised = (value: number, { low, high }: Extent): number => (high > low ? (value - low) / (high - low) : 0.5)

export interface Scored {
  quality: number | undefined
  diversity: number | undefined
  /** w_domain · w_style */
  weight: number
}

/** The exponent of a document's count, in 1/1024; undefined where its weight is 0, so its count is too. */
export function binOf(
  { quality, diversity, weight }: Scored,
  extents: { quality: Extent | undefined; diversity: Extent | undefined },
  config: MixConfig,
): number | undefined {
  if (weight === 0) return undefined
  const q = quality === undefined || !extents.quality ? config.missingQuality : normalised(quality, extents.quality)
  const p =
    diversity === undefined || !extents.diversity ? q : config.alpha * normalised(diversity, extents.diversity) + (1 - config.alpha) * q
  return Math.round((p / config.tau + Math.log(weight)) * binsPerUnit)
}

/** Expected count of a document before rounding. */
export const expectedCount = (scale: number, bin: number, maxCount: number): number =>
  Math.min(maxCount, scale * Math.exp(bin / binsPerUnit))

/**
 * The scale s with Σ tokens · min(maxCount, s · exp(bin)) = budget over `bins` (bin -> tokens). Where even the cap falls short of the
 * budget, the smallest scale at which all are at the cap.
 */
export function solveScale(bins: ReadonlyMap<number, number>, budget: number, maxCount: number): number {
  const falling = [...bins].filter(([, tokens]) => tokens > 0).sort(([a], [b]) => b - a)
  if (falling.length === 0) return 0
  const weigh = (bin: number) => Math.exp(bin / binsPerUnit)
  // Suffix sums of tokens · exp(bin): what is not at the cap.
  const rest = new Float64Array(falling.length + 1)
  for (let i = falling.length - 1; i >= 0; i--) {
    const [bin, tokens] = falling[i] as [number, number]
    rest[i] = (rest[i + 1] as number) + tokens * weigh(bin)
  }
  let capped = 0
  for (let i = 0; i < falling.length; i++) {
    const scale = (budget - maxCount * capped) / (rest[i] as number)
    const [bin, tokens] = falling[i] as [number, number]
    if (scale * weigh(bin) <= maxCount) return Math.max(0, scale)
    capped += tokens
  }
  return maxCount / weigh((falling.at(-1) as [number, number])[0])
}

/** Floor, and one more with the chance of the fraction, drawn from (seed, id). */
export function roundCount(expected: number, seed: number, id: string): number {
  const whole = Math.floor(expected)
  return whole + (fractionOf(`${seed}/${id}/count`) < expected - whole ? 1 : 0)
}
