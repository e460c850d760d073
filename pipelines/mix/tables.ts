/** Tables between the operations of `mix`, and the one that it adds to the shared schemas. All are metadata: no text, no ids of tokens. */
import { f64, fixed, i32, optional, schema, u32, u64, utf8 } from '../arrow/index.ts'
import { documentId } from '../schemas.ts'

/** What a rule may ask of a document, and how long it is. `group` is null where `tokens` has no such column. */
export const surveyed = schema({
  id: documentId,
  source: utf8(),
  kind: utf8(),
  type: optional(utf8()),
  language: optional(utf8()),
  group: optional(utf8()),
  tokens: u32(),
})

export const scored = schema({ id: documentId, quality: f64(), diversity: optional(f64()), domain: utf8(), style: utf8() })

/** Sorted by id inside a partition. `tokens` counts bos and eos; `hold` names the group that is held out together. */
export const joined = schema({
  id: documentId,
  component: utf8(),
  tokens: u32(),
  quality: optional(f64()),
  diversity: optional(f64()),
  weight: f64(),
  hold: fixed(16),
})

/** Per component: documents and tokens, and the extent of the scores. */
export const extents = schema({
  component: utf8(),
  documents: u64(),
  tokens: u64(),
  qualityLow: optional(f64()),
  qualityHigh: optional(f64()),
  diversityLow: optional(f64()),
  diversityHigh: optional(f64()),
})

export const candidates = schema({ component: utf8(), hold: fixed(16), documents: u64() })

export const held = schema({ hold: fixed(16) })

/** Training tokens of a component per exponent (counts.ts). `bin` is null for documents of weight 0. */
export const bins = schema({ component: utf8(), bin: optional(i32()), tokens: u64() })

export const scales = schema({ component: utf8(), scale: f64(), budget: f64() })

export const totals = schema({
  component: utf8(),
  documents: u64(),
  tokens: u64(),
  reads: u64(),
  readTokens: u64(),
  passes: u32(),
  validationDocuments: u64(),
  validationTokens: u64(),
})

/**
 * The components of a run, in the order of the config. `documents` and `tokens` are for training, each once; `reads` and `readTokens` count
 * every pass; `passes` is the largest count. Tokens count bos and eos. `budget`: what the counts were to add up to.
 */
export const components = schema({
  component: utf8(),
  documents: u64(),
  tokens: u64(),
  reads: u64(),
  readTokens: u64(),
  passes: u32(),
  validationDocuments: u64(),
  validationTokens: u64(),
  budget: f64(),
  scale: f64(),
})
