/**
 * The profiles gopher-paper, fineweb-paper, c4-tfds and dclm against a second writing in plain Python (reference.py): what every rule compares, its
 * verdict, the first that drops, and the text that is left. Then words of UAX #29 against uniseg's. Exits 1 if anything differs.
 *
 *   node bench/conformance/papers.ts [--count 21000] [--only gopher-paper,fineweb-paper,c4-tfds,dclm,segments]
 */
import { parseArgs } from 'node:util'
import { segments } from '../../native/addon/profiles.ts'
import { textsOf } from '../../native/addon/text.ts'
import { type PublishedName, publishedRules } from '../../pipelines/filter/published.ts'
import { answers, Differences, fails, judged, type Ours, type Texts, textsFor } from './published.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '21000' },
    only: { type: 'string', default: 'gopher-paper,fineweb-paper,c4-tfds,dclm,segments' },
  },
})
const texts = textsFor(Number(values.count))

interface Answer {
  values: Record<string, number | null>
  verdict: string | null
  text: string | null
}

async function compareProfile(name: PublishedName): Promise<number> {
  const { rules, passes } = publishedRules(name)
  const theirs = answers<Answer>('reference.py', [name], texts)
  // A statistic that two passes read holds what the last one read: ask the passes one after the other.
  const stages = await Promise.all(passes.map((_, last) => judged(texts.texts, rules, passes.slice(0, last + 1))))
  const differences = new Differences()
  for (const [i, text] of texts.texts.entries()) {
    const answer = theirs[i] as Answer
    for (const [p, pass] of passes.entries())
      for (const step of pass.steps) {
        const rule = rules.find(each => each === step) as (typeof rules)[number]
        const score = ((stages[p] as Ours).statistics.get(rule.statistic) as Float64Array)[i] as number
        const given = answer.values[rule.name] ?? null
        differences.add(
          rule.name,
          { drops: given !== null && fails(rule, given), score: given },
          { drops: fails(rule, score), score },
          text,
        )
      }
    const ours = stages.at(-1) as Ours
    const verdict = ours.verdicts[i] ?? null
    const drops = answer.verdict !== null
    differences.add('the first that drops', { drops }, { drops: (verdict === answer.verdict) === drops }, text)
    if (!drops) differences.add('the text that is left', { drops: false }, { drops: ours.edited[i] !== answer.text }, text)
  }
  const total = differences.table(`${name} against reference.py: ${texts.texts.length} texts, ${rules.length} rules`)
  return total.verdicts + total.scores
}

async function compareSegments({ texts: given }: Texts): Promise<number> {
  const theirs = answers<number[]>('segments.py', [], texts)
  const { counts, sizes } = await segments(textsOf(given))
  let [at, words, differ] = [0, 0, 0]
  for (const [i, count] of counts.entries()) {
    const ours = sizes.subarray(at, at + count)
    at += count
    words += count
    const reference = theirs[i] as number[]
    if (ours.length === reference.length && ours.every((size, k) => size === reference[k])) continue
    if (differ++ < 5) console.error(`segments: ${JSON.stringify((given[i] as string).slice(0, 300))}`)
  }
  console.log(`\nUAX #29 against uniseg 0.9.1: ${given.length} texts, ${words} segments; texts that differ: ${differ}`)
  return differ
}

let differ = 0
for (const name of values.only.split(','))
  differ += name === 'segments' ? await compareSegments(texts) : await compareProfile(name as PublishedName)
console.log(`\ndifferences: ${differ} (none)`)
process.exitCode = differ > 0 ? 1 : 0
