/**
 * Training of the models that a config asks for, one operation each, on what was drawn (sample.ts). A model is a file of the artifact, and a
 * side input of judging, so its content is part of every unit that it judges.
 *
 * Each model is tested on texts that were held back: a classifier must label them better than chance, a language model must find them less
 * surprising than the same texts with their words out of order. One that does not would drop documents by accident; the stage fails instead.
 */
import { createHash } from 'node:crypto'
import { stat, writeFile } from 'node:fs/promises'
import { openModel, predict } from '../../native/addon/fasttext.ts'
import { hashBytes, seededHash } from '../../native/addon/hash.ts'
import { loadModel, scoreTexts } from '../../native/addon/ngram.ts'
import { type Texts, textsOf } from '../../native/addon/text.ts'
import { BatchBuilder } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import { located, sha256Of } from '../files.ts'
import { type Context, MiB } from '../stage.ts'
import { type Labelled, readLabelled, trainOn } from './classifier.ts'
import { textsIn } from './columns.ts'
import type { FilterConfig } from './config.ts'
import { labelsOf } from './fasttext.ts'
import { trainOnTexts } from './fluency.ts'
import { heldBack, heldPerplexities, heldScores } from './sample.ts'
import type { Trained } from './steps.ts'
import { fewestHeld } from './thresholds.ts'

type Ctx = Context<FilterConfig>

const digests = new Map<string, Promise<string>>()

/** The digest of a file; a file that is the same one is read once in a process. */
async function digestOnce(path: string): Promise<string> {
  const { dev, ino, size, mtimeMs } = await stat(path)
  const key = [path, dev, ino, size, mtimeMs].join(' ')
  const before = digests.get(key)
  if (before) return before
  const digest = sha256Of(path)
  digests.set(key, digest)
  digest.catch(() => digests.delete(key))
  return digest
}

/** Models that earlier operations of the stage trained, as the unit was given them. */
export async function trainedIn(ctx: Ctx): Promise<Trained> {
  const trained: Trained = {}
  for (const name of ['classifier', 'fluency'] as const) {
    const [path] = ctx.files(`${name}.model`)
    if (path !== undefined) trained[name] = { path, sha256: await digestOnce(path) }
  }
  return trained
}

interface Drawn extends Labelled {
  order: bigint
  from: string
}

export async function trainClassifierUnit(ctx: Ctx): Promise<void> {
  const config = located<FilterConfig>(ctx.config).classifier?.find(({ train }) => train)
  if (!config?.train) throw new TypeError('filter: nothing asks for a classifier')
  const { labels, maxDocuments: _, minAccuracy, ...options } = config.train
  const rows = labels === undefined ? await weakRows(ctx) : await givenRows(ctx, labels)
  if (!rows.some(({ label }) => label === config.keepLabel))
    throw new MillraceError({
      code: 'UNKNOWN_LABEL',
      kind: 'config',
      expected: `texts labelled ${JSON.stringify(config.keepLabel)} to train on`,
      found: rows.length ? `labels ${[...new Set(rows.map(({ label }) => label))].slice(0, 8).join(', ')}` : 'no texts',
      where: 'filter.classifier.train',
      next: 'set keepLabel to a label of yours; weak labels are good and bad, of documents that earlier steps kept',
    })
  const taught = rows.filter(({ order }) => !heldBack(order))
  const beat = setInterval(() => ctx.progress({}), 2000)
  const maxBytes = config.maxBytes ?? undefined
  const bytes = await trainOn(taught, { ...options, seed: ctx.seed % 2 ** 31, maxBytes }).finally(() => clearInterval(beat))
  await writeFile(ctx.file('model'), bytes)
  ctx.count('train/classifier/texts', taught.length)
  ctx.count(`train/classifier/labels/${labels === undefined ? 'weak' : 'given'}`)
  for (const { label, from } of rows) ctx.count(`train/classifier/from/${from}/${label.slice(0, 64).toWellFormed()}`)
  await testClassifier(
    ctx,
    bytes,
    rows.filter(({ order }) => heldBack(order)),
    { least: minAccuracy, maxBytes, keepLabel: config.keepLabel },
  )
}

async function testClassifier(
  ctx: Ctx,
  bytes: Uint8Array,
  held: readonly Drawn[],
  { least, maxBytes, keepLabel }: { least: number; maxBytes: number | undefined; keepLabel: string },
): Promise<void> {
  const model = await openModel(bytes)
  const names = labelsOf(model)
  const k = names.length
  const { label, score } = await predict(model, textsOf(held.map(({ text }) => text)), { k, threads: ctx.threads, maxBytes })
  const builder = new BatchBuilder(heldScores)
  let right = 0
  for (const [i, row] of held.entries()) {
    const own = label.subarray(i * k, (i + 1) * k)
    if (names[own[0] as number] === row.label) right++
    const at = own.indexOf(names.indexOf(keepLabel))
    builder.append({ label: row.label, score: at < 0 ? 0 : score[i * k + at] })
  }
  await (await ctx.writer('held')).append(builder.finish())
  ctx.count('train/classifier/held', held.length)
  ctx.count('train/classifier/right', right)
  if (held.length < fewestHeld || right / held.length >= least) return
  throw new MillraceError({
    code: 'MODEL_USELESS',
    kind: 'config',
    expected: `a classifier that labels at least ${(least * 100).toFixed(0)} % of the held-back texts rightly (classifier.train.minAccuracy)`,
    found: `${right} of ${held.length}`,
    where: 'filter.classifier.train',
    next: 'see whether the labels can be told apart by words; raise epoch, lr or the number of texts',
  })
}

