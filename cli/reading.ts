/** Which rows training read when: the mixture log of a run over its shards. For `which-documents` and `explain`. */
import { unitsFile } from '../activities/training-facts.ts'
import { ArrowReader, type Batch } from '../pipelines/arrow/index.ts'
import { MillraceError } from '../pipelines/errors.ts'
import type { Node } from '../pipelines/graph.ts'
import { checkLog, type Loader, type MixtureLog, nextPosition, openLoader, stepRange } from '../pipelines/loader/index.ts'
import { Order, type RowPlace } from '../pipelines/loader/order.ts'
import { type IndexEntry, readIndex } from '../pipelines/shard/layout.ts'
import { findManifest, type Manifest } from '../storage/artifacts.ts'
import type { Store } from '../storage/store.ts'
import type { Lookup } from './lookup.ts'

export interface TrainedSegment {
  phase: string
  rowLength: number
  /** Steps over the whole run. */
  from: number
  to: number
}

export class Reading {
  readonly log: MixtureLog
  readonly segments: readonly TrainedSegment[]
  readonly #seed: number
  readonly #shards: ReadonlyMap<number, Manifest>
  readonly #lookup: Lookup

  private constructor(
    log: MixtureLog,
    segments: readonly TrainedSegment[],
    seed: number,
    shards: ReadonlyMap<number, Manifest>,
    lookup: Lookup,
  ) {
    this.log = log
    this.segments = segments
    this.#seed = seed
    this.#shards = shards
    this.#lookup = lookup
  }

  /** undefined where nothing was trained. */
  static async open(store: Store, nodes: readonly Node[], lookup: Lookup): Promise<Reading | undefined> {
    let log: MixtureLog | undefined
    const segments: TrainedSegment[] = []
    for (const node of nodes) {
      if (!['initialize', 'train', 'decide'].includes(node.stage)) continue
      const manifest = await findManifest(store, node.stage, node.fingerprint)
      if (!manifest) break
      if (manifest.roles.log) log = JSON.parse(await unitsFile(store, manifest, 'log')) as MixtureLog
      if (node.stage === 'train') segments.push(segmentOf(node))
    }
    if (!log || !segments.length) return undefined
    checkLog(log)
    const shards = new Map<number, Manifest>()
    for (const node of nodes.filter(each => each.stage === 'shard')) {
      const manifest = await findManifest(store, node.stage, node.fingerprint)
      if (manifest) shards.set((node.config as { rowLength: number }).rowLength, manifest)
    }
    return new Reading(log, segments, nodes[0]?.seed ?? 0, shards, lookup)
  }

  get steps(): number {
    return this.segments.at(-1)?.to ?? 0
  }

  /** The segment that step `step` was part of. Throws NO_STEP. */
  segmentAt(step: number): TrainedSegment {
    const found = this.segments.find(segment => step >= segment.from && step < segment.to)
    if (found) return found
    throw new MillraceError({
      code: 'NO_STEP',
      kind: 'config',
      expected: `a step that was trained: 0 to ${this.steps - 1}`,
      found: String(step),
      where: '--step',
    })
  }

  async loader(segment: TrainedSegment): Promise<Loader> {
    const manifest = this.#shard(segment.rowLength)
    const shards = []
    for (const part of manifest.roles.rows ?? []) shards.push(await this.#lookup.path(part))
    return openLoader({ seed: this.#seed, log: this.log, phase: segment.phase, index: await this.#index(manifest), shards })
  }

  range(step: number): { from: number; to: number } {
    return stepRange(this.log, step)
  }

  /** Steps that read one of these rows; a row is read at most once. */
  async stepsOf(rowLength: number, places: readonly RowPlace[]): Promise<number[]> {
    const wanted = new Set(places.map(name))
    const order = new Order({ seed: this.#seed, log: this.log, rowLength, index: await this.#index(this.#shard(rowLength)) })
    const steps: number[] = []
    for (const segment of this.segments.filter(each => each.rowLength === rowLength)) {
      for (let step = segment.from; step < segment.to; step++) {
        const { from, to } = stepRange(this.log, step)
        for (let at = nextPosition(this.log, from); at < to; at = nextPosition(this.log, at + 1))
          if (wanted.has(name(order.at(at)))) steps.push(step)
      }
    }
    return steps
  }

  #shard(rowLength: number): Manifest {
    const manifest = this.#shards.get(rowLength)
    if (!manifest)
      throw new MillraceError({
        code: 'NO_SHARDS',
        kind: 'resource',
        expected: `shards with rows of ${rowLength} ids`,
        found: 'none in the store',
      })
    return manifest
  }

  async #index(manifest: Manifest): Promise<IndexEntry[]> {
    const batches: Batch[] = []
    for (const part of manifest.roles.index ?? []) {
      const reader = await ArrowReader.open(await this.#lookup.path(part))
      for await (const batch of reader) batches.push(batch)
      await reader.close()
    }
    return readIndex(batches)
  }
}

const name = ({ part, batch, row }: RowPlace): string => `${part}/${batch}/${row}`

function segmentOf(node: Node): TrainedSegment {
  const { phase, firstStep, fromStep, toStep } = node.config as {
    phase: { name: string; rowLength: number }
    firstStep: number
    fromStep: number
    toStep: number
  }
  return { phase: phase.name, rowLength: phase.rowLength, from: firstStep + fromStep, to: firstStep + toStep }
}
