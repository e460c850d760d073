/**
 * Fluency: an n-gram language model says how well words follow each other, as the perplexity of a text (CCNet, arXiv 1911.00359; DCLM and
 * RedPajama use it too). It is the fine sieve behind the coarse classifier: broken text, word lists and machine output score high, and so
 * does prose of a kind that the model was not trained on. So it is measured first, and thresholds come from `perplexityBuckets`.
 *
 * Our models (`trainModel`) split texts as they were trained: words in small letters, digits as 0, sentences by line and end mark
 * (native/ngram/words.h). An ARPA file of another program is read at white space, each line a sentence: give it texts split its way, or its
 * perplexity means little. A text's perplexity is over words and sentence ends, unknown words included.
 */
import { rm, stat } from 'node:fs/promises'
import * as z from 'zod'
import { loadModel, type NgramModel, openTrainer, scoreTexts, type TrainReport } from '../../native/addon/ngram.ts'
import type { Texts } from '../../native/addon/text.ts'
import { type Batch, Column, f64, utf8 } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import { type NamedFile, sha256Of } from '../files.ts'
import { numberColumn, textsIn } from './columns.ts'
import { checkNgramHead, ModelHeadError, smallModel } from './model_head.ts'
import type { Step, Verdict } from './step.ts'

const bucketsSchema = z
  .strictObject({ head: z.number().positive(), middle: z.number().positive() })
  .refine(({ head, middle }) => head <= middle, { message: 'expected head to be at most middle' })

export const fluencyTrainSchema = z
  .strictObject({
    maxBytes: z
      .int()
      .min(1)
      .default(2 ** 26)
      .describe('About how many bytes of documents are drawn by hash(seed, id); prose among them that earlier steps kept is learnt'),
    order: z.int().min(1).max(6).default(5).describe('Words of the longest n-grams'),
    prune: z
      .array(z.int().min(0))
      .min(1)
      .max(6)
      .default([0, 0, 1])
      .describe('N-grams seen at most so often are left out, by order; the last number holds for the rest'),
    fallback: z.boolean().default(false).describe('Train on little or artificial text, too, with discounts that are not estimated'),
    arpa: z.boolean().default(false).describe('Write the model as ARPA as well'),
  })
  .describe('Trains the model on documents that earlier steps kept')

export type FluencyTrain = z.output<typeof fluencyTrainSchema>

export const fluencySchema = z
  .strictObject({
    model: z.string().optional().describe('An n-gram model: ours (binary), or ARPA, also .gz and .zst; relative to the config'),
    train: fluencyTrainSchema.optional(),
    maxPerplexity: z.number().positive().nullable().default(null).describe('A text with more is dropped; null = only measure'),
    maxUnknown: z.number().min(0).max(1).nullable().default(null).describe('A text with a larger share of unknown words is dropped'),
    minWords: z.int().min(1).default(20).describe('Texts of fewer words are measured and never dropped: their perplexity says little'),
    buckets: bucketsSchema
      .nullable()
      .default(null)
      .describe('Perplexities up to which a text is `head` or `middle` in the statistic `perplexity_bucket`; beyond is `tail`'),
    skipKinds: z.array(z.string()).default(['code', 'repository']).describe('Kinds of documents that are measured and never dropped'),
  })
  .refine(({ model, train }) => (model === undefined) !== (train === undefined), { message: 'expected one of model and train' })
  .describe('Perplexity of a text under an n-gram language model')

export type FluencyConfig = z.output<typeof fluencySchema>

/** Files that the config names, for Stage.files; `place` is where the section lies. */
export const fluencyFiles = ({ model }: FluencyConfig, place = 'fluency'): NamedFile[] =>
  model === undefined ? [] : [{ place: `${place}.model`, path: model }]

/**
 * Measures `fluency_words` and, null for a text without words, `perplexity`, `oov_share` and, where buckets are given, `perplexity_bucket`. `config.model` is the
 * path of the file, also of one that the stage trained; `sha256` the digest that was pinned.
 */
