/**
 * How many tokens of a component the phases of a run read: at most (what counts aim at) and at least (what must be there).
 *
 * Rows of each length are packed and ranked for themselves, so phases of one row length add up and those of another start anew: the
 * demand is the largest sum over row lengths. A ramp moves a phase's shares between its mixture and its goal; both ends bound them.
 */
import { MillraceError } from '../errors.ts'
import { moveShare, shareOf } from '../loader/weights.ts'
import type { ComponentConfig, MixConfig, MixPhase } from './config.ts'

export interface Demand {
  least: number
  most: number
}

/** Tokens that the phases read of a component; both 0 where none names it. */
export function demandOf(phases: readonly MixPhase[], component: string): Demand {
  const byLength = new Map<number, Demand>()
  for (const { mixture, ramp, rowLength, tokens } of phases) {
    const start = shareOf(mixture, [component])
    const end = ramp ? shareOf(moveShare(mixture, ramp.components, ramp.to), [component]) : start
    const sum = byLength.get(rowLength) ?? { least: 0, most: 0 }
    byLength.set(rowLength, { least: sum.least + tokens * Math.min(start, end), most: sum.most + tokens * Math.max(start, end) })
  }
  const sums = [...byLength.values()]
  return { least: Math.max(0, ...sums.map(sum => sum.least)), most: Math.max(0, ...sums.map(sum => sum.most)) }
}

/** Tokens that the counts of a component shall add up to; `tokens`: its training tokens, each once. */
export function budgetOf(component: ComponentConfig, config: MixConfig, tokens: number): number {
  if (component.budget !== undefined) return component.budget
  const { most } = demandOf(config.phases, component.name)
  return most > 0 ? most * (1 + config.headroom) : tokens
}

/** Throws MIX_PHASE where a phase weighs a component that no rule makes, or weighs nothing. */
export function checkPhases(config: MixConfig): void {
  const names = config.components.map(({ name }) => name)
  for (const { name: phase, mixture, ramp } of config.phases) {
    const bad = (expected: string, found: string) =>
      new MillraceError({
        code: 'MIX_PHASE',
        kind: 'config',
        expected,
        found,
        where: `phase ${phase}`,
        next: 'mend phases[].mixture or stages.mix.components',
      })
    const unknown = [...Object.keys(mixture), ...(ramp?.components ?? [])].find(name => !names.includes(name))
    if (unknown !== undefined) throw bad(`one of the components ${names.join(', ')}`, unknown)
    if (!Object.values(mixture).some(weight => weight > 0))
      throw bad('at least one component with a positive weight', JSON.stringify(mixture))
  }
}

/**
 * Throws MIX_BUDGET where the phases are sure to ask for more of a component than it may be read. Cuts and padding make rows of slightly
 * more than the tokens in them, by at most two ids a row; that much is allowed for.
 */
export function checkSupply(component: ComponentConfig, config: MixConfig, tokens: number): void {
  const { least } = demandOf(config.phases, component.name)
  if (least === 0) return
  const limit = component.counts === 'uniform' ? 1 : component.maxCount
  const shortest = Math.min(...config.phases.map(phase => phase.rowLength))
  const supply = tokens * limit * (shortest > 2 ? shortest / (shortest - 2) : 2)
  if (least <= supply) return
  throw new MillraceError({
    code: 'MIX_BUDGET',
    kind: 'config',
    expected: `phases that read at most ${Math.round(tokens * limit)} tokens of ${component.name} (${tokens} tokens, each at most ${limit} times)`,
    found: `${Math.round(least)}`,
    where: `component ${component.name}`,
    next: `lower its weight or the tokens of a phase, raise its maxCount${component.counts === 'uniform' ? ' with counts: samplemix' : ''}, or add documents`,
  })
}
