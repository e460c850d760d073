/**
 * The manifest of a checkpoint (role `checkpoint`): what the two safetensors files do not say of themselves, and the hash of every tensor in
 * them. A segment holds it against its own config before the first step, so that a state is never continued under other rules.
 *
 * No clock and no path is in it: the same state gives the same bytes.
 */
import { readFile, writeFile } from 'node:fs/promises'
import type { ModelConfig, SaveReport, Trainer } from '../../native/addon/trainer.ts'
import { MillraceError } from '../errors.ts'
import { canonical } from '../identity.ts'
import { type MixtureLog, nextPosition, skipped, stepRange } from '../loader/index.ts'
import type { TrainConfig } from './index.ts'
import { biasRateAt, type Schedule } from './schedule.ts'

export interface CheckpointManifest {
  format: 1
  /** Revision of docs/numerics.md; slab and lanes of the sums (training-engine.md 7.3, rule 6). null: no step has been taken yet. */
  numerics: number
  rowsPerSlab: number | null
  precision: 'fp32' | 'bf16' | null
  lanes: 1
  model: ModelConfig
  /** Of the run, since the first init. `updates`: steps that were applied. */
  step: number
  tokens: number
  updates: number
  mtpUpdates: number
  /** Position of the next row in the run, the digest of the mixture log that led there, and the positions that it skips. */
  sample: number
  log: string | null
  skips: { from: number; to: number }[]
  /** α of the balance loss. */
  balanceAlpha: number | null
  /** Of the bias controller: its state is the biases in `weights`; `rate` is µ of the step before, at `step` of `steps` of its phase. */
  controller: { kind: 'proportional'; phase: string; step: number; steps: number; rate: number } | null
  /** Expert counts that no bias update has seen: none, since a checkpoint lies between two steps. */
  pendingCounts: number[]
  /** XXH3 of every tensor's bytes, 16 hex digits. */
  weights: Record<string, string>
  moments: Record<string, string>
}

export type TrainerFacts = Pick<CheckpointManifest, 'numerics' | 'model' | 'step' | 'tokens' | 'updates' | 'mtpUpdates'>

/** Of a trainer that has taken no step of this run's phases, or of one that was grown: `before` is the manifest that it came from. */
export function manifestOf(trainer: Trainer, report: SaveReport, before?: CheckpointManifest): CheckpointManifest {
  const state = { ...stateOf(trainer), weights: report.weights, moments: report.moments }
  if (before) return { ...before, ...state }
  const nothing = { rowsPerSlab: null, precision: null, log: null, balanceAlpha: null, controller: null }
  return { format: 1, lanes: 1, sample: 0, skips: [], pendingCounts: [], ...nothing, ...state }
}

/** Behind step `done` of the phase. `state` is the trainer's when the save began. */
export function manifestAt(
  config: TrainConfig,
  log: MixtureLog,
  schedule: Schedule,
  done: number,
  state: TrainerFacts,
  report: SaveReport,
): CheckpointManifest {
  const { phase, optimizer, firstStep } = config
  return {
    format: 1,
    rowsPerSlab: optimizer.rowsPerSlab,
    precision: optimizer.precision ?? 'fp32',
    lanes: 1,
    ...state,
    sample: stepRange(log, firstStep + done - 1).to,
    log: log.at(-1)?.digest ?? null,
    skips: skipped(log),
    balanceAlpha: optimizer.balanceAlpha,
    controller: { kind: 'proportional', phase: phase.name, step: done, steps: phase.steps, rate: biasRateAt(schedule, done - 1) },
    pendingCounts: [],
    weights: report.weights,
    moments: report.moments,
  }
}

/** What a manifest needs of a trainer, taken when a save begins: later steps move it. */
export function stateOf(trainer: Trainer): TrainerFacts {
  const { step, tokens, updates, mtpUpdates, numerics } = trainer.state()
  return { numerics, model: trainer.model(), step, tokens, updates, mtpUpdates }
}

export const writeManifest = (path: string, manifest: CheckpointManifest): Promise<void> =>
  writeFile(path, `${JSON.stringify(JSON.parse(canonical(manifest)), null, 1)}\n`)

/** Throws TRAIN_CHECKPOINT where the file is missing, cut, or no such manifest. */
export async function readManifest(path: string): Promise<CheckpointManifest> {
  let manifest: CheckpointManifest
  try {
    manifest = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw unfit('the manifest of a checkpoint', (error as Error).message, path)
  }
  if (manifest?.format !== 1) throw unfit('the manifest of a checkpoint, format 1', JSON.stringify(manifest?.format ?? null), path)
  for (const part of ['weights', 'moments', 'model'] as const)
    if (typeof manifest[part] !== 'object' || manifest[part] === null)
      throw unfit(`an object \`${part}\``, JSON.stringify(manifest[part]), path)
  return manifest
}

/** Every hash of a manifest, as `Trainer.load` takes them. */
export const hashesOf = ({ weights, moments }: CheckpointManifest): Record<string, string> => ({ ...weights, ...moments })

/** Throws TRAIN_CHECKPOINT where a segment would not go on as the checkpoint began: other numerics, another order of sums, another place. */
export function checkManifest(manifest: CheckpointManifest, config: TrainConfig, log: MixtureLog, trainer: Trainer, path: string): void {
  const { firstStep, fromStep, optimizer } = config
  const { numerics } = trainer.state()
  const expect = (what: string, expected: unknown, found: unknown) => {
    const [a, b] = [JSON.stringify(expected), JSON.stringify(found)]
    if (a !== b) throw unfit(`${what} ${a}`, b, path)
  }
  expect('numerics revision', numerics, manifest.numerics)
  expect('lanes', 1, manifest.lanes)
  if (manifest.rowsPerSlab !== null) expect('rowsPerSlab', optimizer.rowsPerSlab, manifest.rowsPerSlab)
  if (manifest.precision !== null) expect('precision', optimizer.precision ?? 'fp32', manifest.precision)
  expect('step', firstStep + fromStep, manifest.step)
  expect('model', sorted(trainer.model()), sorted(manifest.model))
  if (manifest.log !== null && !log.some(entry => entry.digest === manifest.log))
    throw unfit('a mixture log that goes on from this one', `digest ${manifest.log}, which is no entry of it`, path)
  if (manifest.log !== null) expect('the next row at', stepRange(log, firstStep + fromStep).from, nextPosition(log, manifest.sample))
}

const sorted = (value: object) => JSON.parse(canonical(value)) as unknown

/** A native FORMAT, SHAPE or IO error of a parent checkpoint: no other attempt would mend it. */
export async function fitting<T>(load: () => Promise<T>, path: string): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (!['FORMAT', 'SHAPE', 'IO', 'UNSUPPORTED'].includes(code ?? '')) throw error
    throw unfit('a checkpoint as it was saved', message, path, error)
  }
}

const unfit = (expected: string, found: string, where: string, cause?: unknown) =>
  new MillraceError(
    {
      code: 'TRAIN_CHECKPOINT',
      kind: 'input',
      expected,
      found,
      where,
      next: 'millrace verify names damaged objects; --force train makes them anew',
    },
    cause === undefined ? undefined : { cause },
  )
