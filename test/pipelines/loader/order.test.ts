import { describe, expect, it } from 'vitest'
import {
  advance,
  appendEntry,
  beginPhase,
  checkLog,
  firstEntries,
  type MixtureLog,
  nextPosition,
  stepRange,
  unskipped,
} from '../../../pipelines/loader/log.ts'
import { Order } from '../../../pipelines/loader/order.ts'
import { Permutation } from '../../../pipelines/loader/permute.ts'
import { slotTable } from '../../../pipelines/loader/slots.ts'
import { addShare, moveShare, quantise, shareOf } from '../../../pipelines/loader/weights.ts'
import type { IndexEntry } from '../../../pipelines/shard/layout.ts'
import { refComponents, refPermutation } from './reference.ts'

/** xorshift32: tests draw from a seed that they print. */
function random(seed: number): () => number {
  let x = seed | 0 || 1
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2 ** 32
  }
}

describe('slot table', () => {
  it('keeps every prefix less than one slot from its weight', () => {
    const draw = random(7)
    for (let trial = 0; trial < 60; trial++) {
      const names = 1 + Math.floor(draw() * (trial % 10 === 0 ? 60 : 8))
      const shares = Array.from({ length: names }, (_, i) => [`c${i}`, draw() ** 3 + 0.02] as const)
      const weights = Object.values(quantise(Object.fromEntries(shares)))
      const { component, rank } = slotTable(weights)
      const counts = weights.map(() => 0)
      for (let n = 1; n <= 4096; n++) {
        const c = component[n - 1] as number
        expect(rank[n - 1]).toBe(counts[c])
        counts[c] = (counts[c] as number) + 1
        // In integers: |count · 4096 − n · w| < 4096.
        for (const [i, w] of weights.entries())
          if (Math.abs((counts[i] as number) * 4096 - n * w) >= 4096) throw new Error(`prefix ${n}, component ${i}`)
      }
      expect(counts).toEqual(weights)
    }
  })

  it('refuses weights that do not sum to the table', () => {
    expect(() => slotTable([1, 2])).toThrow(RangeError)
  })
})

describe('weights', () => {
  it('quantises by largest remainder, ties to the first name', () => {
    expect(quantise({ b: 1, a: 1, c: 1 })).toEqual({ a: 1366, b: 1365, c: 1365 })
    expect(quantise({ web: 0.7, code: 0.3, none: 0 })).toEqual({ code: 1229, web: 2867 })
  })
  it('names a weight that would vanish', () => {
    expect(() => quantise({ web: 1, rare: 1e-6 })).toThrow(/rare/)
    expect(() => quantise({ web: -1 })).toThrow(/web/)
    expect(() => quantise({})).toThrow(/positive/)
  })
  it('adds long context on top, and moves a share', () => {
    const main = { web: 3, code: 1 }
    expect(shareOf(addShare(main, { books: 1 }, 0.25), ['books'])).toBeCloseTo(0.2, 12)
    expect(shareOf(addShare(main, { books: 1 }, 0.25, 'ofTotal'), ['books'])).toBeCloseTo(0.25, 12)
    expect(moveShare(main, ['code'], 0.7)).toEqual({ code: 0.7, web: 0.30000000000000004 })
  })
})

describe('permutation', () => {
  it('is the one of the definition, and a bijection', () => {
    for (const n of [1, 2, 3, 4, 5, 16, 17, 100, 1000, 4097]) {
      const permutation = new Permutation(n, `k${n}`)
      const all = Array.from({ length: n }, (_, i) => permutation.at(i))
      expect(all).toEqual(refPermutation(n, `k${n}`))
      expect(new Set(all).size).toBe(n)
    }
  })
  it('works where halves are wide', () => {
    const permutation = new Permutation(2 ** 40 + 3, 'wide')
    const seen = new Set(Array.from({ length: 2000 }, (_, i) => permutation.at(i * 1000003)))
    expect(seen.size).toBe(2000)
    for (const x of seen) expect(x).toBeLessThan(2 ** 40 + 3)
  })
  it('moves elements evenly', () => {
    const n = 10_000
    const permutation = new Permutation(n, 'even')
    let same = 0
    let ahead = 0
    for (let i = 0; i < n; i++) {
      if (permutation.at(i) === i) same++
      if (i && permutation.at(i) > permutation.at(i - 1)) ahead++
    }
    expect(same).toBeLessThan(10)
    expect(Math.abs(ahead - n / 2)).toBeLessThan(300)
  })
})

