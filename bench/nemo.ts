/**
 * nemo-english beside NeMo Curator 1.4.0: MB per CPU-second of one core, the same documents, turn by turn; the median of the turns. Exits 1 where
 * a bar is missed: 45 MB/s, and 300 times the package.
 *
 *   node bench/nemo.ts [--turns 5] [--documents 2000] [--peer 60]
 *
 * Documents are unique, 10 KB on average, made of package documentation, each sentence at most once in a document. The package gets the first
 * `peer` of them (its speed does not depend on how many). Needs a Python with test/requirements-conformance.txt (MILLRACE_PYTHON, else
 * build/conformance/bin/python).
 */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { judgePublished } from '../native/addon/profiles.ts'
import { textsOf } from '../native/addon/text.ts'
import { publishedRules } from '../pipelines/filter/published.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const python = process.env.MILLRACE_PYTHON ?? join(root, 'build/conformance/bin/python')
const bars = { speed: 45, times: 300 }
const { values } = parseArgs({
  options: {
    turns: { type: 'string', default: '5' },
    documents: { type: 'string', default: '2000' },
    peer: { type: 'string', default: '60' },
  },
})

/** xorshift: the documents must be the same in every run. */
let state = 88172645
const random = (below: number) => {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) % below
}

/** Paragraphs of package documentation, each once, none a table, a list or code. */
function paragraphs(): string[] {
  const found = new Set<string>()
  for (const path of globSync('node_modules/**/*.md', { cwd: root }).sort())
    for (const paragraph of readFileSync(join(root, path), 'utf8')
      .toWellFormed()
      .split(/\n\s*\n/))
      if (paragraph.length > 120 && paragraph.length < 2000 && /^[A-Z]/.test(paragraph)) found.add(paragraph)
  return [...found]
}

function documents(count: number): string[] {
  const pieces = paragraphs()
  return Array.from({ length: count }, () => {
    const taken = new Set<number>()
    let text = ''
    const size = 5_000 + random(10_000)
    while (text.length < size && taken.size < pieces.length) {
      const at = random(pieces.length)
      if (taken.has(at)) continue
      taken.add(at)
      text += `${text ? '\n\n' : ''}${pieces[at]}`
    }
    return text
  })
}

const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[list.length >> 1] as number

const texts = documents(Number(values.documents))
const column = textsOf(texts)
const profileOf = new Uint8Array(texts.length)
const { passes } = publishedRules('nemo-english')

async function ours(): Promise<number> {
  const before = process.cpuUsage()
  await judgePublished(column, profileOf, [passes], { measureAll: true })
  const { user, system } = process.cpuUsage(before)
  return column.bytes.length / 1e6 / ((user + system) / 1e6)
}

function theirs(): number {
  const input = texts
    .slice(0, Number(values.peer))
    .map(text => JSON.stringify(text))
    .join('\n')
  const { status, stdout, stderr } = spawnSync(python, [join(root, 'bench/conformance/nemo.py'), 'time'], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(`${python} bench/conformance/nemo.py failed: ${stderr}`)
  const { seconds, bytes } = JSON.parse(stdout) as { seconds: number; bytes: number }
  return bytes / 1e6 / seconds
}

if (!existsSync(python)) {
  console.error(`no ${python}. Next: npm run conformance, or set MILLRACE_PYTHON to a Python with test/requirements-conformance.txt`)
  process.exit(2)
}
await ours()
const [native, peer]: [number[], number[]] = [[], []]
for (let turn = 0; turn < Number(values.turns); turn++) {
  native.push(await ours())
  peer.push(theirs())
}
const [speed, beside] = [median(native), median(peer)]
console.log(`${texts.length} documents, ${(column.bytes.length / 1e6).toFixed(1)} MB, all 28 scores and verdicts, one thread`)
console.log(`nemo-english         ${speed.toFixed(1)} MB/CPU-s (${native.map(n => n.toFixed(1)).join(', ')})`)
console.log(`nemo-curator 1.4.0   ${beside.toFixed(4)} MB/CPU-s (${peer.map(n => n.toFixed(4)).join(', ')})`)
console.log(`${(speed / beside).toFixed(0)} times`)
process.exitCode = speed >= bars.speed && speed / beside >= bars.times ? 0 : 1
