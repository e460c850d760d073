import { describe, expect, it } from 'vitest'
import { budgetOf, checkPhases, checkSupply, demandOf } from '../../../pipelines/mix/budget.ts'
import { config } from '../../../pipelines/mix/config.ts'
import { binOf, binsPerUnit, expectedCount, roundCount, solveScale } from '../../../pipelines/mix/counts.ts'
import { Candidates, holdKey, holdOut } from '../../../pipelines/mix/holdout.ts'
import { componentOf, matchesGlob } from '../../../pipelines/mix/rules.ts'
import { random } from '../shard/corpus.ts'

describe('rules', () => {
  const { components } = config.parse({
    components: [
      { name: 'code', match: [{ kind: 'code', language: ['py', 'c*'] }, { source: 'npm-?' }] },
      { name: 'stem', match: [{ domain: 'science' }] },
      { name: 'rest' },
    ],
  })
  const of = (asked: Partial<Record<string, string>>) =>
    components[componentOf(components, { source: '', kind: '', type: '', domain: '', language: '', ...asked }, 'd')]?.name

  it('takes the first that matches', () => {
    expect(of({ kind: 'code', language: 'py', domain: 'science' })).toBe('code')
    expect(of({ kind: 'code', language: 'cpp' })).toBe('code')
    expect(of({ kind: 'code', language: 'rust', domain: 'science' })).toBe('stem')
    expect(of({ source: 'npm-1' })).toBe('code')
    expect(of({ source: 'npm-12' })).toBe('rest')
  })

  it('shows a document that no rule takes', () => {
    const open = config.parse({ components: [{ name: 'code', match: [{ kind: 'code' }] }] }).components
    expect(() => componentOf(open, { source: 's', kind: 'book', type: '', domain: '', language: '' }, 'abc')).toThrow(
      /document abc.*"book"/,
    )
  })

  it('refuses names that come twice and a closing rule that is not last', () => {
    expect(() => config.parse({ components: [{ name: 'a', match: [{ kind: 'x' }] }, { name: 'a' }] })).toThrow(/taken/)
    expect(() => config.parse({ components: [{ name: 'a' }, { name: 'b' }] })).toThrow(/last/)
  })

  it('matches globs as a regular expression does, in time that no pattern can blow up', () => {
    const draw = random(3)
    const text = (letters: string, n: number) =>
      Array.from({ length: Math.floor(draw() * n) }, () => letters[Math.floor(draw() * letters.length)]).join('')
    for (let i = 0; i < 3000; i++) {
      const [pattern, subject] = [text('ab*?', 7), text('ab', 8)]
      const oracle = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(subject)
      expect(matchesGlob(pattern, subject), `${pattern} on ${subject}`).toBe(oracle)
    }
    expect(matchesGlob(`${'a*'.repeat(200)}b`, 'a'.repeat(5000))).toBe(false)
  })
})

describe('counts', () => {
  it('solves for the scale that meets the budget', () => {
    const draw = random(9)
    for (let trial = 0; trial < 50; trial++) {
      const bins = new Map(
        Array.from({ length: 1 + Math.floor(draw() * 40) }, () => [
          Math.floor((draw() - 0.3) * 5 * binsPerUnit),
          1 + Math.floor(draw() * 5000),
        ]),
      )
      const tokens = [...bins.values()].reduce((sum, n) => sum + n, 0)
      const cap = 1 + Math.floor(draw() * 5)
      const budget = tokens * cap * draw() * 1.2
      const scale = solveScale(bins, budget, cap)
      const expected = (s: number) => [...bins].reduce((sum, [bin, n]) => sum + n * Math.min(cap, s * Math.exp(bin / binsPerUnit)), 0)
      if (budget >= tokens * cap) expect(expected(scale)).toBeCloseTo(tokens * cap, 4)
      else expect(expected(scale) / budget).toBeCloseTo(1, 9)
      for (const bin of bins.keys()) expect(expectedCount(scale, bin, cap)).toBeLessThanOrEqual(cap)
    }
    expect(solveScale(new Map(), 10, 2)).toBe(0)
  })

  it('weighs diversity and quality, and reads nothing of weight 0', () => {
    const settings = config.parse({ alpha: 0.8, tau: 0.2 })
    const extents = { quality: { low: 0, high: 10 }, diversity: { low: 1, high: 3 } }
    const bin = (quality: number | undefined, diversity: number | undefined, weight = 1) =>
      binOf({ quality, diversity, weight }, extents, settings)
    expect(bin(5, 2.5)).toBe(Math.round(((0.8 * 0.75 + 0.2 * 0.5) / 0.2) * binsPerUnit))
    expect(bin(5, undefined)).toBe(Math.round((0.5 / 0.2) * binsPerUnit))
    expect(bin(undefined, undefined)).toBe(Math.round((0.5 / 0.2) * binsPerUnit))
    expect(bin(10, 3, 0.5)).toBe(Math.round((1 / 0.2 + Math.log(0.5)) * binsPerUnit))
    expect(bin(5, 2, 0)).toBeUndefined()
  })

  it('rounds by chance to the expected value', () => {
    const n = 20_000
    let sum = 0
    for (let i = 0; i < n; i++) {
      const count = roundCount(1.3, 1, `id${i}`)
      expect([1, 2]).toContain(count)
      sum += count
    }
    // Standard error of the mean: sqrt(0.3 · 0.7 / n) = 0.0032.
    expect(Math.abs(sum / n - 1.3)).toBeLessThan(0.013)
    expect(roundCount(2, 1, 'x')).toBe(2)
  })
})

