/** How commands speak: plain lines, colours only on a terminal, errors that say what to do next. */
import { stripVTControlCharacters } from 'node:util'

const colours = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR
const paint = (code: number) => (text: string) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text)
export const bold = paint(1)
export const dim = paint(2)
export const red = paint(31)
export const green = paint(32)
export const yellow = paint(33)

/** Text of documents, paths and foreign messages, made safe for a terminal: no escape sequences, no control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing control characters is the point
export const safe = (text: string): string => stripVTControlCharacters(text).replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '\uFFFD')

export const out = (text = ''): void => void process.stdout.write(`${text}\n`)
export const err = (text = ''): void => void process.stderr.write(`${text}\n`)
export const json = (value: unknown): void => out(JSON.stringify(value, null, 2))

interface Teaching {
  code?: string
  kind?: string
  type?: string
  next?: string
  message: string
  cause?: unknown
}

/** The failure at the bottom of a chain of workflow failures: the one that says something. */
export function root(error: unknown): Teaching {
  let found = error as Teaching
  while (found.cause && typeof found.cause === 'object' && 'message' in found.cause) found = found.cause as Teaching
  return found
}

/** Prints an error for people and returns the exit code. */
export function report(error: unknown): number {
  const found = root(error)
  const code = found.code ?? found.type
  const teaching = code && /^[A-Z][A-Z0-9_]+$/.test(code)
  err(`${red('error')}${teaching ? ` ${code}` : ''}: ${safe(found.message)}`)
  if (!teaching && process.env.MILLRACE_DEBUG) err((error as Error).stack ?? '')
  return found.kind === 'config' || ['CONFIG', 'DISK_SPACE', 'NO_SERVER', 'STORE_REFUSED'].includes(code ?? '') ? 2 : 1
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
