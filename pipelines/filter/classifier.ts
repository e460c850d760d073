/**
 * The coarse classifier: a supervised fastText model says how likely a text belongs with what one wants, as DCLM and Ultra-FineWeb choose
 * theirs. It is cheap and shallow: it sees words and pairs of words, never an argument. What it takes for good is what its labels say.
 *
 * A config names a trained model, or has the stage train one (train.ts) from labelled texts: the user's (`readLabelled`), or weak ones
 * (weak_labels.ts). The model is a pure function of the set of labelled texts and the options.
 */
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import * as z from 'zod'
import { predict, type TrainOptions, train } from '../../native/addon/fasttext.ts'
import { type Texts, textsOf } from '../../native/addon/text.ts'
import { f64 } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import type { NamedFile } from '../files.ts'
import { linesIn } from '../lines.ts'
import { numberColumn, textsIn } from './columns.ts'
import { checkModel, labelsOf, modelOf } from './fasttext.ts'
import type { Step, Verdict } from './step.ts'

const count = (least: number, usual: number) => z.int().min(least).default(usual)

export const classifierTrainSchema = z
  .strictObject({
    labels: z
      .string()
      .optional()
      .describe('Labelled texts: JSONL (.gz, .zst) or Parquet with columns text and label, relative to the config. Default: weak labels'),
    maxDocuments: count(1, 20_000).describe('About how many documents weak labels are made of, drawn by hash(seed, id)'),
    dim: count(1, 16).describe('Width of a vector'),
    epoch: count(1, 25).describe('Times that every text is read'),
    lr: z.number().positive().default(0.5).describe('First rate; it falls linearly to 0'),
    wordNgrams: count(1, 2).describe('Longest n-gram of words'),
    minn: count(0, 0).describe('Shortest n-gram of characters; 0 = none'),
    maxn: count(0, 0).describe('Longest n-gram of characters; 0 = none'),
    bucket: count(1, 2 ** 18).describe('Vectors that n-grams share'),
    minCount: count(1, 1).describe('Words that occur less often have no vector of their own'),
    minAccuracy: z
      .number()
      .min(0)
      .max(1)
      .default(0.6)
      .describe('Share of held-back texts, a tenth of all, that it must label rightly, or the stage fails'),
  })
  .describe('Trains the model on documents that earlier steps kept')

export type ClassifierTrain = z.output<typeof classifierTrainSchema>

export const classifierSchema = z
  .strictObject({
    model: z.string().optional().describe('A supervised fastText model (.bin or .ftz), relative to the config'),
    train: classifierTrainSchema.optional(),
    name: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,63}$/)
      .default('quality')
      .describe('Of the statistic and of the rule'),
    keepLabel: z.string().min(1).default('good').describe('Label whose score counts, without __label__'),
    threshold: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .default(null)
      .describe('A document stays if `keepLabel` scores more than this; null = only measure'),
    skipKinds: z.array(z.string()).default(['code', 'repository']).describe('Kinds of documents that are measured and never dropped'),
    maxBytes: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('Bytes of a text that are read, less where this would cut a character. null = all'),
  })
  .refine(({ model, train }) => (model === undefined) !== (train === undefined), { message: 'expected one of model and train' })
  .describe('A coarse classifier: a supervised fastText model of your own labels')

export type ClassifierConfig = z.output<typeof classifierSchema>

/** Files that the config names, for Stage.files; `place` is where the section lies. */
export const classifierFiles = ({ model, train }: ClassifierConfig, place = 'classifier'): NamedFile[] => [
  ...(model === undefined ? [] : [{ place: `${place}.model`, path: model }]),
  ...(train?.labels === undefined ? [] : [{ place: `${place}.train.labels`, path: train.labels }]),
]

/**
 * Measures the score of `keepLabel` (fastText's: probability + 1e-5; null for a text without a word that the model knows). `config.model` is
 * the path of the file, also of one that the stage trained; `sha256` the digest that was pinned.
 */
