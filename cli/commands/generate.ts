import type { Command } from 'commander'
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
      const { findCheckpoint } = await import('../checkpoints.ts')
      const { withScratch } = await import('../artifacts.ts')
      await withScratch(async folder => {
        const { weights, tokenizer, ropeBase: own } = await findCheckpoint(checkpoint, options, folder)
        const { maxTokens, temperature, seed, threads, prompt } = options
        const ropeBase = options.ropeBase ?? own
        const made = await generate({
          weights,
          tokenizer,
          prompt,
          maxTokens,
          temperature,
          seed,
          threads: Math.max(1, threads),
          ...(ropeBase ? { ropeBase } : {}),
        })
        if (options.json) json({ checkpoint: weights, prompt, ...made })
        else out(safe(prompt + made.text))
      })
    })
}
