/** Pieces, training and encoding over columns. Every function runs off the JavaScript thread and gives new arrays; errors carry the native `code`. */
import { domain } from './load.ts'

/** A column of texts or of tokens, as Arrow lays it out: `offsets` has one entry more than there are texts. */
export interface Texts {
  readonly offsets: Int32Array
  readonly bytes: Uint8Array
}

/** Distinct pieces, ascending by their bytes, with how often each occurs. */
export interface PieceCounts extends Texts {
  readonly counts: BigUint64Array
  /** Occurrences counted, and those skipped because the piece was longer than `maxPiece`. */
  readonly pieces: number
  readonly skipped: number
}

/** Lists of ids: list i is ids[offsets[i], offsets[i + 1]). */
export interface Ids {
  readonly offsets: Int32Array
  readonly ids: Uint32Array
}

/** Tokens from id 512 on, and merges as triples (left, right, id) in order of rank. */
export interface Trained extends Texts {
  readonly merges: Uint32Array
}

/** Names of the patterns of native/tokenizer/patterns.md, in the order of `Pattern` in native/tokenizer/presplit.h. llama3 is cl100k. */
export const patterns = ['millrace', 'millrace-run', 'gpt2', 'cl100k', 'o200k', 'qwen2', 'deepseek-v3'] as const
export type Pattern = (typeof patterns)[number]

type Handle = { readonly tokenizer: unique symbol }

interface Native {
  splitText(bytes: Uint8Array, pattern: number): Uint32Array
  countPieces(offsets: Int32Array, bytes: Uint8Array, maxPiece: number, threads: number, pattern: number): Promise<PieceCounts>
  mergeCounts(offsets: Int32Array, bytes: Uint8Array, counts: BigUint64Array): Promise<PieceCounts>
  partitionsOf(offsets: Int32Array, bytes: Uint8Array, partitions: number): Uint32Array
  train(offsets: Int32Array, bytes: Uint8Array, counts: BigUint64Array, vocabulary: number, minCount: number): Promise<Trained>
  open(
    offsets: Int32Array,
    bytes: Uint8Array,
    merges: Uint32Array,
    cacheBytes: number,
    maxPiece: number,
    pattern: number,
    specials: Uint32Array | undefined,
    whole: boolean,
  ): Promise<Handle>
  mergesOfRanks(offsets: Int32Array, bytes: Uint8Array): Promise<Uint32Array>
  encode(handle: Handle, offsets: Int32Array, bytes: Uint8Array, threads: number): Promise<Ids>
  decode(handle: Handle, offsets: Int32Array, ids: Uint32Array, skipSpecial: boolean): Promise<Texts>
  unicodeVersion(): string
}

const native = () => domain<Native>('tokenizer')

const indexOf = (pattern: Pattern = 'millrace'): number => patterns.indexOf(pattern)

/** Ends of the pieces of one UTF-8 text, by a pattern of native/tokenizer/patterns.md (default `millrace`). For tests and for people; throws FORMAT. */
export const splitText = (bytes: Uint8Array, pattern?: Pattern): Uint32Array => native().splitText(bytes, indexOf(pattern))

/** The Unicode version behind the pattern's classes. */
export const unicodeVersion = (): string => native().unicodeVersion()

/** Counts the pieces of all texts, leaving out pieces above `maxPiece` bytes. FORMAT for what is not UTF-8, MEMORY above 2 GiB of distinct pieces. */
export const countPieces = (texts: Texts, options: { maxPiece: number; threads: number; pattern?: Pattern }): Promise<PieceCounts> =>
  native().countPieces(texts.offsets, texts.bytes, options.maxPiece, options.threads, indexOf(options.pattern))

/** Sums equal pieces; what comes in need not be sorted. */
export const mergeCounts = (pieces: Texts & { readonly counts: BigUint64Array }): Promise<PieceCounts> =>
  native().mergeCounts(pieces.offsets, pieces.bytes, pieces.counts)

/** Which of `partitions` each piece belongs to: a hash of its bytes that is fixed for good. */
export const partitionsOf = (pieces: Texts, partitions: number): Uint32Array =>
  native().partitionsOf(pieces.offsets, pieces.bytes, partitions)

/**
 * Trains byte-level BPE up to `vocabulary` ids in all (≥ 512); the merges are those of Hugging Face's BpeTrainer. Gives fewer tokens where
 * no pair occurs `minCount` times any more.
 */
export const train = (
  pieces: Texts & { readonly counts: BigUint64Array },
  options: { vocabulary: number; minCount: number },
): Promise<Trained> => native().train(pieces.offsets, pieces.bytes, pieces.counts, options.vocabulary, options.minCount)

/**
 * Merges of a vocabulary that has ranks alone (tiktoken): triples of ranks, at most one a token. `tokens[i]` has rank i. FORMAT if a byte is no
 * token or a token repeats.
 */
export const mergesOfRanks = (tokens: Texts): Promise<Uint32Array> => native().mergesOfRanks(tokens.offsets, tokens.bytes)

export interface EncoderOptions {
  /** Of each thread, in bytes; default 4 MiB. Changes time only. */
  readonly cacheBytes?: number
  /** The longest piece in bytes that is encoded (it takes 32 times as much memory); default 64 MiB. */
  readonly maxPiece?: number
  /** Default `millrace`. */
  readonly pattern?: Pattern
  /** For a layout that is not ours: ids (ascending) whose bytes are names that no text yields. Tokens without bytes are ids that mean nothing. */
  readonly specials?: Uint32Array
  /** With `specials`: a piece that is a token gives that token, whatever its merges would (`ignore_merges`; tiktoken). Default false. */
  readonly whole?: boolean
}

/** A vocabulary with its merges, ready to encode; shared by all calls and threads. */
export class Encoder {
  readonly size: number
  readonly #handle: Handle

  private constructor(size: number, handle: Handle) {
    this.size = size
    this.#handle = handle
  }

  /** `tokens` holds every id from 0; `merges` are triples in order of rank. FORMAT names what is wrong. */
  static async open(tokens: Texts, merges: Uint32Array, options: EncoderOptions = {}): Promise<Encoder> {
    const { cacheBytes = 4 * 2 ** 20, maxPiece = 64 * 2 ** 20, pattern, specials, whole = false } = options
    const { offsets, bytes } = tokens
    const handle = await native().open(offsets, bytes, merges, cacheBytes, maxPiece, indexOf(pattern), specials, whole)
    return new Encoder(tokens.offsets.length - 1, handle)
  }

  /**
   * The ids of every text, none of them special: names of special tokens in a text are text. FORMAT with text and byte for what is not UTF-8,
   * MEMORY for a piece above `maxPiece`.
   */
  encode(texts: Texts, options: { threads?: number } = {}): Promise<Ids> {
    return native().encode(this.#handle, texts.offsets, texts.bytes, options.threads ?? 1)
  }

  /** The bytes of every list. Special ids give their names, or nothing with `skipSpecial`. ARGUMENT for an id that is no token. */
  decode(ids: Ids, options: { skipSpecial?: boolean } = {}): Promise<Texts> {
    return native().decode(this.#handle, ids.offsets, ids.ids, options.skipSpecial ?? false)
  }
}
