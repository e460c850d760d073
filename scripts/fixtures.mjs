#!/usr/bin/env node
/**
 * Writes test/fixtures/tiny: the raw input of configs/tiny.yaml. Seeded; run again, it writes the same content (gzip bytes may differ
 * between zlib versions, so the output is committed).
 *
 *   node scripts/fixtures.mjs [FOLDER]
 *
 *   web.warc.gz   pages of three sites with shared furniture; exact and near duplicates, a junk page, a page that holds evaluation items,
 *                 responses that are no pages, one member whose bytes are broken
 *   pages/        HTML files         docs/   JSONL, one broken line, one line that is not UTF-8
 *   notes/        Markdown           books/  plain text        repositories/  three source trees        eval.jsonl  evaluation items
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { repository } from './fixtures/code.mjs'
import { pick, random, topics, writer } from './fixtures/prose.mjs'
import { members, record, response, warcinfo } from './fixtures/warc.mjs'

const folder = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '../test/fixtures/tiny')
const names = Object.keys(topics)

function write(path, content) {
  const full = join(folder, path)
  mkdirSync(dirname(full), { recursive: true })
  writeFileSync(full, content)
}

const sites = [
  { host: 'crafts.example', name: 'The Craft Letter' },
  { host: 'almanac.example', name: 'Almanac of Small Things' },
  { host: 'river-press.example', name: 'River Press' },
]

/** Parts of an article: independent of its page, so that duplicates can be made of them. */
function article(seed) {
  const next = random(seed)
  const topic = names[seed % names.length]
  const words = writer(next, topic)
  const parts = [{ kind: 'p', text: words.paragraph() }]
  for (let i = 0, sections = 2 + Math.floor(next() * 3); i < sections; i++) {
    parts.push({ kind: 'h2', text: words.heading() })
    for (let k = 0, n = 1 + Math.floor(next() * 3); k < n; k++) parts.push({ kind: 'p', text: words.paragraph() })
    const extra = next()
    if (extra < 0.25) parts.push({ kind: 'ul', items: Array.from({ length: 3 }, words.item) })
    else if (extra < 0.35)
      parts.push({
        kind: 'table',
        rows: [['Part', 'Count', 'State'], ...Array.from({ length: 3 }, () => [words.noun(), String(words.number()), words.adjective()])],
      })
    else if (extra < 0.45)
      parts.push({ kind: 'pre', text: `total = ${words.number()}\nfor ${words.noun()} in range(total):\n    print(${words.noun()})` })
    else if (extra < 0.5) parts.push({ kind: 'math', text: `n_{${words.number()}} = \\frac{a}{b} + ${words.number()}` })
  }
  parts.push({ kind: 'p', text: words.paragraph() })
  return {
    title: words.title(),
    author: `${words.person()} of ${words.place()}`,
    date: `2025-0${1 + (seed % 9)}-1${seed % 10}`,
    parts,
    topic,
  }
}

const escaped = text => text.replace(/[&<>]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c])

function html(site, { title, author, date, parts }) {
  const body = parts.map(part => {
    if (part.kind === 'ul') return `<ul>${part.items.map(item => `<li>${escaped(item)}</li>`).join('')}</ul>`
    if (part.kind === 'table')
      return `<table>${part.rows.map((row, i) => `<tr>${row.map(cell => (i ? `<td>${cell}</td>` : `<th>${cell}</th>`)).join('')}</tr>`).join('')}</table>`
    if (part.kind === 'pre') return `<pre><code class="language-python">${escaped(part.text)}</code></pre>`
    if (part.kind === 'math') return `<p><math alttext="${escaped(part.text)}"><mi>n</mi></math></p>`
    return `<${part.kind}>${escaped(part.text)}</${part.kind}>`
  })
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)} - ${site.name}</title>
<meta property="og:title" content="${escaped(title)}"><meta name="author" content="${author}"><meta property="article:published_time" content="${date}">
<script>window.settings = { page: 1 }</script><style>body { margin: 0 }</style></head>
<body><header class="site-header"><a href="/">${site.name}</a></header>
<nav class="menu"><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li><li><a href="/about">About this site</a></li><li><a href="/contact">Contact</a></li></ul></nav>
<div class="cookie-banner">We use cookies to make this site work. <button>Accept all</button></div>
<main><article><h1>${escaped(title)}</h1>
${body.join('\n')}
</article></main>
<aside class="sidebar"><h3>Related</h3><ul><li><a href="/a">Another page that readers liked</a></li><li><a href="/b">One more page about this</a></li></ul></aside>
<footer>Copyright ${site.name}. All rights reserved. <a href="/privacy">Privacy</a></footer></body></html>
`
}

/** A copy with a few words changed: Jaccard of word 5-grams stays near 0.9. */
function nearly(original, seed) {
  const next = random(seed)
  const parts = original.parts.map(part => ({ ...part }))
  const long = parts.filter(part => part.kind === 'p')
  const changed = pick(next, long)
  changed.text = changed.text.replace(/\b(the)\b/, 'that')
  long.at(-1).text += ' It ends here.'
  return { ...original, title: `${original.title}, revised`, parts }
}

const markdown = ({ title, parts }) =>
  [
    `# ${title}`,
    ...parts.map(part => {
      if (part.kind === 'h2') return `## ${part.text}`
      if (part.kind === 'ul') return part.items.map(item => `- ${item}`).join('\n')
      if (part.kind === 'table')
        return part.rows.flatMap((row, i) => [`| ${row.join(' | ')} |`, ...(i ? [] : ['| --- | --- | --- |'])]).join('\n')
      if (part.kind === 'pre') return `\`\`\`python\n${part.text}\n\`\`\``
      if (part.kind === 'math') return `$$${part.text}$$`
      return part.text
    }),
  ].join('\n\n')

