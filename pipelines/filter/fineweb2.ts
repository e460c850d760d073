/**
 * FineWeb-2's filters for languages that no tokenizer of ours knows: words of UAX #29, thresholds and stop words from that project's files, one a
 * language (huggingface/fineweb-2, configs/<language>.yml), which the user gives. Rules and their order are those of fineweb-2-pipeline.py.
 *
 * No conformance is claimed: FineWeb-2 counts with a tokenizer per language, so that its thresholds fit other words a little. Two things in its
 * files are other steps' here: `language_score` is a threshold for scores of GlotLID (language.thresholds takes it, with that model), and
 * duplicates are the stage `dedup`.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import * as z from 'zod'
import { judgePublished, notJudged, type PublishedPass, publishedStatistics } from '../../native/addon/profiles.ts'
import type { Batch } from '../arrow/index.ts'
import { f64 } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import type { NamedFile } from '../files.ts'
import { numberColumn, textsIn } from './columns.ts'
import { type PublishedRule, refusedRows } from './published.ts'
import type { Measured, Step, Verdict } from './step.ts'

export const fineweb2Schema = z
  .strictObject({
    languages: z
      .record(z.string().min(1), z.string().min(1))
      .refine(languages => Object.keys(languages).length > 0, 'expected at least one language')
      .refine(languages => Object.keys(languages).length <= notJudged, `expected at most ${notJudged} languages`)
      .describe('Language, as the language step or the source names it -> a configs/<language>.yml of FineWeb-2, relative to the config'),
    skipKinds: z.array(z.string()).default(['code', 'repository']).describe('Kinds of documents that are not judged'),
    maxDocumentBytes: z
      .int()
      .min(1)
      .max(2 ** 30)
      .default(64 * 2 ** 20)
      .describe('A longer document cannot be judged'),
  })
  .describe('FineWeb-2 rules by language: words of UAX #29, thresholds from files that you give')

export type Fineweb2Config = z.output<typeof fineweb2Schema>

/** Files that the section names, for pipelines/files.ts. */
export const fineweb2Files = ({ languages }: Fineweb2Config, place = 'fineweb2'): NamedFile[] =>
  Object.entries(languages).map(([language, path]) => ({ place: `${place}.languages.${language}`, path }))

const share = z.number().min(0).max(1)
const ngrams = (least: number, most: number) => z.array(z.tuple([z.int().min(least).max(most), share]))

/** A file of FineWeb-2. Keys that it may have besides these are not rules of its filters. */
const fileSchema = z.object({
  dup_line_frac: share,
  top_n_grams: ngrams(2, 4),
  dup_n_grams: ngrams(5, 10),
  line_punct_thr: share,
  new_line_ratio: z.number().min(0),
  min_avg_word_length: z.number().min(0),
  max_avg_word_length: z.number().min(0),
  max_non_alpha_words_ratio: share,
  stopwords: z.array(z.string().min(1)).min(1),
  language_score: share,
})

export interface Fineweb2Profile {
  rules: PublishedRule[]
  stopWords: string[]
  /** Least score that FineWeb-2 asks of GlotLID for this language. Nothing here applies it. */
  languageScore: number
}

/** The rules of a file's text. MillraceError FINEWEB2_FILE naming what is missing or wrong. */
export function fineweb2Profile(yaml: string, where: string): Fineweb2Profile {
  const fail = (found: string) =>
    new MillraceError({
      code: 'FINEWEB2_FILE',
      kind: 'config',
      expected: 'a file configs/<language>.yml of huggingface/fineweb-2',
      found,
      where,
      next: 'take the file as that repository has it',
    })
  let value: unknown
  try {
    value = parse(yaml, { maxAliasCount: 0 })
  } catch (error) {
    throw fail(`what YAML cannot read: ${(error as Error).message.split('\n')[0]}`)
  }
  const parsed = fileSchema.safeParse(value)
  if (!parsed.success) throw fail(parsed.error.issues.map(issue => `${issue.path.join('.') || 'the whole'}: ${issue.message}`).join('; '))
  return profileOf(parsed.data)
}

