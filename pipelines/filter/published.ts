/**
 * Published definitions that are not datatrove's, as data: which edits, which rules, in which order, with which thresholds; and the step that
 * judges by them. Native code measures each family of statistics once, where a rule asks it (native/text/published.h).
 *
 * What a definition needs beyond the text is not here: languages and URLs have steps of their own, PII too, and what compares documents
 * (C4's windows of three sentences, Dolma's and DCLM's duplicates) is the stage `dedup`.
 */
import * as z from 'zod'
import {
  type Comparison,
  type EditName,
  judgePublished,
  notJudged,
  type PublishedJudgement,
  type PublishedPass,
  publishedStatistics,
} from '../../native/addon/profiles.ts'
import { statuses } from '../../native/addon/text.ts'
import { f64 } from '../arrow/index.ts'
import { numberColumn, textsIn } from './columns.ts'
import type { Step, Verdict } from './step.ts'

export interface PublishedRule {
  /** Unique within its profile: the key of a threshold, and what a decision says. */
  name: string
  statistic: string
  drops: Comparison
  threshold: number
}

export interface PublishedProfile {
  /** Where the definition stands. */
  source: string
  passes: readonly { edit: EditName; rules: readonly PublishedRule[] }[]
}

const rule = (name: string, statistic: string, drops: Comparison, threshold: number): PublishedRule => ({
  name,
  statistic,
  drops,
  threshold,
})

/** Rules for n = first, first + 1, … with one threshold each. */
const ngrams = (
  first: number,
  thresholds: readonly number[],
  name: (n: number) => string,
  statistic: (n: number) => string,
): PublishedRule[] => thresholds.map((threshold, i) => rule(name(first + i), statistic(first + i), 'above', threshold))

const top = [0.2, 0.18, 0.16]
const duplicate = [0.15, 0.14, 0.13, 0.12, 0.11, 0.1]

/** NeMo Curator's names and thresholds, in its order. A text without words makes the package divide by zero: here it is a verdict. */
const nemo: PublishedRule[] = [
  rule('alpha_numeric', 'nemo_alpha_numeric', 'above', 0.25),
  rule('no_words', 'nemo_word_count', 'below', 1),
  rule('symbol_to_word', 'nemo_symbol_to_word', 'above', 0.1),
  rule('numbers_ratio', 'nemo_numbers_ratio', 'above', 0.15),
  rule('urls_ratio', 'nemo_urls_ratio', 'above', 0.2),
  rule('white_space', 'nemo_white_space', 'above', 0.25),
  rule('parentheses_ratio', 'nemo_parentheses_ratio', 'above', 0.1),
  rule('boilerplate_string_ratio', 'nemo_boilerplate_string_ratio', 'above', 0.4),
  rule('repeated_lines', 'nemo_repeated_lines', 'below', 0.7),
  rule('repeated_paragraphs', 'nemo_repeated_paragraphs', 'below', 0.7),
  rule('repeated_lines_char', 'nemo_repeated_lines_char', 'below', 0.8),
  rule('repeated_paragraphs_char', 'nemo_repeated_paragraphs_char', 'below', 0.8),
  rule('word_count_min', 'nemo_word_count', 'below', 50),
  rule('word_count_max', 'nemo_word_count', 'above', 100_000),
  rule('punctuation', 'nemo_punctuation', 'above', 0.85),
  rule('words_without_alphabets', 'nemo_words_without_alphabets', 'below', 0.8),
  rule('common_english_words', 'nemo_common_english_words', 'below', 2),
  rule('mean_word_length_min', 'nemo_mean_word_length', 'below', 3),
  rule('mean_word_length_max', 'nemo_mean_word_length', 'above', 10),
  rule('max_word_length', 'nemo_max_word_length', 'above', 1000),
  rule('ellipsis', 'nemo_ellipsis', 'above', 0.3),
  ...ngrams(
    2,
    top,
    n => `repeating_top_${n}grams`,
    n => `nemo_repeating_top_${n}grams`,
  ),
  ...ngrams(
    5,
    duplicate,
    n => `repeating_dup_${n}gram`,
    n => `nemo_repeating_dup_${n}gram`,
  ),
  rule('bullet_ratio', 'nemo_bullet_ratio', 'above', 0.9),
]

