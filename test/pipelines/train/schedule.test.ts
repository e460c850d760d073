// Expected values by hand, from the definition: linear to the peak in tokens, then linear to the end.
import { expect, it } from 'vitest'
import { biasRateAt, learningRateAt, type Schedule } from '../../../pipelines/train/schedule.ts'

const schedule: Schedule = { steps: 10, stepTokens: 100, learningRate: 0.8, endLearningRate: 0.2, warmupTokens: 400, biasRate: 0.04 }
const rates = (given: Schedule) => Array.from({ length: given.steps }, (_, step) => learningRateAt(given, step))

it('warms up in tokens, falls linearly, ends at the end', () => {
  const expected = [0.2, 0.4, 0.6, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2]
  for (const [step, rate] of rates(schedule).entries()) expect(rate, `step ${step}`).toBeCloseTo(expected[step] as number, 12)
})

it('stays where no end is given', () => {
  expect(rates({ ...schedule, endLearningRate: undefined }).slice(3)).toEqual(Array(7).fill(0.8))
})

it('needs no warm-up', () => {
  const found = rates({ ...schedule, warmupTokens: 0, endLearningRate: 0, steps: 4 })
  for (const [step, rate] of [0.6, 0.4, 0.2, 0].entries()) expect(found[step]).toBeCloseTo(rate, 12)
})

it('ends inside a warm-up that is longer than the phase', () => {
  expect(rates({ ...schedule, warmupTokens: 2000 }).at(-1)).toBeCloseTo(0.4, 12)
  expect(learningRateAt({ ...schedule, warmupTokens: 1000 }, 9)).toBe(0.8)
})

it('lowers the bias rate along a cosine', () => {
  expect(biasRateAt(schedule, 0)).toBe(0.04)
  expect(biasRateAt(schedule, 5)).toBeCloseTo(0.02, 12)
  expect(biasRateAt({ ...schedule, steps: 3 }, 1)).toBeCloseTo(0.03, 12) // (1 + cos 60°) / 2
  expect(biasRateAt(schedule, 10)).toBeCloseTo(0, 12)
})
