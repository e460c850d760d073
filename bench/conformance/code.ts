/**
 * Scores the rules for code and maths on the labelled files (bench/code-quality): at least 95 % of the good kept and 90 % of the bad dropped,
 * on all and on `held` alone. Exits 1 where a bar is missed or a text is missing; `--files` lists every file that is judged wrongly.
 */
import { codeConfig, judged, type Scored } from '../code-quality/score.ts'

const bars = { good: 0.95, bad: 0.9 } as const
const { scored, missing } = await judged(codeConfig)

const rate = (files: readonly Scored[], label: 'good' | 'bad') => {
  const of = files.filter(file => file.label.label === label)
  const right = of.filter(file => (file.reason === undefined) === (label === 'good'))
  return { right: right.length, of: of.length, share: of.length ? right.length / of.length : 1 }
}

let failed = missing > 0
if (missing) console.log(`${missing} texts are missing: fetch them with bench/code-quality/fetch.ts`)
console.log('set          good kept         bad dropped')
for (const [name, files] of [
  ['all', scored],
  ['tune', scored.filter(file => file.half === 'tune')],
  ['held', scored.filter(file => file.half === 'held')],
  ['code', scored.filter(file => file.label.domain === 'code')],
  ['maths', scored.filter(file => file.label.domain === 'maths')],
] as const) {
  const [good, bad] = [rate(files, 'good'), rate(files, 'bad')]
  const shown = (r: typeof good) => `${String(r.right).padStart(4)} of ${String(r.of).padEnd(4)}${(100 * r.share).toFixed(1).padStart(5)} %`
  console.log(`${name.padEnd(10)}${shown(good)}   ${shown(bad)}`)
  if (name === 'all' || name === 'held') failed ||= good.share < bars.good || bad.share < bars.bad
}

console.log('\nreason                       good  bad')
const reasons = Map.groupBy(scored, file => file.reason ?? '(kept)')
for (const [reason, files] of [...reasons].sort(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`${reason.padEnd(27)}${String(rate(files, 'good').of).padStart(6)}${String(rate(files, 'bad').of).padStart(5)}`)

console.log('\nlabelled bad as                                      dropped')
for (const [reason, files] of [
  ...Map.groupBy(
    scored.filter(file => file.label.label === 'bad'),
    file => file.label.reason,
  ),
].sort()) {
  const { right, of } = rate(files, 'bad')
  console.log(`${reason.padEnd(52)} ${right} of ${of}`)
}

if (process.argv.includes('--files')) {
  const half = process.argv[process.argv.indexOf('--files') + 1]
  console.log()
  for (const { label, half: its, reason, value } of scored)
    if ((half === undefined || half === its) && (reason === undefined) !== (label.label === 'good'))
      console.log(`${label.label} ${label.package} ${label.path}: ${reason ?? 'kept'} ${value ?? ''} (${label.reason})`)
}
process.exitCode = failed ? 1 : 0
