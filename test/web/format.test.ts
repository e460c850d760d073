import { expect, it } from 'vitest'
import { ticks } from '../../web/report/chart.ts'
import { figure, plain, short, size, sparkline } from '../../web/report/format.ts'
import { spreadOver } from '../../web/report/read.ts'

it('draws a sparkline from the lowest to the highest, means where it is too wide', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█')
  expect(sparkline([7, 0])).toBe('█▁')
  expect(sparkline([3, 3, 3])).toBe('▄▄▄')
  expect(sparkline([null, 1, Number.NaN, 2, Number.POSITIVE_INFINITY])).toBe('▁█')
  expect(sparkline([])).toBe('')
  expect(sparkline([0, 2, 10, 12], 2)).toBe('▁█')
  expect([...sparkline(Array.from({ length: 1000 }, (_, i) => 1000 - i))]).toHaveLength(60)
})

it('reads numbers as people do', () => {
  expect([0, 0.01234, 1.989, 30.9, 280.54, 1234.5, -2.5, null, Number.NaN].map(figure)).toEqual([
    '0',
    '0.0123',
    '1.99',
    '30.9',
    '281',
    '1,235',
    '-2.50',
    '–',
    '–',
  ])
  expect([0, 999, 1000, 12_345, 1e9].map(size)).toEqual(['0 B', '999 B', '1.0 kB', '12 kB', '1.0 GB'])
  expect([0, 0.004, 7, 1500, 20_480, 3e6].map(short)).toEqual(['0', '0.004', '7', '1500', '20.5 k', '3 M'])
})

it('takes from foreign text what a page should not have', () => {
  expect(plain('a\0b\x1b[31mc\u202ed\ne\tf')).toBe('a\ufffdb\ufffd[31mc\ufffdd\ne\tf')
})

it('places ticks on round numbers within the axis', () => {
  expect(ticks(0, 110, 6)).toEqual([0, 20, 40, 60, 80, 100])
  expect(ticks(3.05, 7.3, 5)).toEqual([4, 5, 6, 7])
  expect(ticks(0, 0.004, 3)).toEqual([0, 0.002, 0.004])
  expect(ticks(5, 5, 4)).toEqual([5])
})

it('spreads a sample over all of a list', () => {
  expect(spreadOver([1, 2, 3], 5)).toEqual([1, 2, 3])
  expect(spreadOver([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 4)).toEqual([0, 3, 6, 9])
})
