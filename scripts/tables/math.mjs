/**
 * Makes native/extract/math_symbols.inc: which LaTeX command stands for a character of MathML.
 *
 * Run with: node scripts/tables/math.mjs
 * Source: every command of the installed KaTeX (src/symbols.ts, src/macros.ts), rendered; one that gives a single token of one character
 * is a name of that character. Of several names the first of PREFERRED wins, else KaTeX's main font before its AMS one, then the order of
 * definition. ALIASES are characters that KaTeX never writes but MathML on the web does.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)
const katex = require('katex')
const root = join(dirname(require.resolve('katex')), '..')
const { version } = require('katex/package.json')

const PREFERRED =
  'le ge ne to in ni notin gets land lor lnot emptyset cdot cdots ldots vdots ddots mid parallel langle rangle lfloor rfloor lceil rceil setminus wedge vee hbar ell Re Im aleph partial nabla infty forall exists neg pm mp times div ast star circ bullet cap cup sum prod coprod int oint subset supset subseteq supseteq approx sim simeq cong equiv propto perp top bot angle triangle prime varnothing iff Rightarrow Leftarrow Leftrightarrow rightarrow leftarrow leftrightarrow mapsto uparrow downarrow ll gg prec succ preceq succeq oplus otimes odot ominus dagger ddagger sqcap sqcup uplus bigcap bigcup bigoplus bigotimes bigvee bigwedge models vdash dashv asymp doteq bowtie square blacksquare lozenge complement nexists therefore because hookrightarrow hookleftarrow longrightarrow checkmark S P degree nsubseteq coloneqq triangleleft triangleright diamond Box backslash surd lgroup rgroup lmoustache rmoustache'.split(
    ' ',
  )
const ALIASES = {
  183: 'cdot',
  8725: '/',
  8727: '*',
  8722: '-',
  8208: '-',
  8209: '-',
  8211: '-',
  8739: 'mid',
  8741: 'parallel',
  8214: '\\|',
  9001: 'langle',
  9002: 'rangle',
  12296: 'langle',
  12297: 'rangle',
  172: 'neg',
  9702: 'circ',
  8728: 'circ',
  8226: 'bullet',
  8710: 'Delta',
  8486: 'Omega',
  181: 'mu',
  8721: 'sum',
  8719: 'prod',
  8462: 'h',
  10799: 'times',
  8902: 'star',
  11036: 'square',
  1013: 'epsilon',
  10877: 'leqslant',
  10878: 'geqslant',
  10230: 'longrightarrow',
  10927: 'preceq',
  10928: 'succeq',
  8788: 'coloneqq',
  8789: 'eqqcolon',
  10741: 'setminus',
  10178: 'perp',
  8758: ':',
  8718: 'blacksquare',
  9651: 'triangle',
  9653: 'triangle',
  10868: 'Coloneqq',
  46: '.',
  176: 'degree',
  8517: 'mathrm{D}',
  8518: 'mathrm{d}',
  8519: 'mathrm{e}',
  8520: 'mathrm{i}',
  8521: 'mathrm{j}',
  305: 'imath',
  567: 'jmath',
  8242: 'prime',
  8943: 'cdots',
  8230: 'ldots',
  9472: '-',
  65292: ',',
  65309: '=',
  65288: '(',
  65289: ')',
  65291: '+',
  8260: '/',
  10072: '|',
  10753: 'bigoplus',
  10754: 'bigotimes',
  8899: 'bigcup',
  8898: 'bigcap',
  10098: 'lgroup',
  10099: 'rgroup',
  8800: 'ne',
  8713: 'notin',
  10234: 'Longleftrightarrow',
  120484: 'imath',
  120485: 'jmath',
  8942: 'vdots',
  959: 'o',
  10233: 'Longrightarrow',
  10232: 'Longleftarrow',
  8801: 'equiv',
}

const names = []
for (const [, font, name] of readFileSync(join(root, 'src/symbols.ts'), 'utf8').matchAll(
  /defineSymbol\(math, (\w+), \w+, "[^"]+", "\\\\([A-Za-z]+|\|)"/g,
))
  names.push([name, font === 'ams' ? 1 : 0])
for (const [, name] of readFileSync(join(root, 'src/macros.ts'), 'utf8').matchAll(/defineMacro\("\\\\([A-Za-z]+)"/g)) names.push([name, 2])

const best = new Map()
const greek = code => (code >= 0x391 && code <= 0x3f6) || (code >= 0x1d6a8 && code <= 0x1d7cb)
names.forEach(([name, rank], order) => {
  if (/^(var[A-Z]|math|text|l?vert|[lr]V?ert|Vert|And|intop|nonumber|show|lq|rq|owns|bigdot)/.test(name)) return
  let html
  try {
    html = katex.renderToString(`\\${name}`, { output: 'mathml', throwOnError: true, strict: 'ignore' })
  } catch {
    return
  }
  const body = html.slice(html.indexOf('<semantics>') + 11, html.indexOf('<annotation'))
  const tokens = [...body.matchAll(/<(mi|mo|mn|mtext)[^>]*>([^<]*)<\/\1>/g)]
  if (tokens.length !== 1 || /<(mover|munder|msup|msub|mspace|menclose|mtable)/.test(body)) return
  const text = tokens[0][2].replace('&lt;', '<').replace('&gt;', '>').replace('&amp;', '&')
  const code = text.codePointAt(0)
  if (code === undefined || code < 0xa1 || [...text].length !== 1 || (code >= 0x2000 && code < 0x2010)) return
  const place = PREFERRED.indexOf(name)
  const key = place >= 0 ? place - 1000 : rank * 10000 + order
  const known = best.get(code)
  if (!known || key < known.key) best.set(code, { name, key })
})
for (const [code, name] of Object.entries(ALIASES))
  if (!best.has(Number(code)) || !/^[a-z]{2,}$/i.test(name) || name === 'vdots') best.set(Number(code), { name })
// Letters that are their own name: what KaTeX calls \AA, \ss and so on in text.
for (const code of [...best.keys()])
  if (code >= 0xc0 && code < 0x250 && code !== 0xd7 && code !== 0xf7 && code !== 0x131 && code !== 0x237) best.delete(code)
for (const code of best.keys()) if (greek(code) && code > 0x3ff) best.delete(code)

const rows = [...best]
  .sort((a, b) => a[0] - b[0])
  .map(([code, { name }]) => {
    const text = /^[A-Za-z]/.test(name) && name.length > 1 ? `\\${name}` : name
    return `{0x${code.toString(16)}, ${JSON.stringify(text)}},`
  })
const lines = []
for (const row of rows) {
  const last = lines.length - 1
  if (last >= 0 && lines[last].length + row.length < 138) lines[last] += ` ${row}`
  else lines.push(row)
}
writeFileSync(
  'native/extract/math_symbols.inc',
  `// Made by scripts/tables/math.mjs from KaTeX ${version}: characters in ascending order and the LaTeX that writes each.\n${lines.join('\n')}\n`,
)
console.log(`${rows.length} characters`)
