/**
 * Saves inside a segment: numbered folders in the unit's scratch, of which the highest counts. They are no artifact and go at commit; losing
 * them costs steps, never content.
 *
 * A save is written as `saving-<step>` while training goes on, and becomes `save-<step>` by one rename when all of it is on the disk. So a
 * folder of that name is whole whatever killed the process, and the save before it goes only then.
 */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { SaveReport, Trainer } from '../../native/addon/trainer.ts'
import { type CheckpointManifest, readManifest, writeManifest } from './checkpoint.ts'
import type { StepRow } from './tables.ts'

export interface Save {
  /** Steps of the phase that it has done. */
  step: number
  weights: string
  optimizer: string
  manifest: CheckpointManifest
  metrics: StepRow[]
}

const files = { weights: 'weights.safetensors', optimizer: 'optimizer.safetensors', manifest: 'checkpoint.json', metrics: 'metrics.json' }

/** Saves, the highest first. */
async function numbers(scratch: string): Promise<number[]> {
  const found = (await readdir(scratch)).flatMap(entry => /^save-(\d+)$/.exec(entry)?.[1] ?? [])
  return found.map(Number).sort((a, b) => b - a)
}

/** The highest save, or undefined. `broken` ones (a file that would not load) are passed over. */
export async function highestSave(scratch: string, broken: ReadonlySet<number> = new Set()): Promise<number | undefined> {
  return (await numbers(scratch)).find(number => !broken.has(number))
}

/** Throws where a file is missing or is not what a save has. */
export async function readSave(scratch: string, step: number): Promise<Save> {
  const path = (file: string) => join(scratch, `save-${step}`, file)
  const rows = JSON.parse(await readFile(path(files.metrics), 'utf8')) as Record<keyof StepRow, unknown>[]
  return {
    step,
    weights: path(files.weights),
    optimizer: path(files.optimizer),
    manifest: await readManifest(path(files.manifest)),
    metrics: rows.map(row => ({
      ...(Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Number(value)])) as unknown as StepRow),
      applied: row.applied === true,
    })),
  }
}

/**
 * Begins a save of the state as it is now and returns when steps may go on; `done` is kept when the save counts and the ones before it are
 * gone. One at a time. `manifest` gets what was written; rows that come later are not in it.
 */
export async function beginSave(
  scratch: string,
  step: number,
  trainer: Trainer,
  metrics: readonly StepRow[],
  manifest: (report: SaveReport) => CheckpointManifest,
): Promise<{ done: Promise<SaveReport> }> {
  for (const entry of await readdir(scratch))
    if (/^saving-\d+$/.test(entry)) await rm(join(scratch, entry), { recursive: true, force: true })
  const folder = join(scratch, `saving-${step}`)
  await mkdir(folder)
  const path = (file: string) => join(folder, file)
  // JSON has no NaN: what is not finite becomes its name, which `Number` reads back.
  const text = JSON.stringify(metrics, (_, value) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value))
  const { finished } = await trainer.beginSave(path(files.weights), path(files.optimizer))
  const done = (async () => {
    const report = await finished
    await writeManifest(path(files.manifest), manifest(report))
    await write(path(files.metrics), text)
    await sync(path(files.manifest))
    await sync(folder)
    const name = `save-${step}`
    await rm(join(scratch, name), { recursive: true, force: true })
    await rename(folder, join(scratch, name))
    await sync(scratch)
    for (const entry of await readdir(scratch))
      if (/^save-\d+$/.test(entry) && entry !== name) await rm(join(scratch, entry), { recursive: true, force: true })
    return report
  })()
  done.catch(() => undefined) // whoever awaits it is told
  return { done }
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
