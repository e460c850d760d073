/**
 * Runs a whole stage in a folder, without a store or a server: for tests and `millrace stage`. Plans and units are the engine's own,
 * so what comes out has the content that a workflow would commit.
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ArrowReader, batchDigest, schemaDigest } from './arrow/index.ts'
import { pinFiles } from './files.ts'
import { type Part, plan, type Raw, rangeContent, rawRoles } from './plan.ts'
import { type LocalPart, operationsOf, type Stage } from './stage.ts'
import { type Job, runUnit, type UnitResult } from './unit.ts'
import type { WrittenPart } from './writer.ts'

export interface LocalRequest<C> {
  stage: Stage<C>
  config: unknown
  /** Folder that paths in the config are relative to; default: the working directory. */
  base?: string
  seed?: number
  /** Input roles of the stage -> local files. `asPart` describes a plain Arrow file. */
  inputs: Record<string, readonly Part[]>
  raw?: readonly Raw[]
  evaluation?: readonly Raw[]
  /** Output and scratch go here. */
  folder: string
  threads?: number
  maxMemory?: number
  /** Units of one operation that run at once; default 1. Cannot change an output: parts are listed in planned order. */
  concurrency?: number
  /** Runs a unit elsewhere (a child process); default: here. */
  execute?: (stage: Stage<C>, job: Job) => Promise<UnitResult>
}

export interface LocalResult {
  /** Roles of the artifact. */
  outputs: Record<string, Part[]>
  /** `operation.role` -> parts, all of them. */
  roles: Record<string, Part[]>
  counters: Record<string, number>
  quarantined: number
  units: number
  bytesIn: number
  documents: number
}

/** Parts of `name` (`documents`, `sign.signatures`) under the role that the operation asks for. */
const under = (role: string, parts: readonly Part[] | undefined): Part[] => (parts ?? []).map(part => ({ ...part, role }))

export async function runStage<C>(request: LocalRequest<C>): Promise<LocalResult> {
  const { stage, folder, seed = 1 } = request
  const parsed = stage.config.parse(request.config)
  const files = await pinFiles(stage, parsed, { base: request.base ?? process.cwd() })
  const config = files ? { ...parsed, files } : parsed
  const roles: Record<string, Part[]> = {}
  const partitions: Record<string, number> = {}
  const result: LocalResult = { outputs: {}, roles, counters: {}, quarantined: 0, units: 0, bytesIn: 0, documents: 0 }
  const find = (role: string) => under(role, request.inputs[role] ?? roles[role])

  for (const operation of operationsOf(stage, config)) {
    const shuffled = operation.reads.map(role => partitions[role.split('.')[0] ?? '']).find(count => count !== undefined)
    const planned = plan({
      stage,
      operation,
      config,
      seed,
      reads: operation.reads.filter(role => !rawRoles.includes(role)).flatMap(find),
      sides: (operation.sides ?? []).flatMap(find),
      raw: operation.reads.includes('raw') ? (request.raw ?? []) : operation.reads.includes('evaluation') ? (request.evaluation ?? []) : [],
      ...(shuffled === undefined ? {} : { partitions: shuffled }),
    })
    if (operation.kind === 'shuffle') partitions[operation.name] = planned.partitions
    for (const role of [...Object.keys(operation.writes), 'quarantine']) roles[`${operation.name}.${role}`] = []
    const results = await inOrder(planned.units, request.concurrency ?? 1, async unit => {
      const output = join(folder, operation.name, unit.key)
      const scratch = join(output, 'scratch')
      await rm(output, { recursive: true, force: true })
      await mkdir(scratch, { recursive: true })
      const job: Job = {
        stage: stage.name,
        operation: operation.name,
        config,
        seed,
        unit: unit.key,
        partition: unit.partition,
        partitions: planned.partitions,
        threads: request.threads ?? 1,
        maxMemory: request.maxMemory ?? 2 ** 30,
        scratch,
        output,
        parts: unit.parts.map(toLocal),
        sides: planned.sides.map(toLocal),
        raw: unit.raw.map(raw => ({ source: raw.source, key: raw.key, path: raw.location, size: raw.size, sha256: raw.sha256 })),
      }
      const done = await (request.execute ?? runUnit)(stage, job)
      await rm(scratch, { recursive: true, force: true })
      return done
    })
    for (const done of results) {
      for (const part of done.parts) (roles[`${operation.name}.${part.role}`] ??= []).push(fromWritten(part))
      for (const [name, by] of Object.entries(done.counters)) result.counters[name] = (result.counters[name] ?? 0) + by
      result.quarantined += done.quarantined
      result.units++
      result.bytesIn += done.bytesIn
      result.documents += done.documents
    }
  }
  for (const [role, from] of Object.entries(stage.outputs)) result.outputs[role] = under(role, roles[from])
  return result
}

/** Results in the order of the items. After a failure no further item is begun, and it is thrown when what runs has ended. */
async function inOrder<T, R>(items: readonly T[], concurrency: number, body: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length)
  let next = 0
  let failed: { error: unknown } | undefined
  const lane = async () => {
    while (next < items.length && !failed) {
      const i = next++
      try {
        results[i] = await body(items[i] as T)
      } catch (error) {
        failed ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(concurrency, items.length)) }, lane))
  if (failed) throw failed.error
  return results
}

const toLocal = (part: { role: string; location: string; from: number; to: number }): LocalPart => ({
  role: part.role,
  path: part.location,
  from: part.from,
  to: part.to,
})

export const fromWritten = (part: WrittenPart): Part => ({
  role: part.role,
  location: part.path,
  content: part.content,
  rows: part.rows,
  bytes: part.bytes,
  ...(part.schema && part.batches ? { schema: part.schema, batches: part.batches } : {}),
})

/** Describes an Arrow file that no unit wrote (a user's file, a test's): reads it once and takes its digests. */
export async function asPart(role: string, path: string): Promise<Part> {
  const reader = await ArrowReader.open(path)
  try {
    const schema = schemaDigest(reader.schema)
    const batches: { rows: number; bytes: number; content: string }[] = []
    for await (const batch of reader) batches.push({ rows: batch.rows, bytes: batch.byteLength, content: batchDigest(batch) })
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0)
    return { role, location: path, content: rangeContent(schema, batches), rows: reader.rows, bytes, schema, batches }
  } finally {
    await reader.close()
  }
}
