/** The tables that stages exchange (docs/formats.md). A stage may add roles of its own; these names and types are shared. */
import { bool, f32, f64, fixed, list, optional, schema, struct, textMap, u32, u64, utf8 } from './arrow/index.ts'

/** 16 bytes: XXH3-128 of (source name, NUL, record key), big-endian. */
export const documentId = fixed(16)

export const documents = schema({
  id: documentId,
  source: utf8(),
  /** Relative to the source's root: path or URL, `#` and record offset or row where a file holds many; `/`-separated, NFC. */
  key: utf8(),
  url: optional(utf8()),
  title: optional(utf8()),
  author: optional(utf8()),
  date: optional(utf8()),
  language: optional(utf8()),
  /** web, markdown, code, book, repository, … : chooses profiles and components. */
  kind: utf8(),
  /** Page type or file type inside the kind: `html`, `py`, `readme`, … */
  type: optional(utf8()),
  confidence: optional(f64()),
  text: utf8(),
  meta: textMap(),
})

/**
 * How extraction judged the blocks of a page, in their order: one row per document that was a page. A hash is of a block's text, case folded,
 * white space and digits left out (64 bits): furniture that a site's pages share has the same one.
 */
export const blocks = schema({
  id: documentId,
  blocks: list(
    struct({
      hash: u64(),
      words: u32(),
      /** Where the block begins, in the page's decoded bytes. */
      position: u32(),
      /** How much of it is content, 0 to 1. */
      score: f32(),
      kept: bool(),
      /** Why it was dropped: `copy` (of an earlier block), `hidden`, `navigation`, `footer`, `sidebar`, `links`, `furniture`, `unsure`, `embedded`; '' where it was kept. */
      reason: utf8(),
    }),
  ),
})

/** One row per document and verdict. */
export const decisions = schema({
  id: documentId,
  stage: utf8(),
  rule: utf8(),
  value: f64(),
  threshold: f64(),
  partner: optional(documentId),
  similarity: optional(f64()),
  /** Where the dropped text can be read again: key of the unit that was reading, and row over its `documents` inputs. */
  unit: utf8(),
  row: u32(),
})

/** One row per record that could not be read, with where and why. */
export const quarantine = schema({ source: utf8(), key: utf8(), offset: u64(), code: utf8(), message: utf8() })

/**
 * One row per document: its ids, without bos and eos; with what a component rule may ask. `group` is the first folder of the key
 * (`@scope/name` is one): package, site or series, which are held out together.
 */
export const tokens = schema({
  id: documentId,
  group: utf8(),
  source: utf8(),
  kind: utf8(),
  type: optional(utf8()),
  language: optional(utf8()),
  url: optional(utf8()),
  bytes: u32(),
  ids: list(u32()),
})

/** One row per document. */
export const scores = schema({ id: documentId, quality: f64(), domain: utf8(), style: utf8() })

/** Verified near duplicates: one row per member of a cluster; `cluster` is the id that was kept. */
export const clusters = schema({ id: documentId, cluster: documentId })

/** What `mix` decides: how often a document may be read in a run, as part of which component, or whether it is held out. */
export const counts = schema({
  id: documentId,
  component: utf8(),
  /** `train` or `validation`. */
  role: utf8(),
  count: u32(),
})

/** A stretch of one document inside a row. `offset` counts in bos + ids + eos. Flags: 1 first piece, 2 last piece, 4 told in another order. */
export const run = struct({ document: documentId, pass: u32(), offset: u32(), length: u32(), flags: u32() })

/** Constant rows of a record batch of text; a batch also ends before `batchBytes` of buffers. */
export const batchRows = 1024
export const batchBytes = 64 * 2 ** 20
