/** What the conformance programs of published definitions share: texts, answers of other programs (kept by digest), comparison, the table. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { judgePublished, type PublishedPass, publishedStatistics } from '../../native/addon/profiles.ts'
import { textsOf } from '../../native/addon/text.ts'
import type { PublishedRule } from '../../pipelines/filter/published.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = join(root, 'build/conformance-published')
const python = process.env.MILLRACE_PYTHON ?? join(root, 'build/conformance/bin/python')

const program = (name: string) => join(root, 'bench/conformance', name)
const lines = (path: string) => readFileSync(path, 'utf8').split('\n').filter(Boolean)

/** Runs `python NAME ARGS < input` into a file named by the digest of all of these; answers what an earlier run left there. */
function kept(name: string, args: readonly string[], input?: string): string {
  const hash = createHash('sha256').update(readFileSync(program(name)))
  for (const arg of args) hash.update(`\0${arg}`)
  if (input) hash.update('\0').update(readFileSync(input))
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${name.replace('.py', '')}-${hash.digest('hex').slice(0, 16)}.jsonl`)
  if (existsSync(path)) return path
  const from = input ? openSync(input, 'r') : ('ignore' as const)
  const to = openSync(`${path}.part`, 'w')
  const { status, error } = spawnSync(python, [program(name), ...args], { stdio: [from, to, 'inherit'] })
  if (typeof from === 'number') closeSync(from)
  closeSync(to)
  if (status !== 0) {
    console.error(
      `${python} ${name} failed${error ? ` (${error.message})` : ''}: expected a Python with test/requirements-conformance.txt.`,
    )
    console.error('Next: npm run conformance, or set MILLRACE_PYTHON to such a Python.')
    process.exit(2)
  }
  renameSync(`${path}.part`, path)
  return path
}

export interface Texts {
  path: string
  texts: string[]
}

export function textsFor(count: number): Texts {
  const path = kept('published_texts.py', [String(count)])
  return { path, texts: lines(path).map(line => JSON.parse(line) as string) }
}

/** One answer of the program for each text. */
export const answers = <T>(name: string, args: readonly string[], texts: Texts): T[] =>
  lines(kept(name, args, texts.path)).map(line => JSON.parse(line) as T)

export interface Ours {
  /** Per text: the name of the rule that dropped it, null if kept. */
  verdicts: (string | null)[]
  /** Statistic -> one number a text, NaN where it has none. */
  statistics: Map<string, Float64Array>
  /** Texts as the profile left them, where it kept them. */
  edited: string[]
}

/** Judges all texts by one profile, every statistic measured. */
export async function judged(texts: readonly string[], rules: readonly PublishedRule[], passes: readonly PublishedPass[]): Promise<Ours> {
  const names = publishedStatistics()
  const statistics = new Map(names.map(name => [name, new Float64Array(texts.length)]))
  const verdicts: (string | null)[] = []
  const edited: string[] = []
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  for (let from = 0; from < texts.length; from += 2048) {
    const batch = texts.slice(from, from + 2048)
    const result = await judgePublished(textsOf(batch), new Uint8Array(batch.length), [passes], { measureAll: true })
    const bad = result.status.findIndex(status => status !== 0)
    if (bad >= 0) throw new Error(`text ${from + bad} has status ${result.status[bad]}`)
    for (const [i, step] of result.step.entries()) {
      verdicts.push(step < 0 ? null : (rules[step] as PublishedRule).name)
      edited.push(
        result.text ? decoder.decode(result.text.bytes.subarray(result.text.offsets[i], result.text.offsets[i + 1])) : (batch[i] as string),
      )
    }
    for (const [s, name] of names.entries()) statistics.get(name)?.set(result.statistics[s] as Float64Array, from)
  }
  return { verdicts, statistics, edited }
}

export const fails = ({ drops, threshold }: PublishedRule, value: number): boolean =>
  drops === 'below'
    ? value < threshold
    : drops === 'above'
      ? value > threshold
      : drops === 'at_most'
        ? value <= threshold
        : value >= threshold

/** Counts and differences of one rule, for the table. */
export interface Row {
  rule: string
  dropped: number
  verdicts: number
  scores: number
}

export class Differences {
  readonly rows = new Map<string, Row>()
  #shown = 0

  /** One text and rule: both verdicts and both scores; null or NaN is "none". Equal scores differ by less than 1e-12 of their size. */
  add(rule: string, theirs: { drops: boolean; score?: number | null }, ours: { drops: boolean; score?: number }, text: string): void {
    const row = this.rows.get(rule) ?? { rule, dropped: 0, verdicts: 0, scores: 0 }
    this.rows.set(rule, row)
    row.dropped += Number(theirs.drops)
    const differs = theirs.drops !== ours.drops
    const [a, b] = [theirs.score ?? Number.NaN, ours.score ?? Number.NaN]
    const scores = Number.isNaN(a) ? !Number.isNaN(b) : !(Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(a)))
    row.verdicts += Number(differs)
    row.scores += Number(scores)
    if ((differs || scores) && this.#shown++ < 12)
      console.error(
        `${rule}: theirs ${theirs.drops} ${a}, ours ${ours.drops} ${b}: ${JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text)}`,
      )
  }

  /** Prints the table; the number of verdicts and of scores that differ. */
  table(title: string): { verdicts: number; scores: number } {
    const total = { verdicts: 0, scores: 0 }
    console.log(`\n${title}\n${'rule'.padEnd(66)} ${'dropped'.padStart(8)} ${'verdicts'.padStart(9)} ${'scores'.padStart(7)}`)
    for (const row of this.rows.values()) {
      console.log(
        `${row.rule.padEnd(66)} ${String(row.dropped).padStart(8)} ${String(row.verdicts).padStart(9)} ${String(row.scores).padStart(7)}`,
      )
      total.verdicts += row.verdicts
      total.scores += row.scores
    }
    return total
  }
}
