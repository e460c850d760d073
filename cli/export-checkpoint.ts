/** `millrace export` of a checkpoint: a folder for Transformers (pipelines/export.ts). */
import { existsSync } from 'node:fs'
import { exportCheckpoint } from '../pipelines/export.ts'
import { withScratch } from './artifacts.ts'
import { type FoundCheckpoint, findCheckpoint } from './checkpoints.ts'
import { json, number, out, safe } from './output.ts'
import { findRun, openLocal } from './runs.ts'
import { usage } from './usage.ts'

export interface CheckpointOptions {
  format: string
  dialect: string
  tokenizer?: string
  run?: string
  store?: string
  ropeBase?: number
  maxPositions?: number
  threads: number
  json?: boolean
}

/** `from`: a run (its last checkpoint), train/FINGERPRINT, a step of a run, or a .safetensors file of weights. */
export async function runExportCheckpoint(from: string, folder: string, options: CheckpointOptions): Promise<void> {
  if (options.format !== 'hf') throw usage('--format', 'hf, for a checkpoint', options.format)
  const { dialect } = options
  if (dialect !== 'transformers5' && dialect !== 'hub') throw usage('--dialect', 'transformers5 or hub', dialect)
  await withScratch(async scratch => {
    const alone = existsSync(from) && !options.tokenizer && !options.run
    const run = alone ? undefined : await runNamed(from, options.store)
    const found: Partial<FoundCheckpoint> & { weights: string } = alone
      ? { weights: from }
      : await findCheckpoint(run ? undefined : from, run ? { ...options, run } : options, scratch)
    const made = await exportCheckpoint({
      ...{ ...found, folder, dialect },
      ropeBase: options.ropeBase ?? found.ropeBase ?? 1e6,
      maxPositions: options.maxPositions ?? found.rowLength ?? 4096,
      threads: Math.max(1, options.threads),
    })
    if (options.json) json(made)
    else out(`${safe(made.folder)}: ${made.files.join(', ')}; ${number(made.parameters)} parameters`)
  })
}

/** The id of the run that is named so, if there is one. */
async function runNamed(name: string, store: string | undefined): Promise<string | undefined> {
  return findRun(await openLocal(store), name).then(
    record => record.run,
    () => undefined,
  )
}
