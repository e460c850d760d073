/**
 * Prints on how many pages the native tree equals parse5's (scripting off): every development page, and mutations of them.
 *
 *   node scripts/with-node.mjs test/native/html/compare.ts [--pages] [--mutations 1000] [--seed 1]
 *
 * A mutation is a whole page, cut off, with bytes flipped, with tags spliced in, or with a stretch of another page in it; both parsers get
 * the same text. Where they differ, the page's name, the seed and the place are printed, no text: part of the pages is a lock box.
 * Exit code 1 below 99.9 %.
 */
import { parseArgs } from 'node:util'
import { serializeTree } from '../../../native/addon/html.ts'
import { missing, type Page, pages, parse5Tree, random, snippets } from './oracle.ts'

const { values } = parseArgs({
  options: { pages: { type: 'boolean' }, mutations: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
})
const absent = missing('wcxb-dev/html') ?? missing('stem-pages')
if (absent) {
  console.log(`skipped: ${absent}`)
  process.exit(0)
}

// parse5 has no limits of attributes, depth or formatting elements.
const wide = { maxAttributes: 60_000, maxDepth: 10_000, maxFormatting: 10_000 }

/** Where the trees part, in characters of parse5's; undefined for equal ones. */
function difference(html: string): number | undefined {
  const found = Buffer.from(serializeTree(Buffer.from(html), wide).tree).toString()
  const expected = parse5Tree(html)
  if (found === expected) return undefined
  let at = 0
  while (found[at] === expected[at]) at++
  return at
}

/** "truncate", "flip", "splice" or "mix", and the text. */
function mutate(page: Page, other: Page, seed: number): [string, string] {
  const next = random(seed)
  const bytes = Buffer.from(page.text)
  const decoded = (mutated: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(mutated)
  switch (seed % 4) {
    case 0:
      return ['truncate', decoded(bytes.subarray(0, next(bytes.length + 1)))]
    case 1:
      for (let flips = 1 + next(40); flips > 0 && bytes.length; flips--) {
        const at = next(bytes.length)
        bytes[at] = (bytes[at] as number) ^ (1 << next(7))
      }
      return ['flip', decoded(bytes)]
    case 2: {
      let text = page.text
      for (let splices = 1 + next(12); splices > 0; splices--) {
        const at = next(text.length + 1)
        text = text.slice(0, at) + snippets[next(snippets.length)] + text.slice(at)
      }
      return ['splice', text.toWellFormed()]
    }
    default: {
      const at = next(page.text.length + 1)
      const from = next(other.text.length + 1)
      return ['mix', (page.text.slice(0, at) + other.text.slice(from, from + next(4000)) + page.text.slice(at)).toWellFormed()]
    }
  }
}

let failed = false
function tell(what: string, count: number, different: string[]): void {
  const share = (100 * (count - different.length)) / count
  console.log(`${what}: ${count - different.length} of ${count} trees equal parse5's (${share.toFixed(2)} %)`)
  for (const one of different) console.log(`  differs: ${one}`)
  failed ||= share < 99.9
}

const all = [...pages()]
if (values.pages) {
  const different = all.flatMap(({ name, text }) => {
    const at = difference(text)
    return at === undefined ? [] : [`${name} at ${at}`]
  })
  tell('development pages', all.length, different)
}
const wanted = Number(values.mutations)
const kinds: Record<string, number> = {}
const different: string[] = []
for (let i = 0; i < wanted; i++) {
  const seed = Number(values.seed) * 1_000_003 + i
  const pick = random(seed ^ 0x5bd1e995)
  const page = all[pick(all.length)] as Page
  const [kind, html] = mutate(page, all[pick(all.length)] as Page, seed)
  kinds[kind] = (kinds[kind] ?? 0) + 1
  const at = difference(html)
  if (at !== undefined) different.push(`${page.name} seed ${seed} (${kind}) at ${at}`)
}
const list = Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`)
if (wanted) tell(`mutated pages (${list.join(', ')})`, wanted, different)
process.exit(failed ? 1 : 0)