/** The mixer's expressions over the tagger's attributes, in their order. */
const dolma: PublishedRule[] = [
  rule('gopher_v1__word_count_min', 'dolma_word_count', 'below', 50),
  rule('gopher_v1__word_count_max', 'dolma_word_count', 'above', 100_000),
  rule('gopher_v1__median_word_length_min', 'dolma_median_word_length', 'below', 3),
  rule('gopher_v1__median_word_length_max', 'dolma_median_word_length', 'above', 10),
  rule('gopher_v1__symbol_to_word_ratio', 'dolma_symbol_to_word_ratio', 'above', 0.1),
  rule('gopher_v1__fraction_of_words_with_alpha_character', 'dolma_words_with_alpha', 'below', 0.8),
  rule('gopher_v1__required_word_count', 'dolma_required_word_count', 'below', 2),
  rule('gopher_v1__fraction_of_lines_starting_with_bullet_point', 'dolma_bullet_lines', 'above', 0.9),
  rule('gopher_v1__fraction_of_lines_ending_with_ellipsis', 'dolma_ellipsis_lines', 'above', 0.3),
  rule('gopher_v1__fraction_of_duplicate_lines', 'dolma_duplicate_lines', 'above', 0.3),
  rule('gopher_v1__fraction_of_characters_in_duplicate_lines', 'dolma_duplicate_line_characters', 'above', 0.3),
  ...ngrams(
    2,
    top,
    n => `gopher_v1__fraction_of_characters_in_most_common_${n}gram`,
    n => `dolma_top_${n}grams`,
  ),
  ...ngrams(
    5,
    duplicate,
    n => `gopher_v1__fraction_of_characters_in_duplicate_${n}grams`,
    n => `dolma_duplicate_${n}grams`,
  ),
]

const dclm: PublishedRule[] = [
  rule('page_length_min', 'dclm_word_count', 'below', 50),
  rule('page_length_max', 'dclm_word_count', 'above', 100_000),
  rule('word_length_min', 'dclm_mean_word_length', 'below', 3),
  rule('word_length_max', 'dclm_mean_word_length', 'above', 10),
  rule('symbol_ratio', 'dclm_symbol_to_word_ratio', 'above', 0.1),
  rule('bullet_count', 'dclm_bullet_lines', 'above', 0.9),
  rule('ellipsis_count', 'dclm_ellipsis_lines', 'above', 0.3),
  rule('alphabetic_word_ratio', 'dclm_words_without_alpha', 'above', 0.2),
  rule('stop_word', 'dclm_stop_words', 'below', 2),
  rule('repetition_line', 'dclm_duplicate_lines', 'above', 0.3),
  rule('repetition_paragraph', 'dclm_duplicate_paragraphs', 'above', 0.3),
  rule('repetition_line_characters', 'dclm_duplicate_line_characters', 'above', 0.2),
  rule('repetition_paragraph_characters', 'dclm_duplicate_paragraph_characters', 'above', 0.2),
  ...ngrams(
    2,
    top,
    n => `repetition_${n}gram`,
    n => `dclm_top_${n}gram`,
  ),
  ...ngrams(
    5,
    duplicate,
    n => `repetition_${n}gram`,
    n => `dclm_duplicate_${n}grams`,
  ),
]

const gopher: PublishedRule[] = [
  rule('gopher_few_words', 'paper_words', 'below', 50),
  rule('gopher_many_words', 'paper_words', 'above', 100_000),
  rule('gopher_short_words', 'paper_mean_word_length', 'below', 3),
  rule('gopher_long_words', 'paper_mean_word_length', 'above', 10),
  rule('gopher_hashes', 'paper_hashes_per_word', 'above', 0.1),
  rule('gopher_ellipses', 'paper_ellipses_per_word', 'above', 0.1),
  rule('gopher_bullets', 'paper_bullet_lines', 'above', 0.9),
  rule('gopher_ellipsis_lines', 'paper_ellipsis_lines', 'above', 0.3),
  rule('gopher_alphabetic_words', 'paper_words_with_a_letter', 'below', 0.8),
  rule('gopher_stop_words', 'paper_stop_words', 'below', 2),
  rule('gopher_duplicate_lines', 'paper_duplicate_lines', 'above', 0.3),
  rule('gopher_duplicate_paragraphs', 'paper_duplicate_paragraphs', 'above', 0.3),
  rule('gopher_duplicate_line_characters', 'paper_duplicate_line_characters', 'above', 0.2),
  rule('gopher_duplicate_paragraph_characters', 'paper_duplicate_paragraph_characters', 'above', 0.2),
  ...ngrams(
    2,
    top,
    n => `gopher_top_${n}gram`,
    n => `paper_top_${n}gram`,
  ),
  ...ngrams(
    5,
    duplicate,
    n => `gopher_duplicate_${n}grams`,
    n => `paper_duplicate_${n}grams`,
  ),
]

