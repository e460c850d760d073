/**
 * Thresholds of models that the stage trained, held against what the models said of texts that were held back from them: a threshold below or
 * above all of them drops nothing or everything, and canaries, which run before there is a model, could not see it.
 */
import { MillraceError } from '../errors.ts'
import type { Context } from '../stage.ts'
import type { FilterConfig } from './config.ts'

/** Held-back texts below which nothing is concluded. */
export const fewestHeld = 50

/** CANARY where a threshold is beyond everything that was held back. Reads the roles `held` of the operations that trained. */
export async function checkThresholds(ctx: Context<FilterConfig>): Promise<void> {
  const { classifier = [], fluency, canaries } = ctx.config
  const skip = new Set(canaries?.skip)
  const own = classifier.find(({ train }) => train)
  if (own && own.threshold !== null && !skip.has('classifier')) {
    const { threshold } = own
    const scores = await column(ctx, 'classifier.held', 'score')
    const kept = scores.filter(score => score > threshold).length
    judge('classifier', `threshold ${threshold}`, kept, scores, `millrace sweep ${own.name}`)
  }
  if (fluency?.train && fluency.maxPerplexity !== null && !skip.has('fluency')) {
    const { maxPerplexity } = fluency
    const [whole, mixed] = [await column(ctx, 'fluency.held', 'whole'), await column(ctx, 'fluency.held', 'outOfOrder')]
    const all = [...whole, ...mixed]
    judge(
      'fluency',
      `maxPerplexity ${maxPerplexity}`,
      all.filter(each => each <= maxPerplexity).length,
      all,
      'millrace sweep perplexity --drops above',
    )
  }
}

async function column(ctx: Context<FilterConfig>, role: string, name: string): Promise<number[]> {
  const values: number[] = []
  for await (const batch of ctx.batches(role)) {
    const own = batch.column(name)
    for (let i = 0; i < batch.rows; i++) if (!own.isNull(i)) values.push(own.number(i))
  }
  return values
}

function judge(step: string, limit: string, kept: number, values: readonly number[], sweep: string): void {
  if (values.length < fewestHeld || (kept > 0 && kept < values.length)) return
  const figure = (value: number) => Number(value.toPrecision(3))
  const [least, most] = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity])
  throw new MillraceError({
    code: 'CANARY',
    kind: 'config',
    expected: `${limit} to keep some of ${values.length} texts, good and bad, that were held back from training, and to drop some`,
    found: `${kept ? 'none' : 'all'} of them dropped: they measure ${figure(least)} to ${figure(most)}`,
    where: `filter.${step}`,
    next: `set it between good and bad texts (${sweep}), or null to measure first; canaries.skip: [${step}] goes on`,
  })
}
