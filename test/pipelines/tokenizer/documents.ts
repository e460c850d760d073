/** Documents for stage tests: real texts with ids of their own, in files as another stage would have left them. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { ArrowWriter, BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { asPart } from '../../../pipelines/local.ts'
import type { Part } from '../../../pipelines/plan.ts'
import { documents } from '../../../pipelines/schemas.ts'

export interface Given {
  key: string
  kind: string
  text: string
}

export const idOf = (key: string): string => createHash('md5').update(key).digest('hex')

/** Writes documents into one file, `perBatch` to a record batch. */
export async function partOf(folder: string, name: string, given: readonly Given[], perBatch = 8): Promise<Part> {
  const path = join(folder, `${name}.arrow`)
  const writer = await ArrowWriter.open(path, documents, { compression: 'zstd' })
  for (let at = 0; at < given.length; at += perBatch) {
    const builder = new BatchBuilder(documents)
    for (const { key, kind, text } of given.slice(at, at + perBatch))
      builder.append({ id: idOf(key), source: 'test', key, kind, text, meta: {}, ...(kind === 'code' ? { type: 'js' } : {}) })
    await writer.append(builder.finish())
  }
  await writer.close()
  return asPart('documents', path)
}
