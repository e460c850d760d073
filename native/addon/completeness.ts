/** Whether texts are whole: statistics of text columns, off the JavaScript thread; definitions stand in native/text/completeness.h. */
import { domain } from './load.ts'
import type { Texts } from './text.ts'

export const completenessNames = [
  'cut_end',
  'cut_start',
  'truncated_mark',
  'link_bytes',
  'link_lines',
  'boilerplate_lines',
  'fragment_lines',
  'open_fence',
  'open_brackets',
  'content_lines',
] as const

export type CompletenessName = (typeof completenessNames)[number]

interface Native {
  measureCompleteness(offsets: Int32Array, bytes: Uint8Array, threads: number): Promise<Record<CompletenessName, Float64Array>>
}

/** One number per text and statistic; NaN where a text is not UTF-8 or blank. `threads`, default 1, cannot change the result. */
export const measureCompleteness = (texts: Texts, threads = 1): Promise<Record<CompletenessName, Float64Array>> =>
  domain<Native>('text').measureCompleteness(texts.offsets, texts.bytes, threads)
