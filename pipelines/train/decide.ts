/**
 * What training does after a segment: go on, raise the share of some components, hold it, or end the phase.
 *
 * A pure function of policy and validation history (longcat-flash.md 7.3 and 13): the share grows by a step only while the held-out loss
 * per token of every other component is at most ln(1 + tolerance) above its best earlier one, on the same tokens. So a second run, or one
 * that lost its server, decides the same.
 */
import type { Phase } from './config.ts'

export type Ramp = NonNullable<Phase['ramp']>

/** Held-out loss per token, nats, by component, as an evaluation found it. */
export interface Evaluated {
  phase: string
  /** Steps of the whole run before it. */
  step: number
  losses: Readonly<Record<string, number>>
}

export interface Situation {
  phase: string
  /** Steps of the phase that are done, and that it has. */
  step: number
  steps: number
  ramp?: Ramp | undefined
  /** Joint share of the ramp's components now, 0 to 1. */
  share: number
  /** Segments without a gain before this one, in a row. */
  holds: number
  /** Evaluations on the same held-out tokens, in order; the last is the one after this segment. */
  history: readonly Evaluated[]
  /** The component that would be used up before the phase ends if the share rose to `share`, if there is one. */
  exhausts?: ((share: number) => string | undefined) | undefined
}

export interface Guard {
  component: string
  lossPerToken: number
  /** The lowest earlier one and when it was; absent where there is none. */
  best?: { lossPerToken: number; phase: string; step: number }
  /** best + ln(1 + tolerance) */
  bound?: number
  allows: boolean
}

export interface Verdict {
  /** `end`: the budget of the phase is used up. `continue`: nothing to decide (any more). */
  verdict: 'continue' | 'raise' | 'hold' | 'end'
  reason: string
  /** Share of the ramp's components before and after. */
  share?: { components: readonly string[]; before: number; after: number; to: number }
  guard: Guard[]
  holds: number
}

/** Shares are multiples of 1/4096: closer than half of that is there. */
const near = 1 / 8192

export function decideNext(situation: Situation): Verdict {
  const { phase, step, steps, ramp, share, holds, history } = situation
  const guard = ramp ? guardOf(history, ramp) : []
  const stay = (verdict: Verdict['verdict'], reason: string): Verdict => ({
    verdict,
    reason,
    ...(ramp ? { share: { components: ramp.components, before: share, after: share, to: ramp.to } } : {}),
    guard,
    holds: verdict === 'hold' ? holds + 1 : holds,
  })
  if (step >= steps) return stay('end', `the budget of phase ${phase} is used up after ${steps} steps`)
  if (!ramp) return stay('continue', 'the phase has no ramp')
  const names = ramp.components.join(' + ')
  if (share >= ramp.to - near) return stay('continue', `the share of ${names} is ${percent(share)}, which is where the ramp ends`)
  const limit = Math.max(1, ramp.maxHolds)
  if (holds >= limit)
    return stay('continue', `${holds} segments in a row brought no gain, so the phase goes on with ${percent(share)} of ${names}`)
  const blocking = guard.filter(each => !each.allows)
  if (blocking.length) {
    const why = blocking.map(
      each => `${each.component} has ${each.lossPerToken.toFixed(4)} nats per token, above ${(each.bound as number).toFixed(4)}`,
    )
    return stay('hold', `held at ${percent(share)} of ${names}: ${why.join('; ')}`)
  }
  const after = Math.min(share + ramp.step, ramp.to)
  const short = situation.exhausts?.(after)
  if (short !== undefined)
    return stay(
      'hold',
      `held at ${percent(share)} of ${names}: at ${percent(after)} component ${short} would be used up before the phase ends`,
    )
  return {
    verdict: 'raise',
    reason: `${names} from ${percent(share)} to ${percent(after)}: ${guard.length ? 'every other component is within the guard' : 'there is no other component to guard'}`,
    share: { components: ramp.components, before: share, after, to: ramp.to },
    guard,
    holds: 0,
  }
}

/** Every component that was evaluated and does not gain, by name. */
function guardOf(history: readonly Evaluated[], { components, tolerance }: Ramp): Guard[] {
  const now = history.at(-1)
  const earlier = history.slice(0, -1)
  return Object.keys(now?.losses ?? {})
    .filter(component => !components.includes(component))
    .sort()
    .map((component): Guard => {
      const lossPerToken = now?.losses[component] as number
      let best: Guard['best']
      for (const { phase, step, losses } of earlier) {
        const loss = losses[component]
        if (loss !== undefined && (!best || loss < best.lossPerToken)) best = { lossPerToken: loss, phase, step }
      }
      if (!best) return { component, lossPerToken, allows: true }
      const bound = best.lossPerToken + Math.log(1 + tolerance)
      return { component, lossPerToken, best, bound, allows: lossPerToken <= bound }
    })
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`
