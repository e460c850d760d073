/** fastText models: reading and asking them (native/fasttext). Texts are columns; no text and no word becomes a JavaScript value. */
import { domain } from './load.ts'
import type { Texts } from './text.ts'

declare const handle: unique symbol

interface Opened {
  handle: { readonly [handle]: true }
  /** As in the file, with their prefix `__label__`. */
  labels: readonly string[]
  dim: number
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

interface Native {
  openModel(bytes: Uint8Array): Promise<Opened>
  predict(handle: Opened['handle'], offsets: Int32Array, bytes: Uint8Array, options: Required<PredictOptions>): Promise<Predictions>
}

const native = () => domain<Native>('fasttext')

/** Reads a .bin or .ftz of version 12. BAD_MODEL says what was expected, what was found, and at which byte. */
export const openModel = (bytes: Uint8Array): Promise<FastTextModel> => native().openModel(bytes)

/** The most probable labels of every text; a text is one line, new lines are spaces. */
export const predict = (model: FastTextModel, texts: Texts, { k = 1, maxBytes, threads = 1 }: PredictOptions = {}): Promise<Predictions> =>
  native().predict(model.handle, texts.offsets, texts.bytes, { k, maxBytes: maxBytes ?? 0, threads })