function profileOf(file: z.output<typeof fileSchema>): Fineweb2Profile {
  const rule = (name: string, statistic: string, drops: 'below' | 'above', threshold: number): PublishedRule => ({
    name: `fineweb2_${name}`,
    statistic: `multilingual_${statistic}`,
    drops,
    threshold,
  })
  const rules = [
    rule('no_words', 'words', 'below', 1),
    rule('dup_line_frac', 'duplicate_lines', 'above', file.dup_line_frac),
    ...file.top_n_grams.map(([n, threshold]) => rule(`top_${n}_gram`, `top_${n}gram`, 'above', threshold)),
    ...file.dup_n_grams.map(([n, threshold]) => rule(`duplicated_${n}_n_grams`, `duplicate_${n}grams`, 'above', threshold)),
    rule('line_punct_ratio', 'terminal_lines', 'below', file.line_punct_thr),
    rule('char_dup_ratio', 'duplicate_line_characters', 'above', 0.1),
    rule('list_ratio', 'newlines_per_word', 'above', file.new_line_ratio),
    rule('short_doc', 'real_words', 'below', 50),
    rule('long_doc', 'real_words', 'above', 100_000),
    rule('below_avg_threshold', 'mean_word_length', 'below', file.min_avg_word_length),
    rule('above_avg_threshold', 'mean_word_length', 'above', file.max_avg_word_length),
    rule('too_many_hashes', 'hashes', 'above', 0.1),
    rule('too_many_ellipsis', 'ellipses', 'above', 0.1),
    rule('too_many_bullets', 'bullet_lines', 'above', 0.9),
    rule('too_many_end_ellipsis', 'ellipsis_lines', 'above', 0.3),
    rule('below_alpha_threshold', 'alphabetic_words', 'below', file.max_non_alpha_words_ratio),
    rule('enough_stop_words', 'stop_words', 'below', 2),
  ]
  return { rules, stopWords: [...new Set(file.stopwords)], languageScore: file.language_score }
}

/** `digest` says what a language's file held when it was pinned. Files are read with the first batch: FINEWEB2_FILE, FINEWEB2_CHANGED. */
export function fineweb2Step(config: Fineweb2Config, digest: (language: string) => string | undefined = () => undefined): Step {
  const languages = Object.keys(config.languages).sort()
  const skipped = new Set(config.skipKinds)
  const statistics = publishedStatistics().flatMap((name, number) => (name.startsWith('multilingual_') ? [{ name, number }] : []))
  let opening: Promise<Fineweb2Profile[]> | undefined
  const open = () => Promise.all(languages.map(language => read(language, config.languages[language] as string, digest(language))))
  return {
    name: 'fineweb2',
    fields: statistics.map(({ name }) => ({ name, type: f64(), nullable: true })),
    async open() {
      await (opening ??= open())
    },
    async run(batch, { threads, measured }) {
      opening ??= open()
      const profiles = await opening
      const passes = profiles.map(({ rules, stopWords }): PublishedPass[] => [{ edit: 'none', steps: rules, stopWords }])
      const profileOf = languagesOf(batch, measured, languages, skipped)
      const judged = await judgePublished(textsIn(batch.column('text')), profileOf, passes, {
        threads,
        maxDocumentBytes: config.maxDocumentBytes,
      })
      const verdicts = new Map<number, Verdict>()
      for (const [i, step] of judged.step.entries()) {
        const dropped = profiles[profileOf[i] as number]?.rules[step]
        if (dropped) verdicts.set(i, { reason: dropped.name, value: judged.value[i] as number, threshold: judged.threshold[i] as number })
      }
      return {
        verdicts,
        measured: statistics.map(({ number }) => numberColumn(judged.statistics[number] as Float64Array)),
        ...refusedRows(judged),
      }
    },
  }
}

/** What the files of a config say, by language; one that is gone or that changed since it was pinned is left out. */
export async function fineweb2Profiles(
  { languages }: Fineweb2Config,
  digest: (language: string) => string | undefined,
): Promise<Map<string, Fineweb2Profile>> {
  const profiles = new Map<string, Fineweb2Profile>()
  for (const language of Object.keys(languages).sort()) {
    const profile = await read(language, languages[language] as string, digest(language)).catch(() => undefined)
    if (profile) profiles.set(language, profile)
  }
  return profiles
}

/** Row -> place of its language, `notJudged` where it has none of these; what the language step measured goes before what the source said. */
export function languagesOf(
  batch: Batch,
  measured: Measured | undefined,
  languages: readonly string[],
  skipped: ReadonlySet<string>,
): Uint8Array {
  const [kind, said] = [batch.column('kind'), batch.column('language')]
  const found = measured?.has('language') ? measured.column('language') : undefined
  return Uint8Array.from({ length: batch.rows }, (_, i) => {
    if (skipped.has(kind.text(i))) return notJudged
    const language = found && !found.isNull(i) ? found.text(i) : said.isNull(i) ? undefined : said.text(i)
    const place = language === undefined ? -1 : languages.indexOf(language)
    return place < 0 ? notJudged : place
  })
}

async function read(language: string, path: string, sha256: string | undefined): Promise<Fineweb2Profile> {
  const where = `filter.fineweb2.languages.${language}`
  const bytes = await readFile(path).catch(error => {
    throw new MillraceError({
      code: 'FINEWEB2_FILE',
      kind: 'config',
      expected: 'a file configs/<language>.yml of huggingface/fineweb-2',
      found: `${path}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`,
      where,
      next: 'name the file relative to the config',
    })
  })
  const now = createHash('sha256').update(bytes).digest('hex')
  if (sha256 !== undefined && now !== sha256)
    throw new MillraceError({
      code: 'FINEWEB2_CHANGED',
      kind: 'config',
      expected: `the content that was pinned, ${sha256.slice(0, 16)}`,
      found: now.slice(0, 16),
      where,
      next: 'put the file back, or start the run again with the new one',
    })
  return fineweb2Profile(bytes.toString('utf8'), where)
}
