/**
 * Score: a quality in [0, 1] and labels for each document, for `mix` to choose by.
 *
 * Statistics are measured again rather than joined from `filter`: what arrives here was edited, cut and assembled since, and measuring a
 * text costs less than finding its row.
 */
import * as z from 'zod'
import { measure } from '../../native/addon/text.ts'
import { type Batch, BatchBuilder } from '../arrow/index.ts'
import { textsIn } from '../filter/columns.ts'
import { scores } from '../schemas.ts'
import { type Context, defineStage, MiB } from '../stage.ts'
import { quality, type Statistic, weightsSchema } from './formula.ts'
import { domainOf, styleOf } from './labels.ts'

const config = z
  .strictObject({
    unitBytes: z
      .int()
      .positive()
      .default(64 * MiB)
      .describe('Bytes of documents that a unit aims at'),
    weights: weightsSchema.prefault({}),
    codeKinds: z.array(z.string()).default(['code', 'repository']).describe('Kinds that are scored as source code; all others as prose'),
  })
  .describe('How good a document is, and what it is')

export type ScoreConfig = z.output<typeof config>

export const score = defineStage({
  name: 'score',
  revision: 1,
  config,
  inputs: ['documents'],
  operations: [
    {
      name: 'score',
      kind: 'map',
      reads: ['documents'],
      writes: { scores: { schema: scores } },
      unitBytes: ({ unitBytes }) => unitBytes,
      config: ({ unitBytes: _, ...rest }) => rest,
      run: scoreUnit,
    },
  ],
  outputs: { scores: 'score.scores' },
})

async function scoreUnit(ctx: Context<ScoreConfig>): Promise<void> {
  const writer = await ctx.writer('scores')
  for await (const batch of ctx.batches('documents')) {
    const { statistics } = await measure(textsIn(batch.column('text')), { threads: ctx.threads, maxDocumentBytes: 2 ** 30 })
    await writer.append(scoreRows(batch, statistics, ctx))
  }
}

function scoreRows(batch: Batch, statistics: Record<string, Float64Array>, ctx: Context<ScoreConfig>): Batch {
  const [id, url, source, kind] = [batch.column('id'), batch.column('url'), batch.column('source'), batch.column('kind')]
  const builder = new BatchBuilder(scores)
  for (let i = 0; i < batch.rows; i++) {
    const of: Statistic = name => statistics[name]?.[i] ?? Number.NaN
    const code = ctx.config.codeKinds.includes(kind.text(i))
    const style = styleOf(of, code)
    builder.append({
      id: id.bytes(i),
      quality: style === 'unmeasured' ? 0 : quality(of, code, ctx.config.weights),
      domain: domainOf(url.isNull(i) ? undefined : url.text(i), source.text(i), kind.text(i)),
      style,
    })
    ctx.count(`style.${style}`)
  }
  return builder.finish()
}
