/**
 * Tables of the pages in tables/, as the whole extractor writes them in HTML, against golds written by hand from the source.
 *
 * parse5 reads the result and the grid is formed here anew. Markdown, and how far a result is off, is scored by bench/extraction/tables.py.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DefaultTreeAdapterMap, parseFragment } from 'parse5'
import { describe, expect, test } from 'vitest'
import { extractPage } from '../../../native/addon/extract.ts'

type GoldCell = string | { text: string; rowspan?: number; colspan?: number; tables?: GoldTable[] }
interface GoldTable {
  caption?: string
  head: number
  rows: GoldCell[][]
}
interface Gold {
  tables: GoldTable[]
  outside?: string[]
}
type Node = DefaultTreeAdapterMap['node']
type Element = DefaultTreeAdapterMap['element']

const folder = join(import.meta.dirname, 'tables')
const pages = readdirSync(folder)
  .filter(name => name.endsWith('.html'))
  .map(name => name.slice(0, -5))

const children = (node: Node): Node[] => ('childNodes' in node ? node.childNodes : [])
const isElement = (node: Node, ...names: string[]): node is Element => 'tagName' in node && names.includes(node.tagName)

/** Elements of a name in document order, not within others of that name. */
function outermost(node: Node, name: string): Element[] {
  return children(node).flatMap(child => (isElement(child, name) ? [child] : outermost(child, name)))
}

/** White space collapsed; formulas without white space and braces, whose use differs. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/\\\((.*?)\\\)/g, (_, latex: string) => `$${latex}$`)
    .replace(/\$([^$]+)\$/g, (_, latex: string) => `$${latex.replace(/[\s{}]/g, '')}$`)
}

/** Text of a cell without that of tables in it. */
function text(node: Node): string {
  if (isElement(node, 'table')) return ''
  if (isElement(node, 'br')) return ' '
  return 'value' in node ? node.value : children(node).map(text).join('')
}

/** A table as a gold has it; rows are filled up with empty cells to the same width. */
function readTable(table: Element): { caption: string; rows: unknown[][] } {
  const rows = outermost(table, 'tr').map(tr =>
    children(tr)
      .filter(node => isElement(node, 'td', 'th'))
      .map(cell => {
        const attribute = (name: string) => Number(cell.attrs.find(a => a.name === name)?.value ?? 1)
        return shown(text(cell), attribute('rowspan'), attribute('colspan'), outermost(cell, 'table').map(readTable))
      }),
  )
  return { caption: plain(outermost(table, 'caption').map(text).join('')), rows: rows.map(trimmed) }
}

function goldTable(table: GoldTable): { caption: string; rows: unknown[][] } {
  const rows = table.rows.map(row =>
    row.map(cell => {
      if (typeof cell === 'string') return shown(cell, 1, 1, [])
      return shown(cell.text, cell.rowspan ?? 1, cell.colspan ?? 1, (cell.tables ?? []).map(goldTable))
    }),
  )
  return { caption: plain(table.caption ?? ''), rows: rows.map(trimmed) }
}

/** A cell for comparison: its text alone where there is nothing else to it. */
function shown(words: string, rowspan: number, colspan: number, tables: unknown[]): unknown {
  return rowspan === 1 && colspan === 1 && tables.length === 0 ? plain(words) : { text: plain(words), rowspan, colspan, tables }
}

/** A row without the empty cells at its end. */
function trimmed(row: unknown[]): unknown[] {
  return row.slice(0, row.findLastIndex(cell => cell !== '') + 1)
}

describe('tables', () => {
  test.each(pages)('of %s', name => {
    const gold = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Gold
    const page = extractPage(readFileSync(join(folder, `${name}.html`)), '', '', { format: 'html', mode: 'recall' })
    expect(outermost(parseFragment(page.text), 'table').map(readTable)).toEqual(gold.tables.map(goldTable))
  })
})
