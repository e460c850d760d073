/**
 * Filter: drops documents and says why, one decision row per verdict; some of its steps also edit texts.
 *
 * A chain of steps (steps.ts) over each batch: addresses, published rules, models, and the user's own. Whatever a step measures is kept in
 * `statistics`, of dropped documents too, so that "what if the threshold were another" needs no second run. A rule that must see other
 * documents belongs in `dedup`. Models that the config trains are made first, by operations of their own (sample.ts, train.ts).
 */
import { type Batch, BatchBuilder, type Field, Batch as Table } from '../arrow/index.ts'
import { decisions, documents } from '../schemas.ts'
import { type Context, defineStage } from '../stage.ts'
import { canary } from './canary.ts'
import { type Chained, runChain } from './chain.ts'
import { labels, statisticsSchema } from './columns.ts'
import { definitionNames, type FilterConfig, filesOf, filterConfig, filterIdentity, foreignName } from './config.ts'
import { languagesOf } from './fineweb2.ts'
import { type ProfileOf, profilesIn } from './rules.ts'
import {
  chooseShares,
  drawn,
  drawnFor,
  drawTexts,
  heldPerplexities,
  heldScores,
  measureSizes,
  partitions,
  shares,
  sizes,
  sortDrawn,
} from './sample.ts'
import { chainOf } from './steps.ts'
import { checkThresholds } from './thresholds.ts'
import { trainClassifierUnit, trainedIn, trainFluencyUnit } from './train.ts'

export { type FilterConfig, profileOfKind } from './config.ts'

export const filter = defineStage({
  name: 'filter',
  revision: 3,
  config: filterConfig,
  inputs: ['documents'],
  files: filesOf,
  identity: filterIdentity,
  check: checkChain,
  canary,
  operations: [
    {
      name: 'size',
      kind: 'map',
      reads: ['documents'],
      writes: { sizes: { schema: sizes } },
      unitBytes: ({ unitBytes }) => unitBytes * 8,
      config: () => ({}),
      when: draws,
      run: measureSizes,
    },
    {
      name: 'share',
      kind: 'single',
      reads: ['size.sizes'],
      writes: { shares: { schema: shares } },
      config: trainingOf,
      when: draws,
      run: chooseShares,
    },
    {
      name: 'draw',
      kind: 'shuffle',
      reads: ['documents'],
      sides: ['share.shares'],
      writes: { drawn: { schema: drawn } },
      unitBytes: ({ unitBytes }) => unitBytes,
      partitions: () => partitions,
      config: learningOf,
      when: draws,
      run: drawTexts,
    },
    {
      name: 'sort',
      kind: 'reduce',
      reads: ['draw.drawn'],
      writes: { classifier: { schema: drawn }, fluency: { schema: drawn } },
      config: () => ({}),
      when: draws,
      run: sortDrawn,
    },
    {
      name: 'classifier',
      kind: 'single',
      reads: ['sort.classifier'],
      writes: { model: { extension: 'bin' }, held: { schema: heldScores } },
      config: config => trainingOf(config).classifier,
      when: ({ classifier = [] }) => classifier.some(({ train }) => train),
      run: trainClassifierUnit,
    },
    {
      name: 'fluency',
      kind: 'single',
      reads: ['sort.fluency'],
      writes: { model: { extension: 'bin' }, arpa: { extension: 'arpa' }, held: { schema: heldPerplexities } },
      config: config => trainingOf(config).fluency,
      when: ({ fluency }) => fluency?.train !== undefined,
      run: trainFluencyUnit,
    },
    {
      name: 'judge',
      kind: 'map',
      reads: ['documents'],
      sides: ['classifier.model', 'classifier.held', 'fluency.model', 'fluency.held'],
      writes: {
        documents: { schema: documents },
        decisions: { schema: decisions },
        statistics: { schema: config => statisticsSchema(chainOf(config).fields) },
      },
      unitBytes: ({ unitBytes }) => unitBytes,
      config: judgingOf,
      run: judgeUnit,
    },
  ],
  outputs: {
    documents: 'judge.documents',
    decisions: 'judge.decisions',
    statistics: 'judge.statistics',
    classifier: 'classifier.model',
    fluency: 'fluency.model',
    arpa: 'fluency.arpa',
  },
})

/** Makes the chain once, and asks its steps for their files where those are pinned. */
async function checkChain(config: FilterConfig): Promise<void> {
  const { steps } = chainOf(config)
  if (!config.files && filesOf(config).length) return
  for (const step of steps) await (step.check ? step.check() : step.open?.())
}

function draws(config: FilterConfig): boolean {
  return drawnFor(config).length > 0
}

