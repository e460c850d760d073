/**
 * What a stage is: a config schema, a revision and a list of operations with one contract, inputs -> named roles.
 *
 * An operation sees local files and a context; no clock, no path of its own choosing, no network, no Temporal, no store. The engine
 * (activities/) plans its units, fetches what they read, runs them in a child process and commits what they wrote.
 */
import type * as z from 'zod'
import type { Batch, Schema } from './arrow/index.ts'
import type { Canary } from './canary.ts'
import type { QuarantinedRecord } from './errors.ts'
import type { NamedFile } from './files.ts'

export const KiB = 2 ** 10
export const MiB = 2 ** 20

/**
 * map      reads record batches (or raw files) in content-defined groups; each unit alone
 * shuffle  as map, but its one role is range-partitioned: record batch i of every part is partition i
 * reduce   one unit per partition: batch i of every part of the shuffle that it reads
 * single   one unit reads everything: small global folds
 * segment  as single, long-running and resumable (training): keeps numbered saves
 */
export type OperationKind = 'map' | 'shuffle' | 'reduce' | 'single' | 'segment'

/** An Arrow role has a schema; a file role has an extension (its content digest is the sha256 of its bytes). */
export type Role<C> = { schema: Schema | ((config: C) => Schema); compression?: 'zstd' | 'none' } | { extension: string }

export interface Operation<C> {
  name: string
  kind: OperationKind
  /**
   * Roles that units are cut from: `documents` is an input role of the stage, `sign.signatures` a role of an earlier operation,
   * `raw` the pinned files of the sources. Several roles are read one after the other (their parts are listed in order).
   */
  reads: readonly string[]
  /** Roles that every unit gets whole, named as in `reads`. They are part of every unit's key: keep what changes often out of them. */
  sides?: readonly string[]
  writes: Record<string, Role<C>>
  /** map and shuffle: bytes of input that a unit aims at. At most twice as much. */
  unitBytes?: (config: C) => number
  /** shuffle: how many partitions. A reduce has as many units as the shuffle that it reads has partitions. */
  partitions?: (config: C) => number
  /** Whether a config asks for it at all; default: always. Who reads a role of an operation that is left out finds nothing there. */
  when?: (config: C) => boolean
  /** The part of the stage's config that this operation reads, where that is less than all: what it leaves out cannot redo it. */
  config?: (config: C) => unknown
  run(context: Context<C>): Promise<void>
}

export interface Stage<C = any> {
  name: string
  /** Goes up by one when a code change alters content. */
  revision: number
  config: z.ZodType<C>
  /** Roles that come from other stages. `raw` means the pinned files of `sources`; `evaluation` those of `evaluation`. */
  inputs: readonly string[]
  operations: readonly Operation<C>[]
  /** Role of the artifact -> `operation.role` that it is made of. */
  outputs: Record<string, string>
  /** Files that the config names. They are pinned into its field `files`, and their content is identity (files.ts). */
  files?: (config: C) => readonly NamedFile[]
  /** What of the config names an artifact, where that is less than all. */
  identity?: (config: C) => unknown
  /**
   * Throws what is wrong with a config that its schema cannot say, also with the files that it names where they are pinned: asked when a run
   * opens, before any work. `where` of an error begins with the stage's name.
   */
  check?: (config: C) => Promise<void>
  /** Documents that it must drop and keep, run through it before its first unit. */
  canary?: Canary<C>
}

/** The operations that a config asks for, in order. */
export const operationsOf = <C>(stage: Stage<C>, config: C): Operation<C>[] => stage.operations.filter(({ when }) => when?.(config) ?? true)

export function defineStage<S extends z.ZodType>(
  stage: Omit<Stage<z.output<S>>, 'config' | 'operations'> & { config: S; operations: readonly Operation<z.output<S>>[] },
): Stage<z.output<S>> {
  return stage as unknown as Stage<z.output<S>>
}

/** A pinned raw file, fetched to a local path. */
export interface RawFile {
  /** Name and kind of the source, and what else its entry in the config says. */
  source: SourceIdentity
  /** Relative to the source's root. */
  key: string
  path: string
  size: number
  sha256: string
}

export interface SourceIdentity {
  name: string
  kind: string
  [option: string]: unknown
}

/** A local Arrow file and the record batches [from, to) of it that the unit was given. */
export interface LocalPart {
  role: string
  path: string
  from: number
  to: number
}

export interface PartWriter {
  /** Appends rows; they are regrouped into record batches of `batchRows` rows (fewer where `batchBytes` is reached). */
  append(batch: Batch): Promise<void>
  /** Appends exactly one record batch, as a shuffle must: call it once per partition, in order, also with no rows. Never mix with append. */
  appendPartition(batch: Batch): Promise<void>
}

export interface Context<C> {
  readonly config: C
  /** The run's seed: part of every identity. Random choices are hash(seed, document id, purpose). */
  readonly seed: number
  /** Key of the unit: for the `unit` column of decisions. */
  readonly unit: string
  /** reduce: which partition this unit is; shuffle: how many to write. */
  readonly partition: number
  readonly partitions: number
  /** Threads that native calls may use, bytes that the unit may hold. Neither may change a byte of output. */
  readonly threads: number
  readonly maxMemory: number
  /** An empty folder, removed afterwards. A `segment` finds what an earlier attempt saved there. */
  readonly scratch: string
  /** Set when the unit was asked to stop (SIGTERM): a `segment` saves and calls `leave`. */
  readonly stopping: AbortSignal
  /** segment: save at least this often; no output byte may depend on it. `saveSteps` counts steps instead. */
  readonly saveSeconds: number
  readonly saveSteps: number | undefined

  raw(): readonly RawFile[]
  parts(role: string): readonly LocalPart[]
  /** Every record batch of a role that is read or given as a side, in planned order, one in memory at a time. Counts progress for reads. */
  batches(role: string): AsyncGenerator<Batch, void, undefined>
  /** The local path of a file role (`{ extension }`) that is read or a side; in planned order where there are several. */
  files(role: string): readonly string[]

  /** The unit's part of a role: one per unit, made also when nothing is appended. */
  writer(role: string): Promise<PartWriter>
  /** Where to write the file of a file role. */
  file(role: string): string
  quarantine(record: QuarantinedRecord): void
  /** Adds to a named counter that reports show; no part of any digest. */
  count(name: string, by?: number): void
  /** Says that work goes on. Called by `batches` itself; call it in long native work, or the unit is taken for stalled. */
  progress(more: { documents?: number; bytes?: number; detail?: Record<string, unknown> }): void
}
