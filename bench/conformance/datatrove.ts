/**
 * Profile `datatrove@0.10` against datatrove 0.10.1 itself with spaCy 3.8: verdict and reason of each filter alone and of the chain of four,
 * and the text that C4 leaves, on real and hostile texts (datatrove.py makes them). Exits 1 where more than `--most` texts differ.
 *
 *   node bench/conformance/datatrove.ts [--count 24000] [--most 5] [--show 20]
 *
 * Needs a Python with test/requirements-conformance.txt: MILLRACE_PYTHON, else build/conformance/bin/python. What upstream says of a text is
 * kept by digest under build/conformance-datatrove; a text is judged by it once (half an hour for all on one core).
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, createReadStream, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Judgement, judge, statuses, tables, textsOf } from '../../native/addon/text.ts'
import { type ProfileName, profiles } from '../../pipelines/filter/profiles.ts'
import { nativeProfile } from '../../pipelines/filter/rules.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const python = process.env.MILLRACE_PYTHON ?? join(root, 'build/conformance/bin/python')
const program = join(root, 'bench/conformance/datatrove.py')
const folder = join(root, 'build/conformance-datatrove')
const { values } = parseArgs({
  options: { count: { type: 'string', default: '24000' }, most: { type: 'string', default: '5' }, show: { type: 'string', default: '20' } },
})

/** The oracle's names of filters, and our profiles. */
const filters: Record<string, ProfileName> = {
  repetition: 'datatrove@0.10-gopher-repetition',
  quality: 'datatrove@0.10-gopher-quality',
  c4_paper: 'datatrove@0.10-c4',
  c4: 'datatrove@0.10-c4-fineweb',
  fineweb: 'datatrove@0.10-fineweb-quality',
  paragraphs: 'datatrove@0.10-c4-paragraphs',
  chain: 'datatrove@0.10',
}

/** What is wrong upstream with a text on which verdicts differ. */
function defect(text: string): string | undefined {
  if (text.includes('IS_ALPHA'))
    return 'word_tokenizers.py cuts IS_ALPHA out of a text when spaCy fails on it, which depends on the texts that it saw before'
  return undefined
}

interface Given {
  from: string
  text: string
}
type Verdicts = Record<string, string | null>

const digestOf = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex').slice(0, 32)

async function* lines(path: string): AsyncGenerator<string> {
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: 0 })) if (line !== '') yield line
}

function run(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(python, [program, ...args], { encoding: 'utf8', maxBuffer: 2 ** 30 })
  if (status !== 0) {
    console.error(
      `${python} ${program} ${args.join(' ')} failed; it needs test/requirements-conformance.txt (npm run conformance)\n${stderr}`,
    )
    process.exit(2)
  }
  return stdout
}

async function oracle(given: readonly Given[]): Promise<Map<string, Verdicts>> {
  const path = join(folder, `${run('version').trim()}.jsonl`)
  const known = new Map<string, Verdicts>()
  if (existsSync(path)) {
    for await (const line of lines(path)) {
      const { digest, ...verdicts } = JSON.parse(line)
      known.set(digest, verdicts)
    }
  }
  const missing = given.filter(({ text }) => !known.has(digestOf(text)))
  if (missing.length === 0) return known
  console.error(`datatrove judges ${missing.length} texts that it has not seen`)
  const input = join(folder, 'missing.jsonl')
  writeFileSync(input, missing.map(each => `${JSON.stringify({ text: each.text })}\n`).join(''))
  const child = spawn('sh', ['-c', '"$0" "$1" judge < "$2"', python, program, input], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout, crlfDelay: 0 })) {
    const { digest, ...verdicts } = JSON.parse(line)
    known.set(digest, verdicts)
    appendFileSync(path, `${line}\n`)
  }
  return known
}

/** Verdict of each text, and the digest of what an edit left of the kept ones. */
async function ours(texts: ReturnType<typeof textsOf>, profile: ProfileName) {
  const judged: Judgement = await judge(texts, new Uint8Array(texts.offsets.length - 1), [nativeProfile(profiles[profile])], {
    extent: 'verdict',
  })
  const reasons = tables().rules.map(rule => rule.reason)
  const verdicts = Array.from(judged.rule, (rule, i) =>
    judged.status[i] ? `refused: ${statuses[judged.status[i] as number]}` : (reasons[rule] ?? null),
  )
  const { offsets, bytes } = judged.text ?? texts
  const left = new Map<number, string>()
  for (const [place, i] of judged.kept.entries()) {
    const at = judged.text ? place : i
    left.set(i, digestOf(bytes.subarray(offsets[at], offsets[at + 1])))
  }
  return { verdicts, left }
}

mkdirSync(folder, { recursive: true })
const textsPath = join(folder, `texts-${values.count}-${digestOf(run('version')).slice(0, 8)}.jsonl`)
writeFileSync(textsPath, run('texts', values.count))
const given: Given[] = []
for await (const line of lines(textsPath)) given.push(JSON.parse(line))
const expected = await oracle(given)
const digests = given.map(({ text }) => digestOf(text))
const texts = textsOf(given.map(({ text }) => text))

const origins = Map.groupBy(given, each => each.from)
console.log(`${given.length} texts: ${[...origins].map(([from, list]) => `${list.length} ${from}`).join(', ')}`)
console.log('\n| filter | dropped by datatrove | raised | verdict or reason differs | text differs |\n|---|---|---|---|---|')
const different = new Set<number>()
const raised = new Map<string, number>()
const shown: string[] = []
for (const [name, profile] of Object.entries(filters)) {
  const { verdicts, left } = await ours(texts, profile)
  const edits = name === 'chain' || name.startsWith('c4')
  let [drops, raises, other, edited] = [0, 0, 0, 0]
  for (const [i, digest] of digests.entries()) {
    const theirs = expected.get(digest)
    if (!theirs) throw new Error(`the oracle stopped before text ${i}, ${digest}`)
    const verdict = theirs[name] ?? null
    drops += Number(verdict !== null)
    if (verdict?.startsWith('raises')) {
      raises++
      raised.set(
        `${name}: ${verdict}; ours says ${verdicts[i] ?? 'keep'}`,
        (raised.get(`${name}: ${verdict}; ours says ${verdicts[i] ?? 'keep'}`) ?? 0) + 1,
      )
      continue
    }
    const same = verdict === verdicts[i]
    const sameText = !edits || verdict !== null || !same || theirs[`${name}_text`] === left.get(i)
    if (same && sameText) continue
    if (same) edited++
    else other++
    const fault = defect(given[i]?.text ?? '')
    if (!fault) different.add(i)
    const what = same ? 'text differs' : `datatrove ${verdict ?? 'keeps'}, ours ${verdicts[i] ?? 'keeps'}`
    shown.push(`${name} on ${digest} (${given[i]?.from}): ${what}${fault ? `; upstream: ${fault}` : ''}`)
  }
  console.log(`| ${name} | ${drops} | ${raises} | ${other} | ${edits ? edited : ''} |`)
}
for (const [what, count] of raised) console.log(`\nupstream fails on ${count}: ${what}`)
for (const line of shown.slice(0, Number(values.show))) console.log(line)
const most = Number(values.most)
console.log(`\n${different.size} texts differ without a defect upstream; at most ${most} may`)
process.exit(different.size > most ? 1 : 0)
