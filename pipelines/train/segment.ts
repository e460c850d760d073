/**
 * A segment: the optimizer steps between two decisions, from one checkpoint to the next.
 *
 * Which rows a step reads, its rates and its update are functions of config, log and step, so a segment that was interrupted anywhere ends
 * with the same bytes. Saves go by the clock or by steps; neither can reach an output.
 */

import type { SaveReport, StepMetrics, Trainer } from '../../native/addon/trainer.ts'
import { BatchBuilder } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import { advance, exhausted, type LoadedBatch, type Loader, type MixtureLog, openLoader, readIndex, stepRange } from '../loader/index.ts'
import type { Context } from '../stage.ts'
import {
  type CheckpointManifest,
  checkManifest,
  fitting,
  hashesOf,
  manifestAt,
  readManifest,
  stateOf,
  writeManifest,
} from './checkpoint.ts'
import type { TrainConfig } from './index.ts'
import { readLog } from './log.ts'
import { loadForSteps, optimizerOf } from './model.ts'
import { beginSave, highestSave, readSave } from './saves.ts'
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

  const { trainer, rows, step: begin } = await open(ctx, log)
  const saves = new Saves(ctx, trainer, rows, done => manifestAt.bind(null, ctx.config, log, schedule, done, stateOf(trainer)))
  let batch = begin < toStep ? load(begin) : undefined
  try {
    for (let step = begin; step < toStep; step++) {
      const data = (await batch) as LoadedBatch
      batch = step + 1 < toStep ? load(step + 1) : undefined
      batch?.catch(() => undefined) // awaited, and so thrown, in the next round
      const rates = { learningRate: learningRateAt(schedule, step), biasRate: biasRateAt(schedule, step) }
      const found = await trainer.step({ ...data, ...rates, ropeBase: phase.ropeBase, mtpWeight: phase.mtpWeight ?? 0 })
      const row = rowOf(firstStep + step, data.positions[0] as number, rates, found)
      rows.push(row)
      const done = step + 1
      ctx.progress({
        documents: data.rows,
        detail: { step: row.step + 1, loss: row.loss, tokens: trainer.state().tokens, checkpoint: done },
      })
      if (done === toStep) break
      if (ctx.stopping.aborted) {
        await saves.now(done)
        throw stopped(row.step + 1)
      }
      await saves.step(done)
    }
    await saves.end()
  } finally {
    await saves.quiet()
  }
  if (!rows.some(row => row.applied)) throw diverged(rows.at(-1) as StepRow)
  const report = await trainer.save(ctx.file('weights'), ctx.file('optimizer'))
  await writeManifest(ctx.file('checkpoint'), manifestAt(ctx.config, log, schedule, toStep, stateOf(trainer), report))
  await writeMetrics(ctx, rows)
}

/**
 * When to save, beside the steps. What a save cost (bytes, seconds, how long training stood still, memory beside the plan) goes out with
 * progress, as `save`: telemetry, since it is by the clock.
 */
class Saves {
  readonly #ctx: Context<TrainConfig>
  readonly #trainer: Trainer
  readonly #rows: readonly StepRow[]
  readonly #manifest: (done: number) => (report: SaveReport) => CheckpointManifest
  #last = performance.now()
  #running: Promise<unknown> | undefined
  #failed: { error: unknown } | undefined

  constructor(
    ctx: Context<TrainConfig>,
    trainer: Trainer,
    rows: readonly StepRow[],
    manifest: (done: number) => (report: SaveReport) => CheckpointManifest,
  ) {
    this.#ctx = ctx
    this.#trainer = trainer
    this.#rows = rows
    this.#manifest = manifest
  }

  /** Behind step `done`: begins a save where one is due and none is under way. Throws what the one before met. */
  async step(done: number): Promise<void> {
    if (this.#failed) throw this.#failed.error
    const { saveSteps, saveSeconds, config } = this.#ctx
    const due = saveSteps ? (done - config.fromStep) % saveSteps === 0 : performance.now() - this.#last >= saveSeconds * 1000
    if (due && (saveSteps || !this.#running)) await this.#begin(done)
  }

  async now(done: number): Promise<void> {
    await this.#begin(done)
    await this.end()
  }

  async end(): Promise<void> {
    await this.#running
    if (this.#failed) throw this.#failed.error
  }

  /** Nothing is written any more, whatever came of it: the scratch may go. */
  async quiet(): Promise<void> {
    await this.#running
  }

  async #begin(done: number): Promise<void> {
    await this.end()
    const { done: written } = await beginSave(this.#ctx.scratch, done, this.#trainer, this.#rows, this.#manifest(done))
    this.#last = performance.now()
    this.#running = written.then(
      ({ bytes, copiedBytes, seconds, stallSeconds }) => {
        this.#running = undefined
        this.#ctx.progress({ detail: { save: { step: done, bytes, copiedBytes, seconds, stallSeconds } } })
      },
      error => {
        this.#running = undefined
        this.#failed = { error }
      },
    )
  }
}

interface Begun {
  trainer: Trainer
  rows: StepRow[]
  step: number
}

/** The trainer at the highest save that loads, else at the parent checkpoint, which must fit this segment. */
async function open(ctx: Context<TrainConfig>, log: MixtureLog): Promise<Begun> {
  const { optimizer, phase, fromStep } = ctx.config
  const load = (weights: string, optimizerState: string, manifest: CheckpointManifest) =>
    loadForSteps(ctx, {
      ...(optimizer.recompute === undefined ? {} : { recompute: optimizer.recompute as 0 | 1 | 2 }),
      ...(optimizer.precision ? { precision: optimizer.precision } : {}),
      ...{ weights, optimizerState, hashes: hashesOf(manifest) },
      optimizer: optimizerOf(optimizer),
      rowsPerSlab: optimizer.rowsPerSlab,
      maxRowLength: phase.rowLength,
    })
  const broken = new Set<number>()
  for (;;) {
    const step = await highestSave(ctx.scratch, broken)
    if (step === undefined) break
    try {
      const save = await readSave(ctx.scratch, step)
      return { trainer: await load(save.weights, save.optimizer, save.manifest), rows: save.metrics, step }
    } catch (error) {
      // A save that does not load costs steps. Its bytes are no input of anyone.
      const { code } = error as { code?: string }
      if (!(error instanceof SyntaxError) && !['FORMAT', 'SHAPE', 'IO', 'ENOENT', 'TRAIN_CHECKPOINT'].includes(code ?? '')) throw error
      broken.add(step)
    }
  }
  const [weights, state, path] = ['weights', 'optimizer', 'checkpoint'].map(role => ctx.files(role)[0]) as [string, string, string]
  const manifest = await readManifest(path)
  const trainer = await fitting(() => load(weights, state, manifest), weights)
  checkManifest(manifest, ctx.config, log, trainer, path)
  return { trainer, rows: [], step: fromStep }
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
  const { tokens, targets, loss, gradientNorm, zLoss, balanceLoss, meanExperts, maxBias, maxHidden, mtpLoss, applied } = found
  return {
    step,
    sample,
    ...rates,
    tokens,
    targets,
    loss,
    gradientNorm,
    zLoss,
    balanceLoss,
    meanExperts,
    maxBias,
    maxHidden,
    mtpLoss,
    applied,
  }
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
