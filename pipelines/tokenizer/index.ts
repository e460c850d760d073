/**
 * Tokenizer: trains byte-level BPE on the corpus, exactly as Hugging Face's BpeTrainer would on the same pieces.
 *
 * Only counts of pieces move: each map unit reduces its texts to (piece, count), so training sees megabytes where the corpus has terabytes,
 * and a new document costs one unit, one sum per partition and one training. Pieces are never pruned: what outgrows `maxMemory` is spilled.
 * Or it takes a tokenizer of someone else (`given`), brought into our layout of ids; then nothing is counted.
 * Source: Sennrich et al. 2016; LongCat-Flash 2.4 for the pattern (native/tokenizer/patterns.md) and the size.
 */
import { identityOf } from '../files.ts'
import { defineStage } from '../stage.ts'
import { filesOf, tokenizerConfig } from './config.ts'
import { countDocuments, measure, mergePartition, sample } from './count.ts'
import { pieceCounts, samples, sizes, tokenizerTable } from './schemas.ts'
import { makeTokenizer } from './train.ts'

export { type TokenizerConfig, tokenizerConfig } from './config.ts'

export const tokenizer = defineStage({
  name: 'tokenizer',
  revision: 3,
  config: tokenizerConfig,
  inputs: ['documents'],
  files: filesOf,
  identity: identityOf,
  operations: [
    {
      name: 'measure',
      kind: 'map',
      reads: ['documents'],
      writes: { sizes: { schema: sizes } },
      unitBytes: config => config.unitBytes * 8,
      config: ({ given }) => ({ given: given !== undefined }),
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
      config: ({ maxPiece, cjk, given }) => ({ maxPiece, cjk, given: given !== undefined }),
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
      config: ({ vocabulary, minCount, allowFewer, cjk, given, files }) =>
        identityOf({ vocabulary, minCount, allowFewer, cjk, given, files }),
      run: makeTokenizer,
    },
  ],
  outputs: { tokenizer: 'train.tokenizer', file: 'train.file', counts: 'merge.counts' },
})
