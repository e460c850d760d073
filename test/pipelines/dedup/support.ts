/** Seeded synthetic documents with planted duplicates, and the stage run over them in a folder. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArrowReader, ArrowWriter, BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { asPart, type LocalResult, runStage } from '../../../pipelines/local.ts'
import type { Part, Raw } from '../../../pipelines/plan.ts'
import { documents } from '../../../pipelines/schemas.ts'
import type { Stage } from '../../../pipelines/stage.ts'

export interface Doc {
  id: string
  text: string
}

/** Whole numbers in [0, n), the same in every run (mulberry32). */
export function randomOf(seed: number): (n: number) => number {
  let state = seed >>> 0
  return n => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n)
  }
}

export const randomId = (random: (n: number) => number): string =>
  Array.from({ length: 16 }, () => random(256).toString(16).padStart(2, '0')).join('')

/** A word of letters: digits would become 0 in normalisation. */
export const wordOf = (n: number): string => `w${n.toString(26).replace(/[0-9]/g, digit => 'qrstuvwxyz'[Number(digit)] as string)}`

export const randomWords = (random: (n: number) => number, count: number): string[] =>
  Array.from({ length: count }, () => wordOf(random(3000)))

/** Families of documents: exact copies, light edits (similarity about .9) and heavy ones (far below .8), singles, and texts without shingles. */
export function planted(seed: number, families: number): Doc[] {
  const random = randomOf(seed)
  const docs: Doc[] = []
  const add = (words: string[]) => docs.push({ id: randomId(random), text: words.join(' ') })
  for (let f = 0; f < families; f++) {
    const base = randomWords(random, 80 + random(120))
    add(base)
    for (let copy = random(3); copy > 0; copy--) add(base)
    for (let light = random(4); light > 0; light--) add(edited(base, 1, random))
    for (let heavy = random(3); heavy > 0; heavy--) add(edited(base, 40, random))
  }
  for (let single = 0; single < families; single++) add(randomWords(random, 5 + random(100)))
  for (const text of ['', 'one two three four', 'one two three four', '!']) docs.push({ id: randomId(random), text })
  return docs
}

function edited(words: readonly string[], edits: number, random: (n: number) => number): string[] {
  const out = [...words]
  for (let e = 0; e < edits; e++) out[random(out.length)] = `edit${wordOf(random(1e6))}`
  return out
}

export async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-'))
  try {
    return await body(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Writes documents as several files of batches of `rows`. */
export async function writeDocuments(folder: string, docs: readonly Doc[], files: number, rows: number): Promise<Part[]> {
  const parts: Part[] = []
  const per = Math.ceil(docs.length / files)
  for (let f = 0; f < files; f++) {
    const path = join(folder, `input-${f}.arrow`)
    const writer = await ArrowWriter.open(path, documents)
    const own = docs.slice(f * per, (f + 1) * per)
    for (let at = 0; at < own.length; at += rows) {
      const builder = new BatchBuilder(documents)
      for (const { id, text } of own.slice(at, at + rows)) builder.append({ id, source: 'test', key: id, kind: 'web', text, meta: {} })
      await writer.append(builder.finish())
    }
    await writer.close()
    parts.push(await asPart('documents', path))
  }
  return parts
}

export interface Run {
  stage: Stage
  docs: readonly Doc[]
  config?: unknown
  files?: number
  rows?: number
  threads?: number
  maxMemory?: number
  evaluation?: readonly Raw[]
}

/** Runs the stage over the documents; `rowsOf` reads a role of the result as plain rows. */
export function run<T>(
  { stage, docs, config = {}, files = 1, rows = 64, threads = 1, maxMemory = 2 ** 28, evaluation = [] }: Run,
  body: (result: LocalResult, rowsOf: (role: string) => Promise<Record<string, unknown>[]>) => Promise<T>,
): Promise<T> {
  return inFolder(async folder => {
    const inputs = { documents: await writeDocuments(folder, docs, files, rows) }
    const result = await runStage({ stage, config, inputs, evaluation, folder: join(folder, 'out'), threads, maxMemory })
    return body(result, async role =>
      (await Promise.all((result.outputs[role] ?? result.roles[role] ?? []).map(part => readRows(part.location)))).flat(),
    )
  })
}

async function readRows(path: string): Promise<Record<string, unknown>[]> {
  const reader = await ArrowReader.open(path)
  const out: Record<string, unknown>[] = []
  try {
    for await (const batch of reader)
      for (let i = 0; i < batch.rows; i++)
        out.push(Object.fromEntries(batch.schema.fields.map((field, c) => [field.name, batch.columns[c]?.value(i)])))
  } finally {
    await reader.close()
  }
  return out
}
