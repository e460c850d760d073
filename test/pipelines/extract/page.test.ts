/** Pages whose text follows from their markup: as it is written, then as it is chosen. */
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { wholePage } from '../../../native/addon/extract.ts'
import { extract, extractTransform, type PageInput } from '../../../pipelines/extract/page.ts'

const body = (html: string) => wholePage(`<body>${html}</body>`)

const paragraphs = [
  'A sentence of plain prose that says enough about nothing in particular to count as content here, and then goes on for a while. ',
  'The second one tells of a boat that lay on the shore in winter, how it was mended, and who came by to see what was being done. ',
  'In the third they sail, the wind turns, and nobody minds, because there was never a place that they had meant to go to at all. ',
].map(sentence => sentence.repeat(3).trim())
const [filler = ''] = paragraphs
const article = (html: string) =>
  `<html><head><title>A title of it</title></head><body><nav><ul><li><a href=/a>Start</a><li><a href=/b>News</a></ul></nav><main><article><h1>A title of it</h1><p>${paragraphs[0]}</p><p>${paragraphs[1]}</p>${html}<p>${paragraphs[2]}</p></article></main><footer>All rights reserved</footer></body></html>`

describe('Markdown', () => {
  test.each([
    ['headings and paragraphs', '<h1>One</h1><p>Two\n three</p><h3>Four</h3>five<br>six', '# One\n\nTwo three\n\n### Four\n\nfive\nsix'],
    ['lists', '<ul><li>a<li>b<ol start=3><li>c</li><li>d</li></ol></li></ul>', '- a\n- b\n\n  3. c\n  4. d'],
    ['paragraphs in items', '<ol><li><p>a</p><p>b</p></li><li>c</li></ol>', '1. a\n\n   b\n2. c'],
    ['quotes', '<blockquote><p>a</p><blockquote>b</blockquote></blockquote>', '> a\n>\n> > b'],
    [
      'code keeps its lines',
      '<pre><code class="hljs language-js">if (a &lt; b) {\n  c()\n}\n</code></pre>',
      '```js\nif (a < b) {\n  c()\n}\n```',
    ],
    ['fences outgrow what is inside', '<pre>```\nx\n````</pre>', '`````\n```\nx\n````\n`````'],
    ['inline code', '<p>call <code>f(`x`)</code> or <kbd>Enter</kbd></p>', 'call ``f(`x`)`` or Enter'],
    ['line breaks inside code', '<pre>a<br>b<div>c</div>d</pre>', '```\na\nb\nc\nd\n```'],
    ['line numbers go', '<pre>1 alpha\n2 beta\n3 gamma\n4 delta\n5 end</pre>', '```\nalpha\nbeta\ngamma\ndelta\nend\n```'],
    [
      'a data table',
      '<table><tr><th>a</th><th>b|c</th></tr><tr><td>1<br>2</td><td><code>x</code></td></tr></table>',
      '| a | b\\|c |\n| --- | --- |\n| 1<br>2 | `x` |',
    ],
    ['a layout table is blocks', '<table role=presentation><tr><td>left</td><td>right</td></tr></table>', 'left\n\nright'],
    ['definition lists', '<dl><dt>term</dt><dd>meaning</dd></dl>', 'term\n\nmeaning'],
    ['images and emphasis leave their text', '<p>a <em>b</em><img src=x alt=y> <strong>c</strong></p>', 'a b c'],
  ])('%s', (_, html, expected) => expect(body(html)).toBe(expected))

  test('addresses of links and images on request', () => {
    const html = '<p>see <a href="https://e.example/x">the page</a>, <a href="javascript:void 0">this</a><img src=/i.png alt="a b"></p>'
    expect(wholePage(html)).toBe('see the page, this')
    expect(wholePage(html, { links: true, images: true })).toBe('see [the page](https://e.example/x), this![a b](/i.png)')
  })

  test('tables with spans are HTML', () => {
    const html =
      '<table><thead><tr><th colspan=2>ab</th><th>c</th></tr></thead><tr><td rowspan=2>1</td><td>2</td><td>3</td></tr><tr><td>4</td><td>5</td></tr></table>'
    expect(wholePage(html)).toMatch(/^<table>[\s\S]*<th colspan="2">ab<\/th>[\s\S]*<td rowspan="2">1<\/td>[\s\S]*<\/table>$/)
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
  test('furniture goes, formulas, code and tables stay', () => {
    const { text, type, confidence, title } = extract(
      article(
        '<pre><code class="language-js">a()\nb()</code></pre><script type="math/tex; mode=display">x^2</script><table><tr><th>k<th>v<tr><td>1<td>2</table>',
      ),
    )
    expect(text).toBe(
      `# A title of it\n\n${paragraphs[0]}\n\n${paragraphs[1]}\n\n\`\`\`js\na()\nb()\n\`\`\`\n\n$$x^2$$\n\n| k | v |\n| --- | --- |\n| 1 | 2 |\n\n${paragraphs[2]}`,
    )
    expect({ type, title }).toEqual({ type: 'article', title: 'A title of it' })
    expect(confidence).toBeGreaterThan(0.5)
  })

  test('formats hold the same blocks', () => {
    const page = article('<h2>Two &amp; more</h2><ul><li>a<li>b</ul>')
    const { text } = extract(page, { format: 'text' })
    expect(text).toContain('\n\nTwo & more\n\n- a\n- b\n\n')
    expect(extract(page, { format: 'html' }).text).toContain('<h2>Two &amp; more</h2>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n<p>')
  })

  test('an empty body with an article in JSON-LD', () => {
    const html = `<script type="application/ld+json">{"@type":"NewsArticle","articleBody":"${filler}","author":{"name":"A. Writer"},"datePublished":"2025-02-03"}</script><body><div id=app></div></body>`
    expect(extract(html)).toMatchObject({ text: filler, author: 'A. Writer', date: '2025-02-03', origin: 'json-ld' })
  })

  test('blocks tell why they were dropped', () => {
    const { blocks = [] } = extract(article(''), { blocks: true })
    expect(blocks.filter(({ kept }) => kept)).toHaveLength(4)
    expect(blocks.find(({ reason }) => reason === 'navigation')).toMatchObject({ kept: false, words: 1 })
    // A hash says nothing of case, white space and digits.
    const hashes = (html: string) => extract(html, { blocks: true }).blocks?.map(({ hash }) => hash)
    expect(hashes('<p>Page 12 of\nmany</p>')).toEqual(hashes('<div>page  of many 3</div>'))
    expect(hashes('<p>Page 12 of\nmany</p>')).not.toEqual(hashes('<p>Page 12 of few</p>'))
    expect(blocks.map(({ position }) => position)).toEqual(blocks.map(({ position }) => position).sort((a, b) => a - b))
  })
})

test('metadata', () => {
  const html = `<html lang="de-AT"><head><title>T | Site</title><meta property="og:title" content="T"><meta name="author" content="Anna Berger"><meta property="article:published_time" content="2025-01-02">
    <link rel="canonical" href="https://e.example/t"><meta property="og:site_name" content="Site"><meta name="robots" content="noindex, noai"><meta name="tdm-reservation" content="1">
    <link rel="license" href="https://creativecommons.org/licenses/by/4.0/"></head><body><p>x</p></body></html>`
  expect(extract(html)).toMatchObject({
    title: 'T',
    author: 'Anna Berger',
    date: '2025-01-02',
    language: 'de-at',
    url: 'https://e.example/t',
    site: 'Site',
    licence: 'https://creativecommons.org/licenses/by/4.0/',
    robots: 'noindex, noai',
    tdm: '1',
    charset: 'utf-8',
    cuts: [],
  })
  expect(extract(html, { url: 'https://found.example/' }).url).toBe('https://found.example/')
})

describe('streams', () => {
  const pages: PageInput[] = Array.from({ length: 200 }, (_, i) => ({
    html: article(`<p>Number ${i}.</p>`),
    url: `https://a.example/${i}`,
  }))
  const texts = async (stream: AsyncIterable<{ text: string; url?: string }>) => {
    const found: string[] = []
    for await (const { text, url } of stream) found.push(`${url}\n${text}`)
    return found
  }

  test('give what single pages give, in order, whatever the threads', async () => {
    const single = pages.map(page => {
      const { html, url } = page as { html: string; url: string }
      return `${url}\n${extract(html, { url }).text}`
    })
    expect(await texts(extract(pages, { threads: 1 }))).toEqual(single)
    expect(await texts(extract(Readable.from(pages), { threads: 3, batchPages: 7 }))).toEqual(single)
    expect(await texts(Readable.from(pages).pipe(extractTransform()))).toEqual(single)
  })

  test('can be left early, and end with the error of their source', async () => {
    for await (const page of extract(pages, { batchPages: 3 })) {
      expect(page.text).toContain('A title of it')
      break
    }
    const failing = (async function* () {
      yield '<p>x</p>'
      throw new Error('the source failed')
    })()
    await expect(texts(extract(failing))).rejects.toThrow('the source failed')
    expect(await texts(extract([]))).toEqual([])
  })

  test('a string is what it is, bytes are decoded', async () => {
    const page = '<meta charset=windows-1251><p>caf\u00e9 \u0416'
    expect(extract(page)).toMatchObject({ charset: 'utf-8', charsetSource: 'mark' })
    expect(extract(Buffer.from(`<meta charset=windows-1251><p>\xc6`, 'latin1'))).toMatchObject({
      charset: 'windows-1251',
      charsetSource: 'page',
    })
    expect(extract(Buffer.from(`<p>\xc6`, 'latin1'), { charset: 'koi8-r' })).toMatchObject({ charset: 'koi8-r', charsetSource: 'transfer' })
    for await (const { charset } of extract([page])) expect(charset).toBe('utf-8')
  })
})

describe('hostile pages', () => {
  test('depth and nodes are cut, and said so', () => {
    expect(extract(`${'<div>'.repeat(100_000)}<p>x`).cuts).toContain('depth')
    expect(extract('<p>x'.repeat(1000), { maxNodes: 100 }).cuts).toContain('nodes')
    expect(extract(`<p>${'x'.repeat(1000)}`, { maxBytes: 100 }).cuts).toContain('bytes')
  })

  test.each([
    ['deep nesting', '<div>'.repeat(1_000_000)],
    ['deep tables', '<table><tr><td>'.repeat(100_000)],
    ['deep lists', `${'<ul><li>'.repeat(300)}${'<p>x'.repeat(5000)}`],
    ['items between texts', `<ol>${'x<li>y</li>'.repeat(100_000)}</ol>`],
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
  ])('%s', (_, html) => expect(extract(html).text.length).toBeLessThan(10 * html.length + 1000))

  test('nested quotes stay linear', () => {
    const text = body(`${'<blockquote>'.repeat(400)}${'word<br>'.repeat(1000)}`)
    expect(text.length).toBeLessThan(1000 * 60)
  })
})
