/**
 * The coarse classifier: a supervised fastText model says how likely a text belongs with what one wants, as DCLM and Ultra-FineWeb choose
 * theirs. It is cheap and shallow: it sees words and pairs of words, never an argument. What it takes for good is what its labels say.
 *
 * A config names a trained model. `trainClassifier` makes one from labelled texts: the user's (`readLabelled`), or weak ones
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
import { labelsOf, modelOf } from './fasttext.ts'
import type { Step, Verdict } from './step.ts'

export const classifierSchema = z
  .strictObject({
    model: z.string().describe('A supervised fastText model (.bin or .ftz), relative to the config'),
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
  .describe('A coarse classifier: a supervised fastText model of your own labels')

export type ClassifierConfig = z.output<typeof classifierSchema>

/** Files that the config names, for Stage.files; `place` is where the section lies. */
export const classifierFiles = ({ model }: ClassifierConfig, place = 'classifier'): NamedFile[] => [
  { place: `${place}.model`, path: model },
]

/** Measures the score of `keepLabel` (fastText's: probability + 1e-5; null for a text without a word that the model knows). */
export function classifierStep(config: ClassifierConfig, sha256?: string): Step {
  const { name, threshold, keepLabel } = config
  return {
    name: `classifier.${name}`,
    fields: [{ name, type: f64(), nullable: true }],
    async run(batch, { threads }) {
      const where = 'filter.classifier'
      const model = await modelOf({ path: config.model, sha256, where: `${where}.model` })
      const wanted = labelsOf(model).indexOf(keepLabel)
      if (wanted < 0)
        throw new MillraceError({
          code: 'UNKNOWN_LABEL',
          kind: 'config',
          expected: `one of the model’s labels (${labelsOf(model).slice(0, 8).join(', ')})`,
          found: JSON.stringify(keepLabel),
          where: `${where}.keepLabel`,
        })
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

/** Reads labelled texts from JSONL (.gz, .zst) or Parquet. CLASSIFIER_LABELS names the row that has no text or no label. */
export async function* readLabelled(path: string, columns = { text: 'text', label: 'label' }): AsyncGenerator<Labelled, void, undefined> {
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
    for (const record of await parquetReadObjects({ file, columns: Object.values(columns), compressors })) yield labelled(record)
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
