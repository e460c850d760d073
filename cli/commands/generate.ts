import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { MillraceError } from '../../pipelines/errors.ts'
import { json, out, safe } from '../output.ts'
import { positive, usage } from '../usage.ts'

interface Options {
  prompt: string
  tokenizer?: string
  run?: string
  store?: string
  maxTokens: number
  temperature: number
  seed: number
  ropeBase?: number
  threads: number
  json?: boolean
}

const fraction = (name: string) => (text: string) => {
  const value = Number(text)
  if (!(value >= 0)) throw usage(name, 'a number of 0 or more', JSON.stringify(text))
  return value
}

export function add(program: Command): void {
  program
    .command('generate')
    .description('Let a checkpoint write')
    .argument('[checkpoint]', 'train/FINGERPRINT, a step of a run (train-general-2), or a .safetensors file (default: the last of the run)')
    .option('--prompt <text>', 'what it goes on from; empty: a document begins', '')
    .option('--tokenizer <file>', 'tokenizer.json (default: the run’s)')
    .option('--run <run>', 'a run, or a name (default: the newest run)')
    .option('--store <uri>', 'another store than the project’s')
    .option('--max-tokens <n>', 'how many tokens at most', positive('--max-tokens'), 64)
    .option('--temperature <t>', '0 takes the likeliest', fraction('--temperature'), 0.8)
    .option('--seed <n>', 'seed of the draws', positive('--seed'), 1)
    .option('--rope-base <n>', 'rotary base (default: of the phase that it comes from)', fraction('--rope-base'))
    .option('--threads <n>', 'threads', positive('--threads'), 1)
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  millrace generate --run tiny --prompt "The harbour"')
    .action(async (checkpoint: string | undefined, options: Options) => {
      const { generate } = await import('../../pipelines/generate.ts')
      const { withScratch } = await import('../artifacts.ts')
      await withScratch(async folder => {
        const found = await findCheckpoint(checkpoint, options, folder)
        const { maxTokens, temperature, seed, threads, prompt } = options
        const ropeBase = options.ropeBase ?? found.ropeBase
        const made = await generate({
          ...found,
          prompt,
          maxTokens,
          temperature,
          seed,
          threads: Math.max(1, threads),
          ...(ropeBase ? { ropeBase } : {}),
        })
        if (options.json) json({ checkpoint: found.weights, prompt, ...made })
        else out(safe(prompt + made.text))
      })
    })
}

/** Paths of weights and tokenizer, and the rotary base of the phase that the weights come from. */
async function findCheckpoint(
  named: string | undefined,
  options: Options,
  folder: string,
): Promise<{ weights: string; tokenizer: string; ropeBase?: number }> {
  const { findRun, nodesOf, openLocal } = await import('../runs.ts')
  const { locate } = await import('../artifacts.ts')
  const { Lookup } = await import('../lookup.ts')
  const { findManifest } = await import('../../storage/artifacts.ts')
  if (named && options.tokenizer && existsSync(named)) return { weights: named, tokenizer: options.tokenizer }
  const store = await openLocal(options.store)
  const record = await findRun(store, options.run)
  const lookup = new Lookup(store, folder)
  const nodes = await nodesOf(store, record)
  const none = (expected: string, found: string) =>
    new MillraceError({ code: 'NO_CHECKPOINT', kind: 'config', expected, found, next: `millrace status ${record.run}` })
  let tokenizer = options.tokenizer
  if (!tokenizer) {
    const node = nodes.find(each => each.id === 'tokenizer')
    const file = node ? (await findManifest(store, node.stage, node.fingerprint))?.roles.file?.[0] : undefined
    if (!file) throw none('a tokenizer: --tokenizer FILE, or a run that has one', `none in run ${record.run}`)
    tokenizer = await lookup.path(file)
  }
  if (named && existsSync(named)) return { weights: named, tokenizer }
  let manifest = named ? await manifestNamed(await locate(store, named, options.run)) : undefined
  if (!named)
    for (const node of nodes) if (node.stage === 'train') manifest = (await findManifest(store, node.stage, node.fingerprint)) ?? manifest
  const part = manifest?.roles.weights?.[0]
  if (!manifest || !part) throw none('a checkpoint: a step that has the role weights', named ?? `no trained segment in run ${record.run}`)
  const phase = (manifest.config as { phase?: { ropeBase?: number } }).phase
  return { weights: await lookup.path(part), tokenizer, ...(phase?.ropeBase ? { ropeBase: phase.ropeBase } : {}) }
}

const manifestNamed = async (found: Awaited<ReturnType<typeof import('../artifacts.ts').locate>>) =>
  found.kind === 'artifact' ? found.manifest : undefined
