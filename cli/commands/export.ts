import type { Command } from 'commander'
import type { Vocabulary } from '../../pipelines/tokenizer/vocabulary.ts'
import type { CheckpointOptions } from '../export-checkpoint.ts'
import { positive, usage } from '../usage.ts'

interface Options {
  format: string
  specials: string
  output?: string
  run?: string
  store?: string
  json?: boolean
}

const formats = ['hf', 'tiktoken'] as const
const specials = ['vocabulary', 'added'] as const

/** What a file of the added form cannot carry: who loads it must say it. */
const needed =
  'text is safe from these names only with the switch on: tokenizer.encode_special_tokens = True (tokenizers), split_special_tokens=True (transformers)'

export function add(program: Command): void {
  program
    .command('export')
    .description('Write a checkpoint or a tokenizer for other tools')
    .argument(
      '[what]',
      'a tokenizer: tokenizer.json or .arrow, tokenizer/FINGERPRINT, or a step of a run; with FOLDER a checkpoint: a run, train/FINGERPRINT, a step, or a .safetensors file of weights',
      'tokenizer',
    )
    .argument('[folder]', 'for a checkpoint: the folder to make, which Transformers’ LongcatFlashForCausalLM loads')
    .option('--output <file>', 'for a tokenizer: where to write')
    .option('--format <format>', 'hf: tokenizer.json, or a folder; tiktoken: ranks, of which id 256 is rank 0', 'hf')
    .option(
      '--specials <form>',
      'hf: vocabulary: reserved names in the vocabulary alone, so no text yields them; added: also as special added tokens, as some tools expect',
      'vocabulary',
    )
    .option('--dialect <dialect>', 'of a checkpoint: transformers5, or hub: names and shapes as Meituan publishes them', 'transformers5')
    .option('--tokenizer <file>', 'tokenizer.json to go with a checkpoint (default: the run’s)')
    .option('--rope-base <n>', 'of a checkpoint: rotary base (default: of its phase)', positive('--rope-base'))
    .option('--max-positions <n>', 'of a checkpoint: longest row (default: of its phase)', positive('--max-positions'))
    .option('--threads <n>', 'threads', positive('--threads'), 1)
    .option('--run <run>', 'the run that a step is named in (default: the newest)')
    .option('--store <uri>', 'another store than the project’s')
    .option('--json', 'print what was written as JSON')
    .addHelpText(
      'after',
      `
With --specials added, ${needed}. The file cannot carry that switch.

Examples:
  millrace export --format hf quickstart out/quickstart
  millrace export train-general-2 out/general --run tiny
  millrace export --output tokenizer.json
  millrace export tokenizer/27d10508062cc4a6 --specials added --output added.json`,
    )
    .action(async (what: string, folder: string | undefined, options: Options & CheckpointOptions) => {
      if (folder === undefined) return runExport(what, options)
      const { runExportCheckpoint } = await import('../export-checkpoint.ts')
      return runExportCheckpoint(what, folder, options)
    })
}

async function runExport(named: string, options: Options): Promise<void> {
  const { output } = options
  if (output === undefined) throw usage('export', 'a FOLDER for a checkpoint, or --output FILE for a tokenizer', 'neither')
  const format = formats.find(each => each === options.format)
  if (!format) throw usage('--format', formats.join(' or '), options.format)
  const form = specials.find(each => each === options.specials)
  if (!form) throw usage('--specials', specials.join(' or '), options.specials)
  const { withScratch } = await import('../artifacts.ts')
  const vocabulary = await withScratch(folder => findVocabulary(named, options, folder))
  const text =
    format === 'hf'
      ? (await import('../../pipelines/tokenizer/file.ts')).writeTokenizerFile(vocabulary, { specials: form })
      : await ranksOf(vocabulary)
  const { writeFile } = await import('node:fs/promises')
  await writeFile(output, text).catch((error: NodeJS.ErrnoException) => {
    throw usage('--output', 'a file that can be written', `${output} (${error.code})`)
  })
  const { err, json, number, out, safe } = await import('../output.ts')
  const { sizeOf } = await import('../../pipelines/tokenizer/vocabulary.ts')
  const note = format === 'hf' && form === 'added' ? needed : undefined
  if (options.json)
    return json({
      output,
      format,
      ...(format === 'hf' ? { specials: form } : {}),
      ids: sizeOf(vocabulary),
      ...(note ? { note } : {}),
    })
  out(`${safe(output)}: ${number(sizeOf(vocabulary))} ids, pattern ${vocabulary.pattern}`)
  if (note) err(`note: ${note}`)
}

/** Ranks say what merges do only where each merge makes a token of its own, in the order of ids. */
async function ranksOf(vocabulary: Vocabulary): Promise<string> {
  const { writeTiktokenFile } = await import('../../pipelines/tokenizer/tiktoken.ts')
  const { firstByte } = await import('../../pipelines/tokenizer/layout.ts')
  const { mergesOfRanks } = await import('../../native/addon/tokenizer.ts')
  const { tokens, merges } = vocabulary
  const begin = tokens.offsets[firstByte] as number
  const found = await mergesOfRanks({
    offsets: tokens.offsets.slice(firstByte).map(offset => offset - begin),
    bytes: tokens.bytes.subarray(begin),
  })
  if (found.length !== merges.length || found.some((rank, i) => rank + firstByte !== merges[i]))
    throw usage('--format', 'hf: ranks alone do not give the merges of this tokenizer', 'tiktoken')
  return writeTiktokenFile(vocabulary, { first: firstByte })
}

async function findVocabulary(named: string, options: Options, folder: string): Promise<Vocabulary> {
  const { readFile } = await import('node:fs/promises')
  const { openLocal } = await import('../runs.ts')
  const { locate } = await import('../artifacts.ts')
  const { existsSync } = await import('node:fs')
  const { readTokenizerFile } = await import('../../pipelines/tokenizer/file.ts')
  if (existsSync(named) && /\.json$/i.test(named)) return readTokenizerFile(await readFile(named, 'utf8'), named)
  if (existsSync(named) && /\.arrow$/i.test(named)) return ofTable(named)
  const store = await openLocal(options.store)
  const found = await locate(store, named, options.run)
  const part = found.kind === 'artifact' ? found.manifest.roles.tokenizer?.[0] : undefined
  if (!part) throw usage('tokenizer', 'a tokenizer.json, an .arrow, or an artifact that has the role tokenizer', named)
  const { Lookup } = await import('../lookup.ts')
  return ofTable(await new Lookup(store, folder).path(part))
}

async function ofTable(path: string): Promise<Vocabulary> {
  const { ArrowReader } = await import('../../pipelines/arrow/index.ts')
  const { readTokenizer } = await import('../../pipelines/tokenizer/table.ts')
  const reader = await ArrowReader.open(path)
  try {
    return await readTokenizer(
      (async function* () {
        yield* reader
      })(),
    )
  } finally {
    await reader.close()
  }
}
