/**
 * Filter: drops documents and says why, one decision row per verdict; some of its steps also edit texts.
 *
 * A chain of steps (steps.ts) over each batch: addresses, published rules, models, and the user's own. Whatever a step measures is kept in
 * `statistics`, of dropped documents too, so that "what if the threshold were another" needs no second run. A rule that must see other
 * documents belongs in `dedup`.
 */
import { type Batch, BatchBuilder, Batch as Table } from '../arrow/index.ts'
import { identityOf } from '../files.ts'
import { decisions, documents } from '../schemas.ts'
import { type Context, defineStage } from '../stage.ts'
import { canary } from './canary.ts'
import { type Chained, runChain } from './chain.ts'
import { labels, statisticsSchema } from './columns.ts'
import { definitionNames, type FilterConfig, filesOf, filterConfig } from './config.ts'
import { profilesIn } from './rules.ts'
import { chainOf } from './steps.ts'

export { type FilterConfig, profileOfKind } from './config.ts'

export const filter = defineStage({
  name: 'filter',
  revision: 2,
  config: filterConfig,
  inputs: ['documents'],
  files: filesOf,
  identity: identityOf,
  canary,
  operations: [
    {
      name: 'judge',
      kind: 'map',
      reads: ['documents'],
      writes: {
        documents: { schema: documents },
        decisions: { schema: decisions },
        statistics: { schema: config => statisticsSchema(chainOf(config).fields) },
      },
      unitBytes: ({ unitBytes }) => unitBytes,
      config: ({ unitBytes: _, ...rest }) => identityOf(rest),
      run: judgeUnit,
    },
  ],
  outputs: { documents: 'judge.documents', decisions: 'judge.decisions', statistics: 'judge.statistics' },
})

async function judgeUnit(ctx: Context<FilterConfig>): Promise<void> {
  const { steps, fields, definitionOf } = chainOf(ctx.config)
  const [kept, dropped, measured] = [await ctx.writer('documents'), await ctx.writer('decisions'), await ctx.writer('statistics')]
  const { threads, seed, config } = ctx
  let row = 0
  for await (const batch of ctx.batches('documents')) {
    const chained = await runChain(batch, steps, { threads, seed, maxDocumentBytes: config.maxDocumentBytes })
    const profiles = profilesIn(batch, definitionOf)
    quarantine(ctx, batch, chained, row)
    await kept.append(chained.kept)
    await dropped.append(decisionRows(ctx, batch, chained, row))
    await measured.append(new Table(statisticsSchema(fields), [...labelColumns(batch, profiles, chained), ...chained.measured], batch.rows))
    count(ctx, batch, profiles, chained)
    row += batch.rows
  }
}

function decisionRows(ctx: Context<FilterConfig>, batch: Batch, { verdicts }: Chained, firstRow: number): Batch {
  const builder = new BatchBuilder(decisions)
  const id = batch.column('id')
  for (const [i, { reason, value, threshold }] of [...verdicts].sort(([a], [b]) => a - b))
    builder.append({ id: id.bytes(i), stage: 'filter', rule: reason, value, threshold, unit: ctx.unit, row: firstRow + i })
  return builder.finish()
}

function labelColumns(batch: Batch, profiles: Uint8Array, { verdicts }: Chained) {
  const builder = new BatchBuilder({ fields: statisticsSchema([]).fields.slice(1, Object.keys(labels).length) })
  for (let i = 0; i < batch.rows; i++) builder.append({ profile: definitionNames[profiles[i] as number], rule: verdicts.get(i)?.reason })
  return [batch.column('id'), ...builder.finish().columns]
}

function quarantine(ctx: Context<FilterConfig>, batch: Batch, { refused }: Chained, firstRow: number): void {
  const [source, key] = [batch.column('source'), batch.column('key')]
  for (const [i, { code, found }] of [...refused].sort(([a], [b]) => a - b)) {
    const message = `expected a text that rules can read, found ${found}`
    ctx.quarantine({ source: source.text(i), key: key.text(i), offset: firstRow + i, code, message })
  }
}

/** Kinds beyond these count together: they come from input. */
const mostKinds = 64

/** What reports show: per rule, per step, and which profile judged which kind. */
function count(ctx: Context<FilterConfig>, batch: Batch, profiles: Uint8Array, { verdicts, edited, counts }: Chained): void {
  for (const { reason } of verdicts.values()) ctx.count(`dropped.${reason}`)
  ctx.count('edited', edited)
  for (const { step, ...of } of counts)
    for (const [what, by] of Object.entries(of)) if (by || what === 'in') ctx.count(`step/${step}/${what}`, by)
  const kind = batch.column('kind')
  const judged = new Map<string, number>()
  for (let i = 0; i < batch.rows; i++) {
    const own = kind.text(i).slice(0, mostKinds).toWellFormed()
    const name = `profile/${definitionNames[profiles[i] as number]}/${own}`
    const key = judged.size < mostKinds || judged.has(name) ? name : `profile/${definitionNames[profiles[i] as number]}/(others)`
    judged.set(key, (judged.get(key) ?? 0) + 1)
  }
  for (const [name, by] of judged) ctx.count(name, by)
}
