/**
 * Hugging Face's `tokenizer.json` of others: byte-level BPE with one of the patterns of native/tokenizer/patterns.md, read with its own ids.
 *
 * Strict where ids depend on it: another pattern, normaliser, model type or option of the model is refused by name. Post-processors add ids to
 * whole documents and are ignored; so are truncation and padding. Added tokens, special or not, are names that no text yields.
 */
import * as z from 'zod'
import type { Pattern } from '../../native/addon/tokenizer.ts'
import { MillraceError } from '../errors.ts'
import { columnOf, type GivenTokenizer } from './given.ts'
import { fromCharacters, reservedNames } from './layout.ts'
import { patternOf } from './patterns.ts'

const most = 2 ** 24
const id = z.int().nonnegative().lt(most)
const byteLevel = z.object({ type: z.literal('ByteLevel'), add_prefix_space: z.literal(false), use_regex: z.boolean().default(true) })
const split = z.object({
  type: z.literal('Split'),
  pattern: z.object({ Regex: z.string() }),
  behavior: z.literal('Isolated'),
  invert: z.literal(false),
})
const affix = z.union([z.null(), z.literal('')]).optional()
const file = z.object({
  normalizer: z.union([
    z.null(),
    z.object({ type: z.literal('NFC') }),
    z.object({ type: z.literal('Sequence'), normalizers: z.array(z.object({ type: z.literal('NFC') })) }),
  ]),
  pre_tokenizer: z.union([byteLevel, z.object({ type: z.literal('Sequence'), pretokenizers: z.array(z.union([split, byteLevel])) })]),
  added_tokens: z.array(z.object({ id, content: z.string().min(1) })).default([]),
  model: z.object({
    type: z.literal('BPE'),
    dropout: z.union([z.null(), z.literal(0)]).optional(),
    continuing_subword_prefix: affix,
    end_of_word_suffix: affix,
    byte_fallback: z.literal(false).default(false),
    ignore_merges: z.boolean().default(false),
    vocab: z.record(z.string(), id),
    merges: z.array(z.union([z.tuple([z.string(), z.string()]), z.string()])),
  }),
})
type File = z.output<typeof file>

/** TOKENIZER_FILE names the member that is wrong; `where` names the file in errors. */
export function readGivenFile(text: string, where: string): GivenTokenizer {
  const refuse = (expected: string, found: string) =>
    new MillraceError({
      code: 'TOKENIZER_FILE',
      kind: 'config',
      expected,
      found,
      where,
      next: 'give the tokenizer.json of a byte-level BPE tokenizer with a pattern of native/tokenizer/patterns.md',
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
    throw refuse('a byte-level BPE tokenizer', `${issue.path.join('.')}: ${issue.message}`)
  }
  const { normalizer, pre_tokenizer, added_tokens, model } = parsed.data
  const pattern = patternIn(pre_tokenizer)
  if (typeof pattern !== 'string') throw refuse('a pattern of native/tokenizer/patterns.md', `pre_tokenizer: ${pattern.unknown}`)

  const names: (string | undefined)[] = []
  for (const [name, id] of Object.entries(model.vocab)) {
    if (names[id] !== undefined)
      throw refuse('one token for each id', `model.vocab: id ${id} twice, ${JSON.stringify(names[id])} and ${JSON.stringify(name)}`)
    names[id] = name
  }
  const specials = new Map<number, string>()
  for (const { id, content } of added_tokens) {
    if ((names[id] ?? content) !== content)
      throw refuse(`id ${id} to be ${JSON.stringify(names[id])}`, `added_tokens: ${JSON.stringify(content)}`)
    specials.set(id, content)
    names[id] = content
  }
  // Our own layout has its names in the vocabulary alone, so that no text yields them there either.
  if (reservedNames.every((name, id) => names[id] === name)) for (const [id, name] of reservedNames.entries()) specials.set(id, name)
  // Names that are no byte characters can only be special: a vocabulary may list those that text must not yield.
  const tokens: (Uint8Array | undefined)[] = Array.from(names, (name, id) => {
    if (name === undefined) return undefined
    const bytes = specials.has(id) ? undefined : fromCharacters(name)
    if (!bytes) specials.set(id, name)
    return bytes ?? Buffer.from(name)
  })
  let last = -1
  const bytes = new Set<number>()
  for (const [id, token] of tokens.entries()) {
    if (!token || specials.has(id)) continue
    if (token.length === 0) throw refuse('tokens with a name', `model.vocab: id ${id} without one`)
    if (token.length === 1) bytes.add(token[0] as number)
    last = id
  }
  for (let id = 0; id < last; id++)
    if (!tokens[id]) throw refuse('ordinary ids without gaps', `no token of id ${id}, and ordinary ones up to ${last}`)
  for (let byte = 0; byte < 256; byte++) if (!bytes.has(byte)) throw refuse('a token for every byte', `model.vocab: none for byte ${byte}`)
  const ids = new Map(Object.entries(model.vocab))
  const pairs = new Set<string>()
  const merges = new Uint32Array(model.merges.length * 3)
  for (const [rank, merge] of model.merges.entries()) {
    const [left = '', right = '', more] = typeof merge === 'string' ? merge.split(' ') : merge
    if (more !== undefined) throw refuse('merges of two tokens', `model.merges: ${rank}, ${JSON.stringify(merge)}`)
    const triple = [ids.get(left), ids.get(right), ids.get(left + right)]
    if (triple.some(id => id === undefined || specials.has(id)))
      throw refuse('merges of tokens in the vocabulary, with their joint token in it', `model.merges: ${rank}, ${JSON.stringify(merge)}`)
    const pair = `${left} ${right}`
    if (pairs.has(pair)) throw refuse('each merge once', `model.merges: ${rank}, ${JSON.stringify(merge)} again`)
    pairs.add(pair)
    merges.set(triple as number[], rank * 3)
  }
  return {
    tokens: columnOf(tokens),
    merges,
    specials: Uint32Array.from([...specials.keys()].sort((a, b) => a - b)),
    whole: model.ignore_merges,
    pattern,
    nfc: normalizer !== null && (normalizer.type === 'NFC' || normalizer.normalizers.length > 0),
  }
}

function patternIn(pre: File['pre_tokenizer']): Pattern | { unknown: string } {
  const steps = pre.type === 'Sequence' ? pre.pretokenizers : [pre]
  const last = steps.at(-1)
  const texts = steps.slice(0, -1).map(step => (step.type === 'Split' ? step.pattern.Regex : 'ByteLevel'))
  if (last?.type !== 'ByteLevel') return { unknown: 'no ByteLevel at its end' }
  // With `use_regex` the last step splits by GPT-2's text, also within what splits before it left: that is no pattern of ours.
  if (last.use_regex) return texts.length === 0 ? 'gpt2' : { unknown: 'ByteLevel with use_regex after a Split' }
  return patternOf(texts) ?? { unknown: JSON.stringify(texts) }
}
