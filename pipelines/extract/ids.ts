/**
 * Document ids: XXH3-128 of (source name, NUL, record key), big-endian, a batch at a time.
 *
 * Columnar because the hash is native: one call takes the bytes of all names of a batch.
 */
import { hashTexts } from '../../native/addon/hash.ts'

/** 16 bytes for each name, one after the other. Names are UTF-8 of the strings. */
export function idsOf(names: readonly string[], threads = 1): Promise<Uint8Array> {
  const offsets = new Int32Array(names.length + 1)
  const parts = names.map(name => Buffer.from(name, 'utf8'))
  for (const [i, part] of parts.entries()) offsets[i + 1] = (offsets[i] as number) + part.length
  return hashTexts(offsets, Buffer.concat(parts), threads)
}

export const nameOf = (source: string, key: string): string => `${source}\0${key}`
