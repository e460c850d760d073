/**
 * Scoring of sentences with a 5-gram model, one thread, CPU seconds: ours beside KenLM 0.3.0's Model.score (its probing model), the same model
 * and sentences, fresh processes, rounds interleaved. Medians count, and only ratios do. Exits 1 below `--least`.
 *
 *   node bench/ngram.ts [--rounds 5] [--least 2]
 *
 * The model is trained on the installed packages' documentation; sentences are the held-out ones, some times over. Needs a Python with
 * test/requirements-conformance.txt: MILLRACE_PYTHON, else build/conformance/bin/python.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadModel, openTrainer, scoreTexts } from '../native/addon/ngram.ts'
import { textsOf } from '../native/addon/text.ts'
import { sentencesOf } from './ngram/texts.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const python = process.env.MILLRACE_PYTHON ?? join(root, 'build/conformance/bin/python')
const folder = join(root, 'build/bench-ngram')
const model = join(folder, 'model')
const asked = join(folder, 'sentences.txt')
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    least: { type: 'string', default: '2' },
    child: { type: 'boolean', default: false },
  },
})

const cpu = () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6

async function child(): Promise<void> {
  const loaded = await loadModel(`${model}.bin`)
  const texts = textsOf(readFileSync(asked, 'utf8').split('\n'))
  const seconds: number[] = []
  let total = 0
  for (let round = 0; round < 3; round++) {
    const begin = cpu()
    const scores = await scoreTexts(loaded, texts)
    seconds.push(cpu() - begin)
    total = scores.log10.reduce((a, b) => a + b)
  }
  console.log(JSON.stringify({ seconds, total }))
}

async function main(): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const { train, held } = sentencesOf(root)
  const sentences = Array.from({ length: Math.ceil(60_000 / held.length) }, () => held).flat()
  writeFileSync(asked, sentences.join('\n'))
  if (!existsSync(`${model}.bin`) || !existsSync(`${model}.arpa`)) {
    const trainer = openTrainer({ words: 'spaces', scratch: folder, arpa: `${model}.arpa`, binary: `${model}.bin` })
    await trainer.add(textsOf([train.join('\n')]))
    await trainer.finish()
  }
  const words = sentences.reduce((sum, sentence) => sum + sentence.split(' ').length, 0)
  const run = (program: string, given: string[]) =>
    JSON.parse(execFileSync(program, given, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as {
      seconds: number[]
      total: number
    }
  const results = { ours: [] as number[], kenlm: [] as number[] }
  const totals = { ours: 0, kenlm: 0 }
  for (let round = 0; round < Number(values.rounds); round++) {
    const ours = run(process.execPath, [fileURLToPath(import.meta.url), '--child'])
    const kenlm = run(python, [join(root, 'bench/conformance/ngram.py'), 'time', `${model}.arpa`, asked, '3'])
    results.ours.push(...ours.seconds)
    results.kenlm.push(...kenlm.seconds)
    Object.assign(totals, { ours: ours.total, kenlm: kenlm.total })
  }
  const median = (all: number[]) => all.toSorted((a, b) => a - b)[all.length >> 1] as number
  const [ours, kenlm] = [median(results.ours), median(results.kenlm)]
  console.log(`${sentences.length} sentences, ${words} words; sums of scores ${totals.ours.toFixed(1)} and ${totals.kenlm.toFixed(1)}`)
  for (const [name, seconds] of [
    ['ours', ours],
    ['kenlm', kenlm],
  ] as const)
    console.log(`${name.padEnd(8)}${seconds.toFixed(4).padStart(8)} CPU s${((seconds * 1e9) / words).toFixed(0).padStart(6)} ns per word`)
  const ratio = kenlm / ours
  console.log(`ratio ${ratio.toFixed(2)}, at least ${values.least}: ${ratio >= Number(values.least) ? 'met' : 'MISSED'}`)
  process.exitCode = ratio >= Number(values.least) ? 0 : 1
}

await (values.child ? child() : main())