const plain = ({ title, parts }) => [title, ...parts.flatMap(part => (part.text ? [part.text] : []))].join('\n\n')

// Evaluation items: a question of at least 13 words and its answer.
const evaluation = Array.from({ length: 16 }, (_, i) => {
  const words = writer(random(9000 + i), names[(i * 3) % names.length])
  return {
    id: `item-${i}`,
    question: `${words.sentence().slice(0, -1)}, and ${words.sentence().slice(0, -1).toLowerCase()}: which of the two ${words.noun()}s is ${words.adjective()}?`,
    answer: words.sentence(),
  }
})

rmSync(folder, { recursive: true, force: true })
write('eval.jsonl', evaluation.map(item => `${JSON.stringify(item)}\n`).join(''))

const records = [warcinfo()]
const url = (site, name) => `https://${site.host}/${name}`
const variants = [{}, { chunked: 700 }, { encoding: 'gzip' }, { encoding: 'br', chunked: 400 }, { encoding: 'deflate' }, {}]
for (let i = 0; i < 42; i++) {
  const site = sites[i % 3]
  records.push(response(url(site, `page-${i}`), html(site, article(100 + i)), variants[i % variants.length]))
}
for (const i of [3, 10, 17]) records.push(response(url(sites[1], `copy-of-${i}`), html(sites[1], article(100 + i)))) // exact, in another frame
for (const i of [5, 12, 20, 31]) records.push(response(url(sites[2], `again-${i}`), html(sites[2], nearly(article(100 + i), i))))
const contaminated = article(190)
contaminated.parts.splice(2, 0, { kind: 'p', text: `${evaluation[2].question} ${evaluation[2].answer}` })
records.push(response(url(sites[0], 'quiz'), html(sites[0], contaminated)))
const junk = Array.from({ length: 60 }, (_, i) => `#${i} >>> $$$ ${'*-'.repeat(4)} ${i % 7}|${i % 5}`).join('<br>')
records.push(
  response(url(sites[0], 'junk'), html(sites[0], { ...article(191), parts: [{ kind: 'p', text: 'JUNK' }] }).replace('JUNK', junk)),
)
records.push(response(url(sites[0], 'gone'), '<html><body><p>Not found.</p></body></html>', { status: '404 Not Found' }))
records.push(response(url(sites[0], 'logo.png'), Buffer.from([137, 80, 78, 71]), { type: 'image/png' }))
records.push(
  record('metadata', { 'WARC-Target-URI': url(sites[0], 'page-0'), 'Content-Type': 'application/warc-fields' }, 'fetchTimeMs: 12\r\n'),
)
const broken = records.push(response(url(sites[0], 'broken'), html(sites[0], article(192)))) - 1
records.push(response(url(sites[0], 'after-the-broken-one'), html(sites[0], article(193))))
const warc = members(records)
warc.bytes.fill(0xff, warc.offsets[broken] + 60, warc.offsets[broken] + 90)
write('web.warc.gz', warc.bytes)

for (let i = 0; i < 12; i++) write(`pages/${names[i % names.length]}-${i}.html`, html(sites[i % 3], article(300 + i)))

for (const [file, first] of [
  ['letters', 400],
  ['reports', 450],
]) {
  const lines = Array.from({ length: 36 }, (_, i) => {
    const one = article(first + i)
    const text = i === 20 && file === 'reports' ? `${plain(one)}\n\n${evaluation[7].question} ${evaluation[7].answer}` : plain(one)
    return Buffer.from(
      `${JSON.stringify({ id: `${file}-${i}`, url: `https://archive.example/${file}/${i}`, title: one.title, language: 'en', topic: one.topic, text })}\n`,
    )
  })
  if (file === 'letters') lines.splice(11, 0, Buffer.from('{"id": "letters-broken", "text": "this line ends in the middle of\n'))
  if (file === 'reports')
    lines.splice(
      30,
      0,
      Buffer.concat([Buffer.from('{"id": "reports-bytes", "text": "caf'), Buffer.from([0xe9]), Buffer.from(' is Latin-1 here"}\n')]),
    )
  write(`docs/${file}.jsonl`, Buffer.concat(lines))
}

for (let i = 0; i < 16; i++) {
  const one = article(600 + i)
  write(`notes/${one.topic}-${i}.md`, `${i % 4 === 0 ? `---\ntitle: ${one.title}\ndate: ${one.date}\n---\n` : ''}${markdown(one)}\n`)
}

for (const [i, name] of ['a-year-in-brackwater', 'the-clock-of-lindow'].entries()) {
  const chapters = Array.from({ length: 12 }, (_, k) => {
    const words = writer(random(7000 + 100 * i + k), names[(i + k) % names.length])
    return `Chapter ${k + 1}: ${words.title()}\n\n${Array.from({ length: 6 }, () => words.paragraph(6)).join('\n\n')}`
  })
  write(`books/${name}.txt`, `${chapters.join('\n\n\n')}\n`)
}

for (const [i, [name, topic, extension]] of [
  ['tidewatch', 'harbour', 'py'],
  ['millstone', 'bakery', 'c'],
  ['orrery', 'stars', 'rs'],
].entries())
  for (const [path, text] of Object.entries(repository(random(800 + i), name, topic, extension, 9)))
    write(`repositories/${name}/${path}`, text)
