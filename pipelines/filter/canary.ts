/** What filter must drop and keep: a page of prose and a source file stay; spam, a menu and a page without words go. */
import { type Canary, ordinary } from '../canary.ts'
import { MiB } from '../stage.ts'
import type { FilterConfig } from './index.ts'

const spam = `${'Best cheap watches online, buy cheap watches now! '.repeat(40)}\n`
const menu = `${['Home', 'Shop', 'News', 'Cart', 'Log in', 'Contact'].join('\n')}\n`.repeat(12)
const marks = `${'### *** --- ||| === >>> '.repeat(60)}\n`

const source = `/** Sorts the lines of a text and leaves out those that occur twice. */
export function sortedLines(text: string): string[] {
  const lines = text.split('\\n').map(line => line.trimEnd())
  const seen = new Set<string>()
  for (const line of lines) {
    if (line.length > 0) seen.add(line)
  }
  return [...seen].sort((a, b) => a.localeCompare(b))
}

export function countWords(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) {
    for (const word of line.split(/\\s+/)) {
      counts.set(word, (counts.get(word) ?? 0) + 1)
    }
  }
  return counts
}
`

/**
 * Profiles and thresholds are somebody's choice: where a config makes one, nothing is certain of any page, and the defaults are planted
 * instead. They still hold the native rules and the profile of each kind to their word.
 */
export const canary: Canary<FilterConfig> = async ({ config }) => {
  const usual = !Object.keys(config.profiles).length && !Object.keys(config.override).length && config.maxDocumentBytes >= MiB
  return {
    config: usual ? { ...config, unitBytes: MiB } : { unitBytes: MiB },
    documents: [
      { key: 'an ordinary page', text: ordinary[0] as string },
      { key: 'another ordinary page', text: ordinary[1] as string },
      { key: 'a source file', kind: 'code', type: 'typescript', text: source },
      { key: 'spam', text: spam },
      { key: 'a menu', text: menu },
      { key: 'a page without words', text: marks },
    ],
    keeps: ['an ordinary page', 'another ordinary page', 'a source file'],
    drops: ['spam', 'a menu', 'a page without words'],
    oneOf: [],
  }
}
