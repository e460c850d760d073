/** What the Arrow tests share: seeded random rows over every type, the other implementation, and a folder that goes away. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  ArrowWriter,
  type Batch,
  BatchBuilder,
  binary,
  bool,
  f32,
  f64,
  fixed,
  fixedList,
  i8,
  i16,
  i32,
  i64,
  list,
  optional,
  type Schema,
  schema,
  struct,
  textMap,
  u8,
  u16,
  u32,
  u64,
  utf8,
  type WriteOptions,
  type Written,
} from '../../../pipelines/arrow/index.ts'

export type Row = Record<string, unknown>

export const everything: Schema = schema(
  {
    id: fixed(16),
    text: utf8(),
    title: optional(utf8()),
    blob: optional(binary()),
    a: u8(),
    b: optional(i8()),
    c: optional(u16()),
    d: i16(),
    e: optional(u32()),
    f: i32(),
    g: optional(u64()),
    h: i64(),
    single: optional(f32()),
    double: f64(),
    yes: bool(),
    maybe: optional(bool()),
    tag: optional(fixed(3)),
    meta: textMap(),
    ids: optional(list(optional(u16()))),
    texts: list(utf8()),
    nested: list(optional(list(optional(utf8())))),
    runs: list(struct({ id: fixed(4), at: u32(), note: optional(utf8()) })),
    pair: optional(fixedList(optional(i32()), 2)),
    flat: fixedList(u16(), 4),
    point: optional(struct({ x: f64(), name: optional(utf8()), deep: optional(struct({ on: bool(), list: list(u8()), must: utf8() })) })),
  },
  { format: 'test', 'ключ "k"': 'wert\n' },
)

/** Seeded numbers in [0, 1): mulberry32. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Rows of `everything`, as the builder takes them and as `rowsToJson` shows them (top-level nulls left out). */
export function randomRows(n: number, seed: number): Row[] {
  const next = random(seed)
  const int = (below: number): number => Math.floor(next() * below)
  const hex = (bytes: number): string => Array.from({ length: bytes }, () => int(256).toString(16).padStart(2, '0')).join('')
  const maybe = <T>(value: () => T): T | null => (next() < 0.3 ? null : value())
  const words = ['', 'a', 'ä', '日本', '😀', 'word ', 'x'.repeat(120), '\u0000', 'tail']
  const text = (): string => Array.from({ length: int(4) }, () => words[int(words.length)]).join('')
  const many = <T>(most: number, value: () => T): T[] => Array.from({ length: int(most + 1) }, value)
  return Array.from({ length: n }, () => {
    const row: Row = {
      id: hex(16),
      text: text(),
      title: maybe(text),
      blob: maybe(() => hex(int(20))),
      a: int(256),
      b: maybe(() => int(256) - 128),
      c: maybe(() => int(65536)),
      d: int(65536) - 32768,
      e: maybe(() => int(2 ** 32)),
      f: int(2 ** 32) - 2 ** 31,
      g: maybe(() => int(2 ** 53)),
      h: 5 - int(2 ** 53),
      single: maybe(() => Math.fround(next() * 1e6)),
      double: (next() - 0.5) * 10 ** (int(600) - 300),
      yes: next() < 0.5,
      maybe: maybe(() => next() < 0.5),
      tag: maybe(() => hex(3)),
      meta: Object.fromEntries(many(3, () => [`k${text()}`, text()])),
      ids: maybe(() => many(5, () => maybe(() => int(65536)))),
      texts: many(3, text),
      nested: many(3, () => maybe(() => many(3, () => maybe(text)))),
      runs: many(3, () => ({ id: hex(4), at: int(2 ** 32), note: maybe(text) })),
      pair: maybe(() => [maybe(() => int(100)), 5 - int(100)]),
      flat: [int(9), int(65536), 0, 1],
      point: maybe(() => ({
        x: next(),
        name: maybe(text),
        deep: maybe(() => ({ on: next() < 0.5, list: many(4, () => int(256)), must: text() })),
      })),
    }
    return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
  })
}

export function batchOf(shape: Schema, rows: readonly Row[]): Batch {
  const builder = new BatchBuilder(shape)
  for (const row of rows) builder.append(row)
  return builder.finish()
}

export async function writeFile(
  path: string,
  batches: readonly Batch[],
  options: WriteOptions = {},
  shape = batches[0]?.schema as Schema,
): Promise<Written> {
  const writer = await ArrowWriter.open(path, shape, options)
  for (const batch of batches) await writer.append(batch)
  return writer.close()
}

const root = resolve(import.meta.dirname, '../../..')
const candidates = [process.env.MILLRACE_PYTHON, join(root, '.venv/bin/python')].filter(path => path !== undefined && existsSync(path))
/** A Python with pyarrow, or why there is none. */
export const python = candidates[0]
export const withoutPython = python === undefined
if (withoutPython)
  console.warn('skipped: the pyarrow tests need a Python with pyarrow 22: set MILLRACE_PYTHON to one, or make .venv in the repository root')

export function runPython(script: string, ...args: string[]): unknown {
  const out = execFileSync(python as string, [join(import.meta.dirname, script), ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 })
  return JSON.parse(out)
}

export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'millrace-arrow-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