export function fluencyStep(config: FluencyConfig, sha256?: string): Step {
  const { buckets, maxPerplexity, maxUnknown } = config
  return {
    name: 'fluency',
    fields: [
      { name: 'perplexity', type: f64(), nullable: true },
      { name: 'oov_share', type: f64(), nullable: true },
      { name: 'fluency_words', type: f64(), nullable: true },
      ...(buckets ? [{ name: 'perplexity_bucket', type: utf8(), nullable: true }] : []),
    ],
    async open() {
      await modelOf(config.model ?? '', sha256)
    },
    async check() {
      if (config.model !== undefined) await checkModel(config.model, sha256)
    },
    async run(batch, { threads }) {
      const model = await modelOf(config.model ?? '', sha256)
      const { log10, words, unknown, sentences } = await scoreTexts(model, textsIn(batch.column('text')), { lines: true, threads })
      const perplexity = log10.map((score, i) =>
        words[i] ? 10 ** (-score / ((words[i] as number) + (sentences[i] as number))) : Number.NaN,
      )
      const oov = Float64Array.from(unknown, (count, i) => (words[i] ? count / (words[i] as number) : Number.NaN))
      const kind = batch.column('kind')
      const verdicts = new Map<number, Verdict>()
      for (let i = 0; i < batch.rows; i++) {
        if ((words[i] as number) < config.minWords || config.skipKinds.includes(kind.text(i))) continue
        const [surprise, share] = [perplexity[i] as number, oov[i] as number]
        if (maxPerplexity !== null && surprise > maxPerplexity)
          verdicts.set(i, { reason: 'fluency_perplexity', value: surprise, threshold: maxPerplexity })
        else if (maxUnknown !== null && share > maxUnknown)
          verdicts.set(i, { reason: 'fluency_unknown', value: share, threshold: maxUnknown })
      }
      const measured = [numberColumn(perplexity), numberColumn(oov), numberColumn(Float64Array.from(words))]
      return { verdicts, measured: buckets ? [...measured, bucketColumn(perplexity, buckets)] : measured }
    },
  }
}

/** Perplexities at which CCNet cuts: 30 % of texts are head, 30 % middle, the rest tail. NaN are left out; undefined where nothing is left. */
export function perplexityBuckets(
  perplexities: Iterable<number>,
  shares = { head: 0.3, middle: 0.6 },
): z.output<typeof bucketsSchema> | undefined {
  const sorted = Float64Array.from(perplexities)
    .filter(each => !Number.isNaN(each))
    .sort()
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number
  return sorted.length ? { head: at(shares.head), middle: at(shares.middle) } : undefined
}

export interface TrainModelOptions {
  /** Files to write, at least one: `binary` is what steps map; `arpa` is what other programs read. */
  binary?: string
  arpa?: string
  /** An existing folder for sorted counts. */
  scratch: string
  /** Default 5. */
  order?: number
  /** See native/addon/ngram.ts; default [0, 0, 1]: of three words on, what occurs once is left out. */
  prune?: readonly number[]
  /** Bytes; cannot change the result. Default 1 GiB. */
  maxMemory?: number
  /** Train on little or artificial text, too. Default false. */
  fallback?: boolean
  /** Kinds that are not prose. Default code and repository. */
  skipKinds?: readonly string[]
}

/**
 * Trains a model on the column `text` of documents, in the order given. TOO_LITTLE_TEXT where discounts cannot be estimated; MODEL_MEMORY
 * where vocabulary or model would pass `maxMemory`. No file is left where it fails.
 */
export async function trainModel(batches: AsyncIterable<Batch> | Iterable<Batch>, options: TrainModelOptions): Promise<TrainReport> {
  const { skipKinds = ['code', 'repository'], ...rest } = options
  return trainOnTexts(proseOf(batches, skipKinds), rest)
}

async function* proseOf(batches: AsyncIterable<Batch> | Iterable<Batch>, skipKinds: readonly string[]): AsyncGenerator<Texts> {
  for await (const batch of batches) {
    const kind = batch.column('kind')
    const prose = Uint32Array.from({ length: batch.rows }, (_, i) => i).filter(i => !skipKinds.includes(kind.text(i)))
    if (prose.length) yield textsIn((prose.length === batch.rows ? batch : batch.take(prose)).column('text'))
  }
}

