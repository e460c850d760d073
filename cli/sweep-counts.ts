/**
 * Counting a million numbers against a dozen thresholds, without sorting them.
 *
 * A double's first bits, its sign turned, are in the order of doubles: they name one of 2^18 cells. Numbers are told apart by cell, and compared with a
 * threshold only in the cells that hold one. Little-endian, as all that Node 24 runs on.
 */
const cells = 1 << 18

/** Cell of the number at `i`, from the high halves of all; NaN is above or below all others. */
const cellOf = (halves: Uint32Array, i: number): number => {
  const high = halves[2 * i + 1] as number
  return (high & 0x80000000 ? ~high : high | 0x80000000) >>> 14
}

const halvesOf = (values: Float64Array): Uint32Array => new Uint32Array(values.buffer, values.byteOffset, 2 * values.length)

/** The numbers that stand at these ranks, from 0, were all sorted. */
export function orderStatistics(values: Float64Array, ranks: readonly number[]): number[] {
  const halves = halvesOf(values)
  const counts = new Uint32Array(cells)
  for (let i = 0; i < values.length; i++) {
    const cell = cellOf(halves, i)
    counts[cell] = (counts[cell] as number) + 1
  }
  return ranks.map(rank => {
    let [cell, before] = [0, 0]
    while (before + (counts[cell] as number) <= rank) before += counts[cell++] as number
    const within = new Float64Array(counts[cell] as number)
    let count = 0
    for (let i = 0; i < values.length; i++) if (cellOf(halves, i) === cell) within[count++] = values[i] as number
    return within.sort()[rank - before] as number
  })
}

/**
 * Rows and their weights between ascending thresholds: place i is what is above i of them. A value that equals a threshold is above it if
 * `atIsAbove`.
 */
export function countsBetween(
  values: Float64Array,
  weights: Float64Array,
  count: number,
  thresholds: readonly number[],
  atIsAbove: boolean,
): { rows: Float64Array; weights: Float64Array } {
  const out = { rows: new Float64Array(thresholds.length + 1), weights: new Float64Array(thresholds.length + 1) }
  const places = new Int32Array(cells) // of a cell; -1: a threshold is in it
  const marks = halvesOf(Float64Array.from(thresholds.flatMap(each => (each === 0 ? [-0, 0] : [each, each])))) // the zeros are equal, their cells are not
  let from = 0
  for (let t = 0; t < thresholds.length; t++) {
    const [low, high] = [cellOf(marks, 2 * t), cellOf(marks, 2 * t + 1)]
    places.fill(t, from, low)
    places.fill(-1, low, high + 1)
    from = high + 1
  }
  places.fill(thresholds.length, from)
  const halves = halvesOf(values)
  for (let row = 0; row < count; row++) {
    let place = places[cellOf(halves, row)] as number
    if (place < 0) {
      const value = values[row] as number
      place = 0
      while (place < thresholds.length && (atIsAbove ? value >= (thresholds[place] as number) : value > (thresholds[place] as number)))
        place++
    }
    out.rows[place] = (out.rows[place] as number) + 1
    out.weights[place] = (out.weights[place] as number) + (weights[row] as number)
  }
  return out
}
