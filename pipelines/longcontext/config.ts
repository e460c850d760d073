/** Config of longcontext. Lengths of buckets are Unicode characters of text; about 4 of them make a token of English or code. */
import * as z from 'zod'
import { MiB } from '../stage.ts'

export const longcontextConfig = z.strictObject({
  unitBytes: z
    .int()
    .positive()
    .default(256 * MiB)
    .describe('Bytes of documents that a routing unit aims at'),
  partitions: z.int().min(1).max(4096).default(16).describe('Parts that repositories are spread over; one must fit into memory'),
  order: z.enum(['path']).default('path').describe('Order of files in a repository. path: by bytes of the path'),
  minFiles: z.int().min(1).default(2).describe('Repositories with fewer files are not assembled'),
  maxBytes: z
    .int()
    .positive()
    .default(4 * MiB)
    .describe('An assembled document is split above this, at file borders only; a larger file stands alone'),
  buckets: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9.-]*$/), z.int().positive())
    .default({ '8k': 32_768, '32k': 131_072, '128k': 524_288 })
    .refine(buckets => Object.keys(buckets).length > 0, 'expected at least one bucket')
    .describe(
      'Name -> least number of characters. A document is of the highest that it reaches; repositories below all are `short`, other documents are left out',
    ),
})

export type LongcontextConfig = z.output<typeof longcontextConfig>

/** The highest bucket that a text of so many characters reaches, or undefined. */
export function bucketOf(characters: number, buckets: Record<string, number>): string | undefined {
  return Object.entries(buckets)
    .sort(([, a], [, b]) => b - a)
    .find(([, least]) => characters >= least)?.[0]
}

/** Characters (code points) of UTF-8 bytes: every byte but continuations. */
export function charactersOf(bytes: Uint8Array): number {
  let count = 0
  for (let i = 0; i < bytes.length; i++) if (((bytes[i] as number) & 0xc0) !== 0x80) count++
  return count
}
