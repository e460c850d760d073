/**
 * Seeds and dictionaries of the fuzz targets, written to a build folder and never committed: this project's own fixtures, small pieces
 * below, and where ../shared/data is present its pages, records and conformance tests (as bytes; nothing is read out of them).
 *
 * A target reads its first bytes as choices (native/fuzz/check.h), so each seed is written behind a few of them.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, deflateRawSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib'
import { at } from '../../scripts/steps.mjs'
import { models } from './fasttext_seeds.mjs'

const data = at('..', 'shared', 'data')
const latin1 = text => Buffer.from(text, 'latin1')

function* files(folder, accept) {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) yield* files(path, accept)
    else if (accept(name)) yield readFileSync(path)
  }
}

/** At most `count` pages of at most `limit` bytes, spread over the folder. */
function* pages(limit, count) {
  yield* files(at('test', 'fixtures', 'tiny', 'pages'), name => name.endsWith('.html'))
  const found = [
    ...files(join(data, 'stem-pages'), name => name.endsWith('.html')),
    ...files(join(data, 'wcxb-dev', 'html'), name => /[05]\.html\.gz$/.test(name)),
  ].map(bytes => (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes))
  const small = found.filter(bytes => bytes.length <= limit)
  const step = Math.max(1, Math.floor(small.length / count))
  for (let i = 0; i < small.length; i += step) yield small[i]
}

const markup = [
  '<table>a<tr><td>b<table><caption>c</table></td><th colspan=3 rowspan=2>d</table>',
  '<template><tr><td>x</template><select><option>a<optgroup><option>b</select>',
  '<svg viewBox=1><foreignObject><p>x</foreignObject></svg><math><mi>x</mi><annotation-xml encoding="text/html"><p>y</math>',
  '<a>1<div>2<a>3</div>4</a><b><i><u><p>x</b>y</i>z',
  '<script><!--<script></script>--></script><style>/*</style><title>&lt;</title><textarea>\n&amp;</textarea><plaintext>',
  '<frameset><frame></frameset><noframes>x</noframes>',
  '<pre><code class="language-python"><span class=ln>1</span>def f():\n<span class=ln>2</span>  pass</code></pre>',
  '<ul><li>a<ol><li>b<blockquote>c<ul><li>d</ul></blockquote></ol></ul>',
  '<script type="application/ld+json">{"@type":"Article","articleBody":"one two","author":{"name":"A"},"datePublished":"2024-01-02"}</script>',
  '<script id="__NEXT_DATA__" type="application/json">{"props":{"pageProps":{"content":"<p>text</p>"}}}</script>',
  '<div id=data-preloaded data-preloaded="{&quot;topic&quot;:&quot;{}&quot;}"></div>',
  '<meta charset=shift_jis><meta property=og:title content="T"><link rel=license href="/l"><title>T | S</title><time datetime=2020-02-03>x</time>',
]

const formulas = [
  '<math><mfrac><mi>a</mi><msqrt><mn>2</mn></msqrt></mfrac><mo>=</mo><msubsup><mo>∑</mo><mi>i</mi><mi>n</mi></msubsup></math>',
  '<math alttext="\\frac{a}{b}" display=block><semantics><mrow><mi>x</mi></mrow><annotation encoding="application/x-tex">x</annotation></semantics></math>',
  '<math><mtable><mtr><mtd><mi>a</mi></mtd><mtd><mn>1</mn></mtd></mtr></mtable><mfenced open="[" close=")"><mi>x</mi><mi>y</mi></mfenced></math>',
  '<math><munderover><mo>∫</mo><mn>0</mn><mi>∞</mi></munderover><mover accent=true><mi>x</mi><mo>→</mo></mover><mtext>if 50%</mtext></math>',
  '<math><mmultiscripts><mi>F</mi><mn>1</mn><none/><mprescripts/><mn>2</mn><mn>3</mn></mmultiscripts><mo>(</mo><msup><mo>)</mo><mn>2</mn></msup></math>',
  '<m:math><m:mi mathvariant=bold>&#x03C3;<!-- σ --></m:mi><mstyle><merror><mpadded><mphantom>x</mphantom></mpadded></merror></mstyle></m:math>',
  '<script type="math/tex; mode=display">\\int_0^1</script><script type="math/mml"><math><mi>q</mi></math></script><span class=MathJax_Preview>x</span>',
  '<span class=katex><span class=katex-mathml><math><semantics><mi>c</mi><annotation encoding="application/x-tex">c</annotation></semantics></math></span><span class=katex-html>c</span></span>',
  '<img class=latex alt="$$x^2$$" width=200><img src="https://latex.codecogs.com/svg.latex?%5Cfrac%7B1%7D%7B2%7D"><img src="/cgi-bin/mathtex.cgi?a_b">',
  '<script>MathJax = {tex: {inlineMath: [["$","$"],["\\\\(","\\\\)"]], displayMath: [["$$","$$"]]}}</script>cost $5 and $6, $a+b$ \\(c\\) $$d$$ \\[e\\] \\begin{align}f\\end{align}',
  '<mjx-container display=true><mjx-assistive-mml><math><mi>z</mi></math></mjx-assistive-mml></mjx-container>[tex]x[/tex]',
]

