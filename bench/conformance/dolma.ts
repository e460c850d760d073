/**
 * The profile dolma-1.5 against Dolma 1.2.1's taggers c4_v2 and gopher_v1 (dolma.py): the text after the edit, each attribute and each rule of the
 * published mixer on it. Exits 1 if more than five verdicts or texts, or any attribute, differ.
 *
 *   node bench/conformance/dolma.ts [--count 21000]
 */
import { parseArgs } from 'node:util'
import { publishedRules } from '../../pipelines/filter/published.ts'
import { answers, Differences, fails, judged, textsFor } from './published.ts'

const { values } = parseArgs({ options: { count: { type: 'string', default: '21000' } } })
const most = 5

/** The tagger's names of what the profile's rules read, by our statistic. */
const attributes: Record<string, string> = {
  dolma_word_count: 'word_count',
  dolma_median_word_length: 'median_word_length',
  dolma_symbol_to_word_ratio: 'symbol_to_word_ratio',
  dolma_words_with_alpha: 'fraction_of_words_with_alpha_character',
  dolma_required_word_count: 'required_word_count',
  dolma_bullet_lines: 'fraction_of_lines_starting_with_bullet_point',
  dolma_ellipsis_lines: 'fraction_of_lines_ending_with_ellipsis',
  dolma_duplicate_lines: 'fraction_of_duplicate_lines',
  dolma_duplicate_line_characters: 'fraction_of_characters_in_duplicate_lines',
}
for (const n of [2, 3, 4]) attributes[`dolma_top_${n}grams`] = `fraction_of_characters_in_most_common_${n}grams`
for (const n of [5, 6, 7, 8, 9, 10]) attributes[`dolma_duplicate_${n}grams`] = `fraction_of_characters_in_duplicate_${n}grams`

const texts = textsFor(Number(values.count))
type Attributes = Record<string, number>
const theirs = answers<[string, boolean, Attributes, Attributes]>('dolma.py', [], texts)
const { rules, passes } = publishedRules('dolma-1.5')
const steps = passes.flatMap(pass => pass.steps)
// The text after the edit is asked of every document, dropped or not: a profile of the edit alone.
const edit = await judged(texts.texts, [], [{ edit: 'dolma_no_end_mark', steps: [] }])
const edited = await judged(texts.texts, rules, passes)
// Few texts keep many lines: the rules are compared on the whole text, too.
const whole = await judged(texts.texts, rules, [{ edit: 'none', steps }])

const differences = new Differences()
for (const [i, text] of texts.texts.entries()) {
  const [left, , ofEdited, ofWhole] = theirs[i] as [string, boolean, Attributes, Attributes]
  differences.add('text after c4_v2', { drops: false }, { drops: left !== edit.edited[i] }, text)
  for (const [ours, scores, where] of [
    [edited, ofEdited, ''],
    [whole, ofWhole, ', whole text'],
  ] as const) {
    let first: string | null = null
    for (const rule of rules) {
      const score = (ours.statistics.get(rule.statistic) as Float64Array)[i] as number
      const given = scores[attributes[rule.statistic] as string]
      const drops = given !== undefined && fails(rule, given)
      if (drops) first ??= rule.name
      differences.add(`${rule.name}${where}`, { drops, score: given ?? null }, { drops: fails(rule, score), score }, text)
    }
    differences.add(`the mixer${where}`, { drops: first !== null }, { drops: (first === ours.verdicts[i]) === (first !== null) }, text)
  }
}
const total = differences.table(`dolma-1.5 against dolma 1.2.1: ${texts.texts.length} texts, ${rules.length} rules`)
console.log(
  `\ntexts in which U+0130 moves what the tagger cuts (tagged here as if it were I): ${theirs.filter(([, moved]) => moved).length}`,
)
console.log(`verdicts and texts that differ: ${total.verdicts} (at most ${most}); attributes that differ: ${total.scores} (none)`)
process.exitCode = total.verdicts > most || total.scores > 0 ? 1 : 0
