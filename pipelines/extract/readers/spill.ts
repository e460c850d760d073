/** A file that needs random access, decompressed into the unit's scratch where it came as .gz or .zst. */
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { contentOf, FileBytes } from '../bytes.ts'
import type { Input, Limits } from '../records.ts'

/** Path of the plain file and what removes it. Throws InputError where the compression is broken. */
export async function plainFile(input: Input, limits: Limits): Promise<{ path: string; remove: () => Promise<void> }> {
  if (input.compression === 'none') return { path: input.path, remove: async () => {} }
  const path = join(limits.scratch, 'plain')
  const file = await FileBytes.open(input.path)
  const out = await open(path, 'w')
  try {
    for await (const chunk of contentOf(file, input.compression, limits.maxExpansion)) await out.write(chunk)
  } finally {
    await out.close()
    await file.close()
  }
  return { path, remove: () => rm(path, { force: true }) }
}
