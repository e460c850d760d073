/** Documents through the filter stage, and what came out. */
import { createHash } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArrowReader, ArrowWriter, type Batch, BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { filter } from '../../../pipelines/filter/index.ts'
import { asPart, type LocalResult, runStage } from '../../../pipelines/local.ts'
import { documents } from '../../../pipelines/schemas.ts'

export interface Doc {
  text: string
  kind?: string
  type?: string
  url?: string
  language?: string
  meta?: Record<string, string>
}

export const idOf = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 32)

export const makeFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'filter-'))

let runs = 0

/** Documents `doc-0`, … of source `test`, with the ids `idOf('0')`, …; in batches of five. `order` permutes them. */
export async function runFilter(
  folder: string,
  docs: readonly Doc[],
  config: object = {},
  { threads = 1, order = docs.map((_, i) => i) }: { threads?: number; order?: readonly number[] } = {},
): Promise<LocalResult> {
  const name = join(folder, `run-${runs++}`)
  const writer = await ArrowWriter.open(`${name}.arrow`, documents)
  const builder = new BatchBuilder(documents)
  for (const i of order) {
    builder.append({ kind: 'web', meta: {}, ...docs[i], id: idOf(String(i)), source: 'test', key: `doc-${i}` })
    if (builder.rows === 5) await writer.append(builder.finish())
  }
  await writer.append(builder.finish())
  await writer.close()
  const inputs = { documents: [await asPart('documents', `${name}.arrow`)] }
  return runStage({ stage: filter, config, base: folder, inputs, folder: name, threads })
}

export async function rowsOf(result: LocalResult, role: string): Promise<Batch[]> {
  const batches: Batch[] = []
  for (const part of result.roles[`judge.${role}`] ?? []) {
    const reader = await ArrowReader.open(part.location)
    for await (const batch of reader) batches.push(batch)
    await reader.close()
  }
  return batches
}

export const columnOf = async (result: LocalResult, role: string, name: string): Promise<unknown[]> =>
  (await rowsOf(result, role)).flatMap(batch => Array.from({ length: batch.rows }, (_, i) => batch.column(name).value(i)))

/** Words that hardly repeat: syllables drawn from the sentence's number. */
const syllables = ['ka', 'lo', 'mir', 'ten', 'sul', 've', 'dra', 'pon', 'gi', 'ruf', 'ash', 'bel', 'cor', 'nim', 'ost', 'yel']
const word = (n: number) => [n, n >> 4, n >> 8].map(bits => syllables[bits & 15]).join('')
export const sentence = (i: number): string => {
  const drawn = Array.from({ length: 8 }, (_, k) => word(Math.imul(i * 8 + k + 1, 2654435761) >>> 12))
  return `The ${drawn.slice(0, 3).join(' ')} and ${drawn.slice(3, 6).join(' ')} of ${drawn.slice(6).join(' ')}.`
}
/** Twelve sentences that the profile for web pages keeps. */
export const prose = (from = 0): string => Array.from({ length: 12 }, (_, i) => sentence(from + i)).join('\n')