/** `trainModel` of texts as they are. */
export async function trainOnTexts(texts: AsyncIterable<Texts>, options: Omit<TrainModelOptions, 'skipKinds'>): Promise<TrainReport> {
  const trainer = openTrainer({ prune: [0, 0, 1], ...options, words: 'simple' })
  try {
    for await (const each of texts) await trainer.add(each)
    return await trainer.finish()
  } catch (error) {
    for (const path of [options.arpa, options.binary]) if (path !== undefined) await rm(path, { force: true })
    throw explained(error)
  }
}

function explained(error: unknown): unknown {
  const { code, message } = error as { code?: string; message: string }
  const [, expected, found, next] = /^expected (.*?), found (.*?)(?:: (.*))?$/s.exec(message) ?? []
  if (expected === undefined || found === undefined) return error
  const fields = { expected, found, where: 'training of an n-gram model', next }
  if (code === 'TOO_LITTLE_TEXT') return new MillraceError({ code, kind: 'config', ...fields }, { cause: error })
  if (code === 'MEMORY') return new MillraceError({ code: 'MODEL_MEMORY', kind: 'config', ...fields }, { cause: error })
  return error
}

const opened = new Map<string, Promise<NgramModel>>()

/** MODEL_FILE where it cannot be read, MODEL_CHANGED where it has other bytes than those pinned, BAD_MODEL where it is no such model. */
function modelOf(path: string, sha256: string | undefined): Promise<NgramModel> {
  const key = `${sha256 ?? ''} ${path}`
  const before = opened.get(key)
  if (before) return before
  const model = open(path, sha256)
  opened.set(key, model)
  model.catch(() => opened.delete(key))
  return model
}

const next = 'name an ARPA file, or a model that trainModel wrote'
const wrong = (path: string, code: string, expected: string, found: string, then = next): MillraceError =>
  new MillraceError({ code, kind: 'config', expected, found, where: `filter.fluency.model (${path})`, next: then })

/** As `modelOf`, and keeps nothing: a small model is read whole, of a large one no more than how it begins. */
async function checkModel(path: string, sha256: string | undefined): Promise<void> {
  const info = await stat(path).catch(() => undefined)
  if (!info || info.size <= smallModel) return void (await open(path, sha256))
  await checkNgramHead(path).catch(error => {
    if (error instanceof ModelHeadError) throw wrong(path, 'BAD_MODEL', error.expected, error.found)
    throw wrong(path, 'MODEL_FILE', 'an n-gram model that can be read', String(error.code ?? error))
  })
}

async function open(path: string, sha256: string | undefined): Promise<NgramModel> {
  const digest = await sha256Of(path).catch(error => {
    throw wrong(path, 'MODEL_FILE', 'an n-gram model that can be read', String(error.code ?? error))
  })
  if (sha256 !== undefined && digest !== sha256)
    throw wrong(
      path,
      'MODEL_CHANGED',
      `the bytes that were pinned (sha256 ${sha256.slice(0, 16)}…)`,
      `${digest.slice(0, 16)}…`,
      'put the file back',
    )
  return loadModel(path).catch(error => {
    const [, at, expected, found] = /^((?:line|byte) \d+): expected (.*), found (.*)$/s.exec(error.message) ?? []
    if (error.code !== 'BAD_MODEL') throw error
    throw wrong(path, 'BAD_MODEL', `${expected ?? 'an n-gram model'} at ${at ?? 'its start'}`, found ?? error.message)
  })
}

function bucketColumn(perplexity: Float64Array, { head, middle }: z.output<typeof bucketsSchema>): Column {
  const names = ['head', 'middle', 'tail'].map(name => Buffer.from(name))
  const rows = perplexity.length
  const offsets = new Int32Array(rows + 1)
  const validity = new Uint8Array((rows + 7) >>> 3)
  const parts: Buffer[] = []
  for (const [i, value] of perplexity.entries()) {
    if (!Number.isNaN(value)) {
      validity[i >>> 3] = (validity[i >>> 3] as number) | (1 << (i & 7))
      parts.push(names[value <= head ? 0 : value <= middle ? 1 : 2] as Buffer)
    }
    offsets[i + 1] = (offsets[i] as number) + (Number.isNaN(value) ? 0 : (parts.at(-1)?.length ?? 0))
  }
  return new Column({ type: utf8(), length: rows, validity, offsets, data: new Uint8Array(Buffer.concat(parts)) })
}
