import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import type { Part } from '../../pipelines/plan.ts'
import type { Stage } from '../../pipelines/stage.ts'
import { dim, err, jsonText, number } from '../output.ts'
import type { StageInputs } from '../stage/inputs.ts'
import type { Bench, Ran } from '../stage/run.ts'
import { collect, positive, usage } from '../usage.ts'

export interface StageOptions {
  input: string[]
  output: string
  config?: string
  set: string[]
  decisions?: string
  statistics?: string
  quarantine?: string
  tokenizer?: string
  evaluation?: string[]
  source?: string
  kind?: string
  format?: string
  threads: number
  jobs?: number
  maxMemory: number
  seed: number
  json?: boolean
}

export function add(program: Command): void {
  program
    .command('stage')
    .description('Run one stage on local files, without a server')
    .argument('<name>', 'extract, filter, dedup, decontaminate, longcontext, tokenizer, tokenize, score, …')
    .requiredOption(
      '--input <path...>',
      'files or folders: HTML, WARC, JSONL, Parquet, Arrow, Markdown, text, each also .gz or .zst; or role=FILE.arrow',
    )
    .requiredOption(
      '--output <path>',
      'the main result: .jsonl, .jsonl.zst, .parquet, .arrow (.json for a tokenizer); - is JSONL on standard output',
    )
    .option('--config <file>', 'YAML: settings of the stage, or a whole run config')
    .option('--set <name=value>', 'one setting, like maxDocumentBytes=1000000; may be repeated', collect, [])
    .option('--decisions <path>', 'where to write one row per dropped document')
    .option('--statistics <path>', 'where to write one row per input document')
    .option('--quarantine <path>', 'where to write what could not be read')
    .option('--tokenizer <file>', 'tokenize: a tokenizer.json or .arrow (default: train one on the input)')
    .option('--evaluation <path...>', 'decontaminate: JSONL of evaluation items')
    .option('--source <name>', 'name of the source, part of every document id (default: input)')
    .option('--kind <kind>', 'what raw input is: web, markdown, code, book (default: by file)')
    .option('--format <format>', 'which reader takes raw input (default: by extension)')
    .option('--threads <n>', 'threads of one unit', positive('--threads'), 1)
    .option('--jobs <n>', 'units at once (default: one per core)', positive('--jobs'))
    .option('--max-memory <bytes>', 'bytes that one unit may hold', positive('--max-memory'), 2 ** 31)
    .option('--seed <n>', 'seed of random choices', positive('--seed'), 1)
    .option('--json', 'print the summary as JSON (on standard error where the output is -)')
    .addHelpText(
      'after',
      `
Examples:
  millrace stage extract --input pages/ --output documents.jsonl.zst
  millrace stage filter --input documents.jsonl.zst --output kept.parquet --decisions dropped.jsonl --set maxDocumentBytes=1000000
  millrace stage dedup --input crawl.warc.gz --output - | head`,
    )
    .action(runStageCommand)
}

