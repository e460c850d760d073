/** N-gram language models: scores of whole text columns, and training, off the JavaScript thread; native/ngram/*.h says what they mean. */
import { domain } from './load.ts'
import type { Texts } from './text.ts'

export type NgramModel = { readonly ngramModel: unique symbol }

/** How a model's texts become words (native/ngram/words.h). `spaces` is KenLM's; `simple` is what our models are trained on. */
export type Words = 'spaces' | 'simple'

export interface ModelDescription {
  order: number
  words: Words
  /** With <unk>, <s> and </s>. */
  vocabulary: number
  /** N-grams of each order, from 1. */
  counts: number[]
}

export interface ScoreOptions {
  /** The first word of a sentence has <s> as its context. Default true. */
  begin?: boolean
  /** </s> is predicted behind the last word. Default true. */
  end?: boolean
  /** A model of `spaces`: each line is a sentence, not the whole text. Default false. Models of `simple` always find sentences. */
  lines?: boolean
  /** Default 1; cannot change the result. */
  threads?: number
}

/** One number per text. */
export interface Scores {
  /** log10 of the probability of words and sentence ends; NaN where a model of `simple` is asked about a text that is not UTF-8. */
  log10: Float64Array
  words: Uint32Array
  /** Words that the model does not have. */
  unknown: Uint32Array
  sentences: Uint32Array
}

export interface TrainOptions {
  /** Words of the longest n-grams, 1 to 6. Default 5. */
  order?: number
  /** Default `simple`; `spaces` takes each line as a sentence. */
  words?: Words
  /** Bytes for counts and vocabulary, at least 1 MiB; cannot change the result. Default 1 GiB. */
  maxMemory?: number
  /** An existing folder for sorted runs; what is written there is removed in the end. */
  scratch: string
  /** N-grams seen at most so often are left out, by order from 1; the last number holds for the rest. Default [0]: all stay. */
  prune?: readonly number[]
  /** Use 0.5, 1 and 1.5 where counts are too few to estimate discounts from; else TOO_LITTLE_TEXT. Default false. */
  fallback?: boolean
  /** Files to write; at least one. */
  arpa?: string
  binary?: string
}

export interface TrainReport {
  /** Without <s> and </s>. */
  words: number
  sentences: number
  vocabulary: number
  orders: { count: number; pruned: number; discounts: [number, number, number]; fellBack: boolean }[]
}

type Handle = { readonly ngramTrainer: unique symbol }

interface Native {
  load(path: string): Promise<NgramModel>
  describe(model: NgramModel): ModelDescription
  save(model: NgramModel, path: string): Promise<void>
  score(model: NgramModel, offsets: Int32Array, bytes: Uint8Array, options: Required<ScoreOptions>): Promise<Scores>
  trainer(options: Required<TrainOptions>): Handle
  train(handle: Handle, offsets: Int32Array, bytes: Uint8Array): Promise<void>
  finish(handle: Handle): Promise<TrainReport>
}

const native = () => domain<Native>('ngram')

/** Reads an ARPA file (plain, gzip, zstd) or a binary one. BAD_MODEL with the line or byte; IO. */
export const loadModel = (path: string): Promise<NgramModel> => native().load(path)

export const describeModel = (model: NgramModel): ModelDescription => native().describe(model)

/** Writes the binary form, which is mapped when it is read: same model, same bytes. */
export const saveModel = (model: NgramModel, path: string): Promise<void> => native().save(model, path)

export const scoreTexts = (model: NgramModel, texts: Texts, options: ScoreOptions = {}): Promise<Scores> =>
  native().score(model, texts.offsets, texts.bytes, { begin: true, end: true, lines: false, threads: 1, ...options })

export interface Trainer {
  /** Counts texts. Calls must follow each other: order decides how words are numbered, and so the order of lines in the files. */
  add(texts: Texts): Promise<void>
  /** Estimates and writes the files; nothing can be added afterwards. TOO_LITTLE_TEXT, MEMORY, IO. */
  finish(): Promise<TrainReport>
}

/** Modified Kneser–Ney (native/ngram/train.h). ARGUMENT where an option is out of range. */
export function openTrainer(options: TrainOptions): Trainer {
  const handle = native().trainer({
    order: 5,
    words: 'simple',
    maxMemory: 2 ** 30,
    prune: [0],
    fallback: false,
    arpa: '',
    binary: '',
    ...options,
  })
  return {
    add: texts => native().train(handle, texts.offsets, texts.bytes),
    finish: () => native().finish(handle),
  }
}
