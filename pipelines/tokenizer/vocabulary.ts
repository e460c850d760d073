/** A vocabulary in our layout of ids (design.md 6), and what else encoding depends on. */
import { Encoder, type EncoderOptions, type Pattern, type Texts } from '../../native/addon/tokenizer.ts'
import { byteOrder, firstByte, firstMerge, reservedNames } from './layout.ts'

export interface Vocabulary {
  /** Every token from id 0; names below 256. */
  readonly tokens: Texts
  /** Triples (left, right, id) in order of rank. */
  readonly merges: Uint32Array
  readonly pattern: Pattern
  /** A piece that is a token gives that token, whatever its merges would (`ignore_merges`). Never true of what we train. */
  readonly whole: boolean
  /** Texts are brought to NFC before they are cut. */
  readonly nfc: boolean
  /** Where it comes from, if someone else made it. */
  readonly given?: GivenMap
}

/** How the ids of a given tokenizer became ours. */
export interface GivenMap {
  /** Our id -> the id there; undefined for a reserved name that took no token's place. */
  readonly ids: readonly (number | undefined)[]
  /** Added tokens without a place here. */
  readonly dropped: readonly { readonly id: number; readonly name: string }[]
}

/** The vocabulary that `train` gives, with the ids below 512 before it. */
export function withLayout(trained: Texts & { readonly merges: Uint32Array }, pattern: Pattern = 'millrace'): Vocabulary {
  const fixed = [...reservedNames.map(name => Buffer.from(name)), ...byteOrder.map(byte => Buffer.of(byte))]
  const head = Buffer.concat(fixed)
  const offsets = new Int32Array(firstMerge + trained.offsets.length)
  for (const [id, token] of fixed.entries()) offsets[id + 1] = (offsets[id] as number) + token.length
  for (const [i, offset] of trained.offsets.entries()) offsets[firstMerge + i] = head.length + offset
  const tokens = { offsets, bytes: new Uint8Array(Buffer.concat([head, trained.bytes])) }
  return { tokens, merges: trained.merges, pattern, whole: false, nfc: false }
}

export const sizeOf = (vocabulary: Pick<Vocabulary, 'tokens'>): number => vocabulary.tokens.offsets.length - 1

export const tokenOf = ({ tokens }: Pick<Vocabulary, 'tokens'>, id: number): Uint8Array =>
  tokens.bytes.subarray(tokens.offsets[id], tokens.offsets[id + 1])

const specials = Uint32Array.from({ length: firstByte }, (_, id) => id)

/** Texts of a vocabulary with `nfc` go through `toNfc` before they are encoded. */
export const openVocabulary = (
  { tokens, merges, pattern, whole }: Vocabulary,
  options: Pick<EncoderOptions, 'cacheBytes' | 'maxPiece'> = {},
): Promise<Encoder> => Encoder.open(tokens, merges, { ...options, pattern, specials, whole })

/** Nothing below U+0300, the first combining character, whose bytes begin with this one, is changed by NFC. */
const firstOfCombining = 0xcc

/**
 * The texts in NFC, by the Unicode version of this Node. Only for tokenizers that ask for it: texts that hold what NFC could change become
 * strings one by one. Texts that are not UTF-8 stay as they are, for the encoder to refuse.
 */
export function toNfc(texts: Texts): Texts {
  const { offsets, bytes } = texts
  const parts: Uint8Array[] = []
  let changed = false
  for (let i = 0; i + 1 < offsets.length; i++) {
    const part = bytes.subarray(offsets[i], offsets[i + 1])
    const normal = part.some(byte => byte >= firstOfCombining) ? normalised(part) : part
    changed ||= normal !== part
    parts.push(normal)
  }
  if (!changed) return texts
  const moved = new Int32Array(parts.length + 1)
  for (const [i, part] of parts.entries()) moved[i + 1] = (moved[i] as number) + part.length
  return { offsets: moved, bytes: new Uint8Array(Buffer.concat(parts)) }
}

function normalised(bytes: Uint8Array): Uint8Array {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return bytes
  }
  const normal = text.normalize('NFC')
  return normal === text ? bytes : Buffer.from(normal)
}
