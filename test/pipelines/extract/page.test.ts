/** Pages whose Markdown follows from their markup. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { extractPage } from '../../../pipelines/extract/html/index.ts'
import { root } from './support.ts'

const options = { links: 'text', maxNodes: 1e6, maxDepth: 512 } as const
const extract = (html: string, more: Partial<{ links: 'text' | 'markdown' }> = {}) =>
  extractPage(Buffer.from(html), undefined, { ...options, ...more })
const body = (html: string) => extract(`<body>${html}</body>`).text

const filler = 'A sentence of plain prose that says enough about nothing in particular to count as content here. '.repeat(4)

describe('Markdown', () => {
  test.each([
    ['headings and paragraphs', '<h1>One</h1><p>Two\n three</p><h3>Four</h3>five<br>six', '# One\n\nTwo three\n\n### Four\n\nfive\nsix'],
    ['lists', '<ul><li>a<li>b<ol start=3><li>c</li><li>d</li></ol></li></ul>', '- a\n- b\n  3. c\n  4. d'],
    ['paragraphs in items', '<ol><li><p>a</p><p>b</p></li><li>c</li></ol>', '1. a\n\n   b\n2. c'],
    ['quotes', '<blockquote><p>a</p><blockquote>b</blockquote></blockquote>', '> a\n>\n> > b'],
    [
      'code keeps its lines',
      '<pre><code class="hljs language-js">if (a &lt; b) {\n  c()\n}\n</code></pre>',
      '```js\nif (a < b) {\n  c()\n}\n```',
    ],
    ['fences outgrow what is inside', '<pre>```\nx\n````</pre>', '`````\n```\nx\n````\n`````'],
    ['inline code', '<p>call <code>f(`x`)</code> or <kbd>Enter</kbd></p>', 'call `` f(`x`) `` or `Enter`'],
    ['line breaks inside code', '<pre>a<br>b<div>c</div>d</pre>', '```\na\nb\nc\nd\n```'],
    ['line numbers go', '<pre>1 alpha\n2 beta\n3 gamma\n4 delta\n5 end</pre>', '```\nalpha\nbeta\ngamma\ndelta\nend\n```'],
    [
      'a data table',
      '<table><tr><th>a</th><th>b|c</th></tr><tr><td>1<br>2</td><td><code>x</code></td></tr></table>',
      '| a | b\\|c |\n| --- | --- |\n| 1 2 | `x` |',
    ],
    [
      'spans become empty cells',
      '<table><thead><tr><th colspan=2>ab</th><th>c</th></tr></thead><tr><td rowspan=2>1</td><td>2</td><td>3</td></tr><tr><td>4</td><td>5</td></tr></table>',
      '| ab |  | c |\n| --- | --- | --- |\n| 1 | 2 | 3 |\n|  | 4 | 5 |',
    ],
    ['a layout table is blocks', '<table role=presentation><tr><td>left</td><td>right</td></tr></table>', 'left\n\nright'],
    ['definition lists', '<dl><dt>term</dt><dd>meaning</dd></dl>', 'term\n\nmeaning'],
    ['images and emphasis leave their text', '<p>a <em>b</em><img src=x alt=y> <strong>c</strong></p>', 'a b c'],
  ])('%s', (_, html, expected) => expect(body(html)).toBe(expected))

  test('addresses of links on request', () => {
    const html = '<body><p>see <a href="https://e.example/x">the page</a> and <a href="javascript:void 0">this</a></p></body>'
    expect(extract(html).text).toBe('see the page and this')
    expect(extract(html, { links: 'markdown' }).text).toBe('see [the page](https://e.example/x) and this')
  })
})

describe('formulas', () => {
  test.each([
    [
      'an annotation',
      '<math><semantics><mi>x</mi><annotation encoding="application/x-tex">x^{2}</annotation></semantics></math>',
      'so $x^{2}$ is',
    ],
    ['alttext, display style taken off', '<math alttext="{\\displaystyle \\alpha}"><mi>a</mi></math>', 'so $\\alpha$ is'],
    [
      'a script of MathJax 2 and its rendering',
      '<span class="MathJax_Preview">prev</span><span class="MathJax">rend</span><script type="math/tex">y_1</script>',
      'so $y_1$ is',
    ],
    [
      'KaTeX',
      '<span class="katex"><span class="katex-mathml"><math><semantics><mi>z</mi><annotation encoding="application/x-tex">z|w</annotation></semantics></math></span><span class="katex-html" aria-hidden="true">z</span></span>',
      'so $z|w$ is',
    ],
    [
      'MediaWiki, hidden beside its image',
      '<span class="mwe-math-element"><span style="display: none;"><math alttext="{\\displaystyle E}"><mi>E</mi></math></span><img class="mwe-math-fallback-image-inline" alt="E"></span>',
      'so $E$ is',
    ],
  ])('%s', (_, html, expected) => expect(body(`<p>so ${html} is</p>`)).toBe(expected))

  test('display formulas are blocks', () => {
    expect(body('<p>a</p><script type="math/tex; mode=display">\\sum_i i</script><p>b</p>')).toBe('a\n\n$$\\sum_i i$$\n\nb')
    expect(body('<table><tr><th>f</th><th>g</th></tr><tr><td><math alttext="a"></math></td><td>2</td></tr></table>')).toContain(
      '| $a$ | 2 |',
    )
  })
})

describe('content and furniture', () => {
  const furniture = `<header><a href=/>Site</a></header><nav><a href=/a>Start</a></nav><div class="cookie-consent">We use cookies</div>`
  const after = `<aside>Related things</aside><div id="share-buttons">Share this</div><footer>All rights reserved</footer>`

  test('furniture by tag, role, class and id goes; hidden things too', () => {
    const html = `<body>${furniture}<article><h1>Title</h1><p>${filler}</p><div hidden>no</div><p style="display:none">no</p></article>${after}</body>`
    expect(extract(html).text).toBe(`# Title\n\n${filler.trim()}`)
  })

  test('names that would take nearly everything are not believed', () => {
    expect(body(`<div class="widget"><p>${filler}</p></div>`)).toBe(filler.trim())
    expect(body(`<div><div class="sidebar"><p>${filler}</p></div><p>short</p></div>`)).toContain(filler.trim())
  })

  test('lists of links go, lists of words with a link stay', () => {
    const links = `<ul>${'<li><a href=x>Some other page of ours</a></li>'.repeat(6)}</ul>`
    const list = '<ul><li>A point about <a href=x>this</a> and more of it</li><li>And a second point</li></ul>'
    expect(body(`<main><p>${filler}</p>${links}${list}</main>`)).toBe(
      `${filler.trim()}\n\n- A point about this and more of it\n- And a second point`,
    )
  })

  test('a page in one form, and comments of a forum', () => {
    expect(body(`<form><p>${filler}</p></form>`)).toBe(filler.trim())
    const thread = `<meta name=generator content="Discourse 3"><body><div class=post><p>${filler}</p></div><div class="comments"><p>An answer that is content.</p></div></body>`
    expect(extract(thread).text).toContain('An answer that is content.')
    expect(extract(thread.replace('Discourse', 'Something')).text).not.toContain('An answer')
  })

  test('an empty body with an article in JSON-LD', () => {
    const html = `<script type="application/ld+json">{"@type":"NewsArticle","articleBody":"${filler.trim()}","author":{"name":"A. Writer"},"datePublished":"2025-02-03"}</script><body><div id=app></div></body>`
    expect(extract(html)).toMatchObject({ text: filler.trim(), author: 'A. Writer', date: '2025-02-03', type: 'article' })
  })

  test('confidence is the share of what the page shows', () => {
    expect(extract(`<body><p>${filler}</p></body>`).confidence).toBe(1)
    expect(extract(`<body><article><p>${filler}</p></article><footer>${filler}</footer></body>`).confidence).toBeCloseTo(0.5, 2)
  })
})

test('metadata', () => {
  const html = `<html lang="de-AT"><head><title>T | Site</title><meta property="og:title" content="T"><meta name="author" content="A. B."><meta property="article:published_time" content="2025-01-02">
    <link rel="canonical" href="https://e.example/t"><meta property="og:site_name" content="Site"><meta property="og:type" content="article"></head><body><p>x</p></body></html>`
  expect(extract(html)).toMatchObject({
    title: 'T',
    author: 'A. B.',
    date: '2025-01-02',
    language: 'de',
    url: 'https://e.example/t',
    site: 'Site',
    type: 'article',
    encoding: 'utf-8',
  })
})

describe('hostile pages', () => {
  test.each([
    ['deep nesting', '<div>'.repeat(100_000), 'HTML_LIMIT'],
    ['deep tables', '<table><tr><td>'.repeat(100_000), 'HTML_LIMIT'],
  ])('%s', (_, html, code) => expect(() => extract(html)).toThrow(expect.objectContaining({ code })))

  test.each([
    ['many attributes', `<p ${Array.from({ length: 50_000 }, (_, i) => `a${i}=1`).join(' ')}>x</p>`],
    ['a long address', `<p><a href="data:${'x'.repeat(2_000_000)}">x</a></p>`],
    ['NULs', '<p>x\0</p>'],
    ['unclosed everything', '<!--<p>x'],
    ['many spans', `<table><tr><th>h</th><td>i</td></tr>${'<tr><td colspan=1000000 rowspan=1000000>x</td></tr>'.repeat(50)}</table>`],
    ['many misnested formats', '<p><b><i><u>x'.repeat(3000)],
    ['runs of spaces', `<p>${'<i> </i>'.repeat(100_000)}x`],
    ['runs of empty lines', `<pre>x${'\n'.repeat(1_000_000)}y</pre>`],
    ['runs of dollars', `<math alttext="x${'$'.repeat(1_000_000)}y"></math>`],
    ['many backticks', `<pre>${'` '.repeat(300_000)}</pre>`],
    ['many articles', '<article>x</article>'.repeat(100_000)],
    ['a table of many rows', `<table>${'<tr><td>x<td>y'.repeat(120_000)}</table>`],
    ['a table with one wide row', `<table><tr>${'<td>x'.repeat(1000)}${'<tr><td>y<td>z'.repeat(50_000)}</table>`],
    ['a heading of marks', `<h1>${'# '.repeat(50_000)}x</h1>`],
  ])('%s', (_, html) => expect(() => extract(html)).not.toThrow(TypeError))

  test('nested quotes stay linear', () => {
    const { text } = extract(`<body>${'<blockquote>'.repeat(400)}${'word<br>'.repeat(1000)}`)
    expect(text.length).toBeLessThan(1000 * 60)
  })
})

describe('pages with formulas, code and tables (skipped where ../shared/data is absent)', () => {
  const folder = join(root, '../shared/data/stem-pages/cccode')
  const pages = existsSync(folder) ? readdirSync(folder).filter(name => /\.html$/.test(name)) : []
  test.skipIf(!pages.length)('code blocks survive with their lines', () => {
    let found = 0
    let all = 0
    for (const page of pages) {
      const stem = page.slice(0, -5)
      const text = extract(readFileSync(join(folder, page), 'utf8')).text
      for (const gold of readdirSync(folder).filter(name => name.startsWith(`${stem}-`) && !name.endsWith('.html'))) {
        const code = readFileSync(join(folder, gold), 'utf8')
          .split('\n')
          .map(line => line.trimEnd())
          .join('\n')
          .trim()
        all++
        if (text.includes(code)) found++
      }
    }
    expect(all).toBeGreaterThan(0)
    expect(found / all).toBeGreaterThan(0.5)
  })
})