const c4Verdicts = (sentences: number): PublishedRule[] => [
  rule('c4_lorem_ipsum', 'edit_lorem_ipsum', 'above', 0),
  rule('c4_curly_bracket', 'edit_curly_bracket', 'above', 0),
  rule('c4_few_sentences', 'edit_sentences', 'below', sentences),
]

export const publishedProfiles = {
  'nemo-english': {
    source: 'NVIDIA-NeMo/Curator 1.4.0, nemo_curator/config/text/heuristic_filter_english_pipeline.yaml',
    passes: [{ edit: 'none', rules: nemo }],
  },
  // Without what needs a model or other documents (language, toxicity, duplicates), and PII, which is a step of its own. The published
  // configuration spells three attributes "…_2gram" to "…_4gram" where the tagger writes "…_2grams": read literally they never drop. We take
  // them as meant; null in an override switches them off.
  'dolma-1.5': {
    source: 'allenai/dolma 1.2.1, taggers gopher_v1 and c4_v2, configs/dolma-v1_5/mixing/cc-head.yaml',
    passes: [{ edit: 'dolma_no_end_mark', rules: dolma }],
  },
  // Without URL lists, the removal of URLs (it needs IANA's list of domains) and language.
  dclm: {
    source: 'mlfoundations/dclm, baselines/baselines_configs/dclm_baseline_refinedweb.yaml',
    passes: [
      { edit: 'dclm_newlines', rules: dclm },
      { edit: 'dclm_lines', rules: [rule('word_removal_ratio', 'edit_words_removed', 'above', 0.05)] },
    ],
  },
  'gopher-paper': { source: 'arXiv 2112.11446, A1.1 and table A1', passes: [{ edit: 'none', rules: gopher }] },
  // Gopher's rules, C4's without its end marks (3 words, 5 sentences, as C4's paper has them), then the three of section 3.6, which drop
  // documents at the threshold, too. The code that the paper's authors ship has 0.01 for repeated lines and a rule on lists: not these.
  'fineweb-paper': {
    source: 'arXiv 2406.17557, 3.4 to 3.6',
    passes: [
      { edit: 'none', rules: gopher },
      {
        edit: 'c4_paper_any_end',
        rules: [
          ...c4Verdicts(5),
          rule('fineweb_terminal_lines', 'paper_terminal_lines', 'at_most', 0.12),
          rule('fineweb_duplicate_line_characters', 'paper_duplicate_line_characters', 'at_least', 0.1),
          rule('fineweb_short_lines', 'paper_short_lines', 'at_least', 0.67),
        ],
      },
    ],
  },
  // Language (langdetect at 0.99) is the language step's, bad words are bad_words.ts's, windows of three sentences that occur elsewhere dedup's.
  'c4-tfds': {
    source: 'tensorflow/datasets, tensorflow_datasets/text/c4_utils.py',
    passes: [
      { edit: 'none', rules: [rule('c4_long_page', 'paper_characters', 'above', 190_000)] },
      { edit: 'c4_tfds', rules: c4Verdicts(3) },
    ],
  },
} as const satisfies Record<string, PublishedProfile>

export type PublishedName = keyof typeof publishedProfiles
export const publishedNames = Object.keys(publishedProfiles) as [PublishedName, ...PublishedName[]]

const overrides = z.record(z.string(), z.number().nullable())

