/**
 * Profiles: which rules judge a document, in which order, with which thresholds. All of it data; native/text compares.
 *
 * `datatrove@0.10` and what begins with that name are datatrove's code, filter by filter, on spaCy's words: npm run conformance holds them to
 * its verdicts. Other profiles named after a publication are its definition on `simple` words (native/text/words.h). `millrace` and the
 * profiles beside it are ours.
 */
import * as z from 'zod'
import type { C4Rules, Words } from '../../native/addon/text.ts'

/** Rules by family, each in the order in which its source asks them. Names are those of native/text/rules.cc. */
export const families = {
  repetition: [
    'empty',
    'dup_para_frac',
    'dup_para_char_frac',
    'dup_line_frac',
    'dup_line_char_frac',
    'top_2_gram',
    'top_3_gram',
    'top_4_gram',
    'duplicated_5_n_grams',
    'duplicated_6_n_grams',
    'duplicated_7_n_grams',
    'duplicated_8_n_grams',
    'duplicated_9_n_grams',
    'duplicated_10_n_grams',
  ],
  quality: [
    'short_text',
    'gopher_short_doc',
    'gopher_long_doc',
    'gopher_below_avg_threshold',
    'gopher_above_avg_threshold',
    'gopher_no_words',
    'gopher_too_many_hashes',
    'gopher_too_many_ellipsis',
    'gopher_too_many_bullets',
    'gopher_too_many_end_ellipsis',
    'gopher_below_alpha_threshold',
    'gopher_enough_stop_words',
  ],
  paragraphs: ['c4_paragraphs'],
  fineweb: ['fineweb_empty', 'line_punct_ratio', 'short_line_ratio', 'char_dup_ratio', 'list_ratio'],
  code: [
    'code_many_lines',
    'code_long_line',
    'code_long_mean_line',
    'code_generated',
    'code_few_letters',
    'code_few_alphanumerics',
    'code_encoded_data',
  ],
} as const

export type Family = keyof typeof families
export type RuleName = (typeof families)[Family][number]
export const ruleNames = Object.values(families).flat() as [RuleName, ...RuleName[]]

export interface Profile {
  /** How text is split into words; `simple` where it is not said. */
  words?: Words
  /** Order of the families. C4's edit stands between `before` and `after`, which reads the edited text. */
  before: readonly Family[]
  c4?: C4Rules
  after: readonly Family[]
  /** A rule that is not named is off. */
  thresholds: Partial<Record<RuleName, number>>
}

/** Table A1 of arXiv 2112.11446; datatrove 0.10, gopher_repetition_filter.py. */
const gopherRepetition = {
  empty: 1,
  dup_para_frac: 0.3,
  dup_para_char_frac: 0.2,
  dup_line_frac: 0.3,
  dup_line_char_frac: 0.2,
  top_2_gram: 0.2,
  top_3_gram: 0.18,
  top_4_gram: 0.16,
  duplicated_5_n_grams: 0.15,
  duplicated_6_n_grams: 0.14,
  duplicated_7_n_grams: 0.13,
  duplicated_8_n_grams: 0.12,
  duplicated_9_n_grams: 0.11,
  duplicated_10_n_grams: 0.1,
}

/** Appendix A1.1 of arXiv 2112.11446; datatrove 0.10, gopher_quality_filter.py. */
const gopherQuality = {
  gopher_short_doc: 50,
  gopher_long_doc: 100_000,
  gopher_below_avg_threshold: 3,
  gopher_above_avg_threshold: 10,
  gopher_no_words: 1,
  gopher_too_many_hashes: 0.1,
  gopher_too_many_ellipsis: 0.1,
  gopher_too_many_bullets: 0.9,
  gopher_too_many_end_ellipsis: 0.3,
  gopher_below_alpha_threshold: 0.8,
  gopher_enough_stop_words: 2,
}

/** datatrove 0.10, c4_filters.py. */
export const datatroveC4: C4Rules = {
  citations: true,
  terminalPunctuation: true,
  maxWordLength: 1000,
  minWords: 3,
  loremIpsum: true,
  javascript: true,
  curlyBracket: true,
  policy: true,
  minSentences: 5,
  markdown: false,
}

/** examples/fineweb.py of datatrove 0.10. */
const finewebC4: C4Rules = { ...datatroveC4, terminalPunctuation: false }

