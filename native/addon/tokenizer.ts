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
type CounterHandle = { readonly counter: unique symbol }
type TrainerHandle = { readonly trainer: unique symbol }

interface Native {
  splitText(bytes: Uint8Array, pattern: number): Uint32Array
  openCounter(pattern: number, maxPiece: number, partitions: number, threads: number, maxMemory: number, folder: string): CounterHandle
  countTexts(handle: CounterHandle, offsets: Int32Array, bytes: Uint8Array): Promise<void>
  addCounts(handle: CounterHandle, offsets: Int32Array, bytes: Uint8Array, counts: BigUint64Array): Promise<void>
  nextCounts(handle: CounterHandle, bytes: number): Promise<(PieceCounts & { readonly partition: number }) | undefined>
  counterState(handle: CounterHandle): CounterState
  openTrainer(vocabulary: number, minCount: number, maxMemory: number, folder: string): TrainerHandle
  addWords(handle: TrainerHandle, offsets: Int32Array, bytes: Uint8Array, counts: BigUint64Array): Promise<void>
  train(handle: TrainerHandle): Promise<Trained & { readonly moved: number }>
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

export interface CounterState {
  /** Occurrences counted, and those left out because the piece was longer than `maxPiece`. */
  readonly pieces: number
  readonly skipped: number
  /** Tables that were written to the folder because they outgrew their memory. */
  readonly spills: number
}

export interface CounterOptions {
  /** Default `millrace`. */
  readonly pattern?: Pattern
  /** Longer pieces, in bytes, are left out. Default: none. */
  readonly maxPiece?: number
  /** Default 1: pieces come out sorted by their bytes alone. */
  readonly partitions?: number
  readonly threads?: number
  /** Bytes of all tables; what is above it is sorted and written to `folder`. Default: all in memory. */
  readonly spill?: { readonly maxMemory: number; readonly folder: string }
}

const largest = 2 ** 31 - 1

/** Counts of the pieces of a corpus, exact whatever memory they get: the same for any threads, memory and order. One call at a time. */
export class PieceCounter {
  readonly #handle: CounterHandle

  constructor({ pattern, maxPiece = largest, partitions = 1, threads = 1, spill }: CounterOptions = {}) {
    this.#handle = native().openCounter(indexOf(pattern), maxPiece, partitions, threads, spill?.maxMemory ?? 0, spill?.folder ?? '')
  }

  /** FORMAT with text and byte for what is not UTF-8, IO where nothing can be spilled. */
  addTexts(texts: Texts): Promise<void> {
    return native().countTexts(this.#handle, texts.offsets, texts.bytes)
  }

  /** Pieces that were counted before, in any order. */
  addCounts({ offsets, bytes, counts }: PieceCounts): Promise<void> {
    return native().addCounts(this.#handle, offsets, bytes, counts)
  }

  /** Everything, once, in order of partition and bytes, in blocks of one partition and at most `bytes` bytes of pieces. Nothing can be added then. */
  async *blocks(bytes = 2 ** 23): AsyncGenerator<PieceCounts & { readonly partition: number }, void, undefined> {
    for (let block = await native().nextCounts(this.#handle, bytes); block; block = await native().nextCounts(this.#handle, bytes))
      yield block
  }

  get state(): CounterState {
    return native().counterState(this.#handle)
  }
}

/** The pieces of texts in one table, in memory. MEMORY above 2 GiB of distinct pieces. */
export async function countPieces(
  texts: Texts,
  options: Omit<CounterOptions, 'partitions' | 'spill'> = {},
): Promise<PieceCounts & Pick<CounterState, 'pieces' | 'skipped'>> {
  const counter = new PieceCounter(options)
  await counter.addTexts(texts)
  let found: PieceCounts | undefined
  for await (const block of counter.blocks(largest)) {
    if (found) throw Object.assign(new Error('piece counts: expected at most 2 GiB of distinct pieces, found more'), { code: 'MEMORY' })
    found = block
  }
  const { pieces, skipped } = counter.state
  const { offsets, bytes, counts } = found ?? { offsets: Int32Array.of(0), bytes: new Uint8Array(0), counts: new BigUint64Array(0) }
  return { offsets, bytes, counts, pieces, skipped }
}

export interface TrainOptions {
  /** Ids in all, at least 512. */
  readonly vocabulary: number
  /** No pair that occurs less often is merged (0 as 1). */
  readonly minCount: number
  /** Bytes; arrays that do not fit lie in files of `folder`. Default: all in memory. */
  readonly spill?: { readonly maxMemory: number; readonly folder: string }
}

/**
 * Trains byte-level BPE up to `vocabulary` ids in all; the merges are those of Hugging Face's BpeTrainer. Gives fewer tokens where no pair
 * occurs `minCount` times any more. A piece may come in several parts of its count, and in any order. ARGUMENT below 512 ids.
 */
export class Trainer {
  readonly #handle: TrainerHandle

  constructor({ vocabulary, minCount, spill }: TrainOptions) {
    this.#handle = native().openTrainer(vocabulary, minCount, spill?.maxMemory ?? 0, spill?.folder ?? '')
  }

  add({ offsets, bytes, counts }: PieceCounts): Promise<void> {
    return native().addWords(this.#handle, offsets, bytes, counts)
  }

  /** Once, after the last piece. `moved`: arrays that did not fit into memory. */
  train(): Promise<Trained & { readonly moved: number }> {
    return native().train(this.#handle)
  }
}

/** All at once. */
export async function train(pieces: PieceCounts, options: TrainOptions): Promise<Trained> {
  const trainer = new Trainer(options)
  await trainer.add(pieces)
  const { offsets, bytes, merges } = await trainer.train()
  return { offsets, bytes, merges }
}

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
