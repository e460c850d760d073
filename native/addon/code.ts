/** Statistics of source files and of formulas, over whole text columns off the JavaScript thread; definitions stand in native/text/{code,maths}.h. */
import { domain } from './load.ts'
import type { Texts } from './text.ts'

/** How comments are written; native/text/code.h, `Syntax`. */
export const syntaxes = { none: 0, slashes: 1, hash: 2, dashes: 3, percent: 4, semicolon: 5, markup: 6, skipped: 255 } as const
export type SyntaxName = keyof typeof syntaxes

/** In the order of native/text/code.h, `CodeStatistic`. */
export const codeStatistics = [
  'code_lines',
  'code_longest_line',
  'code_mean_line',
  'code_letters',
  'code_alphanumerics',
  'code_generated',
  'code_encoded_run',
  'code_encoded_share',
  'code_dense',
  'code_data',
  'code_numbers',
  'code_shapes',
  'code_dup_lines',
  'code_substance',
  'code_comments',
  'code_visible',
  'code_visible_share',
  'code_licence',
] as const
export type CodeStatistic = (typeof codeStatistics)[number]

/** In the order of native/text/maths.h, `MathsStatistic`. */
export const mathsStatistics = [
  'maths_formulas',
  'maths_share',
  'maths_broken',
  'maths_distinct',
  'maths_words',
  'maths_stray',
  'maths_odd_words',
  'maths_singles',
  'maths_numbers',
  'maths_replaced',
] as const
export type MathsStatistic = (typeof mathsStatistics)[number]

interface Native {
  measureMaths(offsets: Int32Array, bytes: Uint8Array, wanted: Uint8Array, threads: number): Promise<Record<MathsStatistic, Float64Array>>
  proseViews(offsets: Int32Array, bytes: Uint8Array, wanted: Uint8Array, threads: number): Promise<Texts>
  measureCode(offsets: Int32Array, bytes: Uint8Array, syntax: Uint8Array, threads: number): Promise<Record<CodeStatistic, Float64Array>>
}

const native = () => domain<Native>('code')

/**
 * One number per text and statistic; NaN where it has none, and throughout where `syntax` says skipped or the text is not UTF-8. SHAPE or
 * ARGUMENT where the arguments disagree. `threads`, default 1, cannot change the result.
 */
export const measureCode = (
  texts: Texts,
  syntax: Uint8Array,
  options: { threads?: number } = {},
): Promise<Record<CodeStatistic, Float64Array>> => native().measureCode(texts.offsets, texts.bytes, syntax, options.threads ?? 1)

/** One number per text and statistic; NaN throughout where `wanted` is 0 or the text is not UTF-8. SHAPE where lengths disagree. */
export const measureMaths = (
  texts: Texts,
  wanted: Uint8Array,
  options: { threads?: number } = {},
): Promise<Record<MathsStatistic, Float64Array>> => native().measureMaths(texts.offsets, texts.bytes, wanted, options.threads ?? 1)

/**
 * The texts as rules for prose should read them, where `wanted` is 1: every formula and piece of code within a line is one word, blocks of them
 * are left out (native/text/maths.h). Other texts come back as they are. SHAPE where lengths disagree.
 */
export const proseViews = (texts: Texts, wanted: Uint8Array, options: { threads?: number } = {}): Promise<Texts> =>
  native().proseViews(texts.offsets, texts.bytes, wanted, options.threads ?? 1)
