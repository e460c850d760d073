/** Seeded random corpora, as the `tokens` and `counts` files that the shard stage reads and as plain documents for the reference. */
import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ArrowWriter, BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { asPart } from '../../../pipelines/local.ts'
import { counts, tokens } from '../../../pipelines/schemas.ts'
import type { Doc } from '../loader/reference.ts'

/** xorshift32 */
export function random(seed: number): () => number {
  let x = seed | 0 || 1
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2 ** 32
  }
}

export interface CorpusOptions {
  seed: number
  documents: number
  components: readonly string[]
  maxCount: number
  vocabulary: number
  /** Longest document, ids. */
  longest: number
}

export function corpus({ seed, documents, components, maxCount, vocabulary, longest }: CorpusOptions): Doc[] {
  const draw = random(seed)
  return Array.from({ length: documents }, (_, i) => {
    const id = createHash('sha256').update(`${seed}/${i}`).digest('hex').slice(0, 32)
    const component = components[Math.floor(draw() ** 2 * components.length)] as string
    const role = draw() < 0.1 ? 'validation' : 'train'
    const count = role === 'validation' ? 1 : Math.floor(draw() * (maxCount + 1))
    const length = Math.floor(draw() ** 3 * (longest + 1))
    return { id, component, role, count, ids: Array.from({ length }, () => 4 + Math.floor(draw() * (vocabulary - 4))) }
  })
}

/** Writes a corpus in batches of `batchRows` documents; tokens in two files, as two stages would give them. */
export async function writeCorpus(folder: string, docs: readonly Doc[], batchRows = 50) {
  await mkdir(folder, { recursive: true })
  const half = Math.ceil(docs.length / 2)
  const files = [docs.slice(0, half), docs.slice(half)]
  const paths = files.map((_, i) => join(folder, `tokens-${i}.arrow`))
  for (const [i, own] of files.entries()) {
    const writer = await ArrowWriter.open(paths[i] as string, tokens)
    for (let at = 0; at < own.length; at += batchRows) {
      const builder = new BatchBuilder(tokens)
      for (const doc of own.slice(at, at + batchRows))
        builder.append({
          ...required(doc),
          id: doc.id,
          source: 's',
          kind: 'web',
          bytes: 4 * doc.ids.length,
          ids: Uint32Array.from(doc.ids),
        })
      await writer.append(builder.finish())
    }
    await writer.close()
  }
  const countsPath = join(folder, 'counts.arrow')
  const writer = await ArrowWriter.open(countsPath, counts)
  const builder = new BatchBuilder(counts)
  for (const { id, component, role, count } of docs.toReversed()) builder.append({ id, component, role, count })
  await writer.append(builder.finish())
  await writer.close()
  return { tokens: await Promise.all(paths.map(path => asPart('tokens', path))), counts: [await asPart('counts', countsPath)] }
}

/** Columns that the schema may have beside those of this test, where they may not be null. */
function required(doc: Doc): Record<string, unknown> {
  const known = new Set(['id', 'source', 'kind', 'bytes', 'ids'])
  return Object.fromEntries(
    tokens.fields.filter(f => !f.nullable && !known.has(f.name)).map(f => [f.name, f.type.kind === 'utf8' ? doc.component : 0]),
  )
}
