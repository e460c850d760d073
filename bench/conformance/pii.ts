/**
 * Personal data as datatrove 0.10.1 and Dolma 1.2.1 find and replace it, on made and real texts (pii.py makes them and asks the packages):
 * equal texts of datatrove's formatter with one replacement for each kind, equal texts and counts of Dolma's tagger and mixer. Then the speed
 * of one thread over the real texts that are prose, beside datatrove's formatter. Exits 1 where a text differs or the speed is missed.
 *
 *   node bench/conformance/pii.ts [--cases 20000] [--seed 1] [--show 10] [--no-speed]
 *
 * Needs a Python 3.11 with test/requirements-conformance.txt: MILLRACE_PYTHON, else build/conformance/bin/python.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type PiiRules, redact } from '../../native/addon/pii.ts'
import { type Texts, textsOf } from '../../native/addon/text.ts'
import { rulesOf } from '../../pipelines/filter/pii.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const python = process.env.MILLRACE_PYTHON ?? join(root, 'build/conformance/bin/python')
const program = join(root, 'bench/conformance/pii.py')
const folder = join(root, 'build/conformance-pii')
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    show: { type: 'string', default: '10' },
    'no-speed': { type: 'boolean', default: false },
  },
})
const bars = { texts: 2000, megabytes: 500 }

interface Row {
  from: string
  text: string
  datatrove: string
  dolma: string
  /** Emails, telephone numbers, addresses. */
  counts: [number, number, number]
}

const definitions: Record<'datatrove' | 'dolma', PiiRules> = {
  datatrove: {
    definition: 'datatrove@0.10',
    actions: { emails: 'replace', ips: 'replace', phones: 'off', cards: 'off', secrets: 'off' },
    replacements: { emails: ['email@example.com'], ips: ['22.214.171.124'] },
  },
  dolma: {
    definition: 'dolma-1.5',
    actions: { emails: 'replace', ips: 'replace', phones: 'replace', cards: 'off', secrets: 'off' },
    replacements: { emails: [' |||EMAIL_ADDRESS||| '], phones: [' |||PHONE_NUMBER||| '], ips: [' |||IP_ADDRESS||| '] },
  },
}

async function rows(): Promise<Row[]> {
  const child = spawn(python, [program, '--cases', values.cases, '--seed', values.seed], { stdio: ['ignore', 'pipe', 'inherit'] })
  const found: Row[] = []
  const ended = new Promise<number | null>(resolve => child.on('close', resolve).on('error', () => resolve(1)))
  for await (const line of createInterface({ input: child.stdout })) if (line) found.push(JSON.parse(line) as Row)
  if (await ended) {
    console.error(`${python} ${program} failed; it needs test/requirements-conformance.txt (npm run conformance)`)
    process.exit(2)
  }
  return found
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const at = (texts: Texts, i: number) => decoder.decode(texts.bytes.subarray(texts.offsets[i], texts.offsets[i + 1]))

const run = (texts: Texts, rules: PiiRules) =>
  redact(texts, new Uint8Array(texts.offsets.length - 1), new BigUint64Array(texts.offsets.length - 1), [rules])

interface Tally {
  texts: number
  found: number
  different: number
}

const given = await rows()
const texts = textsOf(given.map(row => row.text))
let failed = false
let left = Number(values.show)
console.log('definition       texts                 texts    with any   different')
for (const name of ['datatrove', 'dolma'] as const) {
  const redacted = await run(texts, definitions[name])
  const tallies = new Map<string, Tally>()
  for (const [i, row] of given.entries()) {
    const ours = redacted.text ? at(redacted.text, i) : row.text
    const [emails, ips, phones] = redacted.counts.map(count => count[i] as number)
    const counted = name === 'datatrove' || (emails === row.counts[0] && phones === row.counts[1] && ips === row.counts[2])
    const tally = tallies.get(row.from) ?? { texts: 0, found: 0, different: 0 }
    tallies.set(row.from, tally)
    tally.texts++
    if (row[name] !== row.text) tally.found++
    if (ours === row[name] && counted) continue
    tally.different++
    if (left-- > 0) console.log(`  ${name}, ${row.from} ${i}: ${difference(row.text, row[name], ours)}`)
  }
  for (const [from, { texts: of, found, different }] of tallies) {
    console.log(
      `${name.padEnd(17)}${from.padEnd(20)}${String(of).padStart(7)}${String(found).padStart(12)}${String(different).padStart(12)}`,
    )
    failed ||= different > 0
  }
}
if (given.length < bars.texts) failed = true
if (!values['no-speed']) failed = !(await speed()) || failed
process.exit(failed ? 1 : 0)

/** The part where two texts part. */
function difference(text: string, theirs: string, ours: string): string {
  let from = 0
  while (from < theirs.length && theirs[from] === ours[from]) from++
  const cut = (whole: string) => JSON.stringify(whole.slice(Math.max(0, from - 60), from + 60))
  return `text ${cut(text)}, theirs ${cut(theirs)}, ours ${cut(ours)}`
}

async function speed(): Promise<boolean> {
  const prose = given.filter(row => row.from === 'package docs' || row.from === 'development pages').slice(0, 1500)
  if (!prose.length) return true
  const column = textsOf(prose.map(row => row.text))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'prose.jsonl'), prose.map(({ text }) => `${JSON.stringify({ text })}\n`).join(''))
  const { prose: usual, code } = rulesOf({})
  const timed = new Map<string, number[]>([
    ['millrace, prose', []],
    ['millrace, code', []],
    ['datatrove@0.10', []],
  ])
  const peers: number[] = []
  for (let round = 0; round < 5; round++) {
    for (const [name, rules] of [
      ['millrace, prose', usual],
      ['millrace, code', code],
      ['datatrove@0.10', definitions.datatrove],
    ] as const) {
      const before = process.cpuUsage()
      const repeats = 20
      for (let i = 0; i < repeats; i++) await run(column, rules)
      const { user, system } = process.cpuUsage(before)
      timed.get(name)?.push((column.bytes.length * repeats) / (user + system))
    }
    const { status, stdout } = spawnSync(python, [program, 'time', join(folder, 'prose.jsonl')], { encoding: 'utf8' })
    if (status === 0) {
      const { seconds, bytes } = JSON.parse(stdout) as { seconds: number; bytes: number }
      peers.push(bytes / seconds / 1e6)
    }
  }
  const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN
  console.log(`\nMB per CPU second, one thread, ${(column.bytes.length / 1e6).toFixed(1)} MB of ${prose.length} prose texts, median of 5`)
  for (const [name, list] of timed) console.log(`${name.padEnd(30)}${median(list).toFixed(0).padStart(8)}`)
  console.log(`${'datatrove (Python)'.padEnd(30)}${median(peers).toFixed(1).padStart(8)}`)
  const met = median(timed.get('millrace, prose') ?? []) >= bars.megabytes
  console.log(`at least ${bars.megabytes} MB/s by default: ${met ? 'met' : 'MISSED'}`)
  return met
}
