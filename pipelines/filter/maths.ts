/**
 * Rules for texts with formulas, and the view of them that rules for prose should read.
 *
 * Gopher's and C4's rules were made for bare prose: a page of mathematics fails them for its marks, its short "words" and its braces. So a
 * formula counts as one word there (`proseColumn`), and what is wrong with the formulas themselves is asked here: delimiters and braces that do
 * not match, TeX that leaked out of its delimiters, soup without prose, the same formula over and over, dumps of numbers, badly recognised
 * print. A text with few formulas is measured but not judged. Thresholds are ours: at least twice what any labelled good text of
 * bench/code-quality and any page of the development set shows, but for the share of formulas, of which good texts have up to 0.86.
 */
import * as z from 'zod'
import { type MathsStatistic, mathsStatistics, measureMaths, proseViews } from '../../native/addon/code.ts'
import type { Texts } from '../../native/addon/text.ts'
import { type Batch, f64 } from '../arrow/index.ts'
import { numberColumn, textsIn } from './columns.ts'
import type { Step, Verdict } from './step.ts'

interface Rule {
  name: string
  statistic: MathsStatistic
  drops: 'above' | 'below'
  threshold: number
}

/** In the order in which they are asked. The first that fails decides. */
export const mathsRules = [
  { name: 'maths_replaced', statistic: 'maths_replaced', drops: 'above', threshold: 0.01 },
  { name: 'maths_broken', statistic: 'maths_broken', drops: 'above', threshold: 0.25 },
  { name: 'maths_stray', statistic: 'maths_stray', drops: 'above', threshold: 0.15 },
  { name: 'maths_soup', statistic: 'maths_share', drops: 'above', threshold: 0.95 },
  { name: 'maths_few_words', statistic: 'maths_words', drops: 'below', threshold: 10 },
  { name: 'maths_repeated', statistic: 'maths_distinct', drops: 'below', threshold: 0.1 },
  { name: 'maths_odd_words', statistic: 'maths_odd_words', drops: 'above', threshold: 0.2 },
  { name: 'maths_singles', statistic: 'maths_singles', drops: 'above', threshold: 0.3 },
  { name: 'maths_numbers', statistic: 'maths_numbers', drops: 'above', threshold: 0.6 },
] as const satisfies readonly Rule[]

export type MathsRuleName = (typeof mathsRules)[number]['name']
const ruleNames = mathsRules.map(rule => rule.name) as [MathsRuleName, ...MathsRuleName[]]

export const mathsSchema = z
  .strictObject({
    kinds: z
      .array(z.string().regex(/^[a-z0-9_-]+$/))
      .default(['web', 'markdown'])
      .describe('Kinds of documents that are measured'),
    minFormulas: z
      .int()
      .min(0)
      .default(3)
      .describe('A text with fewer formulas, and fewer TeX commands outside of formulas, is not judged'),
    rules: z.partialRecord(z.enum(ruleNames), z.number().nullable()).default({}).describe('Threshold by rule; null switches the rule off'),
  })
  .describe('Texts with formulas: broken TeX, formulas without prose and badly recognised print are dropped')

export type MathsConfig = z.output<typeof mathsSchema>

/** Rows of these kinds, as native code asks for them. */
function rowsOf(batch: Batch, kinds: ReadonlySet<string>): Uint8Array {
  const kind = batch.column('kind')
  return Uint8Array.from({ length: batch.rows }, (_, i) => (kinds.has(kind.text(i)) ? 1 : 0))
}

/** Judges documents of the kinds named that have formulas. Fields: mathsStatistics. Reasons: the names of mathsRules. */
export function mathsStep(config: MathsConfig): Step {
  const kinds = new Set(config.kinds)
  const rules: Rule[] = mathsRules.flatMap((rule: Rule) => {
    const threshold = config.rules[rule.name as MathsRuleName]
    return threshold === null ? [] : [{ ...rule, threshold: threshold ?? rule.threshold }]
  })
  return {
    name: 'maths',
    fields: mathsStatistics.map(name => ({ name, type: f64(), nullable: true })),
    async run(batch, { threads }) {
      const wanted = rowsOf(batch, kinds)
      const measured = await measureMaths(textsIn(batch.column('text')), wanted, { threads })
      const verdicts = new Map<number, Verdict>()
      for (let i = 0; i < batch.rows; i++) {
        const value = (statistic: MathsStatistic) => measured[statistic][i] as number
        // Commands that lost their delimiters are formulas too.
        const formulas = Math.max(value('maths_formulas'), value('maths_stray') * value('maths_words') || 0)
        if (!wanted[i] || !(formulas >= config.minFormulas)) continue
        const failed = rules.find(({ statistic, drops, threshold }) =>
          drops === 'above' ? value(statistic) > threshold : value(statistic) < threshold,
        )
        if (failed) verdicts.set(i, { reason: failed.name, value: value(failed.statistic), threshold: failed.threshold })
      }
      return { verdicts, measured: mathsStatistics.map(name => numberColumn(measured[name])) }
    },
  }
}

/** The text column as rules for prose should read it, for rows of the kinds named; the others as they are. See proseViews. */
export const proseColumn = (batch: Batch, kinds: readonly string[], options: { threads?: number } = {}): Promise<Texts> =>
  proseViews(textsIn(batch.column('text')), rowsOf(batch, new Set(kinds)), options)
