/**
 * Near duplicates and evaluation overlap, column by column (native/dedup). Text columns are Arrow's offsets and bytes; ids are 16 bytes;
 * rows of keys are fixed-width bytes, one after the other. Promises reject with the native error's `code`: SHAPE, ARGUMENT or MEMORY.
 */
import { domain } from './load.ts'

/** datatrove's MinHash: words a shingle, bands of rows, seed of the hash functions, hash of a shingle. */
export interface MinhashConfig {
  ngram: number
  bands: number
  rows: number
  seed: number
  hash: 'xxh64' | 'sha1'
}

export interface Signatures {
  /** `bands` keys a text; zeros where it has no shingle. */
  bandKeys: BigUint64Array
  /** Shingles a text, repeats counted. */
  shingles: Uint32Array
}

/** Set i is values[offsets[i], offsets[i + 1]), sorted, each value once. */
export interface Sets {
  offsets: Int32Array
  values: BigUint64Array
}

export interface Verdicts {
  /** Row of the kept set that this one repeats, -1 where it is kept. */
  partner: Int32Array
  similarity: Float64Array
  comparisons: number
  /** Sets that had more candidates than `maxComparisons`. */
  cutShort: number
}

export interface Groups {
  /** 32 bytes a pair: an id and the smallest id of its group; sorted, each once. */
  pairs: Uint8Array
  groups: number
  largest: number
  oversize: number
}

/** The n-grams of texts by hash, sorted, each with the first text and word that has it; `sizes` counts a text's n-grams. */
export interface NgramIndex {
  hashes: BigUint64Array
  texts: Uint32Array
  positions: Uint32Array
  sizes: Uint32Array
}

/** Per text: n-grams found, entry of the index that the first one met (-1: none), and at which word. */
export interface NgramHits {
  counts: Uint32Array
  entries: Int32Array
  positions: Uint32Array
}

interface Dedup {
  simplifyTexts(offsets: Int32Array, bytes: Uint8Array): Promise<{ offsets: Int32Array; bytes: Uint8Array }>
  signatures(offsets: Int32Array, bytes: Uint8Array, config: MinhashConfig, threads: number): Promise<Signatures>
  shingleSets(offsets: Int32Array, bytes: Uint8Array, config: MinhashConfig, threads: number): Promise<Sets>
  keepGreedily(
    offsets: Int32Array,
    values: BigUint64Array,
    groups: Int32Array,
    threshold: number,
    maxComparisons: number,
    threads: number,
  ): Promise<Verdicts>
  arrange(rows: Uint8Array, width: number, partitions: number): Promise<{ order: Uint32Array; bounds: Uint32Array }>
  groupPairs(rows: Uint8Array, prefix: number, limit: number): Promise<Groups>
  components(edges: Uint8Array): Promise<Uint8Array>
  findIds(table: Uint8Array, order: Uint32Array, ids: Uint8Array): Int32Array
  ngramIndex(offsets: Int32Array, bytes: Uint8Array, n: number): Promise<NgramIndex>
  ngramHits(offsets: Int32Array, bytes: Uint8Array, n: number, hashes: BigUint64Array, threads: number): Promise<NgramHits>
}

const native = () => domain<Dedup>('dedup')

/** Every text's words after datatrove's normalisation, joined by one space. */
export const simplifyTexts: Dedup['simplifyTexts'] = (offsets, bytes) => native().simplifyTexts(offsets, bytes)
/** MinHash band keys of every text. */
export const signatures = (offsets: Int32Array, bytes: Uint8Array, config: MinhashConfig, threads = 1) =>
  native().signatures(offsets, bytes, config, threads)
/** Distinct shingle hashes of every text. */
export const shingleSets = (offsets: Int32Array, bytes: Uint8Array, config: MinhashConfig, threads = 1) =>
  native().shingleSets(offsets, bytes, config, threads)
/** Within each group (sets [groups[g], groups[g + 1])) keeps a set unless it is at least `threshold` similar (Jaccard) to one kept before it. */
export const keepGreedily = (sets: Sets, groups: Int32Array, threshold: number, maxComparisons: number, threads = 1) =>
  native().keepGreedily(sets.offsets, sets.values, groups, threshold, maxComparisons, threads)
/** Sorts rows of `width` bytes and cuts them by their leading eight bytes into equal ranges: partition p is order[bounds[p], bounds[p + 1]). */
export const arrange: Dedup['arrange'] = (rows, width, partitions) => native().arrange(rows, width, partitions)
/** Rows of (`prefix` bytes, id): ties every id to the smallest one with the same prefix. Groups above `limit` are counted as oversize. */
export const groupPairs: Dedup['groupPairs'] = (rows, prefix, limit) => native().groupPairs(rows, prefix, limit)
/** Connected components of edges (two ids a row): rows of (id, smallest id of its component), sorted by id. */
export const components: Dedup['components'] = edges => native().components(edges)
/** Row of each id in a table of ids whose sorted `order` is given, -1 where it is not there. */
export const findIds: Dedup['findIds'] = (table, order, ids) => native().findIds(table, order, ids)
/** Index of the word n-grams of evaluation texts. */
export const ngramIndex: Dedup['ngramIndex'] = (offsets, bytes, n) => native().ngramIndex(offsets, bytes, n)
/** Where texts meet an index; `hashes` is the index's, sorted. */
export const ngramHits = (offsets: Int32Array, bytes: Uint8Array, n: number, hashes: BigUint64Array, threads = 1) =>
  native().ngramHits(offsets, bytes, n, hashes, threads)