async function runStageCommand(name: string, options: StageOptions): Promise<void> {
  const { stageOf } = await import('../../pipelines/stages.ts')
  const { settingsOf } = await import('../stage/settings.ts')
  const { Runner } = await import('../../activities/runner.ts')
  const stage = await stageOf(name)
  if (stage.inputs.includes('evaluation') && !options.evaluation?.length)
    throw usage('--evaluation', 'JSONL files of evaluation items', 'none')
  if (!stage.inputs.length || stage.inputs.includes('weights') || stage.inputs.includes('log'))
    throw usage(`stage ${name}`, 'a stage of the corpus', 'a step of training', `millrace run CONFIG --only ${name}`)
  const { config: asked, given } = await settingsOf(stage, options.config, options.set)
  const base = options.config ? dirname(resolve(options.config)) : undefined
  const config = await checked(stage, asked, base ?? process.cwd())
  checkOutputs(stage, options, await import('../stage/sinks.ts'))
  const { readInputs } = await import('../stage/inputs.ts')
  const folder = await scratchFolder(options.output)
  process.once('exit', () => rmSync(folder, { recursive: true, force: true })) // also where nobody reads our output any more
  const bench: Bench = {
    folder,
    runner: new Runner(),
    jobs: Math.max(1, options.jobs ?? availableParallelism()),
    threads: Math.max(1, options.threads),
    maxMemory: options.maxMemory,
    seed: options.seed,
    stallSeconds: 300,
    ...(base === undefined ? {} : { base }),
    ...(process.stderr.isTTY ? { onProgress: showProgress() } : {}),
  }
  const stop = (signal: NodeJS.Signals) => {
    bench.runner.close()
    void rm(folder, { recursive: true, force: true }).finally(() => process.exit(signal === 'SIGINT' ? 130 : 143))
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    const found = await readInputs(stage, options, folder)
    const { inputs, extracted } = await prepare(bench, stage, found, options)
    const ofDocuments = (parts: readonly Part[]) => parts.reduce((sum, part) => sum + part.rows, 0)
    const read = inputs.documents ?? Object.values(inputs)[0] ?? []
    const documents = stage.inputs.includes('raw') ? 0 : ofDocuments(read)
    const bytes = stage.inputs.includes('raw') ? found.rawBytes : read.reduce((sum, part) => sum + size(part), 0)
    const { runLocally } = await import('../stage/run.ts')
    const input = { inputs, bytes, evaluation: found.evaluation, ...(stage.inputs.includes('raw') ? { raw: found.raw } : {}) }
    const ran = await runLocally(bench, stage, config, given, input)
    clearProgress()
    const main = mainOf(stage, options.output)
    const written = await writeOutputs(stage, config, ran, extracted, main, options)
    const { summarise, summaryText } = await import('../stage/summary.ts')
    const rows = ofDocuments(ran.outputs[main] ?? [])
    const summary = { ...(await summarise(name, ran, { files: found.raw.length, documents, bytes }, { role: main, rows })), written }
    const say = options.json && options.output !== '-' ? (text: string) => process.stdout.write(`${text}\n`) : err
    say(options.json ? jsonText(summary, 2) : summaryText(summary))
  } finally {
    clearProgress()
    bench.runner.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Settings with the files that they name, pinned, once the stage has looked at both: before anything is extracted. */
async function checked(stage: Stage, config: Record<string, unknown>, base: string): Promise<Record<string, unknown>> {
  const { pinFiles } = await import('../../pipelines/files.ts')
  const files = await pinFiles(stage, config, { base })
  const pinned = files ? { ...config, files } : config
  await stage.check?.(pinned)
  return pinned
}

const size = (part: Part): number => part.batches?.reduce((sum, batch) => sum + batch.bytes, 0) ?? part.bytes

/** Scratch beside the output, where room for it was meant to be; the system's folder for standard output. */
async function scratchFolder(output: string): Promise<string> {
  const beside = output === '-' ? tmpdir() : dirname(resolve(output))
  try {
    await mkdir(beside, { recursive: true })
    return await mkdtemp(join(beside, 'millrace-stage-'))
  } catch (error) {
    throw usage('--output', 'a folder that can be written', `${beside} (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** Everything that a stage reads, as tables: raw input extracted, a tokenizer given or trained. */
async function prepare(
  bench: Bench,
  stage: Stage,
  found: StageInputs,
  options: StageOptions,
): Promise<{ inputs: Record<string, readonly Part[]>; extracted?: Ran }> {
  const { extractFirst, runLocally, tokenizerTable } = await import('../stage/run.ts')
  const inputs: Record<string, readonly Part[]> = { ...found.roles }
  let extracted: Ran | undefined
  if (stage.inputs.includes('documents')) {
    inputs.documents = found.documents
    if (found.raw.length) {
      const files = found.raw.length === 1 ? '1 file is' : `${number(found.raw.length)} files are`
      err(dim(`input is raw: ${files} extracted first, with the defaults of \`extract\``))
      extracted = await extractFirst(bench, found.raw, found.rawBytes)
      inputs.documents = [...found.documents, ...(extracted.outputs.documents ?? [])]
      clearProgress()
      const rows = inputs.documents.reduce((sum, part) => sum + part.rows, 0)
      err(
        dim(`  ${number(rows)} documents in ${extracted.seconds.toFixed(1)} s; ${number(extracted.quarantined)} records could not be read`),
      )
    }
  }
  if (stage.inputs.includes('tokenizer') && !inputs.tokenizer && (options.tokenizer || stage.inputs.includes('documents'))) {
    const given = options.tokenizer
    if (given?.endsWith('.arrow')) inputs.tokenizer = [await (await import('../stage/inputs.ts')).tablePart('tokenizer', given)]
    else if (given) {
      const text = await readFile(given, 'utf8').catch(() => {
        throw usage('--tokenizer', 'a tokenizer.json or .arrow that can be read', given)
      })
      inputs.tokenizer = [await tokenizerTable(bench, text, given)]
    } else {
      err(dim('no --tokenizer: one of up to 32,768 ids is trained on the input'))
      const { stageOf } = await import('../../pipelines/stages.ts')
      const trainer = await stageOf('tokenizer')
      const settings = trainer.config.parse({ vocabulary: 32_768, allowFewer: true }) as Record<string, unknown>
      const bytes = (inputs.documents ?? []).reduce((sum, part) => sum + size(part), 0)
      const trained = await runLocally(bench, trainer, settings, new Set(), { inputs: { documents: inputs.documents ?? [] }, bytes })
      inputs.tokenizer = trained.outputs.tokenizer ?? []
      clearProgress()
      err(dim(`  ${number(trained.outputs.tokenizer?.[0]?.rows ?? 0)} ids in ${trained.seconds.toFixed(1)} s`))
    }
  }
  // `shard` asks for a tokenizer itself, where a component has a rate of fill in the middle.
  const optional = ['raw', 'evaluation', ...(stage.inputs.includes('documents') ? [] : ['tokenizer'])]
  const missing = stage.inputs.find(role => !optional.includes(role) && !inputs[role]?.length)
  if (missing) throw usage(`stage ${stage.name}`, `--input ${missing}=FILE.arrow`, `nothing for the role ${missing}`)
  return { inputs, ...(extracted ? { extracted } : {}) }
}

