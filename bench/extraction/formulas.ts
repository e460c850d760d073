/**
 * The formulas that a page's extraction holds, for formulas.py: one JSON line {file, formulas: [{latex, display}]} a page.
 *
 *   node bench/extraction/formulas.ts [--mode MODE] [--pages ../shared/data/stem-pages/ccmath] > FOUND.jsonl
 *
 * Read back from what the product writes as HTML, not from the passes inside it. Without a mode every block is written: the golds hold the
 * formulas of the whole page, those of tables of contents and of side columns too, which are rescued but are not content. With a mode
 * (balanced, precision, recall, union) a formula in a dropped block is a lost one.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { extractPage, type Mode, wholePage } from '../../native/addon/extract.ts'

const { values } = parseArgs({
  options: { mode: { type: 'string' }, pages: { type: 'string', default: '../shared/data/stem-pages/ccmath' } },
})
const references: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&nbsp;': '\u00a0', '&amp;': '&' }

for (const name of readdirSync(values.pages).sort()) {
  if (!name.endsWith('.html')) continue
  const file = `${values.pages}/${name}`
  const page = readFileSync(file)
  const text = values.mode
    ? extractPage(page, '', '', { mode: values.mode as Mode, format: 'html' }).text
    : wholePage(page, { format: 'html' })
  const formulas = [...text.matchAll(/<(?:span|div) class="math (inline|display)">\\[([]([^<]*)\\[)\]]</g)].map(([, kind, latex = '']) => ({
    latex: latex.replace(/&(?:lt|gt|quot|#39|nbsp|amp);/g, reference => references[reference] ?? reference),
    display: kind === 'display',
  }))
  process.stdout.write(`${JSON.stringify({ file, formulas })}\n`)
}
