/** fastText models: reading, asking and training them (native/fasttext). Texts are columns; no text and no word becomes a JavaScript value. */
import { domain } from './load.ts'
import { type Texts, textsOf } from './text.ts'

declare const handle: unique symbol

interface Opened {
  handle: { readonly [handle]: true }
  /** As in the file, with their prefix `__label__`. */
  labels: readonly string[]
  dim: number
  /** hs and softmax: the probabilities of all labels sum to 1. */
  loss: 'hs' | 'ns' | 'softmax' | 'ova'
  /** Words of the dictionary. */
  words: number
}

/** A model that was read. It holds native memory until it is collected. */
export type FastTextModel = Readonly<Opened>

export interface PredictOptions {
  /** Labels a text, at most the model's number of labels. Default 1. */
  k?: number
  /** Bytes of a text that are read, less where this would cut a character. Default all. */
  maxBytes?: number | undefined
  /** Default 1. The result does not depend on it. */
  threads?: number
}

export interface Predictions {
  /** Numbers of labels, k a text, best first; -1 where there is none: a text without a word that the model knows, or improbable labels. */
  label: Int32Array
  /** fastText's score: the probability + 1e-5, so at most 1.00001; 0 where there is no label. */
  score: Float32Array
}

/** fastText's options of supervised training with softmax. */
export interface TrainOptions {
  /** Width of a vector. Default 16, where fastText has 100. */
  dim?: number
  /** Default 5. */
  epoch?: number
  /** Default 0.1; falls linearly to 0. */
  lr?: number
  /** Longest n-gram of words. Default 2. */
  wordNgrams?: number
  /** Shortest and longest n-gram of characters. Default 0 and 0: none. */
  minn?: number
  maxn?: number
  /** Vectors that n-grams share. Default 2^18, where fastText has 2,000,000. */
  bucket?: number
  /** Words that occur less often have no vector of their own. Default 1. */
  minCount?: number
  minCountLabel?: number
  /** Tokens between two changes of the rate. Default 100. */
  lrUpdateRate?: number
  /** An integer. Default 0. */
  seed?: number
  /** Bytes of a text that are read, less where this would cut a character. Default all. */
  maxBytes?: number | undefined
}

interface Native {
  train(
    offsets: Int32Array,
    bytes: Uint8Array,
    labels: Int32Array,
    nameOffsets: Int32Array,
    nameBytes: Uint8Array,
    options: TrainOptions,
  ): Promise<Uint8Array>
  openModel(bytes: Uint8Array): Promise<Opened>
  predict(handle: Opened['handle'], offsets: Int32Array, bytes: Uint8Array, options: Required<PredictOptions>): Promise<Predictions>
}

const native = () => domain<Native>('fasttext')

/** Reads a .bin or .ftz of version 12. BAD_MODEL says what was expected, what was found, and at which byte. */
export const openModel = (bytes: Uint8Array): Promise<FastTextModel> => native().openModel(bytes)

/** The most probable labels of every text; a text is one line, new lines are spaces. */
export const predict = (model: FastTextModel, texts: Texts, { k = 1, maxBytes, threads = 1 }: PredictOptions = {}): Promise<Predictions> =>
  native().predict(model.handle, texts.offsets, texts.bytes, { k, maxBytes: maxBytes ?? 0, threads })

/**
 * A supervised model as the bytes of a .bin file, which fastText reads too. Text i has the label `names[labels[i]]` (without prefix, without
 * white space). The same bytes whatever the order of the rows. ARGUMENT, SHAPE or MEMORY say what was expected.
 */
export function train(texts: Texts, labels: Int32Array, names: readonly string[], options: TrainOptions = {}): Promise<Uint8Array> {
  const { offsets, bytes } = textsOf(names)
  return native().train(texts.offsets, texts.bytes, labels, offsets, bytes, options)
}
