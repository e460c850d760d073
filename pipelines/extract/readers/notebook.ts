/**
 * Jupyter notebooks (nbformat 3 and 4): Markdown cells as they are, code cells as fences with the kernel's language.
 *
 * Outputs and raw cells are left out: outputs repeat data and pictures, raw cells are meant for other converters. A fence is longer than any
 * run of backticks in its cell. Cell magics that switch the language (`%%bash`) name the fence's.
 */
import { type Input, InputError, type Item, type Limits, unreadable } from '../records.ts'
import { firstHeading, wholeFile } from './whole.ts'

interface Cell {
  type: string
  source: string
  language?: string | undefined
  level?: number | undefined
}

export async function* readNotebook(input: Input, limits: Limits): AsyncGenerator<Item, void, undefined> {
  const bytes = await wholeFile(input, limits)
  if (bytes instanceof InputError) return yield unreadable(input.key, bytes.offset, bytes.code, bytes.message)
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return yield unreadable(input.key, 0, 'NOTEBOOK_JSON', 'expected a notebook in JSON and UTF-8, found bytes that are not')
  }
  const cells = cellsOf(parsed)
  if (!cells) return yield unreadable(input.key, 0, 'NOTEBOOK_FORMAT', 'expected `cells` (nbformat 4) or `worksheets` (3), found neither')
  const kernel = kernelOf(parsed as Notebook)
  const text = cells
    .map(cell => written(cell, kernel))
    .filter(Boolean)
    .join('\n\n')
  let title: string | undefined
  for (const { type, source } of cells) if (!title && type === 'markdown') title = firstHeading(source)
  yield {
    record: {
      key: input.key,
      offset: 0,
      text: text ? `${text.toWellFormed()}\n` : '',
      title: title?.toWellFormed(),
      type: 'ipynb',
      meta: kernel ? { kernel } : {},
    },
  }
}

interface Notebook {
  metadata?: { kernelspec?: { language?: unknown; name?: unknown }; language_info?: { name?: unknown }; language?: unknown }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

const plain = (value: unknown): string =>
  typeof value === 'string' ? value : Array.isArray(value) ? value.filter(line => typeof line === 'string').join('') : ''

function cellsOf(notebook: unknown): Cell[] | undefined {
  if (!isObject(notebook)) return undefined
  const sheets = Array.isArray(notebook.worksheets) ? notebook.worksheets.filter(isObject).map(sheet => sheet.cells) : [notebook.cells]
  if (!sheets.length || !sheets.every(Array.isArray)) return undefined
  return (sheets as unknown[][]).flat().flatMap(cell =>
    isObject(cell)
      ? {
          type: String(cell.cell_type),
          source: plain(cell.source ?? cell.input),
          language: typeof cell.language === 'string' ? cell.language : undefined,
          level: typeof cell.level === 'number' ? cell.level : undefined,
        }
      : [],
  )
}

/** The kernel's language in lower case, without a version (`python3`); IRkernel calls itself `ir`. */
function kernelOf({ metadata }: Notebook): string | undefined {
  const said = [metadata?.language_info?.name, metadata?.kernelspec?.language, metadata?.kernelspec?.name, metadata?.language]
  return languageName(said.find(name => typeof name === 'string' && name !== '') as string | undefined)
}

function languageName(name: string | undefined): string | undefined {
  const bare = name
    ?.toLowerCase()
    .replace(/[-. ]?\d[\d.]*$/, '')
    .replace(/[^a-z0-9+#._-]/g, '')
    .slice(0, 40)
  return bare === 'ir' ? 'r' : bare === 'ipython' ? 'python' : bare || undefined
}

const magics: Record<string, string> = {
  bash: 'bash',
  sh: 'sh',
  script: 'sh',
  html: 'html',
  javascript: 'javascript',
  js: 'javascript',
  latex: 'latex',
  perl: 'perl',
  ruby: 'ruby',
  r: 'r',
  sql: 'sql',
  cython: 'cython',
  markdown: 'markdown',
}

function written(cell: Cell, kernel: string | undefined): string {
  const source = cell.source.replace(/\r\n?/g, '\n').replace(/^\n+/, '').trimEnd()
  if (!source) return ''
  if (cell.type === 'markdown') return source
  if (cell.type === 'heading') return `${'#'.repeat(Math.min(6, Math.max(1, cell.level ?? 1)))} ${source.replace(/\n/g, ' ')}`
  if (cell.type !== 'code') return ''
  const magic = /^%%([A-Za-z]+)/.exec(source)?.[1]?.toLowerCase()
  const language = (magic ? magics[magic] : undefined) ?? languageName(cell.language) ?? kernel ?? ''
  let longest = 2
  for (const [run] of source.matchAll(/`+/g)) longest = Math.max(longest, run.length)
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${source}\n${fence}`
}
