/** Finds the checkpoint that a user names, and what belongs to it: the tokenizer of its run, rotary base and row length of its phase. */
import { existsSync } from 'node:fs'
import { MillraceError } from '../pipelines/errors.ts'
import { findManifest } from '../storage/artifacts.ts'
import { locate } from './artifacts.ts'
import { Lookup } from './lookup.ts'
import { findRun, nodesOf, openLocal } from './runs.ts'

export interface Asked {
  run?: string
  store?: string
  tokenizer?: string
}

export interface FoundCheckpoint {
  weights: string
  tokenizer: string
  ropeBase?: number
  rowLength?: number
}

/**
 * `named`: train/FINGERPRINT, a step of a run, a .safetensors file, or nothing for the last checkpoint of the run. Objects of a store that is
 * not local are fetched into `folder`. Throws NO_CHECKPOINT, NOT_FOUND.
 */
export async function findCheckpoint(named: string | undefined, asked: Asked, folder: string): Promise<FoundCheckpoint> {
  if (named && asked.tokenizer && existsSync(named)) return { weights: named, tokenizer: asked.tokenizer }
  const store = await openLocal(asked.store)
  const record = await findRun(store, asked.run)
  const lookup = new Lookup(store, folder)
  const nodes = await nodesOf(store, record)
  const none = (expected: string, found: string) =>
    new MillraceError({ code: 'NO_CHECKPOINT', kind: 'config', expected, found, next: `millrace status ${record.run}` })
  let tokenizer = asked.tokenizer
  if (!tokenizer) {
    const node = nodes.find(each => each.id === 'tokenizer')
    const file = node ? (await findManifest(store, node.stage, node.fingerprint))?.roles.file?.[0] : undefined
    if (!file) throw none('a tokenizer: --tokenizer FILE, or a run that has one', `none in run ${record.run}`)
    tokenizer = await lookup.path(file)
  }
  if (named && existsSync(named)) return { weights: named, tokenizer }
  const located = named ? await locate(store, named, asked.run) : undefined
  let manifest = located?.kind === 'artifact' ? located.manifest : undefined
  if (!named)
    for (const node of nodes) if (node.stage === 'train') manifest = (await findManifest(store, node.stage, node.fingerprint)) ?? manifest
  const part = manifest?.roles.weights?.[0]
  if (!manifest || !part) throw none('a checkpoint: a step that has the role weights', named ?? `no trained segment in run ${record.run}`)
  const { ropeBase, rowLength } = (manifest.config as { phase?: { ropeBase?: number; rowLength?: number } }).phase ?? {}
  return { weights: await lookup.path(part), tokenizer, ...(ropeBase ? { ropeBase } : {}), ...(rowLength ? { rowLength } : {}) }
}
