// Whatever a file says: an ArrowFormatError or a valid batch; no crash, no hang, no memory that the file does not account for.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ArrowFormatError, ArrowReader, batchDigest, concat } from '../../../pipelines/arrow/index.ts'
import { batchOf, everything, random, randomRows, runPython, temporaryFolder, withoutPython, writeFile } from './support.ts'

const folder = temporaryFolder()
afterAll(folder.remove)
const at = (name: string): string => join(folder.path, name)
const max = 64 * 2 ** 20

/** 'read', or the error; any other error fails the test. */
async function attempt(bytes: Uint8Array): Promise<'read' | 'refused'> {
  writeFileSync(at('hostile'), bytes)
  let reader: ArrowReader | undefined
  try {
    reader = await ArrowReader.open(at('hostile'), { maxBatchBytes: max })
    for await (const batch of reader) {
      expect(batch.byteLength).toBeLessThanOrEqual(2 * max)
      batchDigest(
        concat([batch.take(Uint32Array.from({ length: Math.min(batch.rows, 50) }, (_, i) => i)), batch.slice(0, Math.min(batch.rows, 3))]),
      )
      for (const column of batch.columns) for (let i = 0; i < Math.min(batch.rows, 50); i++) column.value(i)
    }
    return 'read'
  } catch (error) {
    if (!(error instanceof ArrowFormatError)) throw error
    expect(error.code).toBe('ARROW_FORMAT')
    expect(error.path).toBe(at('hostile'))
    expect(error.message).toMatch(/expected .+, found .+/)
    return 'refused'
  } finally {
    await reader?.close()
  }
}

/** Bytes of the file that are metadata: the footer and every message's. */
function metadataOf(file: Buffer): [number, number][] {
  const ranges: [number, number][] = [[file.length - 10 - file.readInt32LE(file.length - 10), file.length]]
  for (let i = 0; i + 8 < file.length; i += 8)
    if (file.readUInt32LE(i) === 0xffffffff && file.readInt32LE(i + 4) > 0)
      ranges.push([i, Math.min(i + 8 + file.readInt32LE(i + 4), file.length)])
  return ranges
}

async function flip(file: Buffer, flips: number, seed: number): Promise<{ read: number; refused: number }> {
  const ranges = metadataOf(file)
  const next = random(seed)
  const seen = { read: 0, refused: 0 }
  for (let n = 0; n < flips; n++) {
    const bytes = Buffer.from(file)
    for (let k = 0; k < 1 + Math.floor(next() * 3); k++) {
      const [from, to] = ranges[Math.floor(next() * ranges.length)] as [number, number]
      const where = from + Math.floor(next() * (to - from))
      const value =
        next() < 0.5 ? (bytes[where] as number) ^ (1 << Math.floor(next() * 8)) : ([0, 255, 127, 128][Math.floor(next() * 4)] as number)
      bytes[where] = value
    }
    seen[await attempt(bytes)]++
  }
  return seen
}

describe('a hostile file', { timeout: 120_000 }, () => {
  const batch = batchOf(everything, randomRows(40, 21))
  for (const compression of ['zstd', 'none'] as const) {
    it(`is refused when cut at any 64th byte (${compression})`, async () => {
      await writeFile(at(compression), [batch], { compression })
      const file = readFileSync(at(compression))
      expect(await attempt(file)).toBe('read')
      for (let length = 0; length < file.length; length += 64)
        expect(await attempt(file.subarray(0, length)), `${length} bytes`).toBe('refused')
    })

    it(`is refused or read, never worse, with changed metadata (${compression})`, async () => {
      await writeFile(at(compression), [batch], { compression })
      const before = process.memoryUsage().rss
      const seen = await flip(readFileSync(at(compression)), 1000, compression === 'zstd' ? 31 : 32)
      expect(seen.read + seen.refused).toBe(1000)
      expect(seen.refused).toBeGreaterThan(300)
      expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 30)
    })
  }

  it('is refused or read with changed bodies', async () => {
    for (const compression of ['zstd', 'none'] as const) {
      await writeFile(at(compression), [batch], { compression })
      const file = readFileSync(at(compression))
      const next = random(41)
      for (let n = 0; n < 300; n++) {
        const bytes = Buffer.from(file)
        for (let k = 0; k < 4; k++) bytes[Math.floor(next() * file.length)] = Math.floor(next() * 256)
        await attempt(bytes)
      }
    }
  })

  it.skipIf(withoutPython)('is refused or read with dictionaries, large types and changed metadata', async () => {
    runPython('oracle.py', 'write', folder.path)
    for (const name of ['delta', 'zstd', 'dirty']) await flip(readFileSync(at(`${name}.arrow`)), 300, 51)
  })

  it('cannot claim more than maxBatchBytes', async () => {
    await writeFile(at('small'), [batch])
    const reader = await ArrowReader.open(at('small'), { maxBatchBytes: 10_000 })
    await expect(reader.read(0)).rejects.toThrow(/batch 0: expected a batch within maxBatchBytes 10000, found \d+ bytes/)
    await reader.close()
  })
})
