/**
 * Completeness: drops texts that are not whole, or no text: cut by a teaser or a wall, a list of links, a page of banners.
 *
 * All traits are measured (native/text/completeness.h), and only those judge by default that need no judgement: a text that says itself that
 * it goes on elsewhere, links alone, banners alone. The others are right about prose and wrong about poems, notes and references: how many a
 * threshold costs is seen in `millrace sweep` before it is switched on.
 */
import * as z from 'zod'
import { type CompletenessName, completenessNames, measureCompleteness } from '../../native/addon/completeness.ts'
import { f64 } from '../arrow/index.ts'
import { numberColumn, textsIn } from './columns.ts'
import type { Step, Verdict } from './step.ts'

const share = z.number().min(0).max(1).nullable()

export const completenessSchema = z
  .strictObject({
    truncatedMark: z
      .int()
      .min(1)
      .max(2)
      .nullable()
      .default(2)
      .describe(
        'Drops from here on. 2: the text ends with […], or with an ellipsis and "Read more"; 1: also with ... or "Read more" alone',
      ),
    linkLines: share.default(0.95).describe('Drops a text of at least `minLines` lines, of which so many hold nothing but links'),
    boilerplateLines: share
      .default(0.8)
      .describe('Drops a text of which so many lines are about cookies, privacy, accounts, subscribing, sharing'),
    linkBytes: share.default(null).describe('Drops a text of which so much is Markdown links and addresses'),
    fragmentLines: share.default(null).describe('Drops a text of which so many lines are prose of fewer than 5 words without an end mark'),
    cutEnd: z.boolean().default(false).describe('Drops a text whose last line is prose and ends within a sentence'),
    cutStart: z.boolean().default(false).describe('Drops a text that begins within a sentence'),
    openFence: z.boolean().default(false).describe('Drops a text with a fence of code, or $$, that is not closed'),
    openBrackets: z.int().min(1).nullable().default(null).describe('Drops a text with so many brackets that are not closed'),
    minLines: z.int().min(1).default(10).describe('`linkLines` judges no shorter text; lines in code, formulas and blank ones aside'),
    skipKinds: z.array(z.string()).default(['code', 'repository']).describe('Kinds of documents that are measured and never dropped'),
  })
  .describe('Whether a text is whole: null or false only measures')

export type CompletenessConfig = z.output<typeof completenessSchema>

/** In the order in which they are asked. A text is dropped where it measures the threshold or more. */
export const completenessRules: readonly {
  reason: string
  statistic: CompletenessName
  threshold: (config: CompletenessConfig) => number | null
}[] = [
  { reason: 'incomplete_truncated', statistic: 'truncated_mark', threshold: config => config.truncatedMark },
  { reason: 'incomplete_links', statistic: 'link_lines', threshold: config => config.linkLines },
  { reason: 'incomplete_boilerplate', statistic: 'boilerplate_lines', threshold: config => config.boilerplateLines },
  { reason: 'incomplete_link_bytes', statistic: 'link_bytes', threshold: config => config.linkBytes },
  { reason: 'incomplete_fragments', statistic: 'fragment_lines', threshold: config => config.fragmentLines },
  { reason: 'incomplete_end', statistic: 'cut_end', threshold: config => (config.cutEnd ? 1 : null) },
  { reason: 'incomplete_start', statistic: 'cut_start', threshold: config => (config.cutStart ? 1 : null) },
  { reason: 'incomplete_fence', statistic: 'open_fence', threshold: config => (config.openFence ? 1 : null) },
  { reason: 'incomplete_brackets', statistic: 'open_brackets', threshold: config => config.openBrackets },
]

export function completenessStep(config: CompletenessConfig): Step {
  const asked = completenessRules.flatMap(({ threshold, ...rule }) => {
    const limit = threshold(config)
    return limit === null ? [] : [{ ...rule, limit }]
  })
  return {
    name: 'completeness',
    fields: completenessNames.map(name => ({ name, type: f64(), nullable: true })),
    async run(batch, { threads }) {
      const measured = await measureCompleteness(textsIn(batch.column('text')), threads)
      const kind = batch.column('kind')
      const verdicts = new Map<number, Verdict>()
      for (let i = 0; i < batch.rows; i++) {
        if (config.skipKinds.includes(kind.text(i))) continue
        const few = (measured.content_lines[i] as number) < config.minLines
        const found = asked.find(
          ({ statistic, limit }) => (measured[statistic][i] as number) >= limit && !(few && statistic === 'link_lines'),
        )
        if (found) verdicts.set(i, { reason: found.reason, value: measured[found.statistic][i] as number, threshold: found.limit })
      }
      return { verdicts, measured: completenessNames.map(name => numberColumn(measured[name])) }
    },
  }
}
