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

type Handle = { readonly tokenizer: unique symbol }

interface Native {
  splitText(bytes: Uint8Array): Uint32Array
  countPieces(offsets: Int32Array, bytes: Uint8Array, maxPiece: number, threads: number): Promise<PieceCounts>
  mergeCounts(offsets: Int32Array, bytes: Uint8Array, counts: BigUint64Array): Promise<PieceCounts>
  partitionsOf(offsets: Int32Array, bytes: Uint8Array, partitions: number): Uint32Array
  train(offsets: Int32Array, bytes: Uint8Array, counts: BigUint64Array, vocabulary: number, minCount: number): Promise<Trained>
  open(offsets: Int32Array, bytes: Uint8Array, merges: Uint32Array, cacheBytes: number): Promise<Handle>
  encode(handle: Handle, offsets: Int32Array, bytes: Uint8Array, threads: number): Promise<Ids>
  decode(handle: Handle, offsets: Int32Array, ids: Uint32Array, skipSpecial: boolean): Promise<Texts>
  unicodeVersion(): string
}

const native = () => domain<Native>('tokenizer')

/** Ends of the pieces of one UTF-8 text, by the pattern in native/tokenizer/patterns.md. For tests and for people; throws FORMAT. */
export const splitText = (bytes: Uint8Array): Uint32Array => native().splitText(bytes)

/** The Unicode version behind the pattern's classes. */
export const unicodeVersion = (): string => native().unicodeVersion()

/** Counts the pieces of all texts, leaving out pieces above `maxPiece` bytes. FORMAT for what is not UTF-8, MEMORY above 2 GiB of distinct pieces. */
export const countPieces = (texts: Texts, options: { maxPiece: number; threads: number }): Promise<PieceCounts> =>
  native().countPieces(texts.offsets, texts.bytes, options.maxPiece, options.threads)

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

/** A vocabulary with its merges, ready to encode; shared by all calls and threads. */
export class Encoder {
  readonly size: number
  readonly #handle: Handle

  private constructor(size: number, handle: Handle) {
    this.size = size
    this.#handle = handle
  }

  /** `tokens` holds every id from 0; `merges` are triples in order of rank. `cacheBytes` (default 4 MiB a thread) changes time only. FORMAT names what is wrong. */
  static async open(tokens: Texts, merges: Uint32Array, options: { cacheBytes?: number } = {}): Promise<Encoder> {
    return new Encoder(
      tokens.offsets.length - 1,
      await native().open(tokens.offsets, tokens.bytes, merges, options.cacheBytes ?? 4 * 2 ** 20),
    )
  }

  /** The ids of every text, none below 256: names of special tokens in a text are text. FORMAT with text and byte for what is not UTF-8. */
  encode(texts: Texts, options: { threads?: number } = {}): Promise<Ids> {
    return native().encode(this.#handle, texts.offsets, texts.bytes, options.threads ?? 1)
  }

  /** The bytes of every list. Ids below 256 give their names, or nothing with `skipSpecial`. ARGUMENT for an id of `size` or more. */
  decode(ids: Ids, options: { skipSpecial?: boolean } = {}): Promise<Texts> {
    return native().decode(this.#handle, ids.offsets, ids.ids, options.skipSpecial ?? false)
  }
}
