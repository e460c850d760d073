/** The documents of one partition: tokens, scores and clusters meet by id; component and held-out group are decided. */
import { type Batch, BatchBuilder, Column, type DataType, type Schema } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import { batchRows } from '../schemas.ts'
import { hexOf } from '../shard/spread.ts'
import type { Context } from '../stage.ts'
import type { MixConfig } from './config.ts'
import { type Extent, widen } from './counts.ts'
import { Candidates, holdKey } from './holdout.ts'
import { componentOf } from './rules.ts'
import { candidates, extents, joined, scored, surveyed } from './tables.ts'

/** `tokens` as `surveyed`: the ids become their number with bos and eos. */
export function survey(batch: Batch): Batch {
  const { offsets, length } = batch.column('ids')
  const tokens = new Uint32Array(length)
  for (let i = 0; i < length; i++) tokens[i] = (offsets?.[i + 1] as number) - (offsets?.[i] as number) + 2
  const type: DataType = { kind: 'int', bits: 32, signed: false }
  return conform(batch.with('tokens', type, new Column({ type, length, data: tokens })), surveyed)
}

export const score = (batch: Batch): Batch => conform(batch, scored)

/** The columns of `schema`, in its order; an optional one that the batch lacks is all null. */
function conform(batch: Batch, schema: Schema): Batch {
  const missing = schema.fields.filter(field => field.nullable && !batch.has(field.name))
  let whole = batch
  for (const { name, type } of missing) {
    const builder = new BatchBuilder({ fields: [{ name, type, nullable: true }] })
    for (let i = 0; i < batch.rows; i++) builder.append({})
    whole = whole.with(name, { optional: type }, builder.finish().columns[0] as Column)
  }
  return whole.select(schema.fields.map(field => field.name))
}

interface Score {
  quality: number
  diversity: number | undefined
  domain: string
  style: string
}

interface Tally {
  documents: number
  tokens: number
  quality: Extent | undefined
  diversity: Extent | undefined
}

export async function join(ctx: Context<MixConfig>): Promise<void> {
  const scores = await readScores(ctx)
  const clusters = await readClusters(ctx)
  const { components, validation, domainWeights, styleWeights } = ctx.config
  const groups = new Candidates(validation.maximum)
  const tallies = new Map<string, Tally>()
  const writer = await ctx.writer('documents')
  let builder = new BatchBuilder(joined)
  for (const { id, document, tokens, group } of await readSurvey(ctx)) {
    const score = scores.get(id)
    if (!score) ctx.count('without a score')
    const place = componentOf(components, { ...document, domain: score?.domain ?? '' }, id)
    const component = (components[place] as { name: string }).name
    const own = `id/${clusters.get(id) ?? id}`
    const hold = holdKey(ctx.seed, validation.groupBy === 'group' && group ? `group/${document.source}/${group}` : own)
    const weight = score ? (domainWeights[score.domain] ?? 1) * (styleWeights[score.style] ?? 1) : 1
    builder.append({ id, component, tokens, quality: score?.quality, diversity: score?.diversity, weight, hold })
    if (builder.rows === batchRows) await writer.append(builder.finish())
    groups.add({ component, hold, documents: 1 })
    const tally = tallies.get(component) ?? { documents: 0, tokens: 0, quality: undefined, diversity: undefined }
    tally.documents++
    tally.tokens += tokens
    if (score) tally.quality = widen(tally.quality, score.quality)
    if (score?.diversity !== undefined) tally.diversity = widen(tally.diversity, score.diversity)
    tallies.set(component, tally)
  }
  await writer.append(builder.finish())
  builder = new BatchBuilder(extents)
  for (const [component, { documents, tokens, quality, diversity }] of [...tallies].sort(([a], [b]) => (a < b ? -1 : 1)))
    builder.append({
      component,
      documents,
      tokens,
      qualityLow: quality?.low,
      qualityHigh: quality?.high,
      diversityLow: diversity?.low,
      diversityHigh: diversity?.high,
    })
  await (await ctx.writer('extents')).append(builder.finish())
  builder = new BatchBuilder(candidates)
  for (const candidate of groups.list()) builder.append({ ...candidate })
  await (await ctx.writer('candidates')).append(builder.finish())
}

async function readScores(ctx: Context<MixConfig>): Promise<Map<string, Score>> {
  const scores = new Map<string, Score>()
  for await (const batch of ctx.batches('scored.scores')) {
    const [id, quality, diversity, domain, style] = scored.fields.map(field => batch.column(field.name)) as [
      Column,
      Column,
      Column,
      Column,
      Column,
    ]
    for (let i = 0; i < batch.rows; i++)
      scores.set(hexOf(id, i), {
        quality: finite(quality.number(i), 'quality', hexOf(id, i)),
        diversity: diversity.isNull(i) ? undefined : finite(diversity.number(i), 'diversity', hexOf(id, i)),
        domain: domain.text(i),
        style: style.text(i),
      })
  }
  return scores
}

async function readClusters(ctx: Context<MixConfig>): Promise<Map<string, string>> {
  const clusters = new Map<string, string>()
  for await (const batch of ctx.batches('clustered.clusters')) {
    const [id, cluster] = [batch.column('id'), batch.column('cluster')]
    for (let i = 0; i < batch.rows; i++) clusters.set(hexOf(id, i), hexOf(cluster, i))
  }
  return clusters
}

interface Surveyed {
  id: string
  document: { source: string; kind: string; type: string; language: string }
  group: string
  tokens: number
}

/** Sorted by id, so that parts and their order leave no trace. Throws MIX_TWICE. */
async function readSurvey(ctx: Context<MixConfig>): Promise<Surveyed[]> {
  const all: Surveyed[] = []
  for await (const batch of ctx.batches('survey.documents')) {
    const text = (name: string, i: number) => batch.column(name).text(i)
    for (let i = 0; i < batch.rows; i++) {
      const document = { source: text('source', i), kind: text('kind', i), type: text('type', i), language: text('language', i) }
      all.push({ id: hexOf(batch.column('id'), i), document, group: text('group', i), tokens: batch.column('tokens').number(i) })
    }
  }
  all.sort((a, b) => (a.id < b.id ? -1 : 1))
  for (const [i, { id }] of all.entries())
    if (all[i + 1]?.id === id) throw bad('MIX_TWICE', 'every document once in tokens', `document ${id} twice`)
  return all
}

function finite(value: number, what: string, id: string): number {
  if (Number.isFinite(value)) return value
  throw bad('MIX_SCORE', `a finite ${what}`, `${value} for document ${id}`)
}

const bad = (code: string, expected: string, found: string) => new MillraceError({ code, kind: 'bug', expected, found, where: 'stage mix' })
