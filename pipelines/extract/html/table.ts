/**
 * Data tables as GFM, layout tables as blocks. The test follows Readability's (extraction.md 3.4) and asks for short cells in addition: GFM
 * has one line a row. Spans are filled with empty cells, up to 100 columns.
 */
import { inlineCode } from './code.ts'
import { type Node, textContent, visit, walk } from './dom.ts'

const maxColumns = 100
const maxCellLetters = 1000
/** A larger table is written as blocks: filling its rows up would cost more than it holds. */
const maxCells = 100_000

const widest = (rows: readonly (readonly unknown[])[]): number => rows.reduce((most, row) => Math.max(most, row.length), 0)

/** The cells of each row, without those of nested tables. */
function rowsOf(table: Node): Node[][] {
  const rows: Node[][] = []
  let node = table.first
  const open: (Node | null)[] = []
  for (;;) {
    while (!node) {
      if (!open.length) return rows
      node = open.pop() ?? null
    }
    const next: Node | null = node.next
    if (node.tag === 'tr') {
      const cells: Node[] = []
      for (let cell = node.first; cell; cell = cell.next) if (cell.tag === 'td' || cell.tag === 'th') cells.push(cell)
      if (cells.length) rows.push(cells)
    } else if (node.tag === 'thead' || node.tag === 'tbody' || node.tag === 'tfoot') {
      open.push(next)
      node = node.first
      continue
    }
    node = next
  }
}

export function isDataTable(table: Node): boolean {
  const role = table.get('role').toLowerCase()
  if (role === 'presentation' || role === 'none' || table.get('datatable') === '0') return false
  const rows = rowsOf(table)
  const columns = widest(rows)
  if (rows.length < 2 || columns < 2 || rows.length * columns > maxCells) return false
  let marked = table.has('summary')
  for (const node of walk(table)) {
    if (node.tag === 'table' || node.tag === 'pre' || (node.tag === 'p' && node.letters > maxCellLetters)) return false
    if (node.tag === 'th' || node.tag === 'caption' || node.tag === 'thead' || node.tag === 'tfoot' || node.tag === 'colgroup')
      marked = true
    if ((node.tag === 'td' || node.tag === 'th') && node.letters > maxCellLetters) return false
  }
  return (
    marked ||
    rows.length >= 10 ||
    columns > 4 ||
    rows.length * columns > 10 ||
    (rows.length >= 2 && rows.every(cells => cells.length === columns))
  )
}

/** GFM of a data table; '' where all cells are empty. */
export function tableText(table: Node): string {
  const grid: string[][] = []
  const hanging: { rows: number; text: string }[] = []
  for (const cells of rowsOf(table)) {
    const row: string[] = []
    let column = 0
    const carry = () => {
      while (column < maxColumns && (hanging[column]?.rows ?? 0) > 0) {
        ;(hanging[column] as { rows: number }).rows--
        row[column++] = ''
      }
    }
    for (const cell of cells) {
      carry()
      if (column >= maxColumns) break
      const wide = span(cell, 'colspan', maxColumns - column)
      const high = span(cell, 'rowspan', 1000)
      const text = cellText(cell)
      for (let i = 0; i < wide; i++) {
        hanging[column] = { rows: high - 1, text }
        row[column++] = i ? '' : text
      }
    }
    carry()
    if (row.some(text => text)) grid.push(row)
  }
  const columns = widest(grid)
  if (!grid.length) return ''
  const lines = grid.map(row => `| ${Array.from({ length: columns }, (_, i) => row[i] ?? '').join(' | ')} |`)
  lines.splice(1, 0, `|${' --- |'.repeat(columns)}`)
  const caption = [...walk(table)].find(node => node.tag === 'caption')
  const title = caption ? textContent(caption).replace(/\s+/g, ' ').trim() : ''
  return title ? `${title}\n\n${lines.join('\n')}` : lines.join('\n')
}

function span(cell: Node, name: string, max: number): number {
  const value = Number.parseInt(cell.get(name), 10)
  return Number.isInteger(value) && value > 1 ? Math.min(value, max) : 1
}

/** One line: formulas and code kept, blocks and breaks as spaces, pipes escaped. */
function cellText(cell: Node): string {
  const pieces: string[] = []
  visit(
    cell,
    node => {
      if (node.tag === '#text' || node.tag === '#math') pieces.push(node.text)
      else if (node.tag === 'code' && node !== cell) {
        pieces.push(inlineCode(textContent(node)))
        return false
      } else if (!isInline(node)) pieces.push(' ')
      return undefined
    },
    node => {
      if (!node.tag.startsWith('#') && !isInline(node)) pieces.push(' ')
    },
  )
  return pieces
    .join('')
    .replace(/[\s\u00a0]+/g, ' ')
    .trim()
    .replace(/\|/g, '\\|')
}

const inline = new Set(
  '#text #math a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark nobr q rp rt ruby s samp small span strike strong sub sup time tt u var wbr'.split(
    ' ',
  ),
)

/** Elements that do not break a line; MathML and SVG never do. All others break it, also those that HTML does not know. */
export const isInline = (node: Node): boolean => !node.html || inline.has(node.tag)
