/**
 * fastText models for steps: opened once in a process and checked against the digest that was pinned, and their answers as columns.
 */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { type FastTextModel, openModel, type Predictions } from '../../native/addon/fasttext.ts'
import { Column, utf8 } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import { fastTextLabels, ModelHeadError, smallModel } from './model_head.ts'

export interface ModelFile {
  path: string
  /** Digest of the bytes that were pinned; without it any are taken. */
  sha256?: string | undefined
  /** Place in the config, for errors. */
  where: string
}

const prefix = '__label__'

/** Labels of a model without their prefix. */
export const labelsOf = ({ labels }: Pick<FastTextModel, 'labels'>): string[] =>
  labels.map(label => (label.startsWith(prefix) ? label.slice(prefix.length) : label))

const opened = new Map<string, Promise<FastTextModel>>()

/** MODEL_FILE where it cannot be read, MODEL_CHANGED where it has other bytes than those pinned, BAD_MODEL where it is no such model. */
export function modelOf(file: ModelFile): Promise<FastTextModel> {
  const key = `${file.sha256 ?? ''} ${file.path}`
  const before = opened.get(key)
  if (before) return before
  const model = open(file)
  opened.set(key, model)
  model.catch(() => opened.delete(key))
  return model
}

/**
 * Labels of a model without their prefix, for a check before there is anything to ask it: a small model is read whole, of a large one no more
 * than the head, and none is kept. Throws as `modelOf` does.
 */
export async function checkModel(file: ModelFile): Promise<string[]> {
  const { path, where } = file
  const info = await stat(path).catch(() => undefined)
  if (!info || info.size <= smallModel) return labelsOf(await open(file))
  try {
    return labelsOf({ labels: await fastTextLabels(path) })
  } catch (error) {
    if (error instanceof ModelHeadError) throw notSupervised(where, path, error.expected, error.found)
    throw unreadable(where, path, error)
  }
}

const wrong = (where: string, path: string, code: string, expected: string, found: string, next: string): MillraceError =>
  new MillraceError({ code, kind: 'config', expected, found, where: `${where} (${path})`, next })

const notSupervised = (where: string, path: string, expected: string, found: string): MillraceError =>
  wrong(where, path, 'BAD_MODEL', expected, found, 'name a supervised fastText model of version 12, .bin or .ftz')

const unreadable = (where: string, path: string, error: unknown): MillraceError => {
  const found = String((error as NodeJS.ErrnoException).code ?? error)
  return wrong(where, path, 'MODEL_FILE', 'a fastText model that can be read', found, 'name a .bin or .ftz file')
}

async function open({ path, sha256, where }: ModelFile): Promise<FastTextModel> {
  const bytes = await readFile(path).catch(error => {
    throw unreadable(where, path, error)
  })
  const digest = createHash('sha256').update(bytes).digest('hex')
  if (sha256 !== undefined && digest !== sha256)
    throw wrong(
      where,
      path,
      'MODEL_CHANGED',
      `the bytes that were pinned (sha256 ${sha256.slice(0, 16)}…)`,
      `${digest.slice(0, 16)}…`,
      'put the file back',
    )
  return openModel(bytes).catch(error => {
    if (error.code !== 'BAD_MODEL') throw error
    const [, at, expected, found] = /^model, (.*?): expected (.*), found (.*)$/s.exec(error.message) ?? []
    throw notSupervised(where, path, `${expected ?? 'a supervised fastText model'} at ${at ?? 'its start'}`, found ?? error.message)
  })
}

/** The best label of every text, null where there is none. `k` is how many labels a text were asked for. */
export function labelColumn(labels: readonly string[], { label }: Predictions, k: number): Column {
  const names = labels.map(name => Buffer.from(name, 'utf8'))
  const rows = label.length / k
  const offsets = new Int32Array(rows + 1)
  const validity = new Uint8Array((rows + 7) >>> 3)
  for (let i = 0; i < rows; i++) {
    const number = label[i * k] as number
    if (number >= 0) validity[i >>> 3] = (validity[i >>> 3] as number) | (1 << (i & 7))
    offsets[i + 1] = (offsets[i] as number) + (names[number]?.length ?? 0)
  }
  const data = new Uint8Array(offsets[rows] as number)
  for (let i = 0; i < rows; i++) data.set(names[label[i * k] as number] ?? [], offsets[i])
  return new Column({ type: utf8(), length: rows, validity, offsets, data })
}

/** The best score of every text, NaN where there is none. */
export const bestScores = ({ label, score }: Predictions, k: number): Float64Array =>
  Float64Array.from({ length: label.length / k }, (_, i) => ((label[i * k] as number) < 0 ? Number.NaN : (score[i * k] as number)))
