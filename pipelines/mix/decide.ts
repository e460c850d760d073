/** The folds and maps behind the join: what is held out, how counts are scaled, and the counts themselves. */
import { BatchBuilder, type Column } from '../arrow/index.ts'
import { batchRows, counts } from '../schemas.ts'
import { hexOf } from '../shard/spread.ts'
import type { Context } from '../stage.ts'
import { budgetOf, checkPhases, checkSupply } from './budget.ts'
import type { MixConfig } from './config.ts'
import { binOf, type Extent, expectedCount, roundCount, solveScale, widen } from './counts.ts'
import { type Candidate, Candidates, holdOut } from './holdout.ts'
import { bins, components as componentsSchema, extents, held, joined, scales, totals } from './tables.ts'

type Ctx = Context<MixConfig>

/** single: which groups are held out; the extents of scores over everything. */
export async function decideHeld(ctx: Ctx): Promise<void> {
  const sizes = new Map<string, number>()
  for await (const batch of ctx.batches('join.extents'))
    for (let i = 0; i < batch.rows; i++) {
      const component = batch.column('component').text(i)
      sizes.set(component, (sizes.get(component) ?? 0) + batch.column('documents').number(i))
    }
  const merged = new Candidates(ctx.config.validation.maximum)
  for await (const batch of ctx.batches('join.candidates'))
    for (let i = 0; i < batch.rows; i++) {
      const candidate: Candidate = {
        component: batch.column('component').text(i),
        hold: batch.column('hold').value(i) as string,
        documents: batch.column('documents').number(i),
      }
      merged.add(candidate)
    }
  const builder = new BatchBuilder(held)
  for (const hold of holdOut(merged.list(), sizes, ctx.config.validation)) builder.append({ hold })
  await (await ctx.writer('held')).append(builder.finish())
  await writeExtents(ctx)
}

/** SampleMix scales over the whole of D, so one extent for all components. */
async function writeExtents(ctx: Ctx): Promise<void> {
  let quality: Extent | undefined
  let diversity: Extent | undefined
  let documents = 0
  let tokens = 0
  for await (const batch of ctx.batches('join.extents'))
    for (let i = 0; i < batch.rows; i++) {
      documents += batch.column('documents').number(i)
      tokens += batch.column('tokens').number(i)
      for (const end of ['Low', 'High']) {
        const [q, d] = [batch.column(`quality${end}`), batch.column(`diversity${end}`)]
        if (!q.isNull(i)) quality = widen(quality, q.number(i))
        if (!d.isNull(i)) diversity = widen(diversity, d.number(i))
      }
    }
  const builder = new BatchBuilder(extents)
  builder.append({
    component: '',
    documents,
    tokens,
    qualityLow: quality?.low,
    qualityHigh: quality?.high,
    diversityLow: diversity?.low,
    diversityHigh: diversity?.high,
  })
  await (await ctx.writer('extents')).append(builder.finish())
}

interface Row {
  id: string
  component: string
  tokens: number
  bin: number | undefined
  held: boolean
}

/** The joined documents with what the fold decided; `held.held` and `held.extents` are sides. */
async function* decided(ctx: Ctx): AsyncGenerator<Row, void, undefined> {
  const out = new Set<string>()
  for await (const batch of ctx.batches('held.held')) for (let i = 0; i < batch.rows; i++) out.add(hexOf(batch.column('hold'), i))
  const found: { quality: Extent | undefined; diversity: Extent | undefined } = { quality: undefined, diversity: undefined }
  for await (const batch of ctx.batches('held.extents')) {
    const extent = (name: string): Extent | undefined =>
      batch.rows && !batch.column(`${name}Low`).isNull(0)
        ? { low: batch.column(`${name}Low`).number(0), high: batch.column(`${name}High`).number(0) }
        : undefined
    found.quality = extent('quality')
    found.diversity = extent('diversity')
  }
  const optional = (column: Column, i: number) => (column.isNull(i) ? undefined : column.number(i))
  for await (const batch of ctx.batches('join.documents')) {
    const [id, component, tokens, quality, diversity, weight, hold] = joined.fields.map(field => batch.column(field.name)) as [
      Column,
      Column,
      Column,
      Column,
      Column,
      Column,
      Column,
    ]
    for (let i = 0; i < batch.rows; i++) {
      const scored = { quality: optional(quality, i), diversity: optional(diversity, i), weight: weight.number(i) }
      yield {
        id: hexOf(id, i),
        component: component.text(i),
        tokens: tokens.number(i),
        bin: binOf(scored, found, ctx.config),
        held: out.has(hexOf(hold, i)),
      }
    }
  }
}

