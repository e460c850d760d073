/**
 * Do formulas fail rules for prose? The labelled good texts with at least three formulas (bench/code-quality) are judged by profiles as they are
 * and as `proseViews` shows them. Exits 1 where the view loses texts, where under 90 % stay by the profile of their own kind, or where no text
 * was fetched. `--files` names what is dropped.
 */
import { measureMaths, proseViews } from '../../native/addon/code.ts'
import { judge, type Texts, tables } from '../../native/addon/text.ts'
import { type ProfileName, profiles } from '../../pipelines/filter/profiles.ts'
import { nativeProfile } from '../../pipelines/filter/rules.ts'
import { keyOf, readLabels, textOf } from '../code-quality/labels.ts'

const own: ProfileName = 'markdown'
const asked: readonly ProfileName[] = [own, 'millrace', 'gopher-paper']

const texts: { key: string; text: Texts }[] = []
for (const label of readLabels()) {
  const bytes = label.label === 'good' && /\.(md|rst|tex)$/.test(label.path) ? textOf(label) : undefined
  if (!bytes) continue
  const text = { offsets: Int32Array.of(0, bytes.length), bytes: new Uint8Array(bytes) }
  const { maths_formulas } = await measureMaths(text, Uint8Array.of(1))
  if ((maths_formulas[0] as number) >= 3) texts.push({ key: keyOf(label), text })
}

let failed = texts.length === 0
if (failed) console.log('no texts: fetch them with bench/code-quality/fetch.ts')
console.log(`${texts.length} texts with formulas\nprofile           kept as they are   kept as seen`)
for (const name of asked) {
  const native = nativeProfile(profiles[name])
  const reason = async (text: Texts) => {
    const { rule } = await judge(text, Uint8Array.of(0), [native])
    return tables().rules[rule[0] as number]?.reason
  }
  let [before, after] = [0, 0]
  for (const { key, text } of texts) {
    const view = await reason(await proseViews(text, Uint8Array.of(1)))
    if (!(await reason(text))) before++
    if (!view) after++
    else if (process.argv.includes('--files')) console.log(`  ${key}: ${view}`)
  }
  console.log(`${name.padEnd(18)}${String(before).padStart(10)}${String(after).padStart(17)}`)
  failed ||= after < before || (name === own && after < 0.9 * texts.length)
}
process.exitCode = failed ? 1 : 0