export const publishedSchema = z
  .strictObject({
    profiles: z
      .record(z.string().regex(/^(\*|[a-z0-9_-]+(\/[a-z0-9_+-]+)?)$/), z.enum(publishedNames))
      .default({})
      .describe('Kind, or kind/type, or * -> published definition that judges it; a kind that is not named is not judged here'),
    override: z
      .partialRecord(z.enum(publishedNames), overrides)
      .default({})
      .describe('Definition -> rule -> another threshold; null switches the rule off'),
    maxDocumentBytes: z
      .int()
      .min(1)
      .max(2 ** 30)
      .default(64 * 2 ** 20)
      .describe('A longer document cannot be judged'),
  })
  .superRefine(({ override }, context) => {
    for (const [name, thresholds] of Object.entries(override)) {
      const known = publishedProfiles[name as PublishedName].passes.flatMap(pass => pass.rules.map(each => each.name))
      for (const key of Object.keys(thresholds))
        if (!known.includes(key))
          context.addIssue({ code: 'custom', path: ['override', name, key], message: `expected one of ${known.join(', ')}, found ${key}` })
    }
  })
  .describe('Published definitions of other projects and papers')

export type PublishedConfig = z.output<typeof publishedSchema>

/** The rules of a profile that are on, with their thresholds, in the order of their numbers; and the same for native code. */
export function publishedRules(
  name: PublishedName,
  override: Readonly<Record<string, number | null>> = {},
): { rules: PublishedRule[]; passes: PublishedPass[] } {
  const passes = (publishedProfiles[name] as PublishedProfile).passes.map(({ edit, rules }) => ({
    edit,
    rules: rules.flatMap(each => {
      const given = override[each.name]
      return given === null ? [] : [{ ...each, threshold: given ?? each.threshold }]
    }),
  }))
  return { rules: passes.flatMap(pass => pass.rules), passes: passes.map(({ edit, rules }) => ({ edit, steps: rules })) }
}

const found: Record<(typeof statuses)[number], string> = {
  ok: '',
  too_large: 'more bytes than maxDocumentBytes',
  not_utf8: 'bytes that are not UTF-8',
  too_many_words: 'more than 8,388,608 words',
  too_much_work: 'words made to collide in hash tables',
}

/** Judges documents whose kind the config gives a published definition, and edits their text where the definition does. */
export function publishedStep(config: PublishedConfig): Step {
  const used = publishedNames.filter(name => Object.values(config.profiles).includes(name))
  const judges = used.map(name => publishedRules(name, config.override[name]))
  const asked = new Set(judges.flatMap(judge => judge.rules.map(each => each.statistic)))
  // In the tables' own order, so that a config's order of keys cannot change a schema.
  const statistics = used.length === 0 ? [] : publishedStatistics().flatMap((name, number) => (asked.has(name) ? [{ name, number }] : []))
  const profileOf = (kind: string, type: string | undefined) => {
    const key = [`${kind}/${type}`, kind].find(each => Object.hasOwn(config.profiles, each)) ?? '*' // a kind may be called `constructor`
    const name = config.profiles[key]
    return name === undefined ? notJudged : used.indexOf(name)
  }
  return {
    name: 'published',
    fields: statistics.map(({ name }) => ({ name, type: f64(), nullable: true })),
    async run(batch, { threads }) {
      const [kind, type] = [batch.column('kind'), batch.column('type')]
      const profiles = Uint8Array.from({ length: batch.rows }, (_, i) => profileOf(kind.text(i), type.isNull(i) ? undefined : type.text(i)))
      const judged = await judgePublished(
        textsIn(batch.column('text')),
        profiles,
        judges.map(({ passes }) => passes),
        { threads, maxDocumentBytes: config.maxDocumentBytes },
      )
      const verdicts = new Map<number, Verdict>()
      for (const [i, step] of judged.step.entries()) {
        const dropped = judges[profiles[i] as number]?.rules[step]
        if (dropped) verdicts.set(i, { reason: dropped.name, value: judged.value[i] as number, threshold: judged.threshold[i] as number })
      }
      return {
        verdicts,
        measured: statistics.map(({ number }) => numberColumn(judged.statistics[number] as Float64Array)),
        ...(judged.text ? { text: judged.text, edited: [...judged.edited] } : {}),
        ...refusedRows(judged),
      }
    },
  }
}

/** What cannot be judged, as a step says it. */
export function refusedRows({ status }: PublishedJudgement): { refused?: Map<number, { code: string; found: string }> } {
  const refused = new Map<number, { code: string; found: string }>()
  for (const [i, number] of status.entries()) {
    const name = statuses[number] ?? 'ok'
    if (name !== 'ok') refused.set(i, { code: `DOCUMENT_${name.toUpperCase()}`, found: found[name] })
  }
  return refused.size ? { refused } : {}
}
