/**
 * The config of a run. Everything but `name` and `run` is identity; `run` never reaches a stage and cannot change a byte.
 *
 * A stage's section is the stage's own schema without the fields that the graph gives it (`given` in `sections`).
 */
import * as z from 'zod'
import { sourceSchema } from './extract/source.ts'
import type { Stage } from './stage.ts'
import { stageOf } from './stages.ts'
import { modelSchema, optimizerSchema, phaseSchema } from './train/config.ts'

/** Stages that a config may speak of, and which fields of their config the graph fills in. */
export const sections: Record<string, readonly string[]> = {
  extract: ['sources'],
  filter: ['files'],
  dedup: [],
  decontaminate: [],
  longcontext: [],
  tokenizer: ['files'],
  tokenize: [],
  score: [],
  mix: ['phases'],
  shard: ['rowLength', 'vocabulary', 'components'],
  evaluate: ['vocabulary', 'phase', 'final'],
}

export const evaluationSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9-]+$/),
    path: z.string().describe('JSONL of evaluation items, relative to the config'),
    fields: z.array(z.string()).default([]).describe('Fields whose text counts; empty = every string field'),
  })
  .describe('An evaluation set that the corpus is decontaminated against')

const duration = z.number().positive()

export const executionSchema = z
  .strictObject({
    store: z.string().optional().describe('Folder or s3://bucket/prefix; default .millrace/store beside the server'),
    threads: z.int().min(1).default(1).describe('Threads of one unit. Cannot change a byte'),
    window: z.int().min(1).default(8).describe('runUnits activities in flight per stage'),
    unitsPerActivity: z.int().min(1).default(4).describe('Units that one activity does, one after the other'),
    maxMemory: z
      .int()
      .min(2 ** 26)
      .default(2 ** 31)
      .describe('Bytes that one unit may hold'),
    stallSeconds: duration.default(300).describe('A unit without progress for this long is killed and tried again'),
    outageSeconds: duration.default(21600).describe('How long infrastructure may be away before a stage fails'),
    saveSeconds: duration.default(30).describe('Training saves at least this often inside a segment'),
    saveSteps: z.int().min(1).optional().describe('Training saves after this many steps instead'),
    maxQuarantinedRatio: z.number().min(0).max(1).default(0.05).describe('Share of a stage’s records above which it fails'),
    canaries: z
      .boolean()
      .default(true)
      .describe('Plant known duplicates, contamination and junk in a side batch of each stage, before its units'),
    minSurvival: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe('Share of a source’s or kind’s documents that a stage must keep, where it has 20 or more; 0 = at least one'),
    allowDropped: z.array(z.string()).default([]).describe('Sources, or kind:NAME, that a stage may drop below minSurvival'),
    allowMixedCode: z.boolean().default(false).describe('Let workers whose code differs at the same revision run units'),
  })
  .describe('How a run is executed: no part of its identity')

/** The schema of a whole config; `stages` is strict per stage. */
export async function configSchema() {
  const stages: Record<string, z.ZodType> = {}
  for (const [name, given] of Object.entries(sections)) {
    const stage = (await stageOf(name)) as Stage
    const schema = stage.config as z.ZodObject
    const own = given.filter(field => field in schema.shape)
    const user = own.length ? schema.omit(Object.fromEntries(own.map(field => [field, true])) as Record<string, true>) : schema
    stages[name] = (own.length && schema.description ? user.describe(schema.description) : user).prefault({})
  }
  return z.strictObject({
    $schema: z.string().optional().describe('For editors: the path of schema.json'),
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,40}$/)
      .describe('Name of runs: small letters, digits, hyphens'),
    seed: z.int().min(0).default(1),
    sources: z.array(sourceSchema).min(1),
    evaluation: z.array(evaluationSchema).default([]),
    stages: z.strictObject(stages).prefault({}),
    model: modelSchema.optional(),
    optimizer: optimizerSchema.prefault({}),
    phases: z.array(phaseSchema).default([]).describe('Phases of training, in order; none = corpus only'),
    run: executionSchema.prefault({}),
  })
}

export type SourceEntry = z.output<typeof sourceSchema>
export type EvaluationEntry = z.output<typeof evaluationSchema>
export type Execution = z.output<typeof executionSchema>

export interface Config {
  name: string
  seed: number
  sources: SourceEntry[]
  evaluation: EvaluationEntry[]
  stages: Record<string, Record<string, unknown>>
  model?: z.output<typeof modelSchema>
  optimizer: z.output<typeof optimizerSchema>
  phases: z.output<typeof phaseSchema>[]
  run: Execution
}
