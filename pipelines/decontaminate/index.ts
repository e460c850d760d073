/**
 * Decontaminate: drops documents that share a run of words with an evaluation item (curation.md 2.12). Words as datatrove normalises them,
 * 13 of them as in the GPT-3 paper; one shared run is enough by default, as in datatrove.
 *
 * The index is one small artifact that every unit reads whole, so a changed evaluation set redoes this stage's units and no other stage's
 * unless a verdict changes. An item of fewer words than a run cannot be found this way; how many there are is counted per set.
 */
import * as z from 'zod'
import { ngramHits, ngramIndex } from '../../native/addon/dedup.ts'
import { Batch, BatchBuilder, Column, schema, u32, u64, utf8 } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import { decisions, documentId, documents } from '../schemas.ts'
import { type Context, defineStage, MiB } from '../stage.ts'
import { canary } from './canary.ts'
import { itemsOf } from './items.ts'

const config = z.strictObject({
  ngram: z.int().min(1).max(64).default(13).describe('Words of a run that counts as overlap'),
  minHits: z.int().min(1).default(1).describe('Overlapping runs from which a document is dropped'),
  unitBytes: z
    .int()
    .min(1)
    .default(128 * MiB)
    .describe('Text that a unit aims at'),
})

export type DecontaminateConfig = z.output<typeof config>
type Run = (ctx: Context<DecontaminateConfig>) => Promise<void>

/** Sorted by hash; `set` is a row of `sets`, `item` a line of its file, `word` where in the item's words the run begins. */
const ngrams = schema({ hash: u64(), set: u32(), item: u32(), word: u32() })
const sets = schema({ set: u32(), name: utf8(), file: utf8(), items: u32(), tooShort: u32() })

/** What a dropped document shares first: with which item, at which of its own words (`at`) and of the item's (`word`); `hits` runs in all. */
const matches = schema({ id: documentId, set: utf8(), file: utf8(), item: u32(), word: u32(), at: u32(), hits: u32() })

const index: Run = async ctx => {
  const { ngram } = ctx.config
  const texts = new BatchBuilder(schema({ text: utf8() }))
  const places: { set: number; item: number }[] = []
  const files = ctx.raw()
  for (const [set, file] of files.entries())
    for await (const { line, text } of itemsOf(file)) {
      places.push({ set, item: line })
      texts.append({ text })
      ctx.progress({ documents: 1, bytes: text.length })
    }
  const column = texts.finish().column('text')
  const found = await ngramIndex(column.offsets as Int32Array, column.data as Uint8Array, ngram)
  if (files.length && !found.hashes.length)
    throw new MillraceError({
      code: 'EVALUATION_EMPTY',
      kind: 'config',
      expected: `an evaluation item of at least ${ngram} words`,
      found: `${places.length} items, all shorter`,
      where: 'stage decontaminate',
      next: 'check evaluation[].fields, or lower stages.decontaminate.ngram',
    })

  const place = (what: 'set' | 'item') => Uint32Array.from(found.texts, text => (places[text] as { set: number; item: number })[what])
  const rows = found.hashes.length
  const ids = (data: Uint32Array) => new Column({ type: u32(), length: rows, data })
  const hash = new Column({ type: u64(), length: rows, data: found.hashes })
  await (await ctx.writer('ngrams')).append(new Batch(ngrams, [hash, ids(place('set')), ids(place('item')), ids(found.positions)]))

  const described = new BatchBuilder(sets)
  for (const [set, file] of files.entries()) {
    const own = places.flatMap(({ set: of }, i) => (of === set ? [found.sizes[i] as number] : []))
    const tooShort = own.filter(size => size === 0).length
    described.append({ set, name: file.source.name, file: file.key, items: own.length, tooShort })
    ctx.count(`${file.source.name}: items`, own.length)
    ctx.count(`${file.source.name}: items too short`, tooShort)
  }
  await (await ctx.writer('sets')).append(described.finish())
}

const apply: Run = async ctx => {
  const { ngram, minHits } = ctx.config
  const table = await readIndex(ctx)
  const [kept, decided, matched] = [await ctx.writer('documents'), await ctx.writer('decisions'), await ctx.writer('matches')]
  let row = 0
  for await (const batch of ctx.batches('documents')) {
    const [id, text] = [batch.column('id'), batch.column('text')]
    const hits = await ngramHits(text.offsets as Int32Array, text.data as Uint8Array, ngram, table.hashes, ctx.threads)
    const [verdicts, evidence] = [new BatchBuilder(decisions), new BatchBuilder(matches)]
    const stays = new Uint32Array(batch.rows)
    let staying = 0
    for (let i = 0; i < batch.rows; i++, row++) {
      const value = hits.counts[i] as number
      if (value < minHits) {
        stays[staying++] = i
        continue
      }
      verdicts.append({ id: id.bytes(i), stage: 'decontaminate', rule: 'ngram_overlap', value, threshold: minHits, unit: ctx.unit, row })
      evidence.append({ id: id.bytes(i), ...table.at(hits.entries[i] as number), at: hits.positions[i], hits: value })
    }
    ctx.count('documents in', batch.rows)
    ctx.count('documents out', staying)
    await kept.append(staying === batch.rows ? batch : batch.take(stays.subarray(0, staying)))
    await decided.append(verdicts.finish())
    await matched.append(evidence.finish())
  }
}

/** The index, whole: 20 bytes a run of words. */
async function readIndex(ctx: Context<DecontaminateConfig>) {
  const names: { set: string; file: string }[] = []
  for await (const batch of ctx.batches('index.sets'))
    for (let i = 0; i < batch.rows; i++) names.push({ set: batch.column('name').text(i), file: batch.column('file').text(i) })
  const pieces: Batch[] = []
  for await (const batch of ctx.batches('index.ngrams')) pieces.push(batch)
  const rows = pieces.reduce((sum, piece) => sum + piece.rows, 0)
  const hashes = new BigUint64Array(rows)
  const [set, item, word] = [new Uint32Array(rows), new Uint32Array(rows), new Uint32Array(rows)]
  let at = 0
  for (const piece of pieces) {
    hashes.set(piece.column('hash').data as BigUint64Array, at)
    set.set(piece.column('set').data as Uint32Array, at)
    item.set(piece.column('item').data as Uint32Array, at)
    word.set(piece.column('word').data as Uint32Array, at)
    at += piece.rows
  }
  return {
    hashes,
    at: (entry: number) => ({ ...(names[set[entry] as number] as { set: string; file: string }), item: item[entry], word: word[entry] }),
  }
}

export const decontaminate = defineStage({
  name: 'decontaminate',
  revision: 1,
  config,
  inputs: ['documents', 'evaluation'],
  canary,
  operations: [
    {
      name: 'index',
      kind: 'single',
      reads: ['evaluation'],
      writes: { ngrams: { schema: ngrams }, sets: { schema: sets } },
      config: ({ ngram }) => ({ ngram }),
      run: index,
    },
    {
      name: 'apply',
      kind: 'map',
      reads: ['documents'],
      sides: ['index.ngrams', 'index.sets'],
      writes: { documents: { schema: documents }, decisions: { schema: decisions }, matches: { schema: matches } },
      unitBytes: ({ unitBytes }) => unitBytes,
      config: ({ ngram, minHits }) => ({ ngram, minHits }),
      run: apply,
    },
  ],
  outputs: { documents: 'apply.documents', decisions: 'apply.decisions', matches: 'apply.matches', sets: 'index.sets' },
})
