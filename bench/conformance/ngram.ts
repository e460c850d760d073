/**
 * The n-gram language model against KenLM 0.3.0: our scores of its models and of ours, and our estimates beside lmplz's from the same text.
 * Exits 1 where a bar is missed.
 *
 *   node bench/conformance/ngram.ts [--count 6000]
 *
 * Needs a Python with test/requirements-conformance.txt (MILLRACE_PYTHON, else build/conformance/bin/python). lmplz is part of the source that
 * `pip download --no-binary kenlm --no-deps kenlm==0.3.0` gets: with CMake and Boost, `cmake -DCMAKE_POLICY_VERSION_MINIMUM=3.5` and
 * `make lmplz`; MILLRACE_LMPLZ names it. Without it, estimates are not compared, and a line says so.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { loadModel, openTrainer, type Scores, saveModel, scoreTexts, type TrainOptions } from '../../native/addon/ngram.ts'
import { textsOf } from '../../native/addon/text.ts'
import { hostileSentences, sentencesOf } from '../ngram/texts.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const python = process.env.MILLRACE_PYTHON ?? join(root, 'build/conformance/bin/python')
const folder = join(root, 'build/conformance-ngram')
const { values } = parseArgs({ options: { count: { type: 'string', default: '6000' } } })
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })

const { train, held } = sentencesOf(root)
const asked = [...held.slice(0, Number(values.count)), ...hostileSentences(held)]
const corpus = join(folder, 'train.txt')
writeFileSync(corpus, `${train.join('\n')}\n`)

let failed = false
const report = (what: string, value: string, bar: string, met: boolean) => {
  console.log(`${what.padEnd(58)} ${value.padStart(16)}   ${bar.padEnd(10)} ${met ? 'met' : 'MISSED'}`)
  failed ||= !met
}
console.log(`${train.length} sentences to train on, ${asked.length} to score\n`)

async function trained(name: string, options: Partial<TrainOptions>): Promise<string> {
  const arpa = join(folder, `${name}.arpa`)
  const trainer = openTrainer({ words: 'spaces', scratch: folder, arpa, binary: join(folder, `${name}.bin`), ...options })
  await trainer.add(textsOf([train.join('\n')]))
  await trainer.finish()
  return arpa
}

const kenlm = (model: string): number[][] =>
  execFileSync(python, [join(root, 'bench/conformance/ngram.py'), 'scores', model], {
    input: asked.map(each => JSON.stringify(each)).join('\n'),
    maxBuffer: 2 ** 30,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  })
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as number[])

/**
 * The largest differences over all sentences and flags: from what KenLM returns for sentences of at most 50 words, and from its scores of the
 * words, added in double precision, for all. It adds in single precision, which loses 1e-4 in a long sentence.
 */
async function compare(what: string, ours: string, theirs: string): Promise<void> {
  const model = await loadModel(ours)
  const rows = kenlm(theirs)
  const most = { returned: 0, added: 0 }
  for (const [flags, [begin, end]] of [
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ].entries()) {
    const scores: Scores = await scoreTexts(model, textsOf(asked), { begin: begin as boolean, end: end as boolean })
    for (const [i, row] of rows.entries()) {
      const score = scores.log10[i] as number
      most.added = Math.max(most.added, Math.abs(score - (row[4 + flags] as number)))
      if ((scores.words[i] as number) <= 50) most.returned = Math.max(most.returned, Math.abs(score - (row[flags] as number)))
    }
  }
  report(`${what}: from what it returns`, most.returned.toExponential(1), '<= 1e-4', most.returned <= 1e-4)
  report('  from its words, added in double precision', most.added.toExponential(1), '<= 1e-4', most.added <= 1e-4)
}

const five = await trained('ours-5', {})
const two = await trained('ours-2', { order: 2 })
await compare('our scores, our 5-grams in ARPA', five, five)
await compare('our scores, our 5-grams in our binary form', join(folder, 'ours-5.bin'), five)
await compare('our scores, our 2-grams', two, two)
writeFileSync(join(folder, 'five.arpa.gz'), gzipSync(readFileSync(five)))
await compare('our scores, gzip', join(folder, 'five.arpa.gz'), five)
await saveModel(await loadModel(five), join(folder, 'again.bin'))
const same = readFileSync(join(folder, 'again.bin')).equals(readFileSync(join(folder, 'ours-5.bin')))
report('binary form from ARPA and from training', same ? 'same bytes' : 'others', 'same', same)
await trained('small', { maxMemory: 24 * 2 ** 20, binary: '' })
const bounded = readFileSync(join(folder, 'small.arpa')).equals(readFileSync(five))
report('training in 24 MiB and in 1 GiB', bounded ? 'same bytes' : 'others', 'same', bounded)

/** Largest difference of log10 probabilities and weights over all n-grams; infinite where one has another set. */
function estimates(ours: string, theirs: string): number {
  const read = (path: string) => {
    const grams = new Map<string, [number, number]>()
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      const [log10, words, backoff] = line.split('\t')
      if (words !== undefined && words !== '<s>') grams.set(words, [Number(log10), Number(backoff ?? 0)])
      else if (words !== undefined) grams.set(words, [0, Number(backoff)])
    }
    return grams
  }
  const [a, b] = [read(ours), read(theirs)]
  if (a.size !== b.size) return Number.POSITIVE_INFINITY
  let most = 0
  for (const [words, [log10, backoff]] of a) {
    const other = b.get(words)
    if (!other) return Number.POSITIVE_INFINITY
    most = Math.max(most, Math.abs(log10 - other[0]), Math.abs(backoff - other[1]))
  }
  return most
}

const perplexity = async (path: string) => {
  const scores = await scoreTexts(await loadModel(path), textsOf(held))
  let [log10, words] = [0, 0]
  for (const [i, score] of scores.log10.entries()) [log10, words] = [log10 + score, words + (scores.words[i] as number) + 1]
  return 10 ** (-log10 / words)
}

const lmplz = process.env.MILLRACE_LMPLZ
if (lmplz === undefined) console.log('\nestimates are not compared: MILLRACE_LMPLZ names no lmplz')
else
  for (const [order, prune] of [
    [2, [0]],
    [3, [0]],
    [5, [0]],
    [5, [0, 0, 1]],
    [4, [0, 1, 1, 2]],
  ] as const) {
    const name = `${order}-${prune.join('')}`
    const ours = await trained(name, { order, prune })
    const theirs = join(folder, `lmplz-${name}.arpa`)
    const given = ['-o', String(order), '-S', '20%', '-T', folder, '--text', corpus, '--arpa', theirs, '--prune', ...prune.map(String)]
    execFileSync(lmplz, given, { stdio: ['ignore', 'ignore', 'ignore'] })
    const difference = estimates(ours, theirs)
    report(
      `${order}-grams pruned at ${prune.join(' ')}: largest difference from lmplz`,
      difference.toExponential(1),
      '<= 1e-4',
      difference <= 1e-4,
    )
    const [p, q] = [await perplexity(ours), await perplexity(theirs)]
    report(
      `  perplexity of ${held.length} held-out sentences`,
      `${p.toFixed(3)} / ${q.toFixed(3)}`,
      'within 1 %',
      Math.abs(p / q - 1) <= 0.01,
    )
    if (order === 5 && prune.length === 1) await compare('  our scores of its model', theirs, theirs)
  }

process.exitCode = failed ? 1 : 0
