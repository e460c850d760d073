/**
 * What changes from step to step inside a phase: learning rate and the bias controller's rate. Functions of the step alone, so a resumed
 * segment cannot differ. Warm-up, constant, then linear decay in tokens, as longcat-flash.md 13 fixes it.
 */
export interface Schedule {
  /** Steps of the phase, and tokens of one. */
  steps: number
  stepTokens: number
  learningRate: number
  endLearningRate?: number | undefined
  warmupTokens: number
  biasRate: number
}

/**
 * Of step `step` of the phase, from 0, by the tokens that are read when it ends: so the first step is not lost, and the last one has
 * exactly `endLearningRate`. Rises linearly to `learningRate` over `warmupTokens`, then falls linearly or, without an end, stays.
 */
export function learningRateAt(schedule: Schedule, step: number): number {
  const { learningRate, endLearningRate = learningRate, warmupTokens } = schedule
  const read = (step + 1) * schedule.stepTokens
  if (read < warmupTokens) return (learningRate * read) / warmupTokens
  const left = schedule.steps * schedule.stepTokens - warmupTokens
  if (left <= 0) return learningRate
  const part = (read - warmupTokens) / left
  return learningRate * (1 - part) + endLearningRate * part
}

/** µ of the bias controller: a cosine from `biasRate` at the first step towards 0 at the end of the phase. */
export const biasRateAt = ({ biasRate, steps }: Schedule, step: number): number => (biasRate * (1 + Math.cos((Math.PI * step) / steps))) / 2
