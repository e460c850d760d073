/** Seeded English-like sentences for tests: grammar and vocabulary of our own. */
const subjects = [
  'The miller',
  'A careful sailor',
  'The old gardener',
  'My neighbour',
  'The night watch',
  'Every baker',
  'The young clerk',
  'A travelling singer',
]
const verbs = ['carried', 'measured', 'repaired', 'counted', 'forgot', 'described', 'painted', 'borrowed', 'weighed', 'watched']
const objects = [
  'the copper kettle',
  'seven sacks of rye',
  'the map of the harbour',
  'a broken lantern',
  'the ledger of the mill',
  'two wooden oars',
  'the bell of the chapel',
  'a basket of pears',
]
const places = [
  'beside the river',
  'in the upper room',
  'near the eastern gate',
  'behind the bakery',
  'on the long bridge',
  'under the lime trees',
  'at the edge of the marsh',
]
const times = [
  'before the rain came',
  'while the others were asleep',
  'after the market had closed',
  'when the ice began to melt',
  'because nobody else would',
  'until the lamps were lit',
]

/** `count` sentences; the same seed gives the same text, other seeds share few runs of five words. */
export function sentences(seed: number, count: number): string {
  let state = (seed * 2654435761 + 12345) >>> 0
  const next = (list: readonly string[]) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return list[Math.floor((state / 2 ** 32) * list.length)] as string
  }
  const number = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state % 9973
  }
  return Array.from(
    { length: count },
    () =>
      `${next(subjects)} ${next(verbs)} ${next(objects)} number ${number()} ${next(places)} ${next(times)}, and that was the ${number()}th time.`,
  ).join(' ')
}
