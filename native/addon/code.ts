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

interface Native {
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
