/**
 * Extraction on the development pages: mean word-bag F1, documents/s and MB/s of one core.
 *
 *   node bench/extract.ts [--pages DIR] [--limit N] [--worst N]
 *
 * Reads `../shared/data/wcxb-dev` (data that the repository does not hold; absent: it says so and ends with 0). Words are lower-cased runs of
 * letters, marks, digits and `_`, as Python's `\w+`; a page's score is the F1 of the two multisets; pages with an empty gold are left out.
 */
import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { extractPage } from '../pipelines/extract/html/index.ts'

const { values } = parseArgs({
  options: {
    pages: { type: 'string', default: '../shared/data/wcxb-dev' },
    limit: { type: 'string' },
    worst: { type: 'string', default: '0' },
  },
})
const truth = `${values.pages}/ground-truth.jsonl.gz`
if (!existsSync(truth)) {
  console.log(`skipped: ${truth} is not there`)
  process.exit(0)
}

const words = (text: string): Map<string, number> => {
  const bag = new Map<string, number>()
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{M}\p{N}_]+/gu)) bag.set(word, (bag.get(word) ?? 0) + 1)
  return bag
}

function score(found: string, gold: string): { p: number; r: number; f: number } {
  const a = words(found)
  const b = words(gold)
  const size = (bag: Map<string, number>) => [...bag.values()].reduce((sum, n) => sum + n, 0)
  let common = 0
  for (const [word, n] of a) common += Math.min(n, b.get(word) ?? 0)
  const p = common / Math.max(1, size(a))
  const r = common / Math.max(1, size(b))
  return { p, r, f: common ? (2 * p * r) / (p + r) : 0 }
}

const records = gunzipSync(readFileSync(truth))
  .toString('utf8')
  .split('\n')
  .filter(Boolean)
  .map(line => JSON.parse(line))
const scores: { id: string; type: string; url: string; p: number; r: number; f: number }[] = []
let bytes = 0
let seconds = 0
let pages = 0
for (const record of records.slice(0, values.limit ? Number(values.limit) : undefined)) {
  const path = `${values.pages}/html/${record.file_id}.html.gz`
  if (!existsSync(path)) continue
  const page = gunzipSync(readFileSync(path))
  const begin = process.cpuUsage()
  const { text } = extractPage(page, undefined, { links: 'text', maxNodes: 1e6, maxDepth: 512 })
  const used = process.cpuUsage(begin)
  seconds += (used.user + used.system) / 1e6
  bytes += page.length
  pages++
  const gold = record.ground_truth.main_content ?? ''
  if (gold.trim())
    scores.push({ id: record.file_id, type: record._internal?.page_type?.primary ?? '?', url: record.url ?? '', ...score(text, gold) })
}

const mean = (list: readonly number[]) => (list.reduce((sum, x) => sum + x, 0) / Math.max(1, list.length)).toFixed(3)
for (const type of [...new Set(scores.map(s => s.type))].sort()) {
  const of = scores.filter(s => s.type === type)
  console.log(
    `${type.padEnd(16)} ${String(of.length).padStart(5)}  P ${mean(of.map(s => s.p))}  R ${mean(of.map(s => s.r))}  F1 ${mean(of.map(s => s.f))}`,
  )
}
console.log(
  `${'all'.padEnd(16)} ${String(scores.length).padStart(5)}  P ${mean(scores.map(s => s.p))}  R ${mean(scores.map(s => s.r))}  F1 ${mean(scores.map(s => s.f))}`,
)
console.log(
  `${pages} pages, ${(bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} CPU-s: ${(pages / seconds).toFixed(1)} documents/s, ${(bytes / 1e6 / seconds).toFixed(1)} MB/s`,
)
for (const s of scores.sort((a, b) => a.f - b.f).slice(0, Number(values.worst)))
  console.log(s.f.toFixed(2), `P ${s.p.toFixed(2)} R ${s.r.toFixed(2)}`, s.type, s.id, s.url)
