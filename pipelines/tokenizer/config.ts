/** What the stage `tokenizer` is told: how to train, or which tokenizer of someone else to take. */
import * as z from 'zod'
import { type Pattern, patterns } from '../../native/addon/tokenizer.ts'
import { filesSchema, type NamedFile } from '../files.ts'
import { MiB } from '../stage.ts'
import { firstMerge } from './layout.ts'

const given = z
  .strictObject({
    path: z.string().min(1).describe('A tokenizer.json of Hugging Face, or ranks of tiktoken (.tiktoken)'),
    pattern: z.enum(patterns).optional().describe('Of ranks, whose file has none: which text of native/tokenizer/patterns.md cuts pieces'),
    specials: z
      .record(z.string().min(1), z.int().nonnegative())
      .default({})
      .describe('Of ranks, whose file has none: names and ids of special tokens'),
    map: z
      .record(z.string().min(1), z.string())
      .default({})
      .describe('Added token of the file -> the reserved name that takes its place; tokens that are not here are dropped, and listed'),
  })
  .describe('Takes this tokenizer instead of training one; its ordinary tokens become 256, 257, … in the order of their ids')

export const tokenizerConfig = z.strictObject({
  vocabulary: z
    .int()
    .min(firstMerge)
    .max(2 ** 24)
    .default(131_072)
    .describe('Ids in all: 256 special and reserved, 256 bytes, the rest merges'),
  cjk: z
    .enum(['single', 'run'])
    .default('single')
    .describe('single: every Han character is a piece, so no token has two; run: a run of them is one'),
  given: given.optional(),
  files: filesSchema,
  maxBytes: z
    .int()
    .positive()
    .default(2 ** 29)
    .describe('About how many bytes of text are counted; above it documents are sampled by hash(seed, id)'),
  maxPiece: z.int().min(16).max(65_536).default(4096).describe('Longer pieces (in bytes) teach nothing and are not counted'),
  minCount: z.int().nonnegative().default(0).describe('A pair that occurs less often is not merged (min_frequency of Hugging Face)'),
  allowFewer: z
    .boolean()
    .default(false)
    .describe('A corpus, or a given tokenizer, too small for the vocabulary gives a smaller one instead of an error'),
  partitions: z.int().min(1).max(4096).default(16).describe('Parts of the table of pieces that are summed apart'),
  unitBytes: z
    .int()
    .positive()
    .default(32 * MiB)
    .describe('Bytes of documents per unit'),
})
export type TokenizerConfig = z.output<typeof tokenizerConfig>

export const patternOfConfig = ({ cjk }: Pick<TokenizerConfig, 'cjk'>): Pattern => (cjk === 'run' ? 'millrace-run' : 'millrace')

export const filesOf = ({ given }: TokenizerConfig): readonly NamedFile[] => (given ? [{ place: 'given.path', path: given.path }] : [])
