// The table of cases by hand. ln 1.01 = 0.00995.
import { describe, expect, it } from 'vitest'
import { decideNext, type Evaluated, type Situation } from '../../../pipelines/train/decide.ts'

const ramp = { components: ['code', 'stem'], to: 0.7, step: 0.05, tolerance: 0.01, maxHolds: 3 }
const at = (step: number, losses: Record<string, number>): Evaluated => ({ phase: 'p', step, losses })
const base: Situation = {
  ...{ phase: 'p', step: 10, steps: 100, ramp, share: 0.4, holds: 0 },
  history: [at(10, { web: 3, books: 2.5, code: 2 }), at(20, { web: 3.009, books: 2.4, code: 9 })],
}

describe('the policy', () => {
  const cases: [name: string, more: Partial<Situation>, expected: object][] = [
    ['raises while every other component is within the guard', {}, { verdict: 'raise', holds: 0, share: { before: 0.4, after: 0.45 } }],
    ['does not guard the components that gain', { history: [at(1, { code: 1 }), at(2, { code: 5 })] }, { verdict: 'raise', guard: [] }],
    ['raises where there is nothing earlier to compare with', { history: [at(1, { web: 9 })] }, { verdict: 'raise' }],
    ['holds above the bound', { history: [at(1, { web: 3 }), at(2, { web: 3.01 })] }, { verdict: 'hold', holds: 1 }],
    [
      'compares with the best, not with the last',
      { history: [at(1, { web: 3 }), at(2, { web: 3.2 }), at(3, { web: 3.1 })] },
      { verdict: 'hold', guard: [{ component: 'web', best: { lossPerToken: 3, step: 1 }, allows: false }] },
    ],
    ['counts holds', { holds: 1, history: [at(1, { web: 3 }), at(2, { web: 4 })] }, { verdict: 'hold', holds: 2 }],
    ['goes on after maxHolds, also when the guard would allow', { holds: 3 }, { verdict: 'continue', share: { before: 0.4, after: 0.4 } }],
    ['raises again after a hold', { holds: 2 }, { verdict: 'raise', holds: 0 }],
    ['stops at the end of the ramp', { share: 0.68 }, { verdict: 'raise', share: { after: 0.7 } }],
    ['continues once it is there', { share: 0.69995 }, { verdict: 'continue' }],
    ['ends with the budget', { step: 100 }, { verdict: 'end', share: { before: 0.4, after: 0.4 } }],
    ['continues without a ramp', { ramp: undefined }, { verdict: 'continue', guard: [] }],
    [
      'holds where rows would run out, and names them',
      { exhausts: share => (share > 0.42 ? 'stem' : undefined) },
      { verdict: 'hold', holds: 1 },
    ],
  ]
  for (const [name, more, expected] of cases)
    it(name, () => {
      const verdict = decideNext({ ...base, ...more })
      expect(verdict).toMatchObject(expected)
      expect(verdict.reason).not.toBe('')
    })

  it('gives its reasons in words', () => {
    expect(decideNext({ ...base, history: [at(1, { web: 3 }), at(2, { web: 3.5 })] }).reason).toBe(
      'held at 40.0 % of code + stem: web has 3.5000 nats per token, above 3.0100',
    )
    expect(decideNext({ ...base, exhausts: () => 'stem' }).reason).toContain('at 45.0 % component stem would be used up')
  })

  it('with maxHolds 0 gives up after the first hold', () => {
    const strict = { ...base, ramp: { ...ramp, maxHolds: 0 } }
    expect(decideNext(strict).verdict).toBe('raise')
    expect(decideNext({ ...strict, history: [at(1, { web: 3 }), at(2, { web: 4 })] }).verdict).toBe('hold')
    expect(decideNext({ ...strict, holds: 1 }).verdict).toBe('continue')
  })
})
