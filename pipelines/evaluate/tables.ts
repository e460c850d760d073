/** Tables of `evaluate` (docs/formats.md). */
import { f64, fixed, list, optional, schema, u32, u64, utf8 } from '../arrow/index.ts'
import { documentId } from '../schemas.ts'

/** Stretches of held-out documents, as their rows hold them. `bytes` and `unigramLoss` are of what is predicted: every id but the first. */
export const pieces = schema({ component: utf8(), document: documentId, ids: list(u32()), bytes: u64(), unigramLoss: f64() })

/** Held-out documents, ascending. */
export const documents = schema({ id: fixed(16) })

export const sources = schema({ id: documentId, source: utf8() })

/**
 * One row per component and domain (the source of a document), sorted by both.
 *
 * lossSum            cross-entropy over all targets, nats; `targets` their number, `bytes` the bytes of text that they stand for
 * perplexity         exp(lossSum / targets)
 * bitsPerByte        lossSum / ln 2 / bytes; null where there are no bytes
 * standardError      of lossSum / targets, by document; null for a single one
 * unigramLossSum     the same targets under a unigram model of the training rows, add-one smoothed; `unigramPerplexity` from it
 * expertMean         FFN experts per token and layer; `expertStd` their standard deviation over tokens and layers
 *
 * Sums over rows give the figures of a component or of everything.
 */
export const evaluation = schema({
  component: utf8(),
  domain: utf8(),
  documents: u32(),
  targets: u64(),
  bytes: u64(),
  lossSum: f64(),
  perplexity: f64(),
  bitsPerByte: optional(f64()),
  standardError: optional(f64()),
  unigramLossSum: f64(),
  unigramPerplexity: f64(),
  expertMean: f64(),
  expertStd: f64(),
})
