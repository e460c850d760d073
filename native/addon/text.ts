/** Judging and measuring of whole text columns, off the JavaScript thread; definitions stand in native/text/*.h. Errors carry `code`. */
import { domain } from './load.ts'

/** A column of UTF-8 texts as Arrow lays it out: one offset more than there are texts. */
export interface Texts {
  offsets: Int32Array
  bytes: Uint8Array
}

/** A rule compares one statistic with one threshold. C4's three verdicts come last: they fall in the edit, not by comparing alone. */
export interface NativeRule {
  /** Unique; the key of a threshold. */
  name: string
  /** What a decision says: datatrove's string where datatrove has the rule. */
  reason: string
  statistic: string
  drops: 'below' | 'above'
}

/** C4's edit; see native/text/c4.h. A null number switches its rule off. */
export interface C4Rules {
  citations: boolean
  terminalPunctuation: boolean
  maxWordLength: number | null
  minWords: number | null
  loremIpsum: boolean
  javascript: boolean
  curlyBracket: boolean
  policy: boolean
  minSentences: number | null
  /** Keep Markdown's structure; ours, not C4's. */
  markdown: boolean
}

/** Rule number (place in `tables().rules`) and threshold, in the order in which they are asked. */
export type Steps = readonly { rule: number; threshold: number }[]

/** How text is split into words: at white space, marks at the ends apart; or as spaCy 3.8's English tokenizer does. */
export type Words = 'simple' | 'spacy'

/** Rules on the text as it came, C4's edit where given, rules on what it left. */
export interface NativeProfile {
  /** Default `simple`. */
  words?: Words | undefined
  before: Steps
  c4?: C4Rules | undefined
  after: Steps
}

export interface Judgement {
  /** Per document: place in `statuses`. A document that is not `ok` has no verdict and is not kept. */
  status: Uint8Array
  /** Number of the rule that dropped it, -1 if kept. */
  rule: Int16Array
  value: Float64Array
  threshold: Float64Array
  /** Per statistic one number per document, NaN where it has none: what the rules read. See Judgement in native/text/judge.h. */
  statistics: Record<string, Float64Array>
  kept: Uint32Array
  /** The kept rows whose text C4 changed. */
  edited: Uint32Array
  /** Texts of all kept rows; absent where none changed. */
  text?: Texts
}

export interface Options {
  /** Longer texts get the status `too_large`. Default 64 MiB. */
  maxDocumentBytes?: number
  /** Default 1; cannot change the result. */
  threads?: number
}

/**
 * How much `judge` measures: every statistic; those that a step of the document's profile compares, also of documents that an earlier step
 * drops; or no more than the verdict needs, where a document that could not be measured further on is judged all the same.
 */
export type Extent = 'all' | 'rules' | 'verdict'

export interface JudgeOptions extends Options {
  /** Default `all`. */
  extent?: Extent
}

export interface MeasureOptions extends Options {
  /** Default `simple`. */
  words?: Words
}

export const statuses = ['ok', 'too_large', 'not_utf8', 'too_many_words', 'too_much_work'] as const

export interface Tables {
  rules: readonly NativeRule[]
  statistics: readonly string[]
}

interface Native {
  tables(): Tables
  judge(
    offsets: Int32Array,
    bytes: Uint8Array,
    profileOf: Uint8Array,
    profiles: readonly object[],
    options: JudgeOptions,
  ): Promise<Judgement>
  measure(offsets: Int32Array, bytes: Uint8Array, options: MeasureOptions): Promise<Measurement>
}

export interface Measurement {
  status: Uint8Array
  statistics: Record<string, Float64Array>
}

const native = () => domain<Native>('text')

/** Names of rules and statistics, in the order of their numbers. */
export const tables = (): Tables => native().tables()

/** Judges text i by `profiles[profileOf[i]]`. SHAPE or ARGUMENT where the arguments disagree. */
export function judge(
  texts: Texts,
  profileOf: Uint8Array,
  profiles: readonly NativeProfile[],
  options: JudgeOptions = {},
): Promise<Judgement> {
  const flat = profiles.map(profile => ({
    beforeRules: Int32Array.from(profile.before, step => step.rule),
    beforeThresholds: Float64Array.from(profile.before, step => step.threshold),
    afterRules: Int32Array.from(profile.after, step => step.rule),
    afterThresholds: Float64Array.from(profile.after, step => step.threshold),
    c4: profile.c4,
    words: profile.words,
  }))
  return native().judge(texts.offsets, texts.bytes, profileOf, flat, options)
}

/** Every statistic of every text; NaN throughout where its status is not `ok`. */
export const measure = (texts: Texts, options: MeasureOptions = {}): Promise<Measurement> =>
  native().measure(texts.offsets, texts.bytes, options)

/** A column of these strings: for lists and tests, not for documents. */
export function textsOf(strings: readonly string[]): Texts {
  const encoded = strings.map(each => Buffer.from(each, 'utf8'))
  const offsets = new Int32Array(strings.length + 1)
  for (const [i, bytes] of encoded.entries()) offsets[i + 1] = (offsets[i] as number) + bytes.length
  return { offsets, bytes: new Uint8Array(Buffer.concat(encoded)) }
}
