import { domain } from './load.ts'

interface Hash {
  hashBytes(bytes: Uint8Array): Uint8Array
  hashTexts(offsets: Int32Array, bytes: Uint8Array, threads: number): Promise<Uint8Array>
  seededHash(seed: bigint, ids: Uint8Array, purpose: string): BigUint64Array
}

/** XXH3-128 of bytes: 16 bytes, most significant first. Not cryptographic. */
export const hashBytes = (bytes: Uint8Array): Uint8Array => domain<Hash>('hash').hashBytes(bytes)

/** XXH3-128 of every text of a column: 16 bytes a text, most significant first. Errors: SHAPE. */
export const hashTexts = (offsets: Int32Array, bytes: Uint8Array, threads = 1): Promise<Uint8Array> =>
  domain<Hash>('hash').hashTexts(offsets, bytes, threads)

/**
 * The source of every random choice about documents: XXH3-64 of the seed (8 bytes, little-endian), the id (16 bytes) and the purpose
 * (UTF-8). `ids` holds 16 bytes a document. One value a document; it depends on nothing else, so any order of work makes the same choices.
 */
export const seededHash = (seed: bigint | number, ids: Uint8Array, purpose: string): BigUint64Array =>
  domain<Hash>('hash').seededHash(BigInt(seed), ids, purpose)
