// Take, slice, concat and the builder against plain arrays of rows.
import { describe, expect, it } from 'vitest'
import {
  type Batch,
  BatchBuilder,
  batchDigest,
  Column,
  concat,
  f64,
  fixed,
  i32,
  i64,
  list,
  optional,
  rowsToJson,
  schema,
  textMap,
  u8,
  u64,
  utf8,
} from '../../../pipelines/arrow/index.ts'
import { batchOf, everything, type Row, random, randomRows } from './support.ts'

const show = (batch: Batch): Row[] => Array.from({ length: batch.rows }, (_, i) => rowsToJson(batch, i))

describe('take, slice and concat', { timeout: 60_000 }, () => {
  it('give what the same on arrays gives, for every type', () => {
    const next = random(7)
    const int = (below: number): number => Math.floor(next() * below)
    for (let round = 0; round < 60; round++) {
      let rows = randomRows(1 + int(90), 100 + round)
      let batch = batchOf(everything, rows)
      for (let step = 0; step < 4; step++) {
        const kind = int(3)
        if (kind === 0) {
          const sorted = next() < 0.5
          const indices = Uint32Array.from({ length: rows.length ? int(120) : 0 }, () => int(rows.length))
          if (sorted) indices.sort()
          rows = Array.from(indices, i => rows[i] as Row)
          batch = batch.take(indices)
        } else if (kind === 1) {
          const from = int(rows.length + 1)
          const to = from + int(rows.length - from + 1)
          rows = rows.slice(from, to)
          batch = batch.slice(from, to)
        } else {
          const more = randomRows(int(40), 5000 + round * 10 + step)
          rows = [...more, ...rows, ...rows]
          batch = concat([batchOf(everything, more), batch, batch])
        }
        expect(show(batch)).toEqual(rows)
        // One spelling: what came about in another way is the same to the byte.
        expect(batchDigest(batch)).toBe(batchDigest(batchOf(everything, rows)))
        expect(batch.byteLength).toBe(batchOf(everything, rows).byteLength)
      }
    }
  })

  it('leave offsets at 0, exact buffers and clean bits behind', () => {
    const cut = batchOf(everything, randomRows(100, 3)).slice(13, 42)
    const check = (column: Column): void => {
      if (column.offsets) {
        expect(column.offsets[0]).toBe(0)
        expect(column.offsets.length).toBe(column.length + 1)
        expect(column.children[0]?.length ?? column.data.length).toBe(column.offsets[column.length])
      }
      if (column.validity) expect((column.validity.at(-1) as number) >>> (column.length & 7 || 8)).toBe(0)
      column.children.forEach(check)
    }
    cut.columns.forEach(check)
  })

  it('refuse what is outside, and say what there is', () => {
    const batch = batchOf(schema({ a: utf8(), b: u8() }), [{ a: 'x', b: 1 }])
    expect(() => batch.take(Uint32Array.of(0, 1))).toThrow('expected indices below 1, found 1 at 1')
    expect(() => batch.slice(0, 2)).toThrow('expected 0 ≤ from ≤ to ≤ 1, found 0 to 2')
    expect(() => batch.column('c')).toThrow('expected one of the columns a, b, found "c"')
    expect(() => batch.column('a').number(0)).toThrow('number() expected a column of int, float or bool, found utf8')
    expect(() => concat([batch, batchOf(schema({ a: utf8() }), [])])).toThrow('expected batches of {"a": utf8, "b": uint8}')
    expect(() => concat([])).toThrow('at least one batch')
  })

  it('count the nulls of a bitmap, and refuse them where the schema does', () => {
    const column = new Column({ type: i32(), length: 3, validity: Uint8Array.of(0b101), data: Int32Array.of(1, 9, 3) })
    expect(column.nullCount).toBe(1)
    const batch = batchOf(schema({ a: u8() }), [{ a: 1 }, { a: 2 }, { a: 3 }])
    expect(() => batch.with('n', i32(), column)).toThrow('expected no nulls in column "n", found 1; declare it optional(int32)')
    expect(show(batch.with('n', optional(i32()), column).select(['n']))).toEqual([{ n: 1 }, {}, { n: 3 }])
  })
})

describe('the builder', () => {
  it('is as it was after a row that it refuses', () => {
    const rows = randomRows(50, 11)
    const wrong: [string, unknown][] = [
      ['id', 'ab'],
      ['text', 5],
      ['text', null],
      ['text', Uint8Array.of(255)],
      ['a', 256],
      ['d', 1.5],
      ['h', 2n ** 63n],
      ['meta', { k: 1 }],
      ['nested', [['a'], 'b']],
      ['runs', [{ id: '00000000', at: 1 }, { id: '00000000' }]],
      ['runs', [{ id: '00000000', at: 1, other: 2 }]],
      ['flat', [1, 2, 3]],
      ['point', { x: 1, name: 'n', deep: { on: true, list: [1, 2, 999], must: '' } }],
      ['other', 1],
    ]
    const builder = new BatchBuilder(everything)
    for (const [i, row] of rows.entries()) {
      const [name, value] = wrong[i % wrong.length] as [string, unknown]
      expect(() => builder.append({ ...row, [name]: value }), name).toThrow(/^arrow builder: expected .*, found /)
      builder.append(row)
    }
    expect(Math.abs(builder.bytes - batchOf(everything, rows).byteLength)).toBeLessThan(100)
    const batch = builder.finish()
    expect(show(batch)).toEqual(rows)
    expect(batchDigest(batch)).toBe(batchDigest(batchOf(everything, rows)))
    expect(builder.finish().rows).toBe(0)
  })

  it('takes bytes, hex, typed arrays, pairs and bigints, and sorts the keys of maps by their bytes', () => {
    const shape = schema({
      t: utf8(),
      f: fixed(2),
      l: list(i32()),
      m: textMap(),
      g: u64(),
    })
    const a = batchOf(shape, [{ t: 'ä', f: 'beef', l: [1, -2], m: { '😀': '1', '\uffff': '2', a: '3' }, g: 7 }])
    const pairs = [
      ['a', '3'],
      ['😀', '1'],
      ['\uffff', '2'],
    ]
    const b = batchOf(shape, [{ t: Buffer.from('ä'), f: Uint8Array.of(0xbe, 0xef), l: Int32Array.of(1, -2), m: pairs, g: 7n }])
    expect(batchDigest(a)).toBe(batchDigest(b))
    expect(Object.keys(rowsToJson(a, 0).m as object)).toEqual(['a', '\uffff', '😀'])
  })
})

describe('a row as JSON', () => {
  it('is what JSON can say: hex, exact integers, words for what is not finite, no top-level nulls', () => {
    const shape = schema({ id: fixed(2), g: u64(), h: i64(), x: list(optional(f64())), m: textMap(), none: optional(utf8()) })
    const row = {
      id: 'beef',
      g: 2n ** 64n - 1n,
      h: -(2n ** 53n) + 1n,
      x: [1.5, Number.NaN, Number.NEGATIVE_INFINITY, null],
      m: { __proto__x: '1', a: '2' },
    }
    expect(JSON.stringify(rowsToJson(batchOf(shape, [row]), 0))).toBe(
      '{"id":"beef","g":"18446744073709551615","h":-9007199254740991,"x":[1.5,"NaN","-Infinity",null],"m":{"__proto__x":"1","a":"2"}}',
    )
    const proto = batchOf(schema({ m: textMap() }), [{ m: [['__proto__', 'x']] }])
    expect(JSON.stringify(rowsToJson(proto, 0))).toBe('{"m":{"__proto__":"x"}}')
  })
})
