/**
 * Saves inside a segment: numbered folders in the unit's scratch, of which the highest complete one counts. They are no artifact and go at
 * commit; losing them costs steps, never content.
 *
 * A save is complete when `done` is there, and `done` is written after everything else has reached the disk.
 */
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Trainer } from '../../native/addon/trainer.ts'
import type { StepRow } from './tables.ts'

export interface Save {
  /** Steps of the phase that it has done. */
  step: number
  weights: string
  optimizer: string
  metrics: StepRow[]
}

const name = (step: number) => `save-${step}`

/** Complete saves, the highest first. */
async function numbers(scratch: string): Promise<number[]> {
  const found: number[] = []
  for (const entry of await readdir(scratch)) {
    const number = /^save-(\d+)$/.exec(entry)?.[1]
    if (number && (await readdir(join(scratch, entry))).includes('done')) found.push(Number(number))
  }
  return found.sort((a, b) => b - a)
}

/** The highest complete save, or undefined. `broken` ones (a file that would not load) are passed over. */
export async function highestSave(scratch: string, broken: ReadonlySet<number> = new Set()): Promise<Save | undefined> {
  const step = (await numbers(scratch)).find(number => !broken.has(number))
  if (step === undefined) return undefined
  const folder = join(scratch, name(step))
  const rows = JSON.parse(await readFile(join(folder, 'metrics.json'), 'utf8')) as Record<keyof StepRow, unknown>[]
  return {
    step,
    weights: join(folder, 'weights.safetensors'),
    optimizer: join(folder, 'optimizer.safetensors'),
    metrics: rows.map(row => ({
      ...(Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Number(value)])) as unknown as StepRow),
      applied: row.applied === true,
    })),
  }
}

/** Writes a save, then removes the ones before it. */
export async function writeSave(scratch: string, step: number, trainer: Trainer, metrics: readonly StepRow[]): Promise<void> {
  const folder = join(scratch, name(step))
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  const path = (file: string) => join(folder, file)
  await trainer.save(path('weights.safetensors'), path('optimizer.safetensors'))
  // JSON has no NaN: what is not finite becomes its name, which `Number` reads back.
  const text = JSON.stringify(metrics, (_, value) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value))
  await write(path('metrics.json'), text)
  for (const file of ['weights.safetensors', 'optimizer.safetensors']) await sync(path(file))
  await sync(folder)
  await write(path('done'), '')
  await sync(folder)
  await sync(scratch)
  for (const entry of await readdir(scratch))
    if (/^save-\d+$/.test(entry) && entry !== name(step)) await rm(join(scratch, entry), { recursive: true, force: true })
}

async function write(path: string, text: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
