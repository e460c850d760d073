/** What `evaluate` is told: how many rows, and by the graph which phase's. */
import * as z from 'zod'

export const config = z.strictObject({
  rows: z.int().min(1).default(32).describe('Held-out rows of each component that an evaluation between segments reads; always the same'),
  finalRows: z.int().min(1).default(256).describe('The same for the last one'),
  unigramRows: z
    .int()
    .min(1)
    .default(16_384)
    .describe('Training rows that the unigram model is counted on, drawn evenly where there are more'),
  vocabulary: z.int().min(1),
  phase: z.strictObject({ rowLength: z.int().min(2), ropeBase: z.number().positive() }),
  final: z.boolean(),
})
export type EvaluateConfig = z.output<typeof config>

/** Rows of a component that this evaluation reads. */
export const rowsOf = ({ final, rows, finalRows }: EvaluateConfig): number => (final ? finalRows : rows)
