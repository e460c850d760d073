/** The `tokenizer` role, both ways: a vocabulary as a table of ids. */
import { type Batch, BatchBuilder } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import { sizeOf, tokenOf, type Vocabulary } from './file.ts'
import { tokenizerTable } from './schemas.ts'

export function batchOf(vocabulary: Vocabulary): Batch {
  const { merges } = vocabulary
  const ways: { rank: number; left: number; right: number }[][] = Array.from({ length: sizeOf(vocabulary) }, () => [])
  for (let i = 0; i < merges.length; i += 3) {
    ways[merges[i + 2] as number]?.push({ rank: i / 3, left: merges[i] as number, right: merges[i + 1] as number })
  }
  const builder = new BatchBuilder(tokenizerTable)
  for (const [id, merges] of ways.entries()) builder.append({ id, bytes: tokenOf(vocabulary, id), merges })
  return builder.finish()
}

/** The vocabulary of a `tokenizer` role (`ctx.batches('tokenizer')`). TOKENIZER_TABLE if its ids or ranks have gaps. */
export async function readTokenizer(batches: AsyncIterable<Batch>): Promise<Vocabulary> {
  const parts: Uint8Array[] = []
  const triples: number[] = []
  let count = 0
  for await (const batch of batches) {
    const [id, bytes, merges] = [batch.column('id'), batch.column('bytes'), batch.column('merges')]
    const [rank, left, right] = merges.children[0]?.children ?? []
    for (let row = 0; row < batch.rows; row++) {
      if (id.number(row) !== parts.length) throw refuse(`id ${parts.length}`, `id ${id.number(row)}`)
      parts.push(bytes.bytes(row))
      for (let i = merges.offsets?.[row] ?? 0; i < (merges.offsets?.[row + 1] ?? 0); i++, count++) {
        const at = (rank?.number(i) ?? 0) * 3
        triples[at] = left?.number(i) ?? 0
        triples[at + 1] = right?.number(i) ?? 0
        triples[at + 2] = parts.length - 1
      }
    }
  }
  if (triples.length !== count * 3) throw refuse(`${count} merges with ranks from 0`, `rank ${triples.length / 3 - 1}`)
  const offsets = new Int32Array(parts.length + 1)
  for (const [i, part] of parts.entries()) offsets[i + 1] = (offsets[i] as number) + part.length
  return { tokens: { offsets, bytes: new Uint8Array(Buffer.concat(parts)) }, merges: Uint32Array.from(triples) }
}

const refuse = (expected: string, found: string) =>
  new MillraceError({
    code: 'TOKENIZER_TABLE',
    kind: 'input',
    expected,
    found,
    where: 'role tokenizer',
    next: 'run the stage `tokenizer` again',
  })
