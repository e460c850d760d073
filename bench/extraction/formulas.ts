/**
 * The formulas that a page's extraction holds, for formulas.py: one JSON line {file, formulas: [{latex, display}]} a page.
 *
 *   node bench/extraction/formulas.ts [--mode recall] [--pages ../shared/data/stem-pages/ccmath] > FOUND.jsonl
 *
 * Read back from what the product writes as HTML, not from the passes inside it, so a formula in a dropped block is a lost one.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { extractPage, type Mode } from '../../native/addon/extract.ts'

const { values } = parseArgs({
  options: { mode: { type: 'string', default: 'recall' }, pages: { type: 'string', default: '../shared/data/stem-pages/ccmath' } },
})
const references: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&nbsp;': '\u00a0', '&amp;': '&' }

for (const name of readdirSync(values.pages).sort()) {
  if (!name.endsWith('.html')) continue
  const file = `${values.pages}/${name}`
  const { text } = extractPage(readFileSync(file), '', '', { mode: values.mode as Mode, format: 'html' })
  const formulas = [...text.matchAll(/<(?:span|div) class="math (inline|display)">\\[([]([^<]*)\\[)\]]</g)].map(([, kind, latex = '']) => ({
    latex: latex.replace(/&(?:lt|gt|quot|#39|nbsp|amp);/g, reference => references[reference] ?? reference),
    display: kind === 'display',
  }))
  process.stdout.write(`${JSON.stringify({ file, formulas })}\n`)
}