/** map: training tokens per component and exponent. */
export async function histogram(ctx: Ctx): Promise<void> {
  const sums = new Map<string, Map<number | undefined, number>>()
  for await (const { component, tokens, bin, held } of decided(ctx)) {
    if (held) continue
    const own = sums.get(component) ?? new Map<number | undefined, number>()
    sums.set(component, own)
    own.set(bin, (own.get(bin) ?? 0) + tokens)
  }
  const builder = new BatchBuilder(bins)
  const byBin = ([a]: [number | undefined, number], [b]: [number | undefined, number]) => (a ?? -Infinity) - (b ?? -Infinity)
  for (const [component, own] of [...sums].sort(([a], [b]) => (a < b ? -1 : 1)))
    for (const [bin, tokens] of [...own].sort(byBin)) builder.append({ component, bin, tokens })
  await (await ctx.writer('bins')).append(builder.finish())
}

/** single: the scale of every component. Throws MIX_PHASE, MIX_BUDGET. */
export async function scale(ctx: Ctx): Promise<void> {
  checkPhases(ctx.config)
  const sums = new Map<string, Map<number, number>>()
  const sizes = new Map<string, number>()
  for await (const batch of ctx.batches('histogram.bins'))
    for (let i = 0; i < batch.rows; i++) {
      const component = batch.column('component').text(i)
      const tokens = batch.column('tokens').number(i)
      sizes.set(component, (sizes.get(component) ?? 0) + tokens)
      if (batch.column('bin').isNull(i)) continue
      const own = sums.get(component) ?? new Map<number, number>()
      sums.set(component, own)
      const bin = batch.column('bin').number(i)
      own.set(bin, (own.get(bin) ?? 0) + tokens)
    }
  const builder = new BatchBuilder(scales)
  for (const component of ctx.config.components) {
    const tokens = sizes.get(component.name) ?? 0
    const own = sums.get(component.name) ?? new Map<number, number>()
    const readable = component.counts === 'uniform' ? tokens : [...own.values()].reduce((sum, n) => sum + n, 0)
    checkSupply(component, ctx.config, readable)
    const budget = budgetOf(component, ctx.config, tokens)
    builder.append({
      component: component.name,
      budget,
      scale: component.counts === 'uniform' ? 0 : solveScale(own, budget, component.maxCount),
    })
  }
  await (await ctx.writer('scales')).append(builder.finish())
}

interface Total {
  documents: number
  tokens: number
  reads: number
  readTokens: number
  passes: number
  validationDocuments: number
  validationTokens: number
}

const nothing = (): Total => ({ documents: 0, tokens: 0, reads: 0, readTokens: 0, passes: 0, validationDocuments: 0, validationTokens: 0 })

/** map: the counts. */
export async function count(ctx: Ctx): Promise<void> {
  const found = new Map<string, number>()
  for await (const batch of ctx.batches('scale.scales'))
    for (let i = 0; i < batch.rows; i++) found.set(batch.column('component').text(i), batch.column('scale').number(i))
  const configs = new Map(ctx.config.components.map(component => [component.name, component]))
  const sums = new Map<string, Total>()
  const writer = await ctx.writer('counts')
  const builder = new BatchBuilder(counts)
  for await (const { id, component, tokens, bin, held } of decided(ctx)) {
    const { counts: how, maxCount } = configs.get(component) as { counts: string; maxCount: number }
    const expected = bin === undefined ? 0 : expectedCount(found.get(component) ?? 0, bin, maxCount)
    const times = held || how === 'uniform' ? 1 : roundCount(expected, ctx.seed, id)
    builder.append({ id, component, role: held ? 'validation' : 'train', count: times })
    if (builder.rows === batchRows) await writer.append(builder.finish())
    const total = sums.get(component) ?? nothing()
    sums.set(component, total)
    total[held ? 'validationDocuments' : 'documents']++
    total[held ? 'validationTokens' : 'tokens'] += tokens
    if (held) continue
    total.reads += times
    total.readTokens += times * tokens
    total.passes = Math.max(total.passes, times)
  }
  await writer.append(builder.finish())
  const table = new BatchBuilder(totals)
  for (const [component, total] of [...sums].sort(([a], [b]) => (a < b ? -1 : 1))) table.append({ component, ...total })
  await (await ctx.writer('totals')).append(table.finish())
}

/** single: one row per component of the config. */
export async function summarise(ctx: Ctx): Promise<void> {
  const sums = new Map(ctx.config.components.map(({ name }) => [name, nothing()]))
  for await (const batch of ctx.batches('count.totals'))
    for (let i = 0; i < batch.rows; i++) {
      const total = sums.get(batch.column('component').text(i)) as Total
      for (const name of Object.keys(total) as (keyof Total)[]) {
        const value = batch.column(name).number(i)
        total[name] = name === 'passes' ? Math.max(total.passes, value) : total[name] + value
      }
    }
  const builder = new BatchBuilder(componentsSchema)
  for await (const batch of ctx.batches('scale.scales'))
    for (let i = 0; i < batch.rows; i++) {
      const component = batch.column('component').text(i)
      const total = sums.get(component) ?? nothing()
      builder.append({ component, ...total, budget: batch.column('budget').number(i), scale: batch.column('scale').number(i) })
      ctx.count(`${component}/documents`, total.documents)
      ctx.count(`${component}/readTokens`, total.readTokens)
      ctx.count(`${component}/validationDocuments`, total.validationDocuments)
    }
  await (await ctx.writer('components')).append(builder.finish())
}
