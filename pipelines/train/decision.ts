/**
 * The operation behind `decide`: reads evaluations and log, asks the policy, appends to the log.
 *
 * decision.json: { phase, step, steps, position, verdict, reason, share?, guard, holds, next? } — `step` counts the phase's steps, `position`
 * is where the next row lies, `next` the phase that begins there; the rest is `Verdict` in decide.ts. The log's new entry, if there is one,
 * carries the digest of this object.
 */
import { writeFile } from 'node:fs/promises'
import { ArrowReader } from '../arrow/index.ts'
import { digestOf } from '../identity.ts'
import {
  advance,
  appendEntry,
  type MixtureLog,
  moveShare,
  Order,
  quantise,
  readIndex,
  shareOf,
  stepRange,
  unskipped,
  type WeightsEntry,
} from '../loader/index.ts'
import type { Context } from '../stage.ts'
import { decideNext, type Evaluated } from './decide.ts'
import type { DecideConfig } from './index.ts'
import { begin, readLog, writeLog } from './log.ts'

export async function decideSegment(ctx: Context<DecideConfig>): Promise<void> {
  const { phase, firstStep, step, next } = ctx.config
  const log = await readLog(ctx)
  const { to: position } = stepRange(log, firstStep + step - 1)
  const weights = log.findLast((entry): entry is WeightsEntry => entry.kind === 'weights' && entry.phase === phase.name) as WeightsEntry
  const end = advance(log, position, (phase.steps - step) * phase.batchRows)
  const index = phase.ramp ? await readIndex(ctx.batches('index')) : []
  const raised = (share: number, decision?: string): MixtureLog =>
    appendEntry(log, {
      kind: 'weights',
      phase: phase.name,
      at: position,
      rowLength: phase.rowLength,
      weights: quantise(moveShare(weights.weights, phase.ramp?.components ?? [], share)),
      reason: 'the decision after a segment',
      ...(decision ? { decision } : {}),
    })
  const verdict = decideNext({
    phase: phase.name,
    step,
    steps: phase.steps,
    ramp: phase.ramp,
    share: phase.ramp ? shareOf(weights.weights, phase.ramp.components) : 0,
    holds: phase.ramp ? Math.ceil(unskipped(log, weights.at, position) / (phase.segmentSteps * phase.batchRows)) - 1 : 0,
    history: await evaluations(ctx),
    exhausts(share) {
      const first = new Order({ seed: ctx.seed, log: raised(share), rowLength: phase.rowLength, index }).exhaustion(position)
      return first && first.position < end ? first.component : undefined
    },
  })
  const decision = {
    phase: phase.name,
    step,
    steps: phase.steps,
    position,
    ...verdict,
    ...(verdict.verdict === 'end' && next ? { next: next.name } : {}),
  }
  await writeFile(ctx.file('decision'), `${JSON.stringify(decision, null, 1)}\n`)
  const raises = verdict.verdict === 'raise' && verdict.share
  const ends = verdict.verdict === 'end' && next
  await writeLog(ctx, raises ? raised(raises.after, digestOf(decision)) : ends ? begin(log, ends, position) : log)
}

/** Per evaluation, loss per token by component: the domains of a component weigh by their targets. */
async function evaluations(ctx: Context<DecideConfig>): Promise<Evaluated[]> {
  const found: Evaluated[] = []
  for (const [i, part] of ctx.parts('evaluation').entries()) {
    const sums = new Map<string, { loss: number; targets: number }>()
    const reader = await ArrowReader.open(part.path)
    try {
      for await (const batch of reader) {
        const [component, loss, targets] = ['component', 'lossSum', 'targets'].map(name => batch.column(name))
        for (let row = 0; row < batch.rows; row++) {
          const name = component?.text(row) as string
          const sum = sums.get(name) ?? { loss: 0, targets: 0 }
          sum.loss += loss?.number(row) as number
          sum.targets += targets?.number(row) as number
          sums.set(name, sum)
        }
      }
    } finally {
      await reader.close()
    }
    const losses = [...sums].filter(([, { targets }]) => targets > 0).map(([name, { loss, targets }]) => [name, loss / targets] as const)
    found.push({ ...(ctx.config.history[i] as { phase: string; step: number }), losses: Object.fromEntries(losses) })
  }
  return found
}
