/** What the benchmarks of the tokenizer share: draws from a seed, and documents in one file (how many, their ends, their bytes). */
import { readFileSync } from 'node:fs'

export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** All documents of a file as a column. */
export function readDocuments(path: string) {
  const data = readFileSync(path)
  const count = data.readUInt32LE(0)
  const ends = new Uint32Array(data.buffer.slice(data.byteOffset + 4, data.byteOffset + 4 + 4 * count))
  return { offsets: Int32Array.of(0, ...ends), bytes: new Uint8Array(data.subarray(4 + 4 * count)) }
}