/** datatrove 0.10, fineweb_quality_filter.py. `char_dup_ratio` is 0.01 as in the code; the paper (arXiv 2406.17557) says 0.1. */
const finewebQuality = {
  fineweb_empty: 1,
  line_punct_ratio: 0.12,
  short_line_ratio: 0.67,
  char_dup_ratio: 0.01,
  list_ratio: 0.3,
}

/** arXiv 2402.19173 (StarCoder2), section 3: long lines, generated files, share of letters, encoded data. */
const starcoder = {
  empty: 1,
  code_many_lines: 100_000,
  code_long_line: 1000,
  code_long_mean_line: 100,
  code_generated: 0,
  code_few_letters: 0.25,
  code_encoded_data: 1024,
}

const { gopher_long_doc: _long, ...gopherOfAnyLength } = gopherQuality
const { code_long_mean_line: _mean, ...starcoderOfAnyLine } = starcoder
const ours = { before: ['repetition', 'quality'], after: ['fineweb', 'code'] } as const

/**
 * `millrace` is FineWeb's chain (examples/fineweb.py of datatrove: addresses, Gopher repetition, Gopher quality, C4 without its rule on
 * closing marks) for pages that `extract` turned into Markdown. Where it differs, and why:
 * - C4 spares Markdown's structure (`markdown`): its line rules were made for bare lines of text and would delete code, tables and headings.
 * - `curlyBracket` and `javascript` are off: both were meant for scripts that leaked out of HTML; here they would delete every page with a
 *   formula or about programming.
 * - `citations` is off: it would turn `list[0]` into `list`. Citation marks are the extractor's to remove.
 * - at least 3 sentences, as the original program has it (TensorFlow Datasets, c4_utils.py), as sentences inside structure are not counted.
 * - words with a letter: 0.6, not 0.8. The marks of tables, code and formulas are words of their own, and 0.8 drops reference pages.
 * - "#" per word: 0.2, not 0.1. A heading that `extract` wrote has up to six of them; Gopher's limit was made for tags.
 * - FineWeb's own rules (`line_punct_ratio` …) are off: they count Markdown's short lines as lists. `override` switches them on.
 */
export const profiles = {
  millrace: {
    ...ours,
    c4: {
      ...datatroveC4,
      terminalPunctuation: false,
      curlyBracket: false,
      javascript: false,
      citations: false,
      minSentences: 3,
      markdown: true,
    },
    thresholds: { ...gopherRepetition, ...gopherQuality, gopher_below_alpha_threshold: 0.6, gopher_too_many_hashes: 0.2 },
  },
  /** The four filters of examples/fineweb.py in their order; then each alone, with datatrove's defaults. */
  'datatrove@0.10': {
    words: 'spacy',
    before: ['repetition', 'quality'],
    c4: finewebC4,
    after: ['fineweb'],
    thresholds: { ...gopherRepetition, ...gopherQuality, ...finewebQuality },
  },
  'datatrove@0.10-gopher-repetition': { words: 'spacy', before: ['repetition'], after: [], thresholds: gopherRepetition },
  'datatrove@0.10-gopher-quality': { words: 'spacy', before: ['quality'], after: [], thresholds: gopherQuality },
  'datatrove@0.10-c4': { words: 'spacy', before: [], c4: datatroveC4, after: [], thresholds: {} },
  'datatrove@0.10-c4-fineweb': { words: 'spacy', before: [], c4: finewebC4, after: [], thresholds: {} },
  'datatrove@0.10-c4-paragraphs': { words: 'spacy', before: ['paragraphs'], after: [], thresholds: { c4_paragraphs: 200 } },
  'datatrove@0.10-fineweb-quality': { words: 'spacy', before: ['fineweb'], after: [], thresholds: finewebQuality },
  /** The same four on `simple` words. */
  fineweb: { ...ours, c4: finewebC4, thresholds: { ...gopherRepetition, ...gopherQuality, ...finewebQuality } },
  /** The paper filters for quality before it looks for repetition; both as datatrove reads them. */
  'gopher-paper': { before: ['quality', 'repetition'], after: ['fineweb', 'code'], thresholds: { ...gopherQuality, ...gopherRepetition } },
  c4: { ...ours, c4: datatroveC4, thresholds: {} },
  /**
   * Markdown files: Gopher's rules as far as they are about prose, at limits that package documentation passes. Repetition may be twice what
   * it may be in prose: the marks of tables, rules and fences repeat, and so do sections of a reference. Addresses and calls are words, so
   * their mean length may be 20; marks are words and most of a README can be code, so 0.3 of the words need a letter; a list can be the whole point.
   */
  markdown: {
    ...ours,
    thresholds: {
      empty: 1,
      dup_para_frac: 0.5,
      dup_para_char_frac: 0.4,
      dup_line_frac: 0.6,
      dup_line_char_frac: 0.4,
      top_2_gram: 0.4,
      top_3_gram: 0.36,
      top_4_gram: 0.32,
      duplicated_5_n_grams: 0.36,
      duplicated_6_n_grams: 0.34,
      duplicated_7_n_grams: 0.32,
      duplicated_8_n_grams: 0.3,
      duplicated_9_n_grams: 0.28,
      duplicated_10_n_grams: 0.26,
      gopher_short_doc: 20,
      gopher_long_doc: 100_000,
      gopher_below_avg_threshold: 3,
      gopher_above_avg_threshold: 20,
      gopher_no_words: 1,
      gopher_below_alpha_threshold: 0.3,
      gopher_enough_stop_words: 1,
      code_generated: 0,
      code_encoded_data: 1024,
    },
  },
  /** Whole books: Gopher's rules without the limit of 100,000 words, which drops a long novel. */
  book: { ...ours, thresholds: { ...gopherRepetition, ...gopherOfAnyLength } },
  code: { ...ours, thresholds: starcoder },
  /** Markup and text in a source tree: StarCoder2 exempts it from the rules on line length, up to 100,000 characters. */
  markup: { ...ours, thresholds: { ...starcoderOfAnyLine, code_long_line: 100_000 } },
  none: { before: [], after: [], thresholds: {} },
} satisfies Record<string, Profile>