export function classifierStep(config: ClassifierConfig, sha256?: string): Step {
  const { name, threshold, keepLabel } = config
  const file = { path: config.model ?? '', sha256, where: 'filter.classifier.model' }
  const numberOf = (labels: readonly string[]): number => {
    const wanted = labels.indexOf(keepLabel)
    if (wanted >= 0) return wanted
    throw new MillraceError({
      code: 'UNKNOWN_LABEL',
      kind: 'config',
      expected: `one of the model’s labels (${labels.slice(0, 8).join(', ')})`,
      found: JSON.stringify(keepLabel),
      where: 'filter.classifier.keepLabel',
      next: 'name the label that is to stay as the model does, without __label__',
    })
  }
  const open = async () => {
    const model = await modelOf(file)
    return { model, wanted: numberOf(labelsOf(model)) }
  }
  return {
    name: `classifier.${name}`,
    fields: [{ name, type: f64(), nullable: true }],
    async open() {
      await open()
    },
    async check() {
      if (config.model !== undefined) numberOf(await checkModel(file))
      const { labels } = config.train ?? {}
      if (labels === undefined) return
      for await (const _ of readLabelled(labels, { rows: 1 })) return
      throw new MillraceError({
        code: 'CLASSIFIER_LABELS',
        kind: 'config',
        expected: 'labelled texts',
        found: 'none',
        where: labels,
        next: 'name JSONL or Parquet with columns text and label',
      })
    },
    async run(batch, { threads }) {
      const { model, wanted } = await open()
      const k = model.labels.length
      const found = await predict(model, textsIn(batch.column('text')), { k, threads, maxBytes: config.maxBytes ?? undefined })
      const kind = batch.column('kind')
      const scores = new Float64Array(batch.rows)
      const verdicts = new Map<number, Verdict>()
      for (let i = 0; i < batch.rows; i++) {
        const labels = found.label.subarray(i * k, (i + 1) * k)
        const at = labels.indexOf(wanted)
        // A label that was too improbable to be listed has no score, which is 0; a text without a label has none at all.
        const score = labels[0] === -1 ? Number.NaN : at < 0 ? 0 : (found.score[i * k + at] as number)
        scores[i] = score
        if (threshold === null || score > threshold || config.skipKinds.includes(kind.text(i))) continue
        verdicts.set(i, { reason: name, value: Number.isNaN(score) ? 0 : score, threshold })
      }
      return { verdicts, measured: [numberColumn(scores)] }
    },
  }
}

export interface Labelled {
  text: string
  label: string
}

/**
 * A model as the bytes of a .bin file. CLASSIFIER_LABELS where there are fewer than two labels, or one has white space in it; options as
 * fastText has them (native/addon/fasttext.ts).
 */
export async function trainClassifier(texts: Texts, labels: readonly string[], options: TrainOptions = {}): Promise<Uint8Array> {
  const names = [...new Set(labels)].sort()
  const wrong = names.find(name => !/^\S+$/.test(name))
  if (names.length < 2 || wrong !== undefined || labels.length !== texts.offsets.length - 1)
    throw new MillraceError({
      code: 'CLASSIFIER_LABELS',
      kind: 'config',
      expected: 'a label for every text, two different ones at least, none with white space',
      found:
        wrong !== undefined
          ? JSON.stringify(wrong)
          : `${labels.length} labels (${names.slice(0, 4).join(', ')}) for ${texts.offsets.length - 1} texts`,
      where: 'filter.classifier',
    })
  const numbers = new Map(names.map((name, i) => [name, i]))
  return train(
    texts,
    Int32Array.from(labels, label => numbers.get(label) as number),
    names,
    options,
  )
}

/** `trainClassifier` of labelled texts in memory. */
export const trainOn = (rows: readonly Labelled[], options: TrainOptions = {}): Promise<Uint8Array> =>
  trainClassifier(
    textsOf(rows.map(({ text }) => text)),
    rows.map(({ label }) => label),
    options,
  )

/**
 * Reads labelled texts from JSONL (.gz, .zst) or Parquet; of Parquet the first `rows` alone, where that is given. CLASSIFIER_LABELS names the
 * row that has no text or no label.
 */
export async function* readLabelled(
  path: string,
  { columns = { text: 'text', label: 'label' }, rows }: { columns?: { text: string; label: string }; rows?: number } = {},
): AsyncGenerator<Labelled, void, undefined> {
  let row = 0
  const labelled = (record: Record<string, unknown>): Labelled => {
    row++
    const [text, label] = [record[columns.text], record[columns.label]]
    if (typeof text === 'string' && (typeof label === 'string' || typeof label === 'number')) return { text, label: String(label) }
    throw new MillraceError({
      code: 'CLASSIFIER_LABELS',
      kind: 'config',
      expected: `a text in ${columns.text} and a label in ${columns.label}`,
      found: `${typeof text} and ${typeof label}`,
      where: `${path}, row ${row}`,
    })
  }
  if (path.endsWith('.parquet')) {
    const file = await asyncBufferFromFile(path)
    for (const record of await parquetReadObjects({
      file,
      columns: Object.values(columns),
      compressors,
      ...(rows ? { rowEnd: rows } : {}),
    }))
      yield labelled(record)
    return
  }
  for await (const line of linesIn(path)) if (line.trim() !== '') yield labelled(parsed(line, path, row + 1))
}

function parsed(line: string, path: string, row: number): Record<string, unknown> {
  try {
    const record = JSON.parse(line) as unknown
    if (typeof record === 'object' && record !== null) return record as Record<string, unknown>
  } catch {
    // Said below, with its place.
  }
  throw new MillraceError({
    code: 'CLASSIFIER_LABELS',
    kind: 'config',
    expected: 'a JSON object on every line',
    found: JSON.stringify(line.slice(0, 40)),
    where: `${path}, row ${row}`,
  })
}