/** The role that --output gets: the first of the stage; of a tokenizer the file where a .json is asked for. */
const mainOf = (stage: Stage, output: string): string => {
  const roles = Object.keys(stage.outputs)
  return (output.endsWith('.json') && roles.includes('file') ? 'file' : roles[0]) ?? ''
}

/** Before any work: names that cannot be written, roles that the stage does not have. */
function checkOutputs(stage: Stage, options: StageOptions, { endingOf }: typeof import('../stage/sinks.ts')): void {
  if (mainOf(stage, options.output) !== 'file') endingOf(options.output, '--output')
  const given = [options.output]
  for (const role of ['decisions', 'statistics', 'quarantine'] as const) {
    const path = options[role]
    if (path === undefined) continue
    endingOf(path, `--${role}`)
    if (given.includes(path)) throw usage(`--${role}`, 'a file of its own', path)
    given.push(path)
    if (role !== 'quarantine' && !(role in stage.outputs))
      throw usage(`--${role}`, `a result that ${stage.name} has (${Object.keys(stage.outputs).join(', ')})`, role)
  }
}

async function writeOutputs(
  stage: Stage,
  config: Record<string, unknown>,
  ran: Ran,
  extracted: Ran | undefined,
  main: string,
  options: StageOptions,
): Promise<Record<string, string>> {
  const { copyFile } = await import('node:fs/promises')
  const quarantine = [extracted, ran].flatMap(each =>
    Object.entries(each?.roles ?? {}).flatMap(([role, parts]) => (role.endsWith('.quarantine') ? parts : [])),
  )
  const wanted: [role: string, path: string | undefined, parts: readonly Part[]][] = [
    [main, options.output, ran.outputs[main] ?? []],
    ['decisions', options.decisions, ran.outputs.decisions ?? []],
    ['statistics', options.statistics, ran.outputs.statistics ?? []],
    ['quarantine', options.quarantine, quarantine],
  ]
  const written: Record<string, string> = {}
  for (const [role, path, parts] of wanted) {
    if (path === undefined) continue
    if (role === 'file') await copyFile(parts[0]?.location ?? '', path)
    else await writeTable(path, parts, schemaOf(stage, role, config), `--${role === main ? 'output' : role}`)
    if (path !== '-') written[role] = path
  }
  return written
}

async function writeTable(
  path: string,
  parts: readonly Part[],
  schema: () => Promise<Parameters<typeof import('../stage/sinks.ts').openSink>[1]>,
  option: string,
) {
  const { openSink } = await import('../stage/sinks.ts')
  const { ArrowReader } = await import('../../pipelines/arrow/index.ts')
  const [first] = parts
  const opened = first ? await ArrowReader.open(first.location) : undefined
  const sink = await openSink(path, opened?.schema ?? (await schema()), option)
  await opened?.close()
  try {
    for (const part of parts) {
      const reader = await ArrowReader.open(part.location)
      try {
        for await (const batch of reader) await sink.write(batch)
      } finally {
        await reader.close()
      }
    }
    await sink.close()
  } catch (error) {
    await sink.discard()
    throw error
  }
}

/** The schema of a role that nothing was written for. */
function schemaOf(stage: Stage, role: string, config: Record<string, unknown>) {
  return async () => {
    const schemas = await import('../../pipelines/schemas.ts')
    if (role === 'quarantine') return schemas.quarantine
    const [operation = '', name = ''] = (stage.outputs[role] ?? '').split('.')
    const declared = stage.operations.find(each => each.name === operation)?.writes[name]
    if (declared && 'schema' in declared) return typeof declared.schema === 'function' ? declared.schema(config) : declared.schema
    return schemas.documents
  }
}

let shown = false
function showProgress(): NonNullable<Bench['onProgress']> {
  let last = 0
  const began = performance.now()
  return ({ stage, operation, documents, bytes, units }) => {
    const now = performance.now()
    if (now - last < 200) return
    last = now
    shown = true
    const seconds = ((now - began) / 1000).toFixed(0)
    process.stderr.write(
      `\r\x1b[K${stage}.${operation}: ${number(units)} units, ${number(documents)} documents, ${(bytes / 1e6).toFixed(0)} MB, ${seconds} s`,
    )
  }
}

function clearProgress(): void {
  if (shown) process.stderr.write('\r\x1b[K')
  shown = false
}
