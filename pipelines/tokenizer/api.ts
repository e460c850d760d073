/**
 * `import { Tokenizer } from 'millrace/tokenizer'`: text to ids and back, of our own tokenizers and of others' with the ids that they gave them.
 *
 * Native code does the work, off the JavaScript thread; a call takes many texts at once, or a column as Arrow lays it out. Special tokens exist
 * through `idOf` alone: no text yields one, whatever it says. Post-processors are ignored, so no id is added in front or behind.
 */
import type { Encoder, Ids, Pattern, Texts } from '../../native/addon/tokenizer.ts'
import { MillraceError } from '../errors.ts'
import { type GivenTokenizer, openGiven } from './given.ts'
import { readGivenFile } from './json.ts'
import { readGivenTokenizer } from './map.ts'
import { readTiktokenFile } from './tiktoken.ts'
import { toNfc } from './vocabulary.ts'

export type { Ids, Pattern, Texts } from '../../native/addon/tokenizer.ts'
export { patterns } from '../../native/addon/tokenizer.ts'

export interface TokenizerOptions {
  /** Bytes of the cache of pieces, for each thread. Changes time only. Default 4 MiB. */
  readonly cacheBytes?: number
  /** The longest piece in bytes that is encoded. Default 64 MiB. */
  readonly maxPiece?: number
}

export interface RankOptions extends TokenizerOptions {
  /** Which text of native/tokenizer/patterns.md cuts pieces: the file of ranks has none. */
  readonly pattern: Pattern
  /** Names and ids of special tokens: the file of ranks has none. */
  readonly specials?: Readonly<Record<string, number>>
}

export class Tokenizer {
  /** Ids are below this. Some below may mean nothing: an id that the file leaves out. */
  readonly size: number
  readonly pattern: Pattern
  /** Names of special and other added tokens, and their ids. */
  readonly specials: ReadonlyMap<string, number>
  readonly #given: GivenTokenizer
  readonly #encoder: Encoder
  #ids: Map<string, number> | undefined

  private constructor(given: GivenTokenizer, encoder: Encoder) {
    this.#given = given
    this.#encoder = encoder
    this.size = encoder.size
    this.pattern = given.pattern
    this.specials = new Map(Array.from(given.specials, id => [Buffer.from(this.token(id)).toString(), id]))
  }

  /** A tokenizer.json of ours or of Hugging Face, or ranks (`.tiktoken`, with `pattern`). TOKENIZER_FILE, TOKENIZER_GIVEN. */
  static async open(path: string, options: TokenizerOptions & Partial<RankOptions> = {}): Promise<Tokenizer> {
    const { pattern, specials, ...rest } = options
    const given = await readGivenTokenizer({ path, pattern, specials })
    return new Tokenizer(given, await openGiven(given, rest))
  }

  /** From the text of a tokenizer.json. TOKENIZER_FILE names the member that is wrong. */
  static async fromJson(text: string, options: TokenizerOptions = {}): Promise<Tokenizer> {
    const given = readGivenFile(text, 'tokenizer.json')
    return new Tokenizer(given, await openGiven(given, options))
  }

  /** From the text of a file of ranks. TOKENIZER_FILE names the line that is wrong. */
  static async fromRanks(text: string, options: RankOptions): Promise<Tokenizer> {
    const given = await readTiktokenFile(text, 'ranks', options)
    return new Tokenizer(given, await openGiven(given, options))
  }

  /** The ids of one text. FORMAT for bytes that are not UTF-8. A lone surrogate in a string is encoded as U+FFFD. */
  async encode(text: string | Uint8Array): Promise<Uint32Array> {
    return (await this.encodeColumn(columnOf([text]))).ids
  }

  /** The ids of each text. */
  async encodeMany(texts: readonly (string | Uint8Array)[], options: { threads?: number } = {}): Promise<Uint32Array[]> {
    const { offsets, ids } = await this.encodeColumn(columnOf(texts), options)
    return texts.map((_, i) => ids.subarray(offsets[i], offsets[i + 1]))
  }

  /** Columns in, columns out: nothing is copied to a string, but where the tokenizer asks for NFC and a text may not be in it. */
  encodeColumn(texts: Texts, options: { threads?: number } = {}): Promise<Ids> {
    return this.#encoder.encode(this.#given.nfc ? toNfc(texts) : texts, options)
  }

  /** The text. Bytes that are no UTF-8, as where a list ends within a character, become U+FFFD. ARGUMENT for an id that is no token. */
  async decode(ids: ArrayLike<number>, options: { skipSpecial?: boolean } = {}): Promise<string> {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await this.decodeBytes(ids, options))
  }

  /** The bytes, exactly, of any list of ids: special ones give their names, or nothing with `skipSpecial`. */
  async decodeBytes(ids: ArrayLike<number>, options: { skipSpecial?: boolean } = {}): Promise<Uint8Array> {
    const list = Uint32Array.from(ids, checked)
    return (await this.decodeColumn({ offsets: Int32Array.of(0, list.length), ids: list }, options)).bytes
  }

  decodeColumn(ids: Ids, options: { skipSpecial?: boolean } = {}): Promise<Texts> {
    return this.#encoder.decode(ids, options)
  }

  /** The id of a special token by its name, or of an ordinary one by its bytes; undefined if there is none. */
  idOf(token: string | Uint8Array): number | undefined {
    if (typeof token === 'string') {
      const special = this.specials.get(token)
      if (special !== undefined) return special
    }
    this.#ids ??= this.#ordinary()
    return this.#ids.get(Buffer.from(token as string).toString('latin1'))
  }

  /** The bytes of an id, or its name; empty for an id that means nothing. */
  token(id: number): Uint8Array {
    const { offsets, bytes } = this.#given.tokens
    return bytes.subarray(offsets[id], offsets[id + 1])
  }

  #ordinary(): Map<string, number> {
    const special = new Set(this.#given.specials)
    const ids = new Map<string, number>()
    for (let id = 0; id < this.size; id++)
      if (!special.has(id) && this.token(id).length) ids.set(Buffer.from(this.token(id)).toString('latin1'), id)
    return ids
  }
}

function columnOf(texts: readonly (string | Uint8Array)[]): Texts {
  const parts = texts.map(text => (typeof text === 'string' ? Buffer.from(text) : text))
  const offsets = new Int32Array(parts.length + 1)
  let end = 0
  for (const [i, part] of parts.entries()) {
    end += part.length
    if (end > 2 ** 31 - 1) throw tooMuch()
    offsets[i + 1] = end
  }
  return { offsets, bytes: new Uint8Array(Buffer.concat(parts)) }
}

const tooMuch = () =>
  new MillraceError({
    code: 'TOKENIZER_BATCH',
    kind: 'input',
    expected: 'at most 2 GiB - 1 of text in one call',
    found: 'more',
    next: 'call encodeMany with fewer texts',
  })

/** An array of numbers would be wrapped to 32 bits without a word. */
function checked(id: number): number {
  if (Number.isInteger(id) && id >= 0 && id < 2 ** 32) return id
  throw Object.assign(new Error(`decode: expected ids, whole numbers from 0, found ${id}`), { code: 'ARGUMENT' })
}
