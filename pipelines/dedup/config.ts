/** The config of `dedup`. Defaults are FineWeb's signatures (datatrove 0.10) with verification on top. */
import * as z from 'zod'
import { MiB } from '../stage.ts'

export const config = z.strictObject({
  exact: z.boolean().default(true).describe('Keep one of the documents whose texts have the same XXH3-128'),
  minhash: z
    .strictObject({
      words: z.enum(['simple']).default('simple').describe('Word splitter after normalisation; simple = white space'),
      ngram: z.int().min(1).max(64).default(5).describe('Words a shingle. A shorter document is never a near duplicate'),
      bands: z.int().min(1).max(256).default(14),
      rows: z.int().min(1).max(64).default(8).describe('Hashes a band; candidates become likely above similarity (1/bands)^(1/rows)'),
      seed: z.int().min(0).max(0xffffffff).default(1).describe('Of the hash functions, as datatrove draws them'),
      hash: z.enum(['xxh64', 'sha1']).default('xxh64').describe('Of a shingle; FineWeb v1 used sha1'),
    })
    .nullable()
    .prefault({})
    .describe('How near duplicates are found; null = exact duplicates only'),
  threshold: z
    .number()
    .gt(0)
    .max(1)
    .default(0.8)
    .describe(
      'True Jaccard similarity of shingles from which a candidate is dropped. At 0.8 the default bands find 92 of 100 pairs, at 0.9 all',
    ),
  maxComparisons: z.int().min(1).default(1000).describe('Kept documents that one candidate is compared with; beyond it the earliest ids'),
  maxComponent: z
    .int()
    .min(2)
    .default(20_000)
    .describe('Candidates that are verified together; a larger component is cut in the order of ids'),
  partitions: z.int().min(1).max(65_536).default(8).describe('Ranges that groups are formed in: memory of a unit is the corpus over this'),
  unitBytes: z
    .int()
    .min(1)
    .default(128 * MiB)
    .describe('Text that a unit aims at'),
})

export type DedupConfig = z.output<typeof config>