function judgingOf(config: FilterConfig): Partial<FilterConfig> {
  const { unitBytes: _, ...rest } = filterIdentity(config)
  return rest
}

/** What training asks of a config: how thresholds move trains nothing anew. */
function trainingOf(config: FilterConfig): { classifier: object; fluency: object } {
  const { classifier = [], fluency } = filterIdentity(config)
  const own = classifier.find(({ train }) => train)
  return {
    classifier: own ? { train: own.train, keepLabel: own.keepLabel, skipKinds: own.skipKinds, maxBytes: own.maxBytes } : {},
    fluency: fluency?.train ? { train: fluency.train, skipKinds: fluency.skipKinds } : {},
  }
}

/** What decides which texts are drawn: the steps that judge them, and how many are wanted. */
function learningOf(config: FilterConfig): object {
  const { classifier: _c, fluency: _f, scores: _s, modules: _m, expressions: _e, ...rest } = judgingOf(config)
  return { ...rest, ...trainingOf(config) }
}

async function judgeUnit(ctx: Context<FilterConfig>): Promise<void> {
  await checkThresholds(ctx)
  const { steps, fields, definitionOf } = chainOf(ctx.config, await trainedIn(ctx))
  for (const step of steps) await step.open?.()
  const [kept, dropped, measured] = [await ctx.writer('documents'), await ctx.writer('decisions'), await ctx.writer('statistics')]
  const { threads, seed, config } = ctx
  let row = 0
  for await (const batch of ctx.batches('documents')) {
    const chained = await runChain(batch, steps, { threads, seed, maxDocumentBytes: config.maxDocumentBytes })
    const profiles = definitionsIn(batch, chained, fields, config, definitionOf)
    quarantine(ctx, batch, chained, row)
    await kept.append(chained.kept)
    await dropped.append(decisionRows(ctx, batch, chained, row))
    await measured.append(new Table(statisticsSchema(fields), [...labelColumns(batch, profiles, chained), ...chained.measured], batch.rows))
    count(ctx, batch, profiles, chained)
    row += batch.rows
  }
}

/** Row -> name of the definition that judges it. */
function definitionsIn(
  batch: Batch,
  { measured }: Chained,
  fields: readonly Field[],
  { fineweb2 }: FilterConfig,
  definitionOf: ProfileOf,
): string[] {
  const names = Array.from(profilesIn(batch, definitionOf), place => definitionNames[place] as string)
  if (!fineweb2) return names
  const place = fields.findIndex(({ name }) => name === 'language')
  const found = { has: (name: string) => name === 'language' && place >= 0, column: () => measured[place] as (typeof measured)[number] }
  const languages = Object.keys(fineweb2.languages)
  const foreign = languagesOf(batch, found, languages, new Set(fineweb2.skipKinds))
  return names.map((name, i) => {
    const language = languages[foreign[i] as number]
    return language === undefined ? name : foreignName(language)
  })
}

function decisionRows(ctx: Context<FilterConfig>, batch: Batch, { verdicts }: Chained, firstRow: number): Batch {
  const builder = new BatchBuilder(decisions)
  const id = batch.column('id')
  for (const [i, { reason, value, threshold }] of [...verdicts].sort(([a], [b]) => a - b))
    builder.append({ id: id.bytes(i), stage: 'filter', rule: reason, value, threshold, unit: ctx.unit, row: firstRow + i })
  return builder.finish()
}

function labelColumns(batch: Batch, profiles: readonly string[], { verdicts }: Chained) {
  const builder = new BatchBuilder({ fields: statisticsSchema([]).fields.slice(1, Object.keys(labels).length) })
  for (let i = 0; i < batch.rows; i++) builder.append({ profile: profiles[i], rule: verdicts.get(i)?.reason })
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
function count(ctx: Context<FilterConfig>, batch: Batch, profiles: readonly string[], { verdicts, edited, counts }: Chained): void {
  for (const { reason } of verdicts.values()) ctx.count(`dropped.${reason}`)
  ctx.count('edited', edited)
  for (const { step, ...of } of counts)
    for (const [what, by] of Object.entries(of)) if (by || what === 'in') ctx.count(`step/${step}/${what}`, by)
  const kind = batch.column('kind')
  const judged = new Map<string, number>()
  for (let i = 0; i < batch.rows; i++) {
    const own = kind.text(i).slice(0, mostKinds).toWellFormed()
    const name = `profile/${profiles[i]}/${own}`
    const key = judged.size < mostKinds || judged.has(name) ? name : `profile/${profiles[i]}/(others)`
    judged.set(key, (judged.get(key) ?? 0) + 1)
  }
  for (const [name, by] of judged) ctx.count(name, by)
}
