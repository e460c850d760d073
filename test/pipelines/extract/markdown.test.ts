/**
 * Markdown and cleaned HTML read back as the text that was written. Markdown is rendered by markdown-it (CommonMark with GFM's tables and
 * strikethrough, and a rule for formulas as Pandoc reads them): its text is that of `format: 'text'` but for white space and the bars of tables.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import MarkdownIt from 'markdown-it'
import { parse, html as spec } from 'parse5'
import { describe, expect, test } from 'vitest'
import { wholePage } from '../../../native/addon/extract.ts'
import { root } from './support.ts'

const renderer = new MarkdownIt({ html: true })
renderer.inline.ruler.before('escape', 'formula', (state, silent) => {
  const { src, pos, posMax } = state
  if (src[pos] !== '$') return false
  const size = src[pos + 1] === '$' ? 2 : 1
  if (size === 1 && /\s|^$/.test(src[pos + 1] ?? '')) return false
  let at = pos + size
  for (; at < posMax; at++) {
    if (src[at] === '\\') at++
    else if (src[at] === '$' && (size === 2 ? src[at + 1] === '$' : !/\s/.test(src[at - 1] ?? '') && !/\d/.test(src[at + 1] ?? ''))) break
  }
  if (at >= posMax) return false
  if (!silent) state.push('formula', '', 0).content = src.slice(pos, at + size)
  state.pos = at + size
  return true
})
renderer.renderer.rules.formula = (tokens, i) => `<span>${renderer.utils.escapeHtml(tokens[i]?.content ?? '')}</span>`

interface Tree {
  nodeName: string
  value?: string
  parentNode?: Tree
  childNodes?: Tree[]
  attrs?: { name: string; value: string }[]
}

/** Text of a rendering, with the marks of list items. */
function textOf(markdown: string): string {
  const pieces: string[] = []
  const waiting: Tree[] = [parse(renderer.render(markdown)) as unknown as Tree]
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (node.nodeName === '#text') pieces.push(node.value ?? '')
    if (node.nodeName === spec.TAG_NAMES.LI) {
      const list = node.parentNode
      const start = Number(list?.attrs?.find(({ name }) => name === 'start')?.value ?? 1)
      const place = list?.childNodes?.filter(({ nodeName }) => nodeName === 'li').indexOf(node) ?? 0
      pieces.push(list?.nodeName === 'ol' ? `${start + place}. ` : '- ')
    }
    waiting.push(...(node.childNodes ?? []).toReversed())
  }
  return bare(pieces.join(''))
}

const bare = (text: string): string => text.replace(/[\s|]+/g, '')

function* noise(count: number, seed: number): Generator<string> {
  let state = seed
  const next = (n: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % n
  }
  const marks = [...'**__``~~$$[]()!<>&#+-=:.;1a b \\\n"x/。é']
  const words = [
    '$$',
    '---',
    '```',
    '~~~',
    '===',
    '](',
    '](a)',
    '<b>',
    '&amp;',
    '1. ',
    '- ',
    '# ',
    '[a]:',
    '[x] ',
    ' ',
    'ab',
    'ab',
    '\u0001br',
  ]
  const all = [...marks, ...words]
  const piece = () =>
    Array.from({ length: 1 + next(14) }, () => all[next(all.length)])
      .join('')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('\u0001', '<')
      .replaceAll('<br', '<br>')
  const inline = () => [`<code>${piece()}</code>`, `<a href="/u">${piece()}</a>`][next(8)] ?? piece()
  const line = () => Array.from({ length: 1 + next(3) }, inline).join('')
  const block = () =>
    [
      `<h2>${line()}</h2>`,
      `<ul><li>${line()}<li>${line()}</ul>`,
      `<blockquote>${line()}</blockquote>`,
      `<ol><li>${line()}<p>${line()}</p></ol>`,
    ][next(6)] ?? `<p>${line()}</p>`
  while (count-- > 0) yield Array.from({ length: 1 + next(3) }, block).join('')
}

const folder = join(root, '../shared/data/stem-pages')
const pages = () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => /\.html$/.test(name))

describe('Markdown reads back as text', () => {
  test.each([1, 2, 3, 4])('marks at random (%i)', seed => {
    for (const page of noise(1500, seed)) {
      const text = bare(wholePage(page, { format: 'text' }))
      for (const links of [false, true]) expect(textOf(wholePage(page, { links })), page).toBe(text)
    }
  })

  test.skipIf(!existsSync(folder))('pages with formulas, code and tables (skipped where ../shared/data is absent)', () => {
    expect(pages().length).toBeGreaterThan(20)
    const differing = pages().filter(name => {
      const page = readFileSync(join(folder, name))
      const written = textOf(wholePage(page))
      const text = bare(wholePage(page, { format: 'text' }))
      // A list with a gap (an item held nothing) is numbered through by readers of Markdown.
      return written !== text && written.replace(/[\d.]+/g, '') !== text.replace(/[\d.]+/g, '')
    })
    expect(differing).toEqual([])
  })
})

describe('cleaned HTML reads back as text', () => {
  const again = (page: string | Uint8Array) => bare(wholePage(wholePage(page, { format: 'html' }), { format: 'text' }))

  test('marks at random', () => {
    for (const page of noise(1500, 9)) expect(again(page), page).toBe(bare(wholePage(page, { format: 'text' })))
  })

  test.skipIf(!existsSync(folder))('pages with formulas, code and tables (skipped where ../shared/data is absent)', () => {
    const differing = pages().filter(
      name => again(readFileSync(join(folder, name))) !== bare(wholePage(readFileSync(join(folder, name)), { format: 'text' })),
    )
    // Definitions of macros are TeX without anything to see: they go where they stand as formulas.
    expect(differing).toEqual(['ccmath/libretexts_1_p_latex_mathjax.html'])
  })
})
