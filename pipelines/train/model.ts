/** From the config's words to the native trainer's, and its errors to ours. */
import { defaultOptimizer, type LoadRequest, type ModelConfig, type OptimizerConfig, Trainer } from '../../native/addon/trainer.ts'
import { MillraceError } from '../errors.ts'
import type { Context } from '../stage.ts'
import type { ModelSettings, OptimizerSettings } from './config.ts'

/** The native shape of a model with a vocabulary of `vocabulary` ids. */
export const modelOf = ({ routedScale, from: _, mtp, ...shape }: ModelSettings, vocabulary: number): ModelConfig => ({
  ...shape,
  ...(mtp ? { mtp } : {}),
  vocabulary,
  routedScale: routedScale ?? shape.denseWidth / shape.expertWidth,
})

export const optimizerOf = ({
  rowsPerSlab: _,
  recompute: __,
  precision: ___,
  rates,
  decays,
  ...settings
}: OptimizerSettings): OptimizerConfig => ({
  ...settings,
  ...(rates ? { rates: given(rates) } : {}),
  ...(decays ? { decays: given(decays) } : {}),
})

const given = (factors: NonNullable<OptimizerSettings['rates']>): Record<string, number> =>
  Object.fromEntries(Object.entries(factors).filter((entry): entry is [string, number] => entry[1] !== undefined))

/** For trainers that take no step: growth, evaluation, generation. One group fits every number of experts. */
export const idleOptimizer: OptimizerConfig = { ...defaultOptimizer, balanceGroups: 1 }

/** Opens a checkpoint with the unit's threads and memory. Throws TRAIN_MEMORY, with the trainer's table, where it does not fit. */
export const loadTrainer = (
  ctx: Pick<Context<unknown>, 'threads' | 'maxMemory'>,
  request: Omit<LoadRequest, 'threads' | 'maxMemory'>,
): Promise<Trainer> => taught(() => Trainer.load({ ...request, threads: ctx.threads, maxMemory: ctx.maxMemory }))

/**
 * The same for training, at the lowest level of recomputation that fits: every level has the same bits (docs/numerics.md), so memory may
 * decide. Throws TRAIN_MEMORY where none does.
 */
export async function loadForSteps(
  ctx: Pick<Context<unknown>, 'threads' | 'maxMemory'>,
  request: Omit<LoadRequest, 'threads' | 'maxMemory'>,
): Promise<Trainer> {
  const levels = request.recompute === undefined ? ([0, 1, 2] as const) : [request.recompute]
  for (const recompute of levels.slice(0, -1)) {
    try {
      return await Trainer.load({ ...request, recompute, threads: ctx.threads, maxMemory: ctx.maxMemory })
    } catch (error) {
      if ((error as { code?: string }).code !== 'MEMORY') throw error
    }
  }
  return loadTrainer(ctx, { ...request, recompute: levels.at(-1) as 0 | 1 | 2 })
}

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
