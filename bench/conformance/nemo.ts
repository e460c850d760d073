/**
 * The profile nemo-english against NeMo Curator 1.4.0 itself (nemo.py): verdict and score of each of its 28 filters on each text, and the first
 * filter that drops it. Exits 1 if more than five verdicts or any score differ.
 *
 *   node bench/conformance/nemo.ts [--count 21000]
 */
import { parseArgs } from 'node:util'
import { publishedRules } from '../../pipelines/filter/published.ts'
import { answers, Differences, fails, judged, textsFor } from './published.ts'

const { values } = parseArgs({ options: { count: { type: 'string', default: '21000' } } })
const most = 5

const texts = textsFor(Number(values.count))
const theirs = answers<[(number | null)[], (boolean | null)[]]>('nemo.py', ['scores'], texts)
const { rules, passes } = publishedRules('nemo-english')
const ours = await judged(texts.texts, rules, passes)

// One filter of theirs is one score: two rules of ours where it has two limits, none for the text without words.
const filters = [...new Set(rules.filter(each => each.name !== 'no_words').map(each => each.statistic))]
const differences = new Differences()
for (const [i, text] of texts.texts.entries()) {
  const [scores, kept] = theirs[i] as [(number | null)[], (boolean | null)[]]
  const wordless = (ours.statistics.get('nemo_word_count') as Float64Array)[i] === 0
  for (const [f, statistic] of filters.entries()) {
    const score = (ours.statistics.get(statistic) as Float64Array)[i] as number
    const drops = rules.some(each => each.statistic === statistic && each.name !== 'no_words' && fails(each, score))
    // Where the package raises there is neither a score nor a verdict; ours has none either, and the rule no_words.
    differences.add(statistic, { drops: kept[f] === false, score: scores[f] as number | null }, { drops, score }, text)
  }
  const first = filters.find((_, f) => kept[f] !== true) ?? null
  const raised = first !== null && kept[filters.indexOf(first)] === null
  const verdict = ours.verdicts[i] ?? null
  const mine = verdict === null ? null : (rules.find(each => each.name === verdict)?.statistic ?? null)
  const same = raised ? verdict === 'no_words' && wordless : first === mine && verdict !== 'no_words'
  differences.add('the chain', { drops: first !== null }, { drops: same ? first !== null : first === null }, text)
}
const total = differences.table(`nemo-english against nemo-curator 1.4.0: ${texts.texts.length} texts, ${filters.length} filters`)
console.log(`\nverdicts that differ: ${total.verdicts} (at most ${most}); scores that differ: ${total.scores} (none)`)
process.exitCode = total.verdicts > most || total.scores > 0 ? 1 : 0
