/**
 * Judging of whole text columns by the definitions of other projects and of papers, off the JavaScript thread; what the statistics mean stands in
 * native/text/{nemo,dolma,dclm,paper,multilingual,published_edits}.h. Errors carry `code`.
 */
import { domain } from './load.ts'
import type { Texts } from './text.ts'

/** When a rule drops a document: the value is strictly below or above the threshold, or at it as well. */
export const comparisons = ['below', 'above', 'at_most', 'at_least'] as const
export type Comparison = (typeof comparisons)[number]

/** Edits in the order of native/text/published_edits.h. */
export const edits = ['none', 'c4_tfds', 'c4_paper_any_end', 'dolma_no_end_mark', 'dclm_newlines', 'dclm_lines'] as const
export type EditName = (typeof edits)[number]

export interface PublishedStep {
  statistic: string
  drops: Comparison
  threshold: number
}

/** An edit and the rules that read what it left. */
export interface PublishedPass {
  edit: EditName
  steps: readonly PublishedStep[]
  /** Which words `multilingual_stop_words` counts. Default none. */
  stopWords?: readonly string[]
}

export interface PublishedJudgement {
  /** Per document: place in `statuses` of text.ts. A document that is not `ok` has no verdict. */
  status: Uint8Array
  /** Number of the step that dropped it, counted over all passes of its profile; -1 if kept or not judged. */
  step: Int16Array
  value: Float64Array
  threshold: Float64Array
  /** Per statistic (in the order of `publishedStatistics()`) one number a document, NaN where it has none; empty where no profile asks. */
  statistics: Float64Array[]
  /** Rows that were kept and whose text an edit changed. */
  edited: Uint32Array
  /** Texts of all rows; absent where none changed. */
  text?: Texts
}

export interface PublishedOptions {
  /** Longer texts get the status `too_large`. Default 64 MiB. */
  maxDocumentBytes?: number
  /** Default 1; cannot change the result. */
  threads?: number
  /** Measure everything that the profile asks, also after a verdict. Default false. */
  measureAll?: boolean
}

/** `profileOf` of a document that no profile judges. */
export const notJudged = 255

interface Native {
  statistics(): string[]
  judge(
    offsets: Int32Array,
    bytes: Uint8Array,
    profileOf: Uint8Array,
    profiles: object[][],
    options: PublishedOptions,
  ): Promise<PublishedJudgement>
  segments(offsets: Int32Array, bytes: Uint8Array): Promise<Segments>
}

export interface Segments {
  /** Segments of each text. */
  counts: Int32Array
  /** Bytes of each segment, text after text. */
  sizes: Int32Array
}

const native = () => domain<Native>('profiles')

/** Names of the statistics, in the order of their numbers. */
export const publishedStatistics = (): string[] => native().statistics()

/** Judges text i by `profiles[profileOf[i]]`. SHAPE or ARGUMENT where the arguments disagree. */
export function judgePublished(
  texts: Texts,
  profileOf: Uint8Array,
  profiles: readonly (readonly PublishedPass[])[],
  options: PublishedOptions = {},
): Promise<PublishedJudgement> {
  const numbers = new Map(publishedStatistics().map((name, number) => [name, number]))
  const flat = profiles.map(passes =>
    passes.map(({ edit, steps, stopWords = [] }) => ({
      edit: edits.indexOf(edit),
      statistics: Int32Array.from(steps, step => numbers.get(step.statistic) ?? -1),
      drops: Uint8Array.from(steps, step => comparisons.indexOf(step.drops)),
      thresholds: Float64Array.from(steps, step => step.threshold),
      stopWords,
    })),
  )
  return native().judge(texts.offsets, texts.bytes, profileOf, flat, options)
}

/** Segments of UAX #29 (native/text/segments.h), white space and marks included. FORMAT for bytes that are not UTF-8. */
export const segments = (texts: Texts): Promise<Segments> => native().segments(texts.offsets, texts.bytes)
