/**
 * Which component each slot of a mixture belongs to.
 *
 * A table of 4,096 slots holds component c exactly `weights[c]` times, and every prefix of n slots holds it less than one away from
 * n · weights[c] / 4096. That is Pfair scheduling on one processor: the j-th slot of c may lie in [⌊(j−1)·T/w⌋, ⌈j·T/w⌉), and the
 * earliest deadline first meets every deadline when the weights sum to T (Baruah et al. 1996; Tijdeman 1980). Integers only; ties go to
 * the component that is listed first.
 */
export const slotCount = 4096

export interface SlotTable {
  /** [4096] Which component (its place in `weights`). */
  component: Uint16Array
  /** [4096] How many earlier slots of the table the same component has. */
  rank: Uint16Array
  /** Per component, the slots it has, ascending. */
  slots: readonly Uint16Array[]
}

/** The table of these weights: non-negative integers that sum to 4096, at most 4096 of them. RangeError otherwise. */
export function slotTable(weights: readonly number[]): SlotTable {
  const total = weights.reduce((sum, w) => sum + w, 0)
  if (total !== slotCount || weights.some(w => !Number.isInteger(w) || w < 0))
    throw new RangeError(
      `slot table: expected non-negative integers that sum to ${slotCount}, found a sum of ${total} over ${weights.length}`,
    )
  const component = new Uint16Array(slotCount)
  const rank = new Uint16Array(slotCount)
  const slots = weights.map(w => new Uint16Array(w))
  const taken = weights.map(() => 0)
  for (let slot = 0; slot < slotCount; slot++) {
    let best = -1
    let earliest = Infinity
    for (const [c, w] of weights.entries()) {
      const j = taken[c] as number
      if (j === w || Math.floor((j * slotCount) / w) > slot) continue
      const deadline = Math.ceil(((j + 1) * slotCount) / w)
      if (deadline < earliest) {
        earliest = deadline
        best = c
      }
    }
    // With weights that sum to the table's length some component is always due: see the head comment.
    const j = taken[best] as number
    component[slot] = best
    rank[slot] = j
    ;(slots[best] as Uint16Array)[j] = slot
    taken[best] = j + 1
  }
  return { component, rank, slots }
}