const encoded = [
  '83658358836720838183828142',
  'a5c6a5b9a5c8a1a2c6fccbdcb8ec',
  '1b242546254925481b284a5c7e1b2849311b2842',
  'b2e2cad4d6d0cec4a3ac',
  '8130813081308130fe39fe39',
  'b4fab8d5a4a4a4e588628740',
  'bdc3c7e8c7d1b1b9beee',
  'f2e5f1f220eff0e8ece5f0',
  'd4c5d3d420f0d2c9cdc5d2',
  '809399e920fce4f6df',
  'c6edc0deb7a1e4b4b9',
  'eff1e8efeae9fce1',
  'e0e1e2e3ecf9e5ed',
  'c7e1e1dbc920c7e1',
  'a1d2c9d2e4b7c2',
  'fffe3c00d83ddca9',
  'feff003cd83d',
  'efbbbfc3a9e282acf09f98a9eda080c080',
].map(hex => Buffer.from(hex, 'hex'))

const declared = ['shift_jis', 'euc-jp', 'gbk', 'big5', 'utf-16', 'x-user-defined', 'koi8-r'].map(label =>
  Buffer.concat([
    latin1(
      `${label}\n<?xml version="1.0" encoding='${label}'?><!-- x --><META http-equiv=content-type content="text/html; charset=${label}">`,
    ),
    ...encoded.slice(0, 6),
  ]),
)

function record(version, type, headers, body) {
  const lines = [
    `WARC-Type: ${type}`,
    'WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>',
    'WARC-Date: 2024-01-02T03:04:05Z',
    ...headers,
  ]
  return Buffer.concat([
    latin1(`WARC/${version}\r\n${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n`),
    body,
    latin1('\r\n\r\n'),
  ])
}
function response(headers, body) {
  return Buffer.concat([latin1(`HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n${headers}\r\n`), body])
}
function archives() {
  const page = Buffer.from('<p>Hello, archive</p>'.repeat(20))
  const target = ['WARC-Target-URI: http://example.org/', 'Content-Type: application/http; msgtype=response']
  const one = body => record('1.0', 'response', target, body)
  const chunked = Buffer.concat([
    latin1('10\r\n'),
    page.subarray(0, 16),
    latin1('\r\n5;x=y\r\n'),
    page.subarray(16, 21),
    latin1('\r\n0\r\n\r\n'),
  ])
  const plain = [
    record('1.1', 'warcinfo', ['Content-Type: application/warc-fields'], latin1('software: x\r\n')),
    one(response('', page)),
    one(response('Content-Encoding: gzip\r\n', gzipSync(page))),
    one(response('Content-Encoding: br\r\n', brotliCompressSync(page))),
    one(response('Content-Encoding: deflate\r\n', deflateSync(page))),
    one(response('Content-Encoding: deflate\r\n', deflateRawSync(page))),
    one(response('Transfer-Encoding: chunked\r\n', chunked)),
    one(response('Transfer-Encoding: chunked\r\n', page)),
    one(response('Content-Encoding: gzip\r\n', gzipSync(gzipSync(Buffer.alloc(1 << 20))))),
    record(
      '1.0',
      'revisit',
      [...target, 'WARC-Profile: http://netpreserve.org/warc/1.0/revisit/identical-payload-digest'],
      response('', Buffer.alloc(0)),
    ),
    record('1.0', 'conversion', ['WARC-Target-URI: http://example.org/', 'Content-Type: text/plain'], latin1('Hello')),
    record('1.0', 'request', target, latin1('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n')),
  ]
  const arc = latin1(
    'filedesc://x.arc 0.0.0.0 20240102030405 text/plain 20\n1 0 x\nURL IP-address\n\nhttp://a.b/ 1.2.3.4 20240102030405 text/html 5\nHello\n',
  )
  return [
    ...plain,
    ...plain.map(bytes => gzipSync(bytes)),
    Buffer.concat(plain),
    Buffer.concat(plain.map(bytes => gzipSync(bytes))),
    arc,
    gzipSync(arc),
  ]
}

