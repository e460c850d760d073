/** What names things: one encoding for one value, and keys that change with each ingredient and with nothing else. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { nodeOf } from '../../pipelines/graph.ts'
import { canonical, digestOf, fingerprint, IdentityError, unitKey } from '../../pipelines/identity.ts'
import { type Part, plan, type Raw } from '../../pipelines/plan.ts'
import { defineStage, type Operation, type Stage } from '../../pipelines/stage.ts'

describe('canonical', () => {
  it('is JSON with sorted keys, NFC and no white space', () => {
    expect(canonical({ b: [1, 2.5, -0, 1e21], a: { z: null, y: true }, c: undefined })).toBe(
      '{"a":{"y":true,"z":null},"b":[1,2.5,0,1e+21]}',
    )
    expect(canonical('e\u0301')).toBe(canonical('\u00e9'))
    expect(canonical({ 'e\u0301': 1 })).toBe(canonical({ '\u00e9': 1 }))
    expect(canonical({ 10: 'a', 9: 'b', a: 'c' })).toBe('{"10":"a","9":"b","a":"c"}')
    expect(canonical(Object.assign(Object.create(null), { a: 1 }))).toBe('{"a":1}')
    expect(canonical('\ud800')).toBe('"\\ud800"')
  })

  it('does not take one value for another', () => {
    const values = [
      5,
      '5',
      5n,
      '5n',
      true,
      'true',
      null,
      'null',
      [],
      {},
      '',
      [null],
      [[]],
      { a: 1 },
      { a: '1' },
      { a: [1] },
      ['a', 1],
      [1, 2],
      [12],
      '[1,2]',
      { a: { b: 1 } },
      { 'a.b': 1 },
      0.1 + 0.2,
      0.3,
    ]
    const forms = values.map(value => canonical(value))
    expect(new Set(forms).size).toBe(values.length)
  })

  it.each([
    ['a function', () => 1],
    ['NaN', Number.NaN],
    ['an infinity', Number.POSITIVE_INFINITY],
    ['a Map', new Map()],
    ['a Set', new Set()],
    ['a Date', new Date(0)],
    ['a typed array', new Uint8Array(2)],
    ['a Buffer', Buffer.from('x')],
    ['a regular expression', /x/],
    ['a class instance', new (class Config {})()],
    ['a boxed string', Object('x')],
    ['a symbol', Symbol('x')],
    ['undefined', undefined],
    ['a promise', Promise.resolve(1)],
  ])('refuses %s, wherever it is', (_, value) => {
    expect(() => canonical(value)).toThrow(IdentityError)
    expect(() => canonical([value])).toThrow(/\[0\]/)
    if (value !== undefined) expect(() => canonical({ deep: [{ here: value }] })).toThrow(/deep\[0\]\.here/)
  })

  it('refuses what would be dropped, merged or endless', () => {
    expect(() => canonical({ [Symbol('hidden')]: 1 })).toThrow(IdentityError)
    // biome-ignore lint/suspicious/noSparseArray: a hole is what it must refuse
    expect(() => canonical([1, , 2])).toThrow(IdentityError)
    expect(() => canonical({ 'e\u0301': 1, '\u00e9': 2 })).toThrow(/one name in NFC/)
    const loop: unknown[] = []
    loop.push(loop)
    expect(() => canonical(loop)).toThrow(IdentityError)
  })

  it('depends on no order of insertion', () => {
    let state = 7
    const random = () => {
      state = (state * 1103515245 + 12345) % 2 ** 31
      return state / 2 ** 31
    }
    for (let round = 0; round < 200; round++) {
      const entries = Array.from({ length: 12 }, (_, i) => [`k${Math.floor(random() * 1e6)}-${i}`, { i, list: [i, `${i}`] }] as const)
      const shuffled = [...entries].sort(() => random() - 0.5)
      expect(canonical(Object.fromEntries(shuffled))).toBe(canonical(Object.fromEntries(entries)))
    }
  })
})

describe('golden', () => {
  // From `printf '%s' '<canonical form>' | sha256sum`: names on disk must be the same in every release.
  it('fingerprints, unit keys and digests stay as they are', () => {
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
    const named = {
      stage: 'filter',
      revision: 3,
      config: { b: 1, a: ['x', null] },
      parents: { documents: ['extract/0123456789abcdef/documents'] },
    }
    expect(fingerprint(named)).toBe(
      sha256(
        '{"config":{"a":["x",null],"b":1},"parents":{"documents":["extract/0123456789abcdef/documents"]},"revision":3,"stage":"filter"}',
      ).slice(0, 16),
    )
    expect(fingerprint(named)).toBe('9d147efda51c50fa')
    const unit = {
      stage: 'dedup',
      operation: 'sign',
      revision: 1,
      config: {},
      seed: 7,
      partition: undefined,
      inputs: [{ role: 'documents', content: 'aa' }],
      sides: [],
    }
    expect(unitKey(unit)).toBe('4526753e5c34811ef828d8bf8b7e8333')
    expect(digestOf({ x: 5n, y: 'é' })).toBe('367f88adf0728834ec3d2071382e2cd97e5657cabda78eb4653ad9089f9c8c43')
  })
})

const config = z.strictObject({ a: z.number().default(1), b: z.number().default(2), target: z.number().default(1000) })
const operation = (more: Partial<Operation<z.output<typeof config>>> = {}): Operation<z.output<typeof config>> => ({
  name: 'map',
  kind: 'map',
  reads: ['documents'],
  writes: {},
  unitBytes: given => given.target,
  run: async () => undefined,
  ...more,
})
const stage = (revision = 1, name = 'test') =>
  defineStage({ name, revision, config, inputs: ['documents'], operations: [operation()], outputs: {} }) as Stage

const batch = (i: number, bytes = 100) => ({ rows: 10, bytes, content: createHash('sha256').update(`batch ${i}`).digest('hex') })
const part = (batches: ReturnType<typeof batch>[], location = 'units/x/y/documents.arrow'): Part => ({
  role: 'documents',
  location,
  content: createHash('sha256').update(JSON.stringify(batches)).digest('hex'),
  rows: batches.length * 10,
  bytes: 0,
  schema: 'ab'.repeat(32),
  batches,
})
const rawFile = (i: number, size = 100, sha256 = `${i}`): Raw => ({
  source: { name: 'web', kind: 'web' },
  key: `folder/file-${String(i).padStart(5, '0')}.html`,
  location: `/somewhere/${i}`,
  size,
  sha256,
})
const request = (more: Partial<Parameters<typeof plan<z.output<typeof config>>>[0]> = {}) => ({
  stage: stage(),
  operation: operation(),
  config: config.parse({}),
  seed: 1,
  reads: [] as Part[],
  sides: [] as Part[],
  raw: [] as Raw[],
  ...more,
})
const keys = (more: Parameters<typeof request>[0]) => plan(request(more)).units.map(unit => unit.key)

describe('unit boundaries', () => {
  const changed = (before: string[], after: string[]) => after.filter(key => !before.includes(key)).length

  it('one file more or less changes its neighbours only, at many places', () => {
    const files = Array.from({ length: 1500 }, (_, i) => rawFile(i * 2, 40 + ((i * 7919) % 160)))
    const before = keys({ raw: files })
    const counts: number[] = []
    for (let at = 0; at < 1500; at += 7) {
      const inserted = [...files.slice(0, at + 1), rawFile(at * 2 + 1), ...files.slice(at + 1)]
      counts.push(changed(before, keys({ raw: inserted })))
      if (at % 5 === 0) counts.push(changed(before, keys({ raw: [...files.slice(0, at), ...files.slice(at + 1)] })))
    }
    counts.sort((a, b) => a - b)
    expect(before.length).toBeGreaterThan(100)
    expect(counts.reduce((a, b) => a + b) / counts.length).toBeLessThan(1.7)
    expect(counts[Math.floor(counts.length * 0.99)]).toBeLessThanOrEqual(4)
    expect(counts.at(-1)).toBeLessThanOrEqual(10)
  })

  it('holds for record batches, wherever they lie', () => {
    const batches = Array.from({ length: 1000 }, (_, i) => batch(i))
    const before = keys({ reads: [part(batches)] })
    const split = [part(batches.slice(0, 377), 'a'), part(batches.slice(377), 'b')]
    expect(keys({ reads: split })).toEqual(before)
    const more = [...batches.slice(0, 500), batch(5000), ...batches.slice(500)]
    expect(changed(before, keys({ reads: [part(more)] }))).toBeLessThanOrEqual(4)
  })

  it('no unit passes twice the target but one of a single input', () => {
    const files = Array.from({ length: 2000 }, (_, i) => rawFile(i, i % 50 === 0 ? 5000 : 30 + ((i * 31) % 400)))
    const units = plan(request({ raw: files })).units
    for (const unit of units) expect(unit.raw.length === 1 || unit.bytes <= 2000).toBe(true)
    expect(units.flatMap(unit => unit.raw.map(file => file.key))).toEqual(files.map(file => file.key))
    expect(new Set(units.map(unit => unit.key)).size).toBe(units.length)
  })

  it('nothing gives no units, an empty file one', () => {
    expect(keys({})).toEqual([])
    expect(keys({ raw: [rawFile(1, 0)] })).toHaveLength(1)
  })
})

describe('a unit’s key', () => {
  const base = { reads: [part([batch(1), batch(2)])] }
  const [key] = keys(base)

  it.each<[string, Parameters<typeof request>[0]]>([
    ['stage', { stage: stage(1, 'other') }],
    ['revision', { stage: stage(2) }],
    ['operation', { operation: operation({ name: 'other' }) }],
    ['config', { config: config.parse({ a: 5 }) }],
    ['seed', { seed: 2 }],
    ['content of an input', { reads: [part([batch(1), batch(3)])] }],
    ['range of an input', { reads: [part([batch(1)])] }],
    ['order of inputs', { reads: [part([batch(2), batch(1)])] }],
    ['role of an input', { reads: [{ ...part([batch(1), batch(2)]), role: 'scores' }] }],
    ['schema of an input', { reads: [{ ...part([batch(1), batch(2)]), schema: 'cd'.repeat(32) }] }],
    ['a side input', { sides: [part([batch(9)])] }],
    ['epoch', { epoch: () => 1 }],
  ])('changes with its %s', (_, more) => {
    const changed = keys({ ...base, ...more })
    expect(changed).toHaveLength(1)
    expect(changed[0]).not.toBe(key)
  })

  it.each<[string, Parameters<typeof request>[0]]>([
    ['where an input lies', { reads: [part([batch(1), batch(2)], 's3://elsewhere/documents.arrow')] }],
    ['what else a part says of itself', { reads: [{ ...part([batch(1), batch(2)]), rows: 0, bytes: 5, content: 'other bytes' }] }],
    [
      'config that the operation does not read',
      { config: config.parse({ b: 5 }), operation: operation({ config: ({ a, target }) => ({ a, target }) }) },
    ],
    ['epoch zero', { epoch: () => 0 }],
  ])('does not change with %s', (_, more) => {
    const given = more?.operation ? { ...base, operation: more.operation } : base
    expect(keys({ ...base, ...more })).toEqual(keys(given))
  })

  it('of raw files is (source, key, size, sha256), and no more', () => {
    const [given] = keys({ raw: [rawFile(1)] })
    for (const other of [
      rawFile(2),
      rawFile(1, 101),
      rawFile(1, 100, 'x'),
      { ...rawFile(1), source: { name: 'web', kind: 'book' } },
      { ...rawFile(1), source: { name: 'other', kind: 'web' } },
    ])
      expect(keys({ raw: [other] })[0]).not.toBe(given)
    expect(keys({ raw: [{ ...rawFile(1), location: '/moved', mtimeMs: 5 } as Raw] })[0]).toBe(given)
  })

  it('of a shuffle has its partitions, of a reduce its partition', () => {
    const shuffled = (partitions: number) => keys({ ...base, operation: operation({ kind: 'shuffle', partitions: () => partitions }) })[0]
    expect(shuffled(2)).not.toBe(shuffled(3))
    const same = Array.from({ length: 3 }, () => batch(1))
    const reduced = keys({ reads: [part(same)], operation: operation({ kind: 'reduce' }), partitions: 3 })
    expect(new Set(reduced).size).toBe(3)
  })
})

describe('a fingerprint', () => {
  const node = {
    id: 'filter',
    stage: 'filter',
    revision: 1,
    config: { a: 1 },
    seed: 1,
    parents: { documents: [{ stage: 'extract', fingerprint: 'f', role: 'documents' }] },
  }
  it('changes with stage, revision, config, seed, parents and inputs; not with the name of its node', () => {
    const { fingerprint: given } = nodeOf(node)
    expect(nodeOf({ ...node, id: 'filter-again' }).fingerprint).toBe(given)
    for (const other of [
      { ...node, stage: 'dedup' },
      { ...node, revision: 2 },
      { ...node, config: { a: 2 } },
      { ...node, seed: 2 },
      { ...node, inputs: 'x' },
      { ...node, parents: {} },
      { ...node, parents: { scores: node.parents.documents } },
      { ...node, parents: { documents: [{ stage: 'extract', fingerprint: 'g', role: 'documents' }] } },
      { ...node, parents: { documents: [{ stage: 'extract', fingerprint: 'f', role: 'scores' }] } },
    ])
      expect(nodeOf(other).fingerprint).not.toBe(given)
  })
})
