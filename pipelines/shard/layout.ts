/**
 * What a shard file holds, fixed before the first checkpoint (docs/formats.md, "Rows and shards").
 *
 * A row is exactly S ids; `runs` say which stretch of which document lies where, so attention borders, restarting positions and the way
 * back to a document need no second file. Component and pass belong to a record batch as a whole and stand in the index.
 */
import * as z from 'zod'
import { type Batch, fixedList, list, type Schema, schema, u16, u32, u64, utf8 } from '../arrow/index.ts'
import { run } from '../schemas.ts'

/** design.md section 6. Ids below 256 never come from text. */
export const ids = { unknown: 0, bos: 1, eos: 2, padding: 3 } as const

/** `fim`: the document is told in another order (pipelines/tokenizer/fim.ts), so positions are not those of its text. */
export const flags = { first: 1, last: 2, fim: 4 } as const

export const config = z.strictObject({
  rowLength: z
    .int()
    .min(2)
    .max(2 ** 20)
    .default(8192)
    .describe('Ids of a row (S)'),
  vocabulary: z
    .int()
    .min(257)
    .max(2 ** 31 - 1)
    .default(131072)
    .describe('Ids are below this; up to 65,536 a shard holds 16-bit ids'),
  partitions: z.int().min(1).max(4096).default(8).describe('Shard files; each is packed by itself, in memory'),
  fim: z
    .record(z.string().min(1), z.number().min(0).max(1))
    .optional()
    .describe(
      'Component -> share of its documents that are told with the middle last (fill in the middle), drawn for each pass; default 0',
    ),
  components: z.array(z.string()).min(1).optional().describe('Pack these only; default: all'),
})
export type ShardConfig = z.output<typeof config>

export const wide = (vocabulary: number): boolean => vocabulary > 65_536

export const rows = ({ rowLength, vocabulary }: Pick<ShardConfig, 'rowLength' | 'vocabulary'>): Schema =>
  schema(
    { tokens: fixedList(wide(vocabulary) ? u32() : u16(), rowLength), runs: list(run) },
    { rowLength: String(rowLength), vocabulary: String(vocabulary) },
  )

/**
 * One row per record batch of `rows`: batch `batch` of the file of partition `part` holds `rows` rows of one component, role and pass.
 * `tokens` counts positions in runs, `padding` the others; `documents` those of which a first piece lies here.
 */
export const index = schema({
  component: utf8(),
  role: utf8(),
  pass: u32(),
  part: u32(),
  batch: u32(),
  rows: u32(),
  documents: u32(),
  tokens: u64(),
  padding: u64(),
})

export interface IndexEntry {
  component: string
  role: 'train' | 'validation'
  pass: number
  part: number
  batch: number
  rows: number
}

/** The entries of index batches, in any order. */
export async function readIndex(batches: Iterable<Batch> | AsyncIterable<Batch>): Promise<IndexEntry[]> {
  const entries: IndexEntry[] = []
  for await (const batch of batches) {
    const text = (name: string, i: number) => batch.column(name).text(i)
    const number = (name: string, i: number) => batch.column(name).number(i)
    for (let i = 0; i < batch.rows; i++) {
      const role = text('role', i) === 'validation' ? 'validation' : 'train'
      entries.push({
        component: text('component', i),
        role,
        pass: number('pass', i),
        part: number('part', i),
        batch: number('batch', i),
        rows: number('rows', i),
      })
    }
  }
  return entries
}
