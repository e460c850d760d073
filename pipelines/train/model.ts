/** From the config's words to the native trainer's, and its errors to ours. */
import { defaultOptimizer, type LoadRequest, type ModelConfig, type OptimizerConfig, Trainer } from '../../native/addon/trainer.ts'
import { MillraceError } from '../errors.ts'
import type { Context } from '../stage.ts'
import type { ModelSettings, OptimizerSettings } from './config.ts'

/** The native shape of a model with a vocabulary of `vocabulary` ids. */
export const modelOf = ({ routedScale, ...shape }: ModelSettings, vocabulary: number): ModelConfig => ({
  ...shape,
  vocabulary,
  routedScale: routedScale ?? shape.denseWidth / shape.expertWidth,
})

export const optimizerOf = ({ rowsPerSlab: _, ...settings }: OptimizerSettings): OptimizerConfig => settings

/** For trainers that take no step: growth, evaluation, generation. One group fits every number of experts. */
export const idleOptimizer: OptimizerConfig = { ...defaultOptimizer, balanceGroups: 1 }

/** Opens a checkpoint with the unit's threads and memory. Throws TRAIN_MEMORY, with the trainer's table, where it does not fit. */
export const loadTrainer = (
  ctx: Pick<Context<unknown>, 'threads' | 'maxMemory'>,
  request: Omit<LoadRequest, 'threads' | 'maxMemory'>,
): Promise<Trainer> => taught(() => Trainer.load({ ...request, threads: ctx.threads, maxMemory: ctx.maxMemory }))

/** Asking for too much memory or for a shape that cannot be is the config's matter: trying again would not mend it. */
export async function taught<T>(make: () => T | Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (code === 'MEMORY')
      throw new MillraceError(
        {
          code: 'TRAIN_MEMORY',
          kind: 'config',
          expected: 'a model that fits run.maxMemory',
          found: message,
          next: 'raise run.maxMemory, or make the model, rowLength or optimizer.rowsPerSlab smaller',
        },
        { cause: error },
      )
    if (code === 'ARGUMENT')
      throw new MillraceError(
        {
          code: 'TRAIN_MODEL',
          kind: 'config',
          expected: 'a shape that a model can have',
          found: message,
          next: 'mend `model` in the config',
        },
        { cause: error },
      )
    throw error
  }
}
