/** A tokenizer of someone else, with its own ids: what its file says, ready for an encoder. Only the `Tokenizer` API keeps such ids. */
import { Encoder, type EncoderOptions, type Pattern, type Texts } from '../../native/addon/tokenizer.ts'

export interface GivenTokenizer {
  /** The bytes of every id; of special ids their names; none for an id that the file leaves out. */
  readonly tokens: Texts
  /** Triples (left, right, id) in order of rank. */
  readonly merges: Uint32Array
  /** Ids of added tokens, special or not, ascending: no text yields them. */
  readonly specials: Uint32Array
  /** A piece that is a token gives that token, whatever its merges would. */
  readonly whole: boolean
  readonly pattern: Pattern
  /** Texts are to be in NFC before they are encoded. */
  readonly nfc: boolean
}

export const openGiven = (given: GivenTokenizer, options: Pick<EncoderOptions, 'cacheBytes' | 'maxPiece'> = {}): Promise<Encoder> =>
  Encoder.open(given.tokens, given.merges, { ...options, pattern: given.pattern, specials: given.specials, whole: given.whole })

/** Tokens by id as a column; ids that are not there have no bytes. */
export function columnOf(tokens: readonly (Uint8Array | undefined)[]): Texts {
  const offsets = new Int32Array(tokens.length + 1)
  for (let id = 0; id < tokens.length; id++) offsets[id + 1] = (offsets[id] as number) + (tokens[id]?.length ?? 0)
  return { offsets, bytes: new Uint8Array(Buffer.concat(Array.from(tokens, token => token ?? new Uint8Array(0)))) }
}
