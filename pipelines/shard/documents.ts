/** The documents of one partition: their ids in memory, joined with what `mix` decided, grouped by component and role. */
import type { Batch, Column } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import type { Context } from '../stage.ts'
import { ids, type ShardConfig } from './layout.ts'
import { hexOf } from './spread.ts'

export interface PackedDocument {
  id: string
  batch: Batch
  row: number
  /** Ids with bos and eos. */
  length: number
  count: number
}

export interface Group {
  component: string
  role: 'train' | 'validation'
  documents: PackedDocument[]
}

/** Groups sorted by component, then train before validation. Throws where a document has no count, comes twice, or has ids that no text has. */
export async function readDocuments(ctx: Context<ShardConfig>, tokens: string, counts: string): Promise<Group[]> {
  const decided = await readCounts(ctx, counts)
  const wanted = ctx.config.components && new Set(ctx.config.components)
  const groups = new Map<string, Group>()
  const seen = new Set<string>()
  let bytes = 0
  for await (const batch of ctx.batches(tokens)) {
    bytes += batch.byteLength
    if (bytes > ctx.maxMemory / 2) throw tooLarge(ctx, bytes)
    checkIds(batch.column('ids'), ctx.config.vocabulary)
    const id = batch.column('id')
    const offsets = batch.column('ids').offsets as Int32Array
    for (let row = 0; row < batch.rows; row++) {
      const hex = hexOf(id, row)
      const decision = decided.get(hex)
      if (!decision) throw mismatch('SHARD_NO_COUNT', 'a row in counts for every document in tokens', hex)
      if (seen.has(hex)) throw mismatch('SHARD_TWICE', 'every document once in tokens', hex)
      seen.add(hex)
      const { component, role, count } = decision
      if (count === 0 || (wanted && !wanted.has(component))) continue
      const key = `${component}/${role}`
      let group = groups.get(key)
      if (!group) {
        group = { component, role, documents: [] }
        groups.set(key, group)
      }
      group.documents.push({ id: hex, batch, row, length: (offsets[row + 1] as number) - (offsets[row] as number) + 2, count })
    }
  }
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
}

interface Decision {
  component: string
  role: 'train' | 'validation'
  count: number
}

async function readCounts(ctx: Context<ShardConfig>, role: string): Promise<Map<string, Decision>> {
  const decided = new Map<string, Decision>()
  for await (const batch of ctx.batches(role)) {
    const [id, component, kind, count] = ['id', 'component', 'role', 'count'].map(name => batch.column(name)) as [
      Column,
      Column,
      Column,
      Column,
    ]
    for (let i = 0; i < batch.rows; i++)
      decided.set(hexOf(id, i), {
        component: component.text(i),
        role: kind.text(i) === 'validation' ? 'validation' : 'train',
        count: count.number(i),
      })
  }
  return decided
}

function checkIds(column: Column, vocabulary: number): void {
  const values = column.children[0]?.data as Uint32Array
  for (const value of values) {
    if (value > ids.padding && value < vocabulary) continue
    throw new MillraceError({
      code: 'SHARD_ID',
      kind: 'config',
      expected: `ids from ${ids.padding + 1} to ${vocabulary - 1}`,
      found: String(value),
      where: 'tokens',
      next: 'give shard the vocabulary of the tokenizer that made these ids',
    })
  }
}

const mismatch = (code: string, expected: string, found: string) =>
  new MillraceError({ code, kind: 'bug', expected, found: `document ${found}`, where: 'stage shard', next: `millrace explain ${found}` })

const tooLarge = (ctx: Context<ShardConfig>, bytes: number) =>
  new MillraceError({
    code: 'SHARD_PARTITION',
    kind: 'resource',
    expected: `a partition of at most ${Math.floor(ctx.maxMemory / 2)} bytes of tokens (half of maxMemory)`,
    found: `more than ${bytes}`,
    where: `partition ${ctx.partition} of ${ctx.partitions}`,
    next: `raise stages.shard.partitions to ${ctx.partitions * 2} or more`,
  })
