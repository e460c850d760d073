/**
 * Which documents are held out for validation: whole groups, by the draw of the group's key, so that a near duplicate or a sibling of a
 * held-out document is never trained on.
 *
 * A group whose draw is below `share` is held out, and further ones in the order of their draws until every component has `minimum`
 * documents. A group is left to training where a component that wants it has enough, or where it would take more than `atMost` of any.
 * Each partition names its lowest `maximum` groups per component, which is all that can be chosen: memory is bounded by components × maximum.
 */
import { createHash } from 'node:crypto'
import type { MixConfig } from './config.ts'

/** 16 bytes as hex: the draw of a group, and its name from here on. */
export function holdKey(seed: number, group: string): string {
  return createHash('sha256').update(`${seed}/${group}/validation`).digest('hex').slice(0, 32)
}

/** The draw as a number in [0, 1). */
const drawOf = (hold: string): number => Number.parseInt(hold.slice(0, 12), 16) / 2 ** 48

export interface Candidate {
  component: string
  hold: string
  documents: number
}

/** Keeps the lowest `limit` groups of every component; what it drops can never be chosen. */
export class Candidates {
  readonly #limit: number
  readonly #components = new Map<string, Map<string, number>>()

  constructor(limit: number) {
    this.#limit = limit
  }

  add({ component, hold, documents }: Candidate): void {
    let groups = this.#components.get(component)
    if (!groups) {
      groups = new Map()
      this.#components.set(component, groups)
    }
    groups.set(hold, (groups.get(hold) ?? 0) + documents)
    if (groups.size >= 4 * this.#limit) this.#trim(component)
  }

  /** By component, then by draw. */
  list(): Candidate[] {
    for (const component of this.#components.keys()) this.#trim(component)
    return [...this.#components]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([component, groups]) => [...groups].map(([hold, documents]) => ({ component, hold, documents })))
  }

  #trim(component: string): void {
    const groups = [...(this.#components.get(component) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))
    this.#components.set(component, new Map(groups.slice(0, this.#limit)))
  }
}

/** The groups to hold out, ascending. `sizes`: documents of each component, held out or not. */
export function holdOut(candidates: readonly Candidate[], sizes: ReadonlyMap<string, number>, config: MixConfig['validation']): string[] {
  const groups = new Map<string, Candidate[]>()
  for (const candidate of candidates) {
    const own = groups.get(candidate.hold) ?? []
    groups.set(candidate.hold, own)
    own.push(candidate)
  }
  const held = new Map<string, number>()
  const of = (component: string) => held.get(component) ?? 0
  const chosen: string[] = []
  for (const [hold, parts] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const wanted = parts.some(
      ({ component }) => of(component) < config.maximum && (drawOf(hold) < config.share || of(component) < config.minimum),
    )
    const fits = parts.every(({ component, documents }) => of(component) + documents <= config.atMost * (sizes.get(component) ?? 0))
    if (!wanted || !fits) continue
    chosen.push(hold)
    for (const { component, documents } of parts) held.set(component, of(component) + documents)
  }
  return chosen
}
