/**
 * Tokenizer: trains byte-level BPE on the corpus, exactly as Hugging Face's BpeTrainer would on the same pieces.
 *
 * Only counts of pieces move: each map unit reduces its texts to (piece, count), so training sees megabytes where the corpus has terabytes,
 * and a new document costs one unit, one sum per partition and one training. Pieces are never pruned; the sample bounds them.
 * Source: Sennrich et al. 2016; LongCat-Flash 2.4 for the pattern (native/tokenizer/patterns.md) and the size.
 */
import * as z from 'zod'
import { defineStage, MiB } from '../stage.ts'
import { countDocuments, measure, mergePartition, sample } from './count.ts'
import { firstMerge } from './layout.ts'
import { pieceCounts, samples, sizes, tokenizerTable } from './schemas.ts'
import { trainTokenizer } from './train.ts'

export const tokenizerConfig = z.strictObject({
  vocabulary: z
    .int()
    .min(firstMerge)
    .max(2 ** 24)
    .default(131_072)
    .describe('Ids in all: 256 special and reserved, 256 bytes, the rest merges'),
  maxBytes: z
    .int()
    .positive()
    .default(2 ** 29)
    .describe('About how many bytes of text are counted; above it documents are sampled by hash(seed, id)'),
  maxPiece: z.int().min(16).max(65_536).default(4096).describe('Longer pieces (in bytes) teach nothing and are not counted'),
  minCount: z.int().nonnegative().default(0).describe('A pair that occurs less often is not merged (min_frequency of Hugging Face)'),
  allowFewer: z.boolean().default(false).describe('A corpus too small for the vocabulary gives a smaller one instead of an error'),
  partitions: z.int().min(1).max(4096).default(16).describe('Parts of the table of pieces that are summed apart'),
  unitBytes: z
    .int()
    .positive()
    .default(32 * MiB)
    .describe('Bytes of documents per unit'),
})
export type TokenizerConfig = z.output<typeof tokenizerConfig>

export const tokenizer = defineStage({
  name: 'tokenizer',
  revision: 2,
  config: tokenizerConfig,
  inputs: ['documents'],
  operations: [
    {
      name: 'measure',
      kind: 'map',
      reads: ['documents'],
      writes: { sizes: { schema: sizes } },
      unitBytes: config => config.unitBytes * 8,
      config: () => ({}),
      run: measure,
    },
    {
      name: 'sample',
      kind: 'single',
      reads: ['measure.sizes'],
      writes: { sample: { schema: samples } },
      config: ({ maxBytes }) => ({ maxBytes }),
      run: sample,
    },
    {
      name: 'count',
      kind: 'shuffle',
      reads: ['documents'],
      sides: ['sample.sample'],
      writes: { counts: { schema: pieceCounts } },
      unitBytes: config => config.unitBytes,
      partitions: config => config.partitions,
      config: ({ maxPiece }) => ({ maxPiece }),
      run: countDocuments,
    },
    {
      name: 'merge',
      kind: 'reduce',
      reads: ['count.counts'],
      writes: { counts: { schema: pieceCounts } },
      config: () => ({}),
      run: mergePartition,
    },
    {
      name: 'train',
      kind: 'single',
      reads: ['merge.counts'],
      writes: { tokenizer: { schema: tokenizerTable }, file: { extension: 'json' } },
      config: ({ vocabulary, minCount, allowFewer }) => ({ vocabulary, minCount, allowFewer }),
      run: trainTokenizer,
    },
  ],
  outputs: { tokenizer: 'train.tokenizer', file: 'train.file', counts: 'merge.counts' },
})
