/** The tables of the tokenizer stage (docs/formats.md). */
import { binary, list, optional, schema, struct, textMap, u32, u64, utf8 } from '../arrow/index.ts'

/** Bytes of text that a unit saw. */
export const sizes = schema({ bytes: u64() })

/** One row: documents whose hash in 2^32nds lies below it are counted. */
export const samples = schema({ below: u64() })

/** Distinct pieces and their counts; sorted by the pieces' bytes within a partition. */
export const pieceCounts = schema({ piece: utf8(), count: u64() })

/**
 * One row per id, in order. `bytes` are a token's bytes, or the name of ids below 256; `merges` the ways to make it, by rank: most tokens
 * have one, bytes and names none. Of a given tokenizer `given` is the id there, or of a reserved name that of the added token that it took the
 * place of. `meta` of id 0 says how texts are cut (table.ts).
 */
export const tokenizerTable = schema({
  id: u32(),
  bytes: binary(),
  merges: list(struct({ rank: u32(), left: u32(), right: u32() })),
  given: optional(u32()),
  meta: textMap(),
})
