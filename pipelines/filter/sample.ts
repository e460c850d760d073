/**
 * What models of this stage are trained on: documents drawn by hash(seed, id), as the steps that need no trained model left them.
 *
 * The share that is drawn follows from the whole corpus, so it is measured first. What is drawn goes through the store by ranges of its hash
 * and is sorted there: training reads it in the order of the hash, whatever order the documents had, and memory holds one range at a time.
 */
import { seededHash } from '../../native/addon/hash.ts'
import { type Batch, BatchBuilder, concat, f64, optional, schema, u64, utf8 } from '../arrow/index.ts'
import { documentId } from '../schemas.ts'
import type { Context } from '../stage.ts'
import { runChain } from './chain.ts'
import type { FilterConfig } from './config.ts'
import { chainOf } from './steps.ts'
import { weakLabelsOf } from './weak_labels.ts'

type Ctx = Context<FilterConfig>

export const purposes = ['classifier', 'fluency'] as const
export type Purpose = (typeof purposes)[number]

/** Documents and bytes of text in a unit. */
export const sizes = schema({ documents: u64(), bytes: u64() })

/** Documents whose hash in 2^32nds lies below it are drawn, by purpose. */
export const shares = schema({ purpose: utf8(), below: u64() })

/** `order` is the document's hash; a labelled text says where its label comes from. */
export const drawn = schema({
  purpose: utf8(),
  order: u64(),
  id: documentId,
  text: utf8(),
  label: optional(utf8()),
  from: optional(utf8()),
})

/** Texts that were held back from a classifier: label, and the score of the label that is to stay. */
export const heldScores = schema({ label: utf8(), score: f64() })

/** Texts that were held back from a language model: perplexity, and that of the same words out of order; null without words. */
export const heldPerplexities = schema({ whole: optional(f64()), outOfOrder: optional(f64()) })

/** Ranges of the hash that are sorted apart. */
export const partitions = 16
const everything = 2 ** 32

/** What a config draws for. */
export const drawnFor = ({ classifier = [], fluency }: FilterConfig): Purpose[] => [
  ...(classifier.some(({ train }) => train && train.labels === undefined) ? (['classifier'] as const) : []),
  ...(fluency?.train ? (['fluency'] as const) : []),
]

export async function measureSizes(ctx: Ctx): Promise<void> {
  let [count, bytes] = [0, 0]
  for await (const batch of ctx.batches('documents')) {
    count += batch.rows
    bytes += batch.column('text').data.length
  }
  const builder = new BatchBuilder(sizes)
  builder.append({ documents: count, bytes })
  await (await ctx.writer('sizes')).append(builder.finish())
}

/** Rounded down to a multiple of an eighth of the next power of two, so that a corpus that grows a little keeps its sample. */
function shareOf(most: number, total: number): number {
  if (total <= most) return everything
  const share = most / total
  const step = 2 ** (Math.floor(Math.log2(share)) - 2)
  return Math.max(1, Math.floor(Math.floor(share / step) * step * everything))
}

export async function chooseShares(ctx: Ctx): Promise<void> {
  let [count, bytes] = [0, 0]
  for await (const batch of ctx.batches('size.sizes'))
    for (let i = 0; i < batch.rows; i++) {
      count += batch.column('documents').number(i)
      bytes += batch.column('bytes').number(i)
    }
  const { classifier = [], fluency } = ctx.config
  const builder = new BatchBuilder(shares)
  for (const purpose of drawnFor(ctx.config)) {
    const most = purpose === 'fluency' ? fluency?.train?.maxBytes : classifier.find(({ train }) => train)?.train?.maxDocuments
    builder.append({ purpose, below: shareOf(most as number, purpose === 'fluency' ? bytes : count) })
  }
  await (await ctx.writer('shares')).append(builder.finish())
}

/** Steps whose verdicts say what is worth learning from: none that waits for a model, and none that looks ids up. */
const learning = (name: string): boolean => !/^(classifier\.|fluency$|scores\.|module\.|expressions$)/.test(name)

