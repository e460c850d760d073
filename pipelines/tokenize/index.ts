/**
 * Tokenize: the ids of every document, once, for every row length, phase and refresh.
 *
 * Ids stand without bos and eos, which `shard` adds, and never below 256: a page that writes `</longcat_s>` has written text.
 * Columns in, columns out; documents never become JavaScript strings.
 */
import * as z from 'zod'
import type { Ids } from '../../native/addon/tokenizer.ts'
import { Batch, BatchBuilder, Column, list, schema, u32, utf8 } from '../arrow/index.ts'
import { tokens } from '../schemas.ts'
import { type Context, defineStage, MiB } from '../stage.ts'
import { textsOf } from '../tokenizer/count.ts'
import { readTokenizer } from '../tokenizer/table.ts'
import { openVocabulary, toNfc } from '../tokenizer/vocabulary.ts'
import { Measured } from './measured.ts'

const config = z.strictObject({
  unitBytes: z
    .int()
    .positive()
    .default(256 * MiB)
    .describe('Bytes of documents per unit'),
})
type Ctx = Context<z.output<typeof config>>

/** Per thread; changes time only. */
const cacheBytes = 4 * MiB
const carried = ['id', 'source', 'kind', 'type', 'language', 'url'] as const

export const tokenize = defineStage({
  name: 'tokenize',
  revision: 2,
  config,
  inputs: ['documents', 'tokenizer'],
  operations: [
    {
      name: 'encode',
      kind: 'map',
      reads: ['documents'],
      sides: ['tokenizer'],
      writes: { tokens: { schema: tokens } },
      unitBytes: config => config.unitBytes,
      config: () => ({}),
      run: encode,
    },
  ],
  outputs: { tokens: 'encode.tokens' },
})

async function encode(ctx: Ctx): Promise<void> {
  const vocabulary = await readTokenizer(ctx.batches('tokenizer'))
  const encoder = await openVocabulary(vocabulary, { cacheBytes })
  const writer = await ctx.writer('tokens')
  const measured = new Measured((name, by) => ctx.count(name, by))
  for await (const batch of ctx.batches('documents')) {
    const texts = textsOf(batch.column('text'))
    const ids = await encoder.encode(vocabulary.nfc ? toNfc(texts) : texts, { threads: ctx.threads })
    await writer.append(tokenRows(batch, ids))
    countKinds(ctx, batch, ids)
    measured.add(batch, ids)
  }
}

function tokenRows(documents: Batch, { offsets, ids }: Ids): Batch {
  const text = documents.column('text').offsets as Int32Array
  const bytes = Uint32Array.from({ length: documents.rows }, (_, i) => (text[i + 1] as number) - (text[i] as number))
  const items = new Column({ type: u32(), length: ids.length, data: ids })
  const [id, ...rest] = carried.map(name => documents.column(name))
  return new Batch(tokens, [
    id as Column,
    groups(documents.column('key')),
    ...rest,
    new Column({ type: u32(), length: documents.rows, data: bytes }),
    new Column({ type: list(u32()), length: documents.rows, offsets, data: new Uint8Array(0), children: [items] }),
  ])
}

/** First folder of each key; `@scope/name` counts as one. */
function groups(keys: Column): Column {
  const builder = new BatchBuilder(schema({ group: utf8() }))
  for (let i = 0; i < keys.length; i++) {
    const [first = '', second = ''] = keys.text(i).split('/', 2)
    builder.append({ group: first.startsWith('@') && second ? `${first}/${second}` : first })
  }
  return builder.finish().column('group')
}

/** `tokens`, `bytes` and the same per kind: what bytes per token are made of. */
function countKinds(ctx: Ctx, documents: Batch, { offsets }: Ids): void {
  const kind = documents.column('kind')
  const text = documents.column('text').offsets as Int32Array
  for (let i = 0; i < documents.rows; i++) {
    const tokens = (offsets[i + 1] as number) - (offsets[i] as number)
    const bytes = (text[i + 1] as number) - (text[i] as number)
    const name = kind.text(i)
    ctx.count('tokens', tokens)
    ctx.count('bytes', bytes)
    ctx.count(`tokens.${name}`, tokens)
    ctx.count(`bytes.${name}`, bytes)
  }
}
