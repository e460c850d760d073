/**
 * Hugging Face's `tokenizer.json`, both ways: what other tools load is what we encode with, so there is one file and no second truth.
 *
 * Written from the vocabulary alone, byte for byte the same everywhere. Read strictly: a file with another pattern, normaliser or model would
 * give other ids than its author's, so it is refused by name.
 */
import * as z from 'zod'
import type { Texts } from '../../native/addon/tokenizer.ts'
import { MillraceError } from '../errors.ts'
import { byteOrder, firstByte, firstMerge, fromCharacters, reservedNames, toCharacters } from './layout.ts'
import { splitTexts } from './patterns.ts'

/** Every token from id 0 (names below 256), and merges as triples (left, right, id) in order of rank. */
export interface Vocabulary {
  readonly tokens: Texts
  readonly merges: Uint32Array
}

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false }

/** The vocabulary that `train` gives, with the ids below 512 before it. */
export function withLayout(trained: Texts & { readonly merges: Uint32Array }): Vocabulary {
  const fixed = [...reservedNames.map(name => Buffer.from(name)), ...byteOrder.map(byte => Buffer.of(byte))]
  const head = Buffer.concat(fixed)
  const offsets = new Int32Array(firstMerge + trained.offsets.length)
  for (const [id, token] of fixed.entries()) offsets[id + 1] = (offsets[id] as number) + token.length
  for (const [i, offset] of trained.offsets.entries()) offsets[firstMerge + i] = head.length + offset
  return { tokens: { offsets, bytes: new Uint8Array(Buffer.concat([head, trained.bytes])) }, merges: trained.merges }
}

export const sizeOf = (vocabulary: Vocabulary): number => vocabulary.tokens.offsets.length - 1
export const tokenOf = ({ tokens }: Vocabulary, id: number): Uint8Array => tokens.bytes.subarray(tokens.offsets[id], tokens.offsets[id + 1])

/**
 * The file. `specials`: `vocabulary` (default) puts the reserved names into the vocabulary only, so that encoding with Hugging Face's
 * defaults cannot make one from text; `added` also lists them as special added tokens, as some tools expect: then text is safe only with
 * `encode_special_tokens = True`, which the file cannot carry.
 */
export function writeTokenizerFile(vocabulary: Vocabulary, options: { specials?: 'vocabulary' | 'added' } = {}): string {
  const names = Array.from({ length: sizeOf(vocabulary) }, (_, id) =>
    id < firstByte ? (reservedNames[id] as string) : toCharacters(tokenOf(vocabulary, id)),
  )
  const added = options.specials === 'added' ? reservedNames : []
  const head = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [{ type: 'Split', pattern: { Regex: splitTexts.millrace[0] }, behavior: 'Isolated', invert: false }, byteLevel],
    },
    post_processor: null,
    decoder: byteLevel,
  }
  const model = {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
  }
  const merges: string[] = []
  for (let i = 0; i < vocabulary.merges.length; i += 3) {
    merges.push(JSON.stringify([names[vocabulary.merges[i] as number], names[vocabulary.merges[i + 1] as number]]))
  }
  // By hand where order counts: an object of JavaScript would move keys that look like numbers to the front.
  const entries = names.map((name, id) => `${JSON.stringify(name)}:${id}`)
  const open = (value: object) => JSON.stringify(value).slice(0, -1)
  return `${open(head)},"model":${open(model)},"vocab":{\n${entries.join(',\n')}},"merges":[\n${merges.join(',\n')}]}}\n`
}

const file = z.object({
  normalizer: z.null(),
  pre_tokenizer: z.object({
    type: z.literal('Sequence'),
    pretokenizers: z.tuple([
      z.object({
        type: z.literal('Split'),
        pattern: z.object({ Regex: z.literal(splitTexts.millrace) }),
        behavior: z.literal('Isolated'),
        invert: z.literal(false),
      }),
      z.object({ type: z.literal('ByteLevel'), add_prefix_space: z.literal(false), use_regex: z.literal(false) }),
    ]),
  }),
  model: z.object({
    type: z.literal('BPE'),
    dropout: z.null(),
    continuing_subword_prefix: z.union([z.null(), z.literal('')]),
    end_of_word_suffix: z.union([z.null(), z.literal('')]),
    byte_fallback: z.literal(false),
    ignore_merges: z.literal(false),
    vocab: z.record(z.string(), z.int().nonnegative()),
    merges: z.array(z.union([z.tuple([z.string(), z.string()]), z.string()])),
  }),
})

/** Reads a file of our layout and pattern. Throws TOKENIZER_FILE with the member that differs; `where` names the file in errors. */
export function readTokenizerFile(text: string, where: string): Vocabulary {
  const refuse = (expected: string, found: string) =>
    new MillraceError({
      code: 'TOKENIZER_FILE',
      kind: 'config',
      expected,
      found,
      where,
      next: 'give a tokenizer.json that the `tokenizer` stage wrote',
    })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw refuse('JSON', (error as Error).message)
  }
  const parsed = file.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0] as z.core.$ZodIssue
    throw refuse('a byte-level BPE tokenizer with the pattern of native/tokenizer/patterns.md', `${issue.path.join('.')}: ${issue.message}`)
  }
  const { vocab, merges } = parsed.data.model
  const names: string[] = []
  for (const [name, id] of Object.entries(vocab)) names[id] = name
  const size = Object.keys(vocab).length
  const parts: Uint8Array[] = []
  for (let id = 0; id < Math.max(size, firstMerge); id++) {
    const name = names[id]
    const bytes = name === undefined ? undefined : id < firstByte ? Buffer.from(name) : fromCharacters(name)
    if (bytes === undefined || (id < firstByte && name !== reservedNames[id])) {
      throw refuse(
        id < firstByte ? `id ${id} to be ${reservedNames[id]}` : `a token of byte characters for every id below ${size}`,
        `id ${id}: ${JSON.stringify(name)}`,
      )
    }
    parts.push(bytes)
  }
  const ids = new Map(names.map((name, id) => [name, id]))
  const triples = new Uint32Array(merges.length * 3)
  for (const [rank, merge] of merges.entries()) {
    const [left, right] = typeof merge === 'string' ? (merge.split(' ', 2) as [string, string?]) : merge
    const triple = [ids.get(left), ids.get(right ?? ''), ids.get(left + right)]
    if (triple.includes(undefined))
      throw refuse('merges of tokens in the vocabulary, with their joint token in it', `merge ${rank}: ${JSON.stringify(merge)}`)
    triples.set(triple as number[], rank * 3)
  }
  const offsets = new Int32Array(size + 1)
  for (const [id, part] of parts.entries()) offsets[id + 1] = (offsets[id] as number) + part.length
  return { tokens: { offsets, bytes: new Uint8Array(Buffer.concat(parts)) }, merges: triples }
}
