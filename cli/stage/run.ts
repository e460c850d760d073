/**
 * One stage over local files, without a server: the engine's own plans and units, in the engine's own child processes, so a crash costs a
 * record or is reported, and what comes out has the content that a workflow would commit.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isolate } from '../../activities/isolate.ts'
import type { Progress, Runner } from '../../activities/runner.ts'
import { ArrowReader } from '../../pipelines/arrow/index.ts'
import { asPart, type LocalResult, runStage } from '../../pipelines/local.ts'
import type { Part, Raw } from '../../pipelines/plan.ts'
import { documents as documentsSchema } from '../../pipelines/schemas.ts'
import { MiB, type Stage } from '../../pipelines/stage.ts'
import { stageOf } from '../../pipelines/stages.ts'
import { ofOurLayout } from '../../pipelines/tokenizer/file.ts'
import { readGivenFile } from '../../pipelines/tokenizer/json.ts'
import { reservedNames } from '../../pipelines/tokenizer/layout.ts'
import { mapGiven } from '../../pipelines/tokenizer/map.ts'
import { batchOf } from '../../pipelines/tokenizer/table.ts'
import { RegroupingWriter } from '../../pipelines/writer.ts'
import { dim, err, safe } from '../output.ts'
import { restoreIds } from './restore.ts'
import { namesOf } from './settings.ts'

export interface Bench {
  folder: string
  runner: Runner
  jobs: number
  threads: number
  maxMemory: number
  seed: number
  stallSeconds: number
  /** Folder that paths in the config are relative to. Default: the working directory. */
  base?: string
  /** Documents and bytes that running units have read so far, and units done. */
  onProgress?: (now: { stage: string; operation: string; documents: number; bytes: number; units: number }) => void
}

export interface Ran extends LocalResult {
  seconds: number
}

export interface StageInput {
  inputs: Record<string, readonly Part[]>
  raw?: readonly Raw[]
  evaluation?: readonly Raw[]
  /** Bytes that come in: units are cut so that every job has some. */
  bytes: number
}

/** Runs `stage` with parsed settings. `given` says which of them the user chose: those are left as they are. */
export async function runLocally(
  bench: Bench,
  stage: Stage,
  config: Record<string, unknown>,
  given: ReadonlySet<string>,
  input: StageInput,
): Promise<Ran> {
  const settings = { ...config }
  // How units are cut changes no document. A unit of a cluster's size would leave cores idle here.
  if (namesOf(stage).includes('unitBytes') && !given.has('unitBytes')) {
    const share = Math.ceil(input.bytes / (bench.jobs * 6))
    settings.unitBytes = Math.max(MiB, Math.min(Number(config.unitBytes), share))
  }
  const running = new Map<string, Progress>()
  let [units, documents, bytes] = [0, 0, 0]
  const tell = (operation: string) => {
    const sum = (what: 'documents' | 'bytes') => [...running.values()].reduce((total, each) => total + each[what], 0)
    bench.onProgress?.({ stage: stage.name, operation, documents: documents + sum('documents'), bytes: bytes + sum('bytes'), units })
  }
  const began = performance.now()
  const result = await runStage({
    stage,
    config: settings,
    ...(bench.base === undefined ? {} : { base: bench.base }),
    seed: bench.seed,
    inputs: input.inputs,
    ...(input.raw ? { raw: input.raw } : {}),
    ...(input.evaluation ? { evaluation: input.evaluation } : {}),
    folder: join(bench.folder, stage.name),
    threads: bench.threads,
    maxMemory: bench.maxMemory,
    concurrency: bench.jobs,
    async execute(_, job) {
      const options = {
        stall: bench.stallSeconds * 1000,
        onProgress: (progress: Progress) => {
          running.set(job.unit, progress)
          tell(job.operation)
        },
      }
      try {
        const { result: done } = await bench.runner.run(job, options).catch(async error => {
          const isolated = await isolate(bench.runner, stage, job, error as Error, options)
          if (!isolated) throw error
          return isolated
        })
        units++
        if (stage.operations.at(-1)?.name === job.operation || stage.operations[0]?.name === job.operation) {
          documents += done.documents
          bytes += done.bytesIn
        }
        return done
      } finally {
        running.delete(job.unit)
        tell(job.operation)
      }
    },
  })
  return { ...result, seconds: (performance.now() - began) / 1000 }
}

/** Raw files -> documents, with extract's defaults. Documents that this command wrote before keep their ids. */
export async function extractFirst(bench: Bench, raw: readonly Raw[], bytes: number): Promise<Ran> {
  const extract = await stageOf('extract')
  const ran = await runLocally(bench, extract, extract.config.parse({}) as Record<string, unknown>, new Set(), { inputs: {}, raw, bytes })
  if (!raw.some(file => /\.(jsonl|ndjson|parquet)(\.gz|\.zst)?$/i.test(file.key))) return ran
  const restored: Part[] = []
  for (const [i, part] of (ran.outputs.documents ?? []).entries()) {
    const path = join(bench.folder, `restored-${i}.arrow`)
    const writer = await RegroupingWriter.open('documents', path, documentsSchema, 'zstd')
    const reader = await ArrowReader.open(part.location)
    for await (const batch of reader) await writer.append(restoreIds(batch))
    await reader.close()
    await writer.close(undefined)
    restored.push(await asPart('documents', path))
  }
  return { ...ran, outputs: { ...ran.outputs, documents: restored } }
}

/** A tokenizer as `tokenize` reads it, from a tokenizer.json; one of others is brought into our layout, without its added tokens. */
export async function tokenizerTable(bench: Bench, text: string, where: string): Promise<Part> {
  await mkdir(bench.folder, { recursive: true })
  const path = join(bench.folder, 'given-tokenizer.arrow')
  const given = readGivenFile(text, where)
  const ours = Buffer.from(given.tokens.bytes.subarray(0, given.tokens.offsets[1])).toString() === reservedNames[0]
  if (!ours) err(dim(`${safe(where)} has other ids than ours: its ordinary tokens become 256, 257, …, in their order`))
  const table = batchOf(ours ? ofOurLayout(given, where) : mapGiven(given, {}))
  const writer = await RegroupingWriter.open('tokenizer', path, table.schema, 'zstd')
  await writer.append(table)
  await writer.close(undefined)
  return asPart('tokenizer', path)
}
