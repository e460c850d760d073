/**
 * Training as stages of one operation each, committed like any unit: initialize, train (one segment), grow, decide. `next.ts` says in
 * which order; evaluation is pipelines/evaluate.
 *
 * A checkpoint is three file roles: `weights` and `optimizer` (safetensors; the model's shape is in their metadata, so no later stage is
 * told of it again) and `checkpoint`, its manifest (checkpoint.ts). The mixture log is a file role that `initialize` begins and `decide` appends to: a segment's identity holds the log up
 * to it and nothing that was decided later. Source: longcat-flash.md 3-5, 13; training-engine.md 5.
 */
import * as z from 'zod'
import { Trainer } from '../../native/addon/trainer.ts'
import { defineStage } from '../stage.ts'
import { manifestOf, readManifest, writeManifest } from './checkpoint.ts'
import { identityOfOptimizer, modelSchema, optimizerSchema, phaseSchema } from './config.ts'
import { decideSegment } from './decision.ts'
import { identityOfModel, importModel } from './import.ts'
import { begin, beginSchema, writeLog } from './log.ts'
import { idleOptimizer, loadTrainer, modelOf, taught } from './model.ts'
import { trainSegment } from './segment.ts'
import { metrics } from './tables.ts'

const checkpoint = { weights: { extension: 'safetensors' }, optimizer: { extension: 'safetensors' }, checkpoint: { extension: 'json' } }
const step = z.int().min(0)

const initializeConfig = z.strictObject({
  model: modelSchema,
  vocabulary: z.int().min(1).describe('Ids of the tokenizer'),
  begin: beginSchema.describe('The first phase, for the mixture log'),
})

/** A model with seeded weights, moments of zero, and a mixture log in which the first phase begins. */
export const initialize = defineStage({
  name: 'initialize',
  revision: 2,
  config: initializeConfig,
  identity: ({ model, ...rest }) => ({ ...rest, model: identityOfModel(model) }),
  inputs: [],
  operations: [
    {
      name: 'model',
      kind: 'single',
      reads: [],
      writes: checkpoint,
      config: ({ model, vocabulary }) => ({ model: identityOfModel(model), vocabulary }),
      async run(ctx) {
        const { model, vocabulary } = ctx.config
        const { seed, threads, maxMemory } = ctx
        const shape = modelOf(model, vocabulary)
        const resources = { optimizer: idleOptimizer, threads, maxMemory, maxRowLength: 1 }
        const trainer = model.from
          ? await importModel(model.from, shape, resources)
          : await taught(() => Trainer.create({ model: shape, seed, ...resources }))
        const report = await trainer.save(ctx.file('weights'), ctx.file('optimizer'))
        await writeManifest(ctx.file('checkpoint'), manifestOf(trainer, report))
        ctx.count('parameters', trainer.state().parameters)
      },
    },
    {
      name: 'log',
      kind: 'single',
      reads: [],
      writes: { log: { extension: 'json' } },
      config: ({ begin }) => ({ begin }),
      run: ctx => writeLog(ctx, begin([], ctx.config.begin, 0)),
    },
  ],
  outputs: { weights: 'model.weights', optimizer: 'model.optimizer', checkpoint: 'model.checkpoint', log: 'log.log' },
})

const trainPhase = z.strictObject({
  ...phaseSchema.pick({
    name: true,
    rowLength: true,
    batchRows: true,
    learningRate: true,
    endLearningRate: true,
    warmupTokens: true,
    ropeBase: true,
    biasRate: true,
    mtpWeight: true,
  }).shape,
  steps: z.int().min(1).describe('Steps of the whole phase: what rates are a function of'),
  ramp: z.boolean().describe('Whether weights may change inside the phase'),
})

const trainConfig = z.strictObject({
  optimizer: optimizerSchema,
  phase: trainPhase,
  firstStep: step.describe('Steps of the run before the phase'),
  fromStep: step.describe('The segment is steps [fromStep, toStep) of the phase'),
  toStep: z.int().min(1),
})
export type TrainConfig = z.output<typeof trainConfig>

const identityOfTrain = (config: TrainConfig): TrainConfig => ({ ...config, optimizer: identityOfOptimizer(config.optimizer) })

/** One segment. Shards are a side: planned whole, in the order of their partitions, which is what the index speaks of. */
export const train = defineStage({
  name: 'train',
  revision: 2,
  config: trainConfig,
  identity: identityOfTrain,
  inputs: ['weights', 'optimizer', 'checkpoint', 'rows', 'index', 'log'],
  operations: [
    {
      name: 'segment',
      kind: 'segment',
      reads: ['weights', 'optimizer', 'checkpoint'],
      sides: ['rows', 'index', 'log'],
      config: identityOfTrain,
      writes: { ...checkpoint, metrics: { schema: metrics } },
      run: trainSegment,
    },
  ],
  outputs: { weights: 'segment.weights', optimizer: 'segment.optimizer', checkpoint: 'segment.checkpoint', metrics: 'segment.metrics' },
})

/** Repeats the layers: 1 … n, 1 … n, with moments and router biases; counters and the mixture log go on (longcat-flash.md 5.2). */
export const grow = defineStage({
  name: 'grow',
  revision: 2,
  config: z.strictObject({ factor: z.int().min(2).max(64) }),
  inputs: ['weights', 'optimizer', 'checkpoint'],
  operations: [
    {
      name: 'stack',
      kind: 'single',
      reads: ['weights', 'optimizer', 'checkpoint'],
      writes: checkpoint,
      async run(ctx) {
        const [weights, optimizerState] = [ctx.files('weights')[0], ctx.files('optimizer')[0]] as [string, string]
        const trainer = await loadTrainer(ctx, { weights, optimizerState, optimizer: idleOptimizer, maxRowLength: 1 })
        const before = await readManifest(ctx.files('checkpoint')[0] as string)
        await trainer.grow(ctx.config.factor)
        const report = await trainer.save(ctx.file('weights'), ctx.file('optimizer'))
        await writeManifest(ctx.file('checkpoint'), manifestOf(trainer, report, before))
        ctx.count('parameters', trainer.state().parameters)
      },
    },
  ],
  outputs: { weights: 'stack.weights', optimizer: 'stack.optimizer', checkpoint: 'stack.checkpoint' },
})

const decideConfig = z.strictObject({
  phase: z.strictObject({
    ...phaseSchema.pick({ name: true, rowLength: true, batchRows: true, segmentSteps: true, ramp: true }).shape,
    steps: z.int().min(1),
  }),
  firstStep: step,
  step: z.int().min(1).describe('Steps of the phase that are done'),
  history: z
    .array(z.strictObject({ phase: z.string(), step }))
    .describe('Which evaluations the role `evaluation` holds, in order; all on the same held-out rows'),
  next: beginSchema.optional().describe('The phase that begins where this one ends'),
})
export type DecideConfig = z.output<typeof decideConfig>

/** After a segment: the decision and the mixture log that follows from it. */
export const decide = defineStage({
  name: 'decide',
  revision: 1,
  config: decideConfig,
  inputs: ['log', 'evaluation', 'index'],
  operations: [
    {
      name: 'decide',
      kind: 'single',
      reads: ['log'],
      sides: ['evaluation', 'index'],
      writes: { decision: { extension: 'json' }, log: { extension: 'json' } },
      run: decideSegment,
    },
  ],
  outputs: { decision: 'decide.decision', log: 'decide.log' },
})
