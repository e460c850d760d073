/** A tokenizer.json as another project writes it, trained on some texts: ids from 0, special ones behind the ordinary ids with a gap. */
import { countPieces, type Pattern, train } from '../../../native/addon/tokenizer.ts'
import { toCharacters } from '../../../pipelines/tokenizer/layout.ts'
import { splitTexts } from '../../../pipelines/tokenizer/patterns.ts'
import { withLayout } from '../../../pipelines/tokenizer/vocabulary.ts'
import { column, itemsOf } from '../../native/tokenizer/texts.ts'

/** Of two added tokens the one that is special; the other is `<|extra|>`. */
export const special = '<|endoftext|>'

// biome-ignore lint/suspicious/noExplicitAny: the tests break what a type would protect
export type Json = Record<string, any>

export async function foreignFile(
  texts: readonly string[],
  pattern: Pattern,
  edit: (json: Json) => void = () => undefined,
): Promise<string> {
  const counts = await countPieces(column(texts), { maxPiece: 4096, threads: 1, pattern })
  const trained = withLayout(await train(counts, { vocabulary: 2000, minCount: 0 }))
  const names = itemsOf(trained.tokens).slice(256).map(toCharacters)
  const merges: [string, string][] = []
  for (let i = 0; i < trained.merges.length; i += 3)
    merges.push([names[(trained.merges[i] as number) - 256] as string, names[(trained.merges[i + 1] as number) - 256] as string])
  const splits = splitTexts[pattern].map(Regex => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false }))
  const added = (id: number, content: string, special: boolean) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special,
  })
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [added(names.length + 3, special, true), added(names.length + 5, '<|extra|>', false)],
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [...splits, { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }],
    },
    post_processor: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: pattern === 'cl100k',
      vocab: Object.fromEntries(names.map((name, id) => [name, id])),
      merges,
    },
  }
  edit(json)
  return JSON.stringify(json)
}
