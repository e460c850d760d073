/** Flows per source and kind from counters; alarms only where enough documents say something. */
import { expect, it } from 'vitest'
import { alarmsOf, survivalOf } from '../../pipelines/survival.ts'

const before = [
  {
    role: 'documents',
    counters: { 'documents/source/web': 90, 'documents/source/books': 25, 'documents/kind/web': 115, 'decisions/rule/x': 3, edited: 7 },
  },
  { role: 'documents', counters: { 'documents/source/a/b': 19, 'documents/kind/code': 19 } },
]
const after = [{ role: 'kept', counters: { 'kept/source/web': 9, 'documents/source/books': 25, 'kept/kind/web': 9 } }]

it('adds up what went in and what came out', () => {
  expect(survivalOf(before, after)).toEqual({
    source: { 'a/b': { in: 19, out: 0 }, books: { in: 25, out: 0 }, web: { in: 90, out: 9 } },
    kind: { code: { in: 19, out: 0 }, web: { in: 115, out: 9 } },
  })
})

it('says what is gone, of twenty documents or more', () => {
  const survival = survivalOf(before, after)
  expect(alarmsOf(survival, 0, [])).toEqual([{ column: 'source', value: 'books', in: 25, out: 0 }])
  expect(alarmsOf(survival, 0, ['books'])).toEqual([])
  expect(alarmsOf(survival, 0.1, []).map(({ column, value }) => `${column} ${value}`)).toEqual(['source books', 'kind web'])
  expect(alarmsOf(survival, 0.1, ['kind:web', 'books'])).toEqual([])
})

it('raises no alarm for what may be counted among others', () => {
  const out = [{ role: 'documents', counters: { 'documents/source/(others)': 1, 'documents/kind/web': 1 } }]
  expect(alarmsOf(survivalOf(before, out), 0, [])).toEqual([])
})