describe('mixture log', () => {
  const start = beginPhase([], { phase: 'general', at: 0, rowLength: 8, batch: 4, weights: { web: 1 } })

  it('is a chain that shows any change', () => {
    const log = appendEntry(start, { kind: 'skip', phase: 'general', at: 40, from: 8, to: 16, reason: 'a spike' })
    checkLog(log)
    const changed = structuredClone(log) as { reason: string }[]
    ;(changed[0] as { reason: string }).reason = 'other'
    expect(() => checkLog(changed as unknown as MixtureLog)).toThrow(/entry 0.*digest/)
    expect(() => checkLog(log.slice(1))).toThrow(/entry 0/)
    expect(() => appendEntry(log, { kind: 'batch', phase: 'general', at: 39, rows: 8, reason: '' })).toThrow(/at ≥ 40/)
    expect(() => appendEntry(log, { kind: 'batch', phase: 'stem', at: 40, rows: 8, reason: '' })).toThrow(/phase general/)
  })

  it('walks steps over skips and batch sizes as counting by hand does', () => {
    const draw = random(11)
    for (let trial = 0; trial < 40; trial++) {
      let log: MixtureLog = start
      let at = 0
      let batch = 4
      // A trainer that counts: the positions that each step reads, under the log of the end.
      for (let i = 0; i < 5; i++) {
        at = advance(log, at, batch * (1 + Math.floor(draw() * 4)))
        if (draw() < 0.5) {
          const back = Math.max(0, at - batch * (1 + Math.floor(draw() * 3)))
          log = appendEntry(log, { kind: 'skip', phase: 'general', at, from: back, to: at, reason: 'spike' })
        } else {
          batch = 1 + Math.floor(draw() * 6)
          log = appendEntry(log, { kind: 'batch', phase: 'general', at, rows: batch, reason: 'ramp' })
        }
      }
      const isSkipped = (p: number) => log.some(e => e.kind === 'skip' && p >= e.from && p < e.to)
      for (let p = 0; p < 100; p++) {
        let next = p
        while (isSkipped(next)) next++
        expect(nextPosition(log, p)).toBe(next)
        let end = next
        for (let left = 7; left > 0; end++) if (!isSkipped(end)) left--
        const next7 = advance(log, p, 7)
        expect(unskipped(log, p, next7)).toBe(7)
        while (isSkipped(end)) end++
        expect(nextPosition(log, next7)).toBe(end)
      }
    }
  })

  it('finds the positions of a step', () => {
    let log: MixtureLog = start
    log = appendEntry(log, { kind: 'skip', phase: 'general', at: 16, from: 8, to: 16, reason: 'spike' })
    log = appendEntry(log, { kind: 'batch', phase: 'general', at: 24, rows: 2, reason: 'ramp' })
    expect([0, 1, 2, 3, 4, 5].map(step => stepRange(log, step)).map(({ from, rows }) => [from, rows])).toEqual([
      [0, 4],
      [4, 4],
      [16, 4],
      [20, 4],
      [24, 2],
      [26, 2],
    ])
  })

  it('gives the first entries of every phase', () => {
    const entries = firstEntries([
      { phase: 'general', rowLength: 8, batch: 4, weights: { web: 7, code: 3 } },
      { phase: 'long', rowLength: 32, batch: 1, weights: addShare({ web: 7, code: 3 }, { books: 1 }, 0.25) },
    ])
    expect(entries.map(e => [e.phase, e.kind, e.at])).toEqual([
      ['general', 'weights', 0],
      ['general', 'batch', 0],
      ['long', 'weights', 0],
      ['long', 'batch', 0],
    ])
  })
})

describe('order', () => {
  const index: IndexEntry[] = []
  const add = (component: string, pass: number, rows: number[][]) => {
    for (const [part, batches] of rows.entries())
      for (const n of batches)
        index.push({ component, role: 'train', pass, part, batch: index.filter(e => e.part === part).length, rows: n })
  }
  add('code', 0, [[3, 2], [4]])
  add('code', 1, [[1], [2]])
  add('web', 0, [[5], [7]])
  let log: MixtureLog = beginPhase([], { phase: 'general', at: 0, rowLength: 8, batch: 2, weights: { web: 1, code: 1 } })
  log = beginPhase(log, { phase: 'long', at: 6, rowLength: 32, batch: 1, weights: { books: 1 } })
  log = beginPhase(log, { phase: 'stem', at: 10, rowLength: 8, batch: 2, weights: { web: 1, code: 3 } })

  it('reads every row of a pass once before the next pass, over phases of one row length', () => {
    const order = new Order({ seed: 5, log, rowLength: 8, index })
    const end = order.exhaustion(0)?.position as number
    const components = refComponents(log as never, end + 1)
    const places = new Map<string, string[]>()
    for (let p = 0; p < end; p++) {
      if (components[p]?.rowLength !== 8) continue
      const row = order.at(p)
      expect(row.component).toBe(components[p]?.component)
      const seen = places.get(row.component) ?? []
      places.set(row.component, seen)
      expect(row.rank).toBe(seen.length)
      seen.push(`${row.pass}:${row.part}/${row.batch}/${row.row}`)
    }
    const code = places.get('code') as string[]
    expect(code).toHaveLength(12)
    expect(new Set(code).size).toBe(12)
    expect(code.map(place => place.slice(0, 2))).toEqual([...Array(9).fill('0:'), ...Array(3).fill('1:')])
    expect(order.exhaustion(0)?.component).toBe('code')
    expect(() => order.at(end)).toThrow(/code.*12 rows/)
    expect(() => order.at(7)).toThrow(/phase long/)
  })

  it('names a component without rows', () => {
    expect(() => new Order({ seed: 5, log, rowLength: 32, index })).toThrow(/books/)
  })

  it('finds exhaustion behind a skip', () => {
    const before = new Order({ seed: 5, log, rowLength: 8, index }).exhaustion(0)?.position as number
    const skip = appendEntry(log, { kind: 'skip', phase: 'stem', at: before, from: before - 1, to: before + 1, reason: 'spike' })
    const order = new Order({ seed: 5, log: skip, rowLength: 8, index })
    const found = order.exhaustion(0)?.position as number
    let p = before + 1
    for (; ; p++) {
      try {
        order.at(p)
      } catch {
        break
      }
    }
    expect(found).toBe(p)
  })
})
