/** The `tokenizer` role, both ways: a vocabulary as a table of ids. */
import { type Pattern, patterns } from '../../native/addon/tokenizer.ts'
import { type Batch, BatchBuilder } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import { columnOf } from './given.ts'
import { tokenizerTable } from './schemas.ts'
import { type GivenMap, sizeOf, tokenOf, type Vocabulary } from './vocabulary.ts'

/** What `meta` of id 0 holds: `pattern`, `ignoreMerges`, `normalizer`, and of a given tokenizer `dropped`, a JSON list of its added tokens. */
const metaOf = ({ pattern, whole, nfc, given }: Vocabulary): Record<string, string> => ({
  pattern,
  ignoreMerges: String(whole),
  normalizer: nfc ? 'NFC' : 'none',
  ...(given ? { dropped: JSON.stringify(given.dropped.map(({ id, name }) => [id, name])) } : {}),
})

export function batchOf(vocabulary: Vocabulary): Batch {
  const { merges, given } = vocabulary
  const ways: { rank: number; left: number; right: number }[][] = Array.from({ length: sizeOf(vocabulary) }, () => [])
  for (let i = 0; i < merges.length; i += 3) {
    ways[merges[i + 2] as number]?.push({ rank: i / 3, left: merges[i] as number, right: merges[i + 1] as number })
  }
  const builder = new BatchBuilder(tokenizerTable)
  for (const [id, merges] of ways.entries()) {
    const before = given?.ids[id]
    builder.append({
      id,
      bytes: tokenOf(vocabulary, id),
      merges,
      ...(before === undefined ? {} : { given: before }),
      meta: id ? {} : metaOf(vocabulary),
    })
  }
  return builder.finish()
}

/** The vocabulary of a `tokenizer` role (`ctx.batches('tokenizer')`). TOKENIZER_TABLE if its ids or ranks have gaps, or it is not ours. */
export async function readTokenizer(batches: AsyncIterable<Batch>): Promise<Vocabulary> {
  const parts: Uint8Array[] = []
  const triples: number[] = []
  const ids: (number | undefined)[] = []
  let meta: Record<string, string> = {}
  let count = 0
  for await (const batch of batches) {
    if (!batch.has('given') || !batch.has('meta')) throw refuse('the columns given and meta', 'a table of an earlier revision')
    const [id, bytes, merges, given] = [batch.column('id'), batch.column('bytes'), batch.column('merges'), batch.column('given')]
    const [rank, left, right] = merges.children[0]?.children ?? []
    if (!parts.length && batch.rows) meta = batch.column('meta').value(0) as Record<string, string>
    for (let row = 0; row < batch.rows; row++) {
      if (id.number(row) !== parts.length) throw refuse(`id ${parts.length}`, `id ${id.number(row)}`)
      parts.push(bytes.bytes(row))
      ids.push(given.isNull(row) ? undefined : given.number(row))
      for (let i = merges.offsets?.[row] ?? 0; i < (merges.offsets?.[row + 1] ?? 0); i++, count++) {
        const at = (rank?.number(i) ?? 0) * 3
        triples[at] = left?.number(i) ?? 0
        triples[at + 1] = right?.number(i) ?? 0
        triples[at + 2] = parts.length - 1
      }
    }
  }
  if (triples.length !== count * 3) throw refuse(`${count} merges with ranks from 0`, `rank ${triples.length / 3 - 1}`)
  const pattern = patterns.find(name => name === meta.pattern) as Pattern | undefined
  if (!pattern) throw refuse(`a pattern (${patterns.join(', ')})`, JSON.stringify(meta.pattern))
  return {
    tokens: columnOf(parts),
    merges: Uint32Array.from(triples),
    pattern,
    whole: meta.ignoreMerges === 'true',
    nfc: meta.normalizer === 'NFC',
    ...(meta.dropped === undefined ? {} : { given: { ids, dropped: droppedOf(meta.dropped) } }),
  }
}

const droppedOf = (text: string): GivenMap['dropped'] => (JSON.parse(text) as [number, string][]).map(([id, name]) => ({ id, name }))

const refuse = (expected: string, found: string) =>
  new MillraceError({
    code: 'TOKENIZER_TABLE',
    kind: 'input',
    expected,
    found,
    where: 'role tokenizer',
    next: 'run the stage `tokenizer` again',
  })
