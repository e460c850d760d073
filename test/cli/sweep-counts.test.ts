/** Counting without sorting, against sorting and against comparing each number with each threshold. */
import { expect, test } from 'vitest'
import { countsBetween, orderStatistics } from '../../cli/sweep-counts.ts'

let state = 7
const draw = () => {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0
  return state / 2 ** 32
}
const special = [
  0,
  -0,
  1,
  -1,
  0.5,
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
  Number.MAX_VALUE,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
]
const kinds: [string, () => number][] = [
  ['shares', draw],
  ['whole numbers', () => Math.floor(draw() * 50) - 25],
  ['all magnitudes', () => (draw() - 0.5) * 10 ** Math.floor(draw() * 600 - 300)],
  ['one number', () => 0.25],
  ['special numbers', () => special[Math.floor(draw() * special.length)] as number],
]

test.each(kinds)('%s: numbers at a rank are those of the sorted list', (_, of) => {
  const values = Float64Array.from({ length: 3000 }, of)
  const sorted = values.slice().sort()
  const ranks = [0, 29, 30, 1500, 2969, 2999]
  expect(orderStatistics(values, ranks)).toEqual(ranks.map(rank => sorted[rank]))
})

test.each(kinds)('%s: rows and weights between thresholds', (_, of) => {
  const values = Float64Array.from({ length: 3000 }, of)
  const weights = Float64Array.from(values, () => Math.floor(draw() * 100))
  for (const count of [0, 1, 7]) {
    const thresholds = Array.from({ length: count }, () => values[Math.floor(draw() * values.length)] as number).sort((a, b) => a - b)
    for (const atIsAbove of [true, false]) {
      const expected = { rows: new Float64Array(count + 1), weights: new Float64Array(count + 1) }
      for (let row = 0; row < 2000; row++) {
        const value = values[row] as number
        const place = thresholds.filter(each => (atIsAbove ? value >= each : value > each)).length
        expected.rows[place] = (expected.rows[place] as number) + 1
        expected.weights[place] = (expected.weights[place] as number) + (weights[row] as number)
      }
      expect(countsBetween(values, weights, 2000, thresholds, atIsAbove)).toEqual(expected)
    }
  }
})