const conformance = () =>
  [...files(join(data, 'html5lib-tests', 'tokenizer'), name => name.endsWith('.test'))].flatMap(bytes =>
    (JSON.parse(bytes.toString()).tests ?? []).filter((_, i) => i % 7 === 0).map(test => Buffer.from(test.input)),
  )

/** Target -> [bytes of choices, [seed, …]]. */
const seeds = {
  fasttext: () => [['\0', '\x05'], models()],
  html: () => [
    ['\0', '\x41'],
    [...markup, ...formulas, ...conformance(), ...pages(24_000, 60)],
  ],
  charset: () => [
    ['\x1c', '\x1f', '\x21', '\x23'],
    [...encoded, ...declared, ...files(join(data, 'html5lib-tests', 'encoding'), name => name.endsWith('.dat'))],
  ],
  mathml: () => [
    ['\0', '\x01'],
    [...formulas, ...pages(24_000, 30)],
  ],
  warc: () => [
    ['\0'],
    [...archives(), ...[...files(join(data, 'warc'), name => /warc/.test(name))].filter(bytes => bytes.length < 40_000)],
  ],
  extract: () => [
    ['\0\0', '\x51\x10', '\xaa\x20', '\x13\x41'],
    [...markup, ...formulas, ...declared, ...pages(24_000, 60)],
  ],
}

const words = () => {
  const names = (file, pattern) => [...readFileSync(at('native', 'html', file), 'utf8').matchAll(pattern)].map(match => match[1])
  const tags = names('tags.inc', /^TAG\(\w+, "([^"]+)"\)/gm)
  const attributes = names('attributes.inc', /^\w+\(\w+, "([^"]+)"\)/gm)
  return [
    ...tags.flatMap(tag => [`<${tag}>`, `</${tag}>`]),
    ...attributes.map(name => ` ${name}=`),
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '&amp;',
    '&#x',
  ]
}
const labels = () => [
  ...new Set([...readFileSync(at('native', 'html', 'charset_tables.inc'), 'latin1').matchAll(/^\s*\{"([^"]+)", \d+\}/gm)].map(m => m[1])),
]
const dictionaries = {
  fasttext: () => ['</s>', '__label__'],
  html: words,
  charset: () => [
    ...labels().slice(0, 120),
    '<meta charset=',
    'http-equiv=content-type',
    '<?xml encoding=',
    '\x1b$B',
    '\x1b(J',
    '\x1b(B',
    '\x1b(I',
  ],
  mathml: () => [
    ...words().filter(word => /^<\/?m/.test(word)),
    '\\frac',
    '\\left(',
    '\\right)',
    '$$',
    '\\(',
    '\\)',
    '\\begin{',
    '\\end{',
    'alttext=',
  ],
  warc: () => [
    'WARC/1.0\r\n',
    'WARC-Type: ',
    'response',
    'Content-Length: ',
    '\r\n\r\n',
    'Transfer-Encoding: chunked',
    'Content-Encoding: gzip',
    'HTTP/1.1 200 OK',
    '\x1f\x8b\x08',
    '\x28\xb5\x2f\xfd',
  ],
  extract: () => [...words(), 'class="language-', 'role=main', 'display:none', 'application/ld+json', '"articleBody":"', '$$', '\\('],
}

export const targets = Object.keys(seeds)

/** Writes the seeds of a target into `folder` (names are digests) and its dictionary beside it; tells how many seeds there are. */
export function writeSeeds(target, folder, dictionary) {
  mkdirSync(folder, { recursive: true })
  const [choices, list] = seeds[target]()
  const names = new Set()
  list.forEach((seed, i) => {
    const bytes = Buffer.concat([latin1(choices[i % choices.length]), Buffer.from(seed)])
    const name = createHash('sha256').update(bytes).digest('hex').slice(0, 16)
    names.add(name)
    writeFileSync(join(folder, name), bytes)
  })
  const quoted = word =>
    [...latin1(word)]
      .map(byte =>
        byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c
          ? `\\x${byte.toString(16).padStart(2, '0')}`
          : String.fromCharCode(byte),
      )
      .join('')
  writeFileSync(
    dictionary,
    `${dictionaries[target]()
      .map(word => `"${quoted(word)}"`)
      .join('\n')}\n`,
  )
  return names.size
}