export type ProfileName = keyof typeof profiles
export const profileNames = Object.keys(profiles) as [ProfileName, ...ProfileName[]]

const limit = z.number().nullable()

/** Thresholds that differ from a profile's. */
export const overrideSchema = z
  .strictObject({
    rules: z.partialRecord(z.enum(ruleNames), limit).default({}).describe('Threshold by rule; null switches the rule off'),
    c4: z
      .strictObject({
        citations: z.boolean().optional().describe('Delete [12], [edit], [citation needed]'),
        terminalPunctuation: z.boolean().optional().describe('Drop lines that do not end in . ? ! " or \''),
        maxWordLength: limit.optional().describe('Drop lines with a longer word, in characters'),
        minWords: limit.optional().describe('Drop lines of fewer words'),
        loremIpsum: z.boolean().optional().describe('Drop documents with a line of filler text'),
        javascript: z.boolean().optional().describe('Drop lines that speak of JavaScript'),
        curlyBracket: z.boolean().optional().describe('Drop documents with a {'),
        policy: z.boolean().optional().describe('Drop lines about cookies, privacy policies and terms of use'),
        minSentences: limit.optional().describe('Drop documents whose kept lines have fewer sentences'),
        markdown: z.boolean().optional().describe('Keep fenced code, formulas, tables and headings as they are'),
      })
      .nullable()
      .optional()
      .describe('C4’s edit: what differs from the profile, or from datatrove’s where the profile has none; null leaves the edit out'),
  })
  .describe('What differs from the profile')

export type Override = z.output<typeof overrideSchema>

/** The profile with what an override changes. */
export function overridden(profile: Profile, override: Override | undefined): Profile {
  if (!override) return profile
  const thresholds: Partial<Record<RuleName, number>> = { ...profile.thresholds }
  for (const [name, value] of Object.entries(override.rules) as [RuleName, number | null][]) {
    if (value === null) delete thresholds[name]
    else thresholds[name] = value
  }
  const { c4, ...rest } = profile
  if (override.c4 === null) return { ...rest, thresholds }
  if (override.c4 === undefined) return { ...profile, thresholds }
  const given = Object.fromEntries(Object.entries(override.c4).filter(([, value]) => value !== undefined))
  return { ...rest, c4: { ...(c4 ?? datatroveC4), ...given }, thresholds }
}
