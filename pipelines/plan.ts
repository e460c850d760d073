/**
 * Planning: which units an operation has, and what each is called. A pure function of inputs and config; workers, threads and time
 * cannot reach it.
 *
 * Unit boundaries are content-defined: the chance to cut after an input is its share of the target size, drawn from the hash of its
 * key (raw files) or content (record batches). So an input that comes or goes moves the cuts of its neighbours only, and every other
 * unit keeps its key. No unit passes twice the target, unless a single input does.
 */
import { createHash } from 'node:crypto'
import { digestOf, fractionOf, unitKey } from './identity.ts'
import type { Operation, SourceIdentity, Stage } from './stage.ts'

/** Roles that are pinned files, not parts: `ctx.raw()` gives them. */
export const rawRoles: readonly string[] = ['raw', 'evaluation']

/** A committed file: what a plan must know of it. `location` is opaque here: a key of the store or a local path. */
export interface Part {
  role: string
  location: string
  content: string
  rows: number
  bytes: number
  /** Digest of the schema and one entry per record batch; absent for file roles. `bytes` are uncompressed. */
  schema?: string
  batches?: readonly { rows: number; bytes: number; content: string }[]
}

/** A pinned raw file. Identity is (source, key, size, sha256). */
export interface Raw {
  source: SourceIdentity
  key: string
  location: string
  size: number
  sha256: string
}

export interface PlannedPart {
  role: string
  location: string
  from: number
  to: number
}

export interface PlannedUnit {
  key: string
  partition: number
  parts: readonly PlannedPart[]
  raw: readonly Raw[]
  rows: number
  bytes: number
}

export interface Plan {
  stage: string
  operation: string
  revision: number
  partitions: number
  sides: readonly PlannedPart[]
  units: readonly PlannedUnit[]
}

export interface PlanRequest<C> {
  stage: Stage<C>
  operation: Operation<C>
  config: C
  seed: number
  /** Parts of the roles that the operation reads, in the order of `reads`, then as committed. */
  reads: readonly Part[]
  sides: readonly Part[]
  raw: readonly Raw[]
  /** reduce: partitions of the shuffle that it reads. */
  partitions?: number
  /** Raised by `retryQuarantined` for the units that had quarantined records. */
  epoch?: (key: string) => number | undefined
}

interface Item {
  key: string
  bytes: number
  rows: number
  part?: PlannedPart & { digest: string }
  raw?: Raw
}

/** The units of one operation, in planned order. */
export function plan<C>(request: PlanRequest<C>): Plan {
  const { stage, operation, config } = request
  const partitions = operation.partitions?.(config) ?? request.partitions ?? 1
  const sides = request.sides.map(part => ({ role: part.role, location: part.location, from: 0, to: part.batches?.length ?? 0 }))
  const groups = operation.kind === 'reduce' ? byPartition(request.reads, partitions) : group(request)
  const identity = {
    stage: stage.name,
    operation: operation.name,
    revision: stage.revision,
    config: operation.config ? operation.config(config) : config,
    seed: request.seed,
    sides: request.sides.map(part => ({ role: part.role, content: part.content })),
  }
  const units = groups.map((items, index): PlannedUnit => {
    const partition = operation.kind === 'reduce' ? index : 0
    const named = {
      ...identity,
      partition: operation.kind === 'reduce' ? partition : operation.kind === 'shuffle' ? partitions : undefined,
      inputs: inputIdentity(items),
    }
    const key = unitKey(named)
    const epoch = request.epoch?.(key)
    return {
      key: epoch ? unitKey({ ...named, epoch }) : key,
      partition,
      parts: joinRanges(items),
      raw: items.flatMap(item => item.raw ?? []),
      rows: sum(items, 'rows'),
      bytes: sum(items, 'bytes'),
    }
  })
  return { stage: stage.name, operation: operation.name, revision: stage.revision, partitions, sides, units }
}

/** Content of a range of record batches: the same rule as a whole file's content, over the batches in the range. */
export function rangeContent(schema: string, batches: readonly { content: string }[]): string {
  const hash = createHash('sha256').update(Buffer.from(schema, 'hex'))
  for (const batch of batches) hash.update(Buffer.from(batch.content, 'hex'))
  return hash.digest('hex')
}

const sum = (items: readonly Item[], what: 'rows' | 'bytes') => items.reduce((total, item) => total + item[what], 0)

function itemsOf<C>(request: PlanRequest<C>): Item[] {
  const raw = request.raw.map(file => ({ key: `${file.source.name}\0${file.key}`, bytes: file.size, rows: 0, raw: file }))
  const parts = request.reads.flatMap(part =>
    part.batches && part.schema
      ? part.batches.map((batch, i) => ({
          key: batch.content,
          bytes: batch.bytes,
          rows: batch.rows,
          part: { role: part.role, location: part.location, from: i, to: i + 1, digest: rangeContent(part.schema as string, [batch]) },
        }))
      : [
          {
            key: part.content,
            bytes: part.bytes,
            rows: part.rows,
            part: { role: part.role, location: part.location, from: 0, to: 0, digest: part.content },
          },
        ],
  )
  return [...raw, ...parts]
}

function group<C>(request: PlanRequest<C>): Item[][] {
  const { operation, config } = request
  const items = itemsOf(request)
  if (operation.kind === 'single' || operation.kind === 'segment') return [items]
  const target = operation.unitBytes?.(config) ?? 64 * 2 ** 20
  const groups: Item[][] = []
  let open: Item[] = []
  let bytes = 0
  const close = () => {
    if (open.length) groups.push(open)
    open = []
    bytes = 0
  }
  for (const item of items) {
    if (open.length && bytes + item.bytes > 2 * target) close()
    open.push(item)
    bytes += item.bytes
    if (fractionOf(item.key) < item.bytes / target) close()
  }
  close()
  return groups
}

function byPartition(parts: readonly Part[], partitions: number): Item[][] {
  return Array.from({ length: partitions }, (_, partition) =>
    parts.flatMap(part => {
      const batch = part.batches?.[partition]
      if (!batch || !part.schema || batch.rows === 0) return []
      const digest = rangeContent(part.schema, [batch])
      return [
        {
          key: batch.content,
          bytes: batch.bytes,
          rows: batch.rows,
          part: { role: part.role, location: part.location, from: partition, to: partition + 1, digest },
        },
      ]
    }),
  )
}

function inputIdentity(items: readonly Item[]): { role: string; content: string }[] {
  return items.map(item =>
    item.raw
      ? { role: 'raw', content: digestOf({ source: item.raw.source, key: item.raw.key, size: item.raw.size, sha256: item.raw.sha256 }) }
      : { role: item.part?.role ?? '', content: item.part?.digest ?? '' },
  )
}

function joinRanges(items: readonly Item[]): PlannedPart[] {
  const joined: PlannedPart[] = []
  for (const { part } of items) {
    if (!part) continue
    const last = joined.at(-1)
    if (last && last.role === part.role && last.location === part.location && last.to === part.from) last.to = part.to
    else joined.push({ role: part.role, location: part.location, from: part.from, to: part.to })
  }
  return joined
}
