/**
 * `tokenizer.json` of Hugging Face, written: what other tools load is what we encode with. From the vocabulary alone, byte for byte the same
 * everywhere. And read, where a file holds our layout of ids; those of others are read in json.ts.
 */
import { MillraceError } from '../errors.ts'
import type { GivenTokenizer } from './given.ts'
import { readGivenFile } from './json.ts'
import { firstByte, reservedNames, toCharacters } from './layout.ts'
import { splitTexts } from './patterns.ts'
import { sizeOf, tokenOf, type Vocabulary } from './vocabulary.ts'

export type Specials = 'vocabulary' | 'added'

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false }

/**
 * The file. `specials`: `vocabulary` (default) puts the reserved names into the vocabulary only, so that encoding with Hugging Face's
 * defaults cannot make one from text; `added` also lists them as special added tokens, as some tools expect: then text is safe only with
 * `encode_special_tokens = True`, which the file cannot carry.
 */
export function writeTokenizerFile(vocabulary: Vocabulary, options: { specials?: Specials } = {}): string {
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
    normalizer: vocabulary.nfc ? { type: 'NFC' } : null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        ...splitTexts[vocabulary.pattern].map(Regex => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false })),
        byteLevel,
      ],
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
    ignore_merges: vocabulary.whole,
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

/** Reads a file of our layout. TOKENIZER_FILE with the member or id that differs; `where` names the file in errors. */
export function readTokenizerFile(text: string, where: string): Vocabulary {
  return ofOurLayout(readGivenFile(text, where), where)
}

/** TOKENIZER_FILE where ids 0-255 are not the reserved names, or an id has no token. */
export function ofOurLayout({ tokens, merges, specials, pattern, whole, nfc }: GivenTokenizer, where: string): Vocabulary {
  const size = sizeOf({ tokens })
  for (let id = 0; id < Math.max(size, firstByte); id++) {
    const name = id < size ? Buffer.from(tokenOf({ tokens }, id)).toString() : ''
    if (id < firstByte ? name === reservedNames[id] : name !== '' && !specials.includes(id)) continue
    throw new MillraceError({
      code: 'TOKENIZER_FILE',
      kind: 'config',
      expected: id < firstByte ? `id ${id} to be ${reservedNames[id]}` : `a token that text can yield for every id from ${firstByte}`,
      found: `id ${id}: ${JSON.stringify(name)}`,
      where,
      next: 'give a tokenizer.json that the stage `tokenizer` wrote; it also brings those of others into our layout (stages.tokenizer.given)',
    })
  }
  return { tokens, merges, pattern, whole, nfc }
}
