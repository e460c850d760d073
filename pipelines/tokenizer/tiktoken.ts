/**
 * tiktoken's rank files, both ways: lines of a token in base64 and its rank, which is its id.
 *
 * The file has neither pattern nor special tokens, so whoever reads one names them. Merges follow from the ranks (native/tokenizer/bpe.h).
 */
import { mergesOfRanks, type Pattern } from '../../native/addon/tokenizer.ts'
import { MillraceError } from '../errors.ts'
import { columnOf, type GivenTokenizer } from './given.ts'

export interface TiktokenOptions {
  readonly pattern: Pattern
  /** Names and ids of special tokens; default none. Ids between them may be left out. */
  readonly specials?: Readonly<Record<string, number>>
}

const most = 2 ** 24

/** TOKENIZER_FILE names the line or rank that is wrong; `where` names the file in errors. */
export async function readTiktokenFile(text: string, where: string, options: TiktokenOptions): Promise<GivenTokenizer> {
  const refuse = (expected: string, found: string) =>
    new MillraceError({
      code: 'TOKENIZER_FILE',
      kind: 'config',
      expected,
      found,
      where,
      next: 'give the .tiktoken file of an encoding, as it was published',
    })
  const tokens: (Uint8Array | undefined)[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (!line) continue
    const parsed = /^([A-Za-z0-9+/]+={0,2}) (\d{1,8})$/.exec(line.trimEnd())
    const rank = Number(parsed?.[2])
    if (!parsed || rank >= most)
      throw refuse(`a token in base64 and a rank below ${most}`, `line ${index + 1}: ${JSON.stringify(line.slice(0, 80))}`)
    if (tokens[rank]) throw refuse('a rank of its own for every token', `line ${index + 1}: rank ${rank} again`)
    tokens[rank] = Buffer.from(parsed[1] as string, 'base64')
  }
  for (let rank = 0; rank < tokens.length; rank++) if (!tokens[rank]) throw refuse('ranks without gaps', `no token of rank ${rank}`)
  const ranks = tokens.length
  const merges = await mergesOfRanks(columnOf(tokens)).catch(error => {
    throw refuse('a token for every byte, and each token once', (error as Error).message)
  })
  const specials = Object.entries(options.specials ?? {}).sort(([, a], [, b]) => a - b)
  for (const [name, id] of specials) {
    if (!Number.isInteger(id) || id < ranks || id >= most || tokens[id])
      throw refuse(`special ids of their own from ${ranks}`, `${name}: ${id}`)
    tokens[id] = Buffer.from(name)
  }
  return {
    tokens: columnOf(tokens),
    merges,
    specials: Uint32Array.from(specials, ([, id]) => id),
    whole: true,
    pattern: options.pattern,
    nfc: false,
  }
}

/** Ordinary tokens from `first` on, which becomes rank 0 (default 0): the ids of our own vocabularies less 256. */
export function writeTiktokenFile(
  { tokens: { offsets, bytes } }: Pick<GivenTokenizer, 'tokens'>,
  options: { first?: number; end?: number } = {},
): string {
  const { first = 0, end = offsets.length - 1 } = options
  let text = ''
  for (let id = first; id < end; id++)
    text += `${Buffer.from(bytes.subarray(offsets[id], offsets[id + 1])).toString('base64')} ${id - first}\n`
  return text
}