async function weakRows(ctx: Ctx): Promise<Drawn[]> {
  const rows: Drawn[] = []
  for await (const batch of ctx.batches('sort.classifier')) {
    const [order, text, label, from] = [batch.column('order'), batch.column('text'), batch.column('label'), batch.column('from')]
    const orders = order.data as BigUint64Array
    for (let i = 0; i < batch.rows; i++)
      rows.push({ order: orders[i] as bigint, text: text.text(i), label: label.text(i), from: from.text(i) })
  }
  return rows
}

/** In the order of their hash, so that the order of the file teaches nothing. */
async function givenRows(ctx: Ctx, path: string): Promise<Drawn[]> {
  const rows: Drawn[] = []
  let size = 0
  for await (const { text, label } of readLabelled(path)) {
    size += text.length
    // Texts stand here and, as bytes, in native code; a character is two bytes here.
    if (size * 6 > ctx.maxMemory)
      throw new MillraceError({
        code: 'CLASSIFIER_MEMORY',
        kind: 'config',
        expected: `labelled texts that fit a unit (run.maxMemory, ${ctx.maxMemory} bytes)`,
        found: `more than ${rows.length} texts of ${size} characters`,
        where: path,
        next: 'give fewer or shorter texts, or raise run.maxMemory',
      })
    const id = hashBytes(Buffer.from(`${label}\0${text}`))
    rows.push({ text, label, from: 'given', order: seededHash(ctx.seed, id, 'filter/classifier')[0] as bigint })
    if (rows.length % 1000 === 0) ctx.progress({})
  }
  return rows.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
}

/** Texts held back from a language model at most. */
const mostHeld = 200

export async function trainFluencyUnit(ctx: Ctx): Promise<void> {
  const train = ctx.config.fluency?.train
  if (!train) throw new TypeError('filter: nothing asks for a language model')
  const held: string[] = []
  async function* taught(): AsyncGenerator<Texts> {
    for await (const batch of ctx.batches('sort.fluency')) {
      const [order, text] = [batch.column('order').data as BigUint64Array, batch.column('text')]
      const rows = Array.from({ length: batch.rows }, (_, i) => i)
      const back = new Set(rows.filter(i => heldBack(order[i] as bigint)).slice(0, mostHeld - held.length))
      for (const i of back) held.push(text.text(i))
      const staying = Uint32Array.from(rows.filter(i => !back.has(i)))
      ctx.count('train/fluency/texts', staying.length)
      if (staying.length) yield textsIn(batch.take(staying).column('text'))
      ctx.progress({})
    }
  }
  const beat = setInterval(() => ctx.progress({}), 2000)
  const model = ctx.file('model')
  const report = await trainOnTexts(taught(), {
    order: train.order,
    prune: train.prune,
    fallback: train.fallback,
    binary: model,
    ...(train.arpa ? { arpa: ctx.file('arpa') } : {}),
    scratch: ctx.scratch,
    maxMemory: Math.max(MiB, Math.floor(ctx.maxMemory / 2)),
  }).finally(() => clearInterval(beat))
  for (const name of ['words', 'sentences', 'vocabulary'] as const) ctx.count(`train/fluency/${name}`, report[name])
  if (held.length) await testFluency(ctx, model, held, train.order)
}

/** How much more words out of order must surprise a model of more than single words. */
const leastSurprise = 1.1

async function testFluency(ctx: Ctx, path: string, held: readonly string[], order: number): Promise<void> {
  const model = await loadModel(path)
  const measure = async (texts: readonly string[]) => {
    const { log10, words, sentences } = await scoreTexts(model, textsOf(texts), { lines: true, threads: ctx.threads })
    const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0)
    const each = Array.from(log10, (value, i) =>
      words[i] ? 10 ** (-value / ((words[i] as number) + (sentences[i] as number))) : undefined,
    )
    return { each, all: 10 ** (-sum(log10) / Math.max(1, sum(words) + sum(sentences))) }
  }
  const [inOrder, mixedUp] = [await measure(held), await measure(held.map(outOfOrder))]
  const [whole, mixed] = [inOrder.all, mixedUp.all]
  const builder = new BatchBuilder(heldPerplexities)
  for (const [i, each] of inOrder.each.entries()) builder.append({ whole: each, outOfOrder: mixedUp.each[i] })
  await (await ctx.writer('held')).append(builder.finish())
  ctx.count('train/fluency/held', held.length)
  ctx.count('train/fluency/perplexity', Math.round(whole))
  ctx.count('train/fluency/perplexityOutOfOrder', Math.round(mixed))
  if (held.length < fewestHeld || order === 1 || mixed > whole * leastSurprise) return
  throw new MillraceError({
    code: 'MODEL_USELESS',
    kind: 'config',
    expected: `held-back texts to surprise the model less (perplexity ${whole.toFixed(1)}) than the same words out of order`,
    found: `perplexity ${mixed.toFixed(1)} of these`,
    where: 'filter.fluency.train',
    next: 'train on more prose: raise fluency.train.maxBytes, or see what earlier steps keep',
  })
}

/** The words of each line in an order that follows from them alone. */
const outOfOrder = (text: string): string =>
  text
    .split('\n')
    .map(line => {
      const words = line.split(' ')
      const keyed = words.map((word, i) => ({ word, key: createHash('sha256').update(`${i}\0${word}`).digest('hex') }))
      return keyed
        .sort((a, b) => (a.key < b.key ? -1 : 1))
        .map(({ word }) => word)
        .join(' ')
    })
    .join('\n')