describe('budget', () => {
  const phases = [
    { name: 'general', tokens: 1000, rowLength: 64, mixture: { web: 0.7, code: 0.3 } },
    { name: 'stem', tokens: 500, rowLength: 64, mixture: { web: 0.7, code: 0.3 }, ramp: { components: ['code'], to: 0.7 } },
    { name: 'long', tokens: 2000, rowLength: 256, mixture: { web: 4, books: 1 } },
  ]
  const parsed = config.parse({
    components: [{ name: 'web', match: [{ kind: 'web' }] }, { name: 'code', match: [{ kind: 'code' }] }, { name: 'books' }],
    phases,
  })
  const component = (name: string) => parsed.components.find(c => c.name === name) as (typeof parsed.components)[number]

  it('sums over phases of one row length, takes the largest row length, and bounds a ramp by both ends', () => {
    const rounded = (name: string) => Object.fromEntries(Object.entries(demandOf(phases, name)).map(([k, v]) => [k, Math.round(v)]))
    expect(rounded('web')).toEqual({ least: 1600, most: 1600 })
    expect(rounded('code')).toEqual({ least: 450, most: 650 })
    expect(rounded('books')).toEqual({ least: 400, most: 400 })
    expect(budgetOf(component('code'), parsed, 10)).toBeCloseTo(650 * 1.05, 9)
    expect(budgetOf({ ...component('code'), budget: 77 }, parsed, 10)).toBe(77)
  })

  it('refuses a budget that cannot be met, and names that no component has', () => {
    checkSupply(component('code'), parsed, 113)
    expect(() => checkSupply(component('code'), parsed, 100)).toThrow(/400 tokens of code.*found 450/)
    expect(() => checkSupply({ ...component('code'), counts: 'uniform' }, parsed, 400)).toThrow(/uniform|samplemix/)
    checkPhases(parsed)
    expect(() => checkPhases(config.parse({ phases }))).toThrow(/phase general.*web/)
  })
})

describe('holdout', () => {
  const validation = (more: Record<string, number>) => config.parse({ validation: more }).validation

  it('never needs a group that a partition dropped', () => {
    const draw = random(21)
    for (let trial = 0; trial < 60; trial++) {
      const rules = validation({
        share: draw() * 0.2,
        minimum: Math.floor(draw() * 6),
        maximum: 1 + Math.floor(draw() * 8),
        atMost: 0.3 + draw() * 0.7,
      })
      const documents = Array.from({ length: 200 }, (_, i) => ({
        component: draw() < 0.8 ? 'a' : 'b',
        hold: holdKey(trial, `g${Math.floor(draw() * 80)}`),
        documents: 1,
        part: i % 3,
      }))
      const sizes = new Map(['a', 'b'].map(name => [name, documents.filter(d => d.component === name).length]))
      const all = new Candidates(1e9)
      const parts = [0, 1, 2].map(() => new Candidates(rules.maximum))
      const merged = new Candidates(rules.maximum)
      for (const document of documents) {
        all.add(document)
        parts[document.part]?.add(document)
      }
      for (const part of parts) for (const candidate of part.list()) merged.add(candidate)
      const chosen = holdOut(merged.list(), sizes, rules)
      if (rules.atMost === 1) expect(chosen).toEqual(holdOut(all.list(), sizes, rules))
      for (const name of ['a', 'b']) {
        const held = documents.filter(d => d.component === name && chosen.includes(d.hold)).length
        expect(held).toBeLessThanOrEqual(sizes.get(name) as number)
      }
    }
  })

  it('holds out at least the minimum and at most the share that may go', () => {
    const documents = Array.from({ length: 1000 }, (_, i) => ({
      component: i < 20 ? 'small' : 'large',
      hold: holdKey(4, `d${i}`),
      documents: 1,
    }))
    const sizes = new Map([
      ['small', 20],
      ['large', 980],
    ])
    const held = (more: Record<string, number>) => {
      const candidates = new Candidates(4096)
      for (const document of documents) candidates.add(document)
      const chosen = new Set(holdOut(candidates.list(), sizes, validation(more)))
      return ['small', 'large'].map(name => documents.filter(d => d.component === name && chosen.has(d.hold)).length)
    }
    expect(held({ share: 0, minimum: 8, atMost: 0.25 })).toEqual([5, 8])
    const [, large] = held({ share: 0.1 })
    expect(Math.abs((large as number) - 98)).toBeLessThan(30)
    expect(held({ share: 0.1, maximum: 12 })[1]).toBe(12)
  })
})
