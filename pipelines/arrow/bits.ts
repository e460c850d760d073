/** Bitmaps as Arrow lays them out: bit i is bit `i & 7` of byte `i >> 3`, least significant first. Bits behind the end are zero in all that we make. */

export const bitmapBytes = (bits: number): number => (bits + 7) >>> 3

export const getBit = (map: Uint8Array, i: number): boolean => ((map[i >>> 3] as number) & (1 << (i & 7))) !== 0

export const setBit = (map: Uint8Array, i: number): void => {
  map[i >>> 3] = (map[i >>> 3] as number) | (1 << (i & 7))
}

/** A bitmap of `length` ones. */
export function ones(length: number): Uint8Array {
  const map = new Uint8Array(bitmapBytes(length)).fill(255)
  clearTail(map, length)
  return map
}

/** How many of the first `length` bits are set. */
export function countBits(map: Uint8Array, length: number): number {
  let count = 0
  const whole = length >>> 3
  for (let i = 0; i < whole; i++) count += population[map[i] as number] as number
  if (length & 7) count += population[(map[whole] as number) & ((1 << (length & 7)) - 1)] as number
  return count
}

/** Copies `length` bits from bit `from` of `source` to bit `at` of `target`, whose bits there must be zero. */
export function copyBits(source: Uint8Array, from: number, length: number, target: Uint8Array, at: number): void {
  if (length <= 0) return
  const end = at + length
  const bytes = bitmapBytes(length)
  const shift = from & 7
  const first = from >>> 3
  const last = (from + length - 1) >>> 3
  const up = at & 7
  let out = at >>> 3
  for (let i = 0; i < bytes; i++) {
    const low = (source[first + i] as number) >>> shift
    const high = shift && first + i < last ? (source[first + i + 1] as number) << (8 - shift) : 0
    let byte = (low | high) & 255
    if (i === bytes - 1 && length & 7) byte &= (1 << (length & 7)) - 1
    target[out] = (target[out] as number) | ((byte << up) & 255)
    out++
    if (up && out < bitmapBytes(end)) target[out] = (target[out] as number) | (byte >>> (8 - up))
  }
}

/** The bits at `indices`, in their order. */
export function takeBits(source: Uint8Array, indices: Uint32Array): Uint8Array {
  const out = new Uint8Array(bitmapBytes(indices.length))
  for (let i = 0; i < indices.length; i++) {
    const at = indices[i] as number
    if ((source[at >>> 3] as number) & (1 << (at & 7))) out[i >>> 3] = (out[i >>> 3] as number) | (1 << (i & 7))
  }
  return out
}

/** Sets the bits from `length` to the end of the last byte to zero. */
export function clearTail(map: Uint8Array, length: number): void {
  if (length & 7) map[length >>> 3] = (map[length >>> 3] as number) & ((1 << (length & 7)) - 1)
}

const population = new Uint8Array(256)
for (let i = 1; i < 256; i++) population[i] = (population[i >> 1] as number) + (i & 1)
