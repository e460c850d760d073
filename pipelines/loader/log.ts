/**
 * The mixture log: the only thing, beside the seed and one integer, that decides what is read when.
 *
 * A chain of entries, each holding the digest of the one before it. Positions count rows of the whole run, over all phases, including the
 * ones that were skipped; so the place of a row never depends on a skip, and "never read again" is a statement about positions alone.
 *
 *   weights  from position `at` on, rows of `rowLength` come from components by these weights; the first entry of a phase is one
 *   batch    from `at` on, a step reads `rows` rows
 *   skip     positions [from, to) are never handed out: what a rollback leaves behind
 *
 * `at` never falls: an entry cannot change what came before it. The writer keeps it at a segment border at or behind every committed sample.
 */
import { MillraceError } from '../errors.ts'
import { digestOf } from '../identity.ts'
import { slotCount } from './slots.ts'
import { quantise, type Weights } from './weights.ts'

interface Link {
  phase: string
  /** First position that the entry applies to. */
  at: number
  /** For people: why it was appended. */
  reason: string
  /** Digest of the decision that led to it, where one did. */
  decision?: string
  /** Digest of the entry before; empty in the first. */
  previous: string
  /** 64 hex digits over all other members. */
  digest: string
}

export type WeightsEntry = Link & { kind: 'weights'; rowLength: number; weights: Weights }
export type BatchEntry = Link & { kind: 'batch'; rows: number }
export type SkipEntry = Link & { kind: 'skip'; from: number; to: number }
export type Entry = WeightsEntry | BatchEntry | SkipEntry
export type MixtureLog = readonly Entry[]

type Unlinked<E> = E extends Entry ? Omit<E, 'previous' | 'digest'> : never

/** The log with one more entry; checked as `checkLog` does. Weights must be quantised. */
export function appendEntry(log: MixtureLog, entry: Unlinked<Entry>): Entry[] {
  const linked = { ...entry, previous: log.at(-1)?.digest ?? '' }
  const longer = [...log, { ...linked, digest: digestOf(linked) } as Entry]
  checkLog(longer)
  return longer
}

export interface PhaseStart {
  phase: string
  /** Where the phase begins: 0 for the first, else the position that training has reached. */
  at: number
  rowLength: number
  /** Rows of one step. */
  batch: number
  /** As the config says them: any positive scale. */
  weights: Weights
  reason?: string
}

/** Appends what a phase begins with: its weights, then its batch. */
export function beginPhase(log: MixtureLog, start: PhaseStart): Entry[] {
  const { phase, at, rowLength, batch, weights, reason = 'the config says so' } = start
  const weighed = appendEntry(log, { kind: 'weights', phase, at, rowLength, weights: quantise(weights), reason })
  return appendEntry(weighed, { kind: 'batch', phase, at, rows: batch, reason })
}

/** The first two entries of each phase, were it the first of its run: what `mix` and `plan` can show before anything is trained. */
export function firstEntries(phases: readonly Omit<PhaseStart, 'at'>[]): Entry[] {
  return phases.flatMap(phase => beginPhase([], { ...phase, at: 0 }))
}