export async function drawTexts(ctx: Ctx): Promise<void> {
  const below = new Map<string, number>()
  for await (const batch of ctx.batches('share.shares'))
    for (let i = 0; i < batch.rows; i++) below.set(batch.column('purpose').text(i), batch.column('below').number(i))
  const { threads, seed, config } = ctx
  const steps = chainOf(config).steps.filter(({ name }) => learning(name))
  const builders = Array.from({ length: partitions }, () => new BatchBuilder(drawn))
  for await (const batch of ctx.batches('documents')) {
    const ids = batch.column('id').data as Uint8Array
    const orders = new Map([...below.keys()].map(purpose => [purpose, seededHash(seed, ids, `filter/${purpose}`)]))
    const chosen = (purpose: string, row: number) => Number((orders.get(purpose)?.[row] as bigint) >> 32n) < (below.get(purpose) as number)
    const rows = Uint32Array.from(
      Array.from({ length: batch.rows }, (_, i) => i).filter(i => [...below.keys()].some(purpose => chosen(purpose, i))),
    )
    if (!rows.length) continue
    const { kept } = await runChain(batch.take(rows), steps, { threads, seed, maxDocumentBytes: config.maxDocumentBytes })
    append(ctx, kept, [...below.keys()] as Purpose[], below, builders)
  }
  const writer = await ctx.writer('drawn')
  for (const builder of builders) await writer.appendPartition(builder.finish())
}

function append(
  ctx: Ctx,
  kept: Batch,
  drawing: readonly Purpose[],
  below: ReadonlyMap<string, number>,
  builders: readonly BatchBuilder[],
): void {
  const { classifier = [], fluency } = ctx.config
  const skipped = { classifier: classifier.find(({ train }) => train)?.skipKinds ?? [], fluency: fluency?.skipKinds ?? [] }
  const [id, kind, text] = [kept.column('id'), kept.column('kind'), kept.column('text')]
  for (const purpose of drawing) {
    const orders = seededHash(ctx.seed, id.data as Uint8Array, `filter/${purpose}`)
    for (let i = 0; i < kept.rows; i++) {
      const order = orders[i] as bigint
      if (Number(order >> 32n) >= (below.get(purpose) as number) || skipped[purpose].includes(kind.text(i))) continue
      const builder = builders[Number(order >> 60n)] as BatchBuilder
      ctx.count(`drawn/${purpose}`)
      const row = { purpose, order, id: id.bytes(i) }
      if (purpose === 'fluency') builder.append({ ...row, text: text.text(i) })
      else for (const each of weakLabelsOf({ id: id.bytes(i), text: text.text(i) }, ctx.seed)) builder.append({ ...row, ...each })
    }
  }
}

/** What was drawn of one range of the hash, sorted, by purpose. */
export async function sortDrawn(ctx: Ctx): Promise<void> {
  const batches: Batch[] = []
  for await (const batch of ctx.batches('draw.drawn')) if (batch.rows) batches.push(batch)
  const all = batches.length ? concat(batches) : new BatchBuilder(drawn).finish()
  const [purpose, order, id, label] = [
    all.column('purpose'),
    all.column('order').data as BigUint64Array,
    all.column('id'),
    all.column('label'),
  ]
  const said = (row: number) => (label.isNull(row) ? '' : label.text(row))
  const byHash = (a: number, b: number) => {
    const [x, y] = [order[a] as bigint, order[b] as bigint]
    if (x !== y) return x < y ? -1 : 1
    return Buffer.compare(id.bytes(a), id.bytes(b)) || (said(a) < said(b) ? -1 : said(a) > said(b) ? 1 : 0)
  }
  for (const each of purposes) {
    const rows = Array.from({ length: all.rows }, (_, i) => i).filter(i => purpose.text(i) === each)
    await (await ctx.writer(each)).append(all.take(Uint32Array.from(rows.sort(byHash))))
  }
}

/** Of numbered texts the tenth that is held back from training to test it. */
export const heldBack = (order: bigint): boolean => order % 10n === 0n
