/** A bounded window over ranges of a plan's units: keeps `size` calls in flight, takes no more once closed, drains what runs. */
export interface Window<T> extends AsyncIterable<T> {
  /** First unit that was not handed out. */
  readonly next: number
  /** Takes no more; the loop goes on until what runs has been counted. */
  close(): void
}

export function boundedWindow<T>(
  plan: { units: number; first: number; size: number; perCall: number },
  call: (range: { from: number; to: number }) => Promise<T>,
): Window<T> {
  let next = plan.first
  let closed = false
  return {
    get next() {
      return next
    },
    close() {
      closed = true
    },
    async *[Symbol.asyncIterator]() {
      const running = new Map<number, Promise<[number, T]>>()
      for (;;) {
        while (!closed && next < plan.units && running.size < plan.size) {
          const from = next
          next = Math.min(plan.units, from + plan.perCall)
          running.set(
            from,
            call({ from, to: next }).then(result => [from, result]),
          )
        }
        if (!running.size) return
        const [from, result] = await Promise.race(running.values())
        running.delete(from)
        yield result
      }
    },
  }
}
