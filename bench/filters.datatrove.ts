/**
 * Profile `datatrove@0.10` beside datatrove 0.10.1 with spaCy 3.8: the chain of four filters on the same bytes, MB per CPU-second of one core.
 * Rounds alternate, each in a fresh process; the median of the rounds' ratios counts. Verdicts and reasons must be equal first. Exits 1 where
 * they are not, or where ours is less than `--least` times as fast.
 *
 *   node bench/filters.datatrove.ts [--rounds 5] [--megabytes 8] [--least 400]
 *
 * Documents are real and unique, 10 KB on average: development pages where they are at hand, package docs, docstrings (each long enough by
 * itself, or put together), as bench/conformance/datatrove.py gives them. Only judging is timed, on both sides after one short text that loads
 * what loads late; ours also learns words from then on, as a long run would have behind it. Needs a Python with
 * test/requirements-conformance.txt: MILLRACE_PYTHON, else build/conformance/bin/python.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { judge, tables, textsOf } from '../native/addon/text.ts'
import { profiles } from '../pipelines/filter/profiles.ts'
import { nativeProfile } from '../pipelines/filter/rules.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const python = process.env.MILLRACE_PYTHON ?? join(root, 'build/conformance/bin/python')
const program = join(root, 'bench/conformance/datatrove.py')
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    megabytes: { type: 'string', default: '8' },
    least: { type: 'string', default: '400' },
    child: { type: 'string' },
  },
})

interface Timed {
  seconds: number
  verdicts: (string | null)[]
}

const linesOf = (jsonl: string) => jsonl.split('\n').filter(line => line !== '')

function run(command: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 30 })
  if (status !== 0) {
    console.error(`${command} ${args.join(' ')} failed\n${stderr}`)
    process.exit(2)
  }
  return stdout
}

/** Texts of 4 KB and more as they are, shorter ones of one origin put together up to 10 KB, until there are enough bytes. */
function documents(bytes: number): string[] {
  const found: string[] = []
  let [left, open, origin] = [bytes, '', '']
  for (const line of linesOf(run(python, [program, 'texts', '4800']))) {
    const { from, text } = JSON.parse(line) as { from: string; text: string }
    if (!['pages', 'package docs', 'docstrings'].includes(from) || left <= 0) continue
    if (from !== origin) open = ''
    origin = from
    open = text.length >= 4000 ? text : `${open}${open && '\n\n'}${text}`
    if (open.length < (text.length >= 4000 ? 4000 : 10_000)) continue
    found.push(open)
    left -= Buffer.byteLength(open)
    open = ''
  }
  return found
}

/** In the fresh process: ours. */
async function child(path: string): Promise<void> {
  const file = readFileSync(path)
  const ends = file.readInt32LE(0) * 4
  const texts = {
    offsets: new Int32Array(new Uint8Array(file.subarray(4, 8 + ends)).buffer),
    bytes: new Uint8Array(file.subarray(8 + ends)),
  }
  const count = texts.offsets.length - 1
  const chain = [nativeProfile(profiles['datatrove@0.10'])]
  await judge(textsOf(['The words of a first text load what loads late. '.repeat(20)]), new Uint8Array(1), chain, { extent: 'verdict' })
  await new Promise(resolve => setTimeout(resolve, 300)) // what the engine compiles in the background is done
  const cpu = () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6
  const start = cpu()
  const { rule } = await judge(texts, new Uint8Array(count), chain, { extent: 'verdict' })
  const seconds = cpu() - start
  const reasons = tables().rules.map(each => each.reason)
  console.log(JSON.stringify({ seconds, verdicts: Array.from(rule, number => reasons[number] ?? null) } satisfies Timed))
}

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number

function main(): void {
  const texts = documents(Number(values.megabytes) * 1e6)
  const folder = join(root, 'build/bench-filters')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'datatrove.jsonl')
  writeFileSync(path, texts.map(text => `${JSON.stringify({ text })}\n`).join(''))
  // The same for ours, so that no collection of JavaScript strings falls into the time: how many, offsets, bytes.
  const column = textsOf(texts)
  const binary = join(folder, 'datatrove.bin')
  writeFileSync(
    binary,
    Buffer.concat([new Uint8Array(Int32Array.of(texts.length).buffer), new Uint8Array(column.offsets.buffer), column.bytes]),
  )
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  console.log(`${texts.length} unique documents, ${(bytes / 1e6).toFixed(1)} MB, ${(bytes / texts.length / 1e3).toFixed(1)} KB on average`)

  const rates: { ours: number; theirs: number }[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    const ours = JSON.parse(run(process.execPath, [fileURLToPath(import.meta.url), '--child', binary])) as Timed
    const theirs = JSON.parse(run(python, [program, 'time', path])) as Timed
    const different = theirs.verdicts.findIndex((verdict, i) => verdict !== ours.verdicts[i])
    if (different >= 0) {
      console.error(`document ${different} of ${path}: datatrove ${theirs.verdicts[different]}, ours ${ours.verdicts[different]}`)
      process.exit(1)
    }
    rates.push({ ours: bytes / 1e6 / ours.seconds, theirs: bytes / 1e6 / theirs.seconds })
    const last = rates.at(-1) as { ours: number; theirs: number }
    console.log(
      `round ${round + 1}: ours ${last.ours.toFixed(1)} MB/s, datatrove ${last.theirs.toFixed(3)} MB/s, ${(last.ours / last.theirs).toFixed(0)} times`,
    )
  }
  const ratio = median(rates.map(({ ours, theirs }) => ours / theirs))
  console.log('\n| | MB per CPU-second, median |\n|---|---|')
  console.log(`| millrace, datatrove@0.10 | ${median(rates.map(each => each.ours)).toFixed(1)} |`)
  console.log(`| datatrove 0.10.1 | ${median(rates.map(each => each.theirs)).toFixed(3)} |`)
  console.log(`\nsame verdicts and reasons on all; ${ratio.toFixed(0)} times as fast, at least ${values.least} wanted`)
  process.exitCode = ratio >= Number(values.least) ? 0 : 1
}

if (values.child) await child(values.child)
else main()