/** Throws MIXTURE_LOG, naming the entry, where the chain is broken or an entry cannot be. */
export function checkLog(log: MixtureLog): void {
  let previous = ''
  let at = 0
  let phase: WeightsEntry | undefined
  const done = new Set<string>()
  for (const [i, entry] of log.entries()) {
    const bad = (expected: string, found: unknown) =>
      new MillraceError({ code: 'MIXTURE_LOG', kind: 'input', expected, found: String(found), where: `mixture log, entry ${i}` })
    const { digest, ...rest } = entry
    if (entry.previous !== previous) throw bad(`previous digest ${previous || '(none)'}`, entry.previous || '(none)')
    if (digest !== digestOf(rest)) throw bad(`digest ${digestOf(rest)}`, digest)
    if (!Number.isSafeInteger(entry.at) || entry.at < at) throw bad(`at ≥ ${at}`, entry.at)
    if (entry.kind === 'weights') {
      if (!phase && entry.at !== 0) throw bad('the first weights at 0', entry.at)
      if (!Number.isSafeInteger(entry.rowLength) || entry.rowLength < 2) throw bad('a row length of at least 2', entry.rowLength)
      if (phase?.phase === entry.phase && phase.rowLength !== entry.rowLength)
        throw bad(`row length ${phase.rowLength} in all of phase ${phase.phase}`, entry.rowLength)
      const slots = Object.values(entry.weights)
      if (slots.some(w => !Number.isInteger(w) || w < 1) || slots.reduce((sum, w) => sum + w, 0) !== slotCount)
        throw bad(`positive integers that sum to ${slotCount}`, JSON.stringify(entry.weights))
      if (phase && phase.phase !== entry.phase) done.add(phase.phase)
      if (done.has(entry.phase)) throw bad('a phase that has not ended', entry.phase)
      phase = entry
    } else {
      if (!phase) throw bad('weights first', entry.kind)
      if (entry.phase !== phase.phase) throw bad(`phase ${phase.phase}`, entry.phase)
      if (entry.kind === 'batch' && !(Number.isSafeInteger(entry.rows) && entry.rows > 0)) throw bad('at least 1 row in a step', entry.rows)
      if (
        entry.kind === 'skip' &&
        !(Number.isSafeInteger(entry.from) && Number.isSafeInteger(entry.to) && entry.from >= 0 && entry.from < entry.to)
      )
        throw bad('a range [from, to) of positions', `[${entry.from}, ${entry.to})`)
    }
    previous = digest
    at = entry.at
  }
}

/** Skipped ranges, joined and ascending. */
export function skipped(log: MixtureLog): { from: number; to: number }[] {
  const ranges = log
    .filter(entry => entry.kind === 'skip')
    .map(({ from, to }) => ({ from, to }))
    .sort((a, b) => a.from - b.from || a.to - b.to)
  const joined: { from: number; to: number }[] = []
  for (const range of ranges) {
    const last = joined.at(-1)
    if (last && range.from <= last.to) last.to = Math.max(last.to, range.to)
    else joined.push(range)
  }
  return joined
}

/** The first position at or behind `position` that is handed out. */
export function nextPosition(log: MixtureLog, position: number): number {
  const range = skipped(log).find(({ from, to }) => position >= from && position < to)
  return range ? range.to : position
}

/** The position behind `count` rows that are read from `position` on: what a checkpoint keeps. */
export function advance(log: MixtureLog, position: number, count: number): number {
  let at = nextPosition(log, position)
  let left = count
  for (const range of skipped(log)) {
    if (range.from < at) continue
    if (range.from - at > left) break
    left -= range.from - at
    at = range.to
    if (left === 0) return at
  }
  return at + left
}

/**
 * The positions [from, to) that step `step` (from 0, over the whole run) reads, skips left out. A rolled-back step has no number any more: its
 * successor took it. RangeError where the log has no batch size yet.
 */
export function stepRange(log: MixtureLog, step: number): { from: number; to: number; rows: number } {
  const sizes = log.filter(entry => entry.kind === 'batch')
  let at = 0
  let steps = step
  for (const [i, size] of sizes.entries()) {
    at = nextPosition(log, Math.max(at, size.at))
    const end = sizes[i + 1]?.at ?? Infinity
    const full = end === Infinity ? Infinity : Math.floor(unskipped(log, at, end) / size.rows)
    if (steps < full) {
      const from = advance(log, at, steps * size.rows)
      return { from, to: advance(log, from, size.rows), rows: size.rows }
    }
    steps -= full
  }
  throw new RangeError('mixture log: expected a batch entry before the first step, found none')
}

/** How many positions of [from, to) are handed out. */
export function unskipped(log: MixtureLog, from: number, to: number): number {
  let count = Math.max(0, to - from)
  for (const range of skipped(log)) count -= Math.max(0, Math.min(to, range.to) - Math.max(from, range.from))
  return count
}
