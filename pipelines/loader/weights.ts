/**
 * Mixture weights: shares of the run that components get, as the config says them and as the log keeps them.
 *
 * The log keeps integers of 1/4096, so that a weight has one meaning on every machine and a slot table realises it exactly.
 */
import { MillraceError } from '../errors.ts'
import { slotCount } from './slots.ts'

/** Component -> share. In a config any positive scale; in the log integers that sum to 4096. */
export type Weights = Readonly<Record<string, number>>

const byName = ([a]: readonly [string, number], [b]: readonly [string, number]) => (a < b ? -1 : 1)

/**
 * Integers that sum to 4096, by largest remainder; equal remainders go to the name that sorts first. Components of weight 0 are left out.
 * Throws MIXTURE_WEIGHT for a negative or infinite weight, for none at all, and for one that is positive but below half a slot.
 */
export function quantise(weights: Weights): Record<string, number> {
  const entries = Object.entries(weights).sort(byName)
  const total = entries.reduce((sum, [, w]) => sum + w, 0)
  for (const [name, w] of entries) if (!(Number.isFinite(w) && w >= 0)) throw bad(`a weight of 0 or more for ${name}`, String(w))
  if (!(total > 0 && Number.isFinite(total))) throw bad('at least one positive weight', JSON.stringify(weights))
  const exact = entries.filter(([, w]) => w > 0).map(([name, w]) => ({ name, share: (w / total) * slotCount }))
  const parts = exact.map(({ name, share }) => ({ name, slots: Math.floor(share), rest: share - Math.floor(share) }))
  const missing = slotCount - parts.reduce((sum, part) => sum + part.slots, 0)
  const first = [...parts].sort((a, b) => b.rest - a.rest || (a.name < b.name ? -1 : 1))
  for (const part of first.slice(0, missing)) part.slots++
  const lost = parts.find(part => part.slots === 0)
  if (lost) throw bad(`at least 1/${slotCount} of the mixture for ${lost.name}, or 0`, String(weights[lost.name]))
  return Object.fromEntries(parts.map(part => [part.name, part.slots]))
}

/** Sum of the shares of `names`, as a part of 1. */
export function shareOf(weights: Weights, names: readonly string[]): number {
  const total = Object.values(weights).reduce((sum, w) => sum + w, 0)
  return names.reduce((sum, name) => sum + (weights[name] ?? 0), 0) / total
}

/**
 * Adds `extra` components to a main mixture (longcat-flash.md 7.5, 13). `onTop`: `share` parts on 1 of the main mixture (0.25 makes a fifth
 * of the phase); `ofTotal`: `share` of the phase. Inside each side the given proportions stay.
 */
export function addShare(main: Weights, extra: Weights, share: number, mode: 'onTop' | 'ofTotal' = 'onTop'): Record<string, number> {
  const part = mode === 'onTop' ? share / (1 + share) : share
  if (!(part >= 0 && part < 1)) throw bad(mode === 'onTop' ? 'a share of 0 or more' : 'a share from 0 to below 1', String(share))
  return merge(scaled(main, 1 - part), scaled(extra, part))
}

/** Moves the joint share of `names` to `to` (0 to 1); inside and outside of them proportions stay. Components must have a weight to be scaled. */
export function moveShare(weights: Weights, names: readonly string[], to: number): Record<string, number> {
  if (!(to >= 0 && to <= 1)) throw bad('a share from 0 to 1', String(to))
  const inside = Object.fromEntries(Object.entries(weights).filter(([name]) => names.includes(name)))
  const outside = Object.fromEntries(Object.entries(weights).filter(([name]) => !names.includes(name)))
  return merge(to < 1 ? scaled(outside, 1 - to) : {}, to > 0 ? scaled(inside, to) : {})
}

function scaled(weights: Weights, to: number): Record<string, number> {
  const entries = Object.entries(weights)
  const total = entries.reduce((sum, [, w]) => sum + w, 0)
  if (!(total > 0)) throw bad('a positive weight on both sides of the share', JSON.stringify(weights))
  return Object.fromEntries(entries.map(([name, w]) => [name, (w / total) * to]))
}

function merge(a: Weights, b: Weights): Record<string, number> {
  const all: Record<string, number> = { ...a }
  for (const [name, w] of Object.entries(b)) all[name] = (all[name] ?? 0) + w
  return Object.fromEntries(Object.entries(all).sort(byName))
}

const bad = (expected: string, found: string) =>
  new MillraceError({
    code: 'MIXTURE_WEIGHT',
    kind: 'config',
    expected,
    found,
    where: 'mixture weights',
    next: 'mend the weights of this phase in the config',
  })
