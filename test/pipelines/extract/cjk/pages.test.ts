/**
 * Pages in languages without spaces, or that Python's \w+ does not divide: mean F1 over characters, as bench/extraction/cjk.py, which says what
 * the golds hold. Means only: half of the pages is never tuned on.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { extractPage } from '../../../../native/addon/extract.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const names = readdirSync(folder)
  .filter(name => name.endsWith('.html'))
  .map(name => name.slice(0, -'.html'.length))
  .sort()

const token = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}ー]|[\p{L}\p{M}\p{N}_]/gu

function bag(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [character] of text.toLowerCase().matchAll(token)) counts.set(character, (counts.get(character) ?? 0) + 1)
  return counts
}

function f1(found: string, gold: string): number {
  const a = bag(found)
  const b = bag(gold)
  const size = (counts: Map<string, number>) => [...counts.values()].reduce((sum, n) => sum + n, 0)
  let common = 0
  for (const [character, n] of a) common += Math.min(n, b.get(character) ?? 0)
  return common ? (2 * common) / (size(a) + size(b)) : 0
}

describe('pages in Chinese, Japanese, Korean and Thai', () => {
  test.each([
    ['zh', 15],
    ['ja', 14],
    ['ko', 14],
    ['th', 14],
  ])('%s: mean F1 of at least .90', (language, count) => {
    const scores = names
      .filter(name => name.startsWith(`${language}-`))
      .map(name =>
        f1(
          extractPage(readFileSync(`${folder}${name}.html`), '', '', { format: 'text' }).text,
          readFileSync(`${folder}${name}.txt`, 'utf8'),
        ),
      )
    expect(scores).toHaveLength(count)
    expect(scores.reduce((sum, x) => sum + x, 0) / scores.length).toBeGreaterThanOrEqual(0.9)
  })
})
