/**
 * A seeded permutation of [0, n), computed per element: a balanced Feistel network over the next power of four, walked until it lands
 * inside (Black & Rogaway 2002, "cycle walking"; fewer than 4 steps on average). Nothing is stored, so a pass of 10⁹ rows costs what a
 * pass of ten does, and any rank can be asked first.
 *
 * It shuffles; it hides nothing.
 */
import { createHash } from 'node:crypto'

const rounds = 8

export class Permutation {
  readonly size: number
  readonly #half: number
  readonly #keys: Uint32Array

  /** Of [0, size), size ≤ 2^52; `key` names it: equal keys and sizes give equal permutations. */
  constructor(size: number, key: string) {
    if (!Number.isInteger(size) || size < 0 || size > 2 ** 52)
      throw new RangeError(`permutation: expected a size of 0 to 2^52, found ${size}`)
    this.size = size
    let half = 1
    while (4 ** half < size) half++
    this.#half = half
    const digest = createHash('sha256').update(key).digest()
    this.#keys = Uint32Array.from({ length: rounds }, (_, i) => digest.readUInt32BE(4 * i))
  }

  /** Where element `i` goes. RangeError outside [0, size). */
  at(i: number): number {
    if (!(i >= 0 && i < this.size)) throw new RangeError(`permutation: expected an element below ${this.size}, found ${i}`)
    let x = i
    do x = this.#once(x)
    while (x >= this.size)
    return x
  }

  #once(x: number): number {
    const base = 2 ** this.#half
    let left = Math.floor(x / base)
    let right = x % base
    for (let r = 0; r < rounds; r++) {
      const mixed = mix((right ^ (this.#keys[r] as number)) >>> 0) >>> (32 - this.#half)
      const next = (left ^ mixed) >>> 0
      left = right
      right = next
    }
    return left * base + right
  }
}

/** MurmurHash3's 32-bit finalizer: every input bit reaches every output bit. */
function mix(x: number): number {
  let h = x
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
