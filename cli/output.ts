/** How commands speak: plain lines, colours only on a terminal, errors that say what to do next. */
import { stripVTControlCharacters } from 'node:util'

const colours = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR
const paint = (code: number) => (text: string) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text)
export const bold = paint(1)
export const dim = paint(2)
export const red = paint(31)
export const green = paint(32)
export const yellow = paint(33)

/** Text of documents, paths and foreign messages, made safe for a terminal: no escape sequences, control or direction characters. */
export const safe = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing control characters is the point
  stripVTControlCharacters(text).replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '\uFFFD')

/** The same on one line, cut to `width` characters. */
export function oneLine(text: string, width = 200): string {
  const line = safe(text).replace(/[\n\t]+/g, ' ')
  return line.length > width ? `${line.slice(0, width - 1)}…` : line
}

export const out = (text = ''): void => void process.stdout.write(`${text}\n`)
export const err = (text = ''): void => void process.stderr.write(`${text}\n`)

/** JSON that a terminal may show: JSON escapes the first 32 control characters itself, this the rest. */
export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? Number(item) : item), indent).replace(
    /[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
export const json = (value: unknown): void => out(jsonText(value, 2))

interface Teaching {
  code?: string
  kind?: string
  type?: string
  next?: string
  message: string
  cause?: unknown
}

const isCode = (text: string | undefined): text is string => text !== undefined && /^[A-Z][A-Z0-9_]+$/.test(text)

/** Of a chain of workflow failures the deepest that has a code of ours; where none has, the one at the bottom. */
export function root(error: unknown): Teaching {
  let found = error as Teaching
  let coded = isCode(found.code ?? found.type) ? found : undefined
  while (found.cause && typeof found.cause === 'object' && 'message' in found.cause) {
    found = found.cause as Teaching
    if (isCode(found.code ?? found.type)) coded = found
  }
  return coded ?? found
}

/** Codes that mean "asked wrongly", for errors that came over Temporal and lost their kind. */
const askedWrongly = new Set(
  `BAD_MODEL BAD_URL_LIST BAD_WORDS_FILE CLASSIFIER_LABELS CONFIG CONFIG_FILE DISK_SPACE EVALUATION_EMPTY EXPRESSION FINEWEB2_FILE
  LOADER_COMPONENT LOADER_EXHAUSTED MODEL_FILE MODULE_IMPORT MODULE_LOAD MODULE_ORDER MODULE_SHAPE MODULE_THREW NO_RUN NO_SERVER NO_STAGE
  SCORES_JOIN STEP_FIELDS STORE_REFUSED TRAIN_CONFIG UNKNOWN_LABEL UNKNOWN_LANGUAGE URL_LIST_FILE USAGE`.split(/\s+/),
)

/** Prints an error for people and returns the exit code. */
export function report(error: unknown): number {
  const found = root(error)
  const code = found.code ?? found.type
  err(`${red('error')}${isCode(code) ? ` ${code}` : ''}: ${safe(found.message)}`)
  if (!isCode(code)) {
    if (process.env.MILLRACE_DEBUG) err((error as Error).stack ?? '')
    else err(dim('MILLRACE_DEBUG=1 shows where it was thrown'))
  }
  return found.kind === 'config' || askedWrongly.has(code ?? '') ? 2 : 1
}

const units = ['B', 'KB', 'MB', 'GB', 'TB']
export function bytes(n: number): string {
  let i = 0
  let value = n
  while (value >= 1000 && i < units.length - 1) {
    value /= 1000
    i++
  }
  return `${i ? value.toFixed(value < 10 ? 1 : 0) : value} ${units[i]}`
}

export const number = (n: number): string => n.toLocaleString('en-US', { maximumFractionDigits: 0 })

export function duration(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  if (seconds < 5400) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
  return `${(seconds / 3600).toFixed(1)} h`
}

export const percent = (share: number): string => `${(share * 100).toFixed(share > 0 && share < 0.1 ? 2 : 1)} %`

/** Rows as aligned columns, two spaces apart. Cells that look like numbers go to the right. Colours do not count. */
export function table(rows: readonly (readonly string[])[], indent = ''): string {
  const width = (text: string) => stripVTControlCharacters(text).length
  const widths: number[] = []
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, width(cell))
  const pad = (cell: string, i: number, last: boolean) => {
    const space = ' '.repeat(Math.max(0, (widths[i] ?? 0) - width(cell)))
    if (/^-?[\d,.]+( ([KMGT]?B|%|s))?$/.test(stripVTControlCharacters(cell))) return space + cell
    return last ? cell : cell + space
  }
  return rows.map(row => `${indent}${row.map((cell, i) => pad(cell, i, i === row.length - 1)).join('  ')}`.trimEnd()).join('\n')
}
