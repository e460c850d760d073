/**
 * The stage table, and the graph of a corpus: which stages a run has and what each reads. Adding a stage is one folder and one line here.
 *
 * Stages load on first use, so that a unit child opens only the one it was started for.
 */
import { MillraceError } from './errors.ts'
import type { Stage } from './stage.ts'

const loaders: Record<string, () => Promise<Stage>> = {
  extract: async () => (await import('./extract/index.ts')).extract,
  filter: async () => (await import('./filter/index.ts')).filter,
  dedup: async () => (await import('./dedup/index.ts')).dedup,
  decontaminate: async () => (await import('./decontaminate/index.ts')).decontaminate,
  longcontext: async () => (await import('./longcontext/index.ts')).longcontext,
  tokenizer: async () => (await import('./tokenizer/index.ts')).tokenizer,
  tokenize: async () => (await import('./tokenize/index.ts')).tokenize,
  score: async () => (await import('./score/index.ts')).score,
  mix: async () => (await import('./mix/index.ts')).mix,
  shard: async () => (await import('./shard/index.ts')).shard,
  initialize: async () => (await import('./train/index.ts')).initialize,
  train: async () => (await import('./train/index.ts')).train,
  grow: async () => (await import('./train/index.ts')).grow,
  decide: async () => (await import('./train/index.ts')).decide,
  evaluate: async () => (await import('./evaluate/index.ts')).evaluate,
}

export const stageNames: readonly string[] = Object.keys(loaders)

export async function stageOf(name: string): Promise<Stage> {
  const load = loaders[name]
  if (!load)
    throw new MillraceError({
      code: 'NO_STAGE',
      kind: 'config',
      expected: `a stage (${stageNames.join(', ')})`,
      found: JSON.stringify(name),
    })
  return load()
}
