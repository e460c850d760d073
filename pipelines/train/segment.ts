/**
 * A segment: the optimizer steps between two decisions, from one checkpoint to the next.
 *
 * Which rows a step reads, its rates and its update are functions of config, log and step, so a segment that was interrupted anywhere ends
 * with the same bytes. Saves go by the clock or by steps; neither can reach an output.
 */

import type { StepMetrics, Trainer } from '../../native/addon/trainer.ts'
import { BatchBuilder } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import { advance, exhausted, type LoadedBatch, type Loader, type MixtureLog, openLoader, readIndex, stepRange } from '../loader/index.ts'
import type { Context } from '../stage.ts'
import type { TrainConfig } from './index.ts'
import { readLog } from './log.ts'
import { loadTrainer, optimizerOf } from './model.ts'
import { highestSave, writeSave } from './saves.ts'
import { biasRateAt, learningRateAt, type Schedule } from './schedule.ts'
import { metrics as metricsSchema, type StepRow } from './tables.ts'

export async function trainSegment(ctx: Context<TrainConfig>): Promise<void> {
  const { phase, firstStep, toStep } = ctx.config
  const log = await readLog(ctx)
  const index = await readIndex(ctx.batches('index'))
  const loader = await openLoader({ seed: ctx.seed, log, phase: phase.name, index, shards: ctx.files('rows') })
  checkRows(ctx.config, loader, log)
  const schedule: Schedule = { ...phase, stepTokens: phase.batchRows * phase.rowLength }
  const load = (step: number) => loader.batch(stepRange(log, firstStep + step).from, phase.batchRows)

  const { trainer, rows, step: begin } = await open(ctx)
  let saved = performance.now()
  let batch = begin < toStep ? load(begin) : undefined
  for (let step = begin; step < toStep; step++) {
    const data = (await batch) as LoadedBatch
    batch = step + 1 < toStep ? load(step + 1) : undefined
    batch?.catch(() => undefined) // awaited, and so thrown, in the next round
    const rates = { learningRate: learningRateAt(schedule, step), biasRate: biasRateAt(schedule, step) }
    const found = await trainer.step({ ...data, ...rates, ropeBase: phase.ropeBase })
    const row = rowOf(firstStep + step, data.positions[0] as number, rates, found)
    rows.push(row)
    const done = step + 1
    ctx.progress({ documents: data.rows, detail: { step: row.step + 1, loss: row.loss, tokens: trainer.state().tokens, checkpoint: done } })
    if (done === toStep) break
    if (ctx.stopping.aborted) {
      await writeSave(ctx.scratch, done, trainer, rows)
      throw stopped(row.step + 1)
    }
    const due = ctx.saveSteps ? (done - ctx.config.fromStep) % ctx.saveSteps === 0 : performance.now() - saved >= ctx.saveSeconds * 1000
    if (!due) continue
    await writeSave(ctx.scratch, done, trainer, rows)
    saved = performance.now()
  }
  if (!rows.some(row => row.applied)) throw diverged(rows.at(-1) as StepRow)
  await trainer.save(ctx.file('weights'), ctx.file('optimizer'))
  await writeMetrics(ctx, rows)
}

interface Begun {
  trainer: Trainer
  rows: StepRow[]
  step: number
}

/** The trainer at the highest save that loads, else at the parent checkpoint. */
async function open(ctx: Context<TrainConfig>): Promise<Begun> {
  const { optimizer, phase, fromStep } = ctx.config
  const load = (weights: string, optimizerState: string) =>
    loadTrainer(ctx, {
      weights,
      optimizerState,
      optimizer: optimizerOf(optimizer),
      rowsPerSlab: optimizer.rowsPerSlab,
      maxRowLength: phase.rowLength,
    })
  const broken = new Set<number>()
  for (;;) {
    const save = await highestSave(ctx.scratch, broken)
    if (!save) {
      const [weights, state] = [ctx.files('weights')[0], ctx.files('optimizer')[0]] as [string, string]
      return { trainer: await load(weights, state), rows: [], step: fromStep }
    }
    try {
      return { trainer: await load(save.weights, save.optimizer), rows: save.metrics, step: save.step }
    } catch (error) {
      // A save that does not load costs steps. Its bytes are no input of anyone.
      if ((error as { code?: string }).code !== 'FORMAT') throw error
      broken.add(save.step)
    }
  }
}

/** Refuses before the first step what could not be read to the end: without a ramp the whole phase is known, else this segment. */
function checkRows(config: TrainConfig, loader: Loader, log: MixtureLog): void {
  const { phase, firstStep, fromStep, toStep } = config
  if (loader.rowLength !== phase.rowLength) throw mismatch(`rows of ${phase.rowLength} ids`, String(loader.rowLength))
  const { from, rows } = stepRange(log, firstStep + fromStep)
  if (rows !== phase.batchRows) throw mismatch(`${phase.batchRows} rows in a step`, String(rows))
  const steps = (phase.ramp ? toStep : phase.steps) - fromStep
  const end = loader.exhaustion(from)
  if (end && end.position < advance(log, from, steps * rows)) throw exhausted(end)
}

const rowOf = (step: number, sample: number, rates: { learningRate: number; biasRate: number }, found: StepMetrics): StepRow => {
  const { tokens, targets, loss, gradientNorm, zLoss, balanceLoss, meanExperts, maxBias, maxHidden, applied } = found
  return { step, sample, ...rates, tokens, targets, loss, gradientNorm, zLoss, balanceLoss, meanExperts, maxBias, maxHidden, applied }
}

async function writeMetrics(ctx: Context<TrainConfig>, rows: readonly StepRow[]): Promise<void> {
  const builder = new BatchBuilder(metricsSchema)
  for (const row of rows) builder.append({ phase: ctx.config.phase.name, ...row })
  await (await ctx.writer('metrics')).append(builder.finish())
}

const mismatch = (expected: string, found: string) =>
  new MillraceError({ code: 'TRAIN_LOG', kind: 'bug', expected, found, where: 'mixture log of a segment' })

const stopped = (step: number) =>
  new MillraceError({
    code: 'STOPPED',
    kind: 'resource',
    expected: 'to train to the end of the segment',
    found: `a request to stop; saved after step ${step}`,
    next: 'start the same run again: it goes on from the save',
  })

const diverged = ({ step, loss, gradientNorm }: StepRow) =>
  new MillraceError({
    code: 'TRAIN_DIVERGED',
    kind: 'config',
    expected: 'at least one update in a segment',
    found: `none; at step ${step} the loss is ${loss} and the gradient norm ${gradientNorm}`,
    next: 'lower learningRate or raise warmupTokens of the phase',
  })
