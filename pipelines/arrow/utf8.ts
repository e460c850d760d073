/** UTF-8 of whole columns: one pass over all bytes, one over the borders, so that every value is valid by itself. */
import { isUtf8 } from 'node:buffer'
import type { Parts } from './kernels.ts'

/** Where a utf8 column at or below `parts` holds other bytes than UTF-8, in words; undefined if nowhere. Offsets must be checked before. */
export function invalidText(parts: Parts): string | undefined {
  for (const child of parts.children) {
    const below = invalidText(child)
    if (below !== undefined) return below
  }
  const { offsets, length } = parts
  if (parts.type.kind !== 'utf8' || !offsets) return undefined
  const data = parts.data as Uint8Array
  if (isUtf8(data)) {
    // A value that begins with a continuation byte: the character was cut.
    for (let i = 1; i < length; i++) {
      const at = offsets[i] as number
      if (at < data.length && ((data[at] as number) & 0xc0) === 0x80) return `value ${i} begins inside a character`
    }
    return undefined
  }
  for (let i = 0; i < length; i++) if (!isUtf8(data.subarray(offsets[i], offsets[i + 1]))) return `value ${i}`
  return 'behind the last value'
}
