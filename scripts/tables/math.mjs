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
  0xb7: 'cdot', 0x2215: '/', 0x2217: '*', 0x2212: '-', 0x2010: '-', 0x2011: '-', 0x2013: '-', 0x2223: 'mid', 0x2225: 'parallel', 0x2016: '\\|',
  0x2329: 'langle', 0x232a: 'rangle', 0x3008: 'langle', 0x3009: 'rangle', 0xac: 'neg', 0x25e6: 'circ', 0x2218: 'circ', 0x2022: 'bullet',
  0x2206: 'Delta', 0x2126: 'Omega', 0xb5: 'mu', 0x2211: 'sum', 0x220f: 'prod', 0x210e: 'h', 0x2a2f: 'times', 0x22c6: 'star', 0x2b1c: 'square',
  0x3f5: 'epsilon', 0x2a7d: 'leqslant', 0x2a7e: 'geqslant', 0x27f6: 'longrightarrow', 0x2aaf: 'preceq', 0x2ab0: 'succeq', 0x2254: 'coloneqq',
  0x2255: 'eqqcolon', 0x29f5: 'setminus', 0x27c2: 'perp', 0x2236: ':', 0x220e: 'blacksquare', 0x25b3: 'triangle', 0x25b5: 'triangle',
  0x2a74: 'Coloneqq', 0x2e: '.', 0xb0: 'degree', 0x2145: 'mathrm{D}', 0x2146: 'mathrm{d}', 0x2147: 'mathrm{e}', 0x2148: 'mathrm{i}',
  0x2149: 'mathrm{j}', 0x131: 'imath', 0x237: 'jmath', 0x2032: 'prime', 0x22ef: 'cdots', 0x2026: 'ldots', 0x2500: '-', 0xff0c: ',', 0xff1d: '=',
  0xff08: '(', 0xff09: ')', 0xff0b: '+', 0x2044: '/', 0x2758: '|', 0x2a01: 'bigoplus', 0x2a02: 'bigotimes', 0x22c3: 'bigcup', 0x22c2: 'bigcap',
  0x2772: 'lgroup', 0x2773: 'rgroup', 0x2260: 'ne', 0x2209: 'notin', 0x27fa: 'Longleftrightarrow', 0x1d6a4: 'imath', 0x1d6a5: 'jmath',
  0x22ee: 'vdots', 0x3bf: 'o', 0x27f9: 'Longrightarrow', 0x27f8: 'Longleftarrow', 0x2261: 'equiv',
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
for (const [code, name] of Object.entries(ALIASES)) if (!best.has(Number(code)) || !/^[a-z]{2,}$/i.test(name) || name === 'vdots') best.set(Number(code), { name })
// Letters that are their own name: what KaTeX calls \AA, \ss and so on in text.
for (const code of [...best.keys()]) if (code >= 0xc0 && code < 0x250 && code !== 0xd7 && code !== 0xf7 && code !== 0x131 && code !== 0x237) best.delete(code)
for (const code of best.keys()) if (greek(code) && code > 0x3ff) best.delete(code)

const rows = [...best].sort((a, b) => a[0] - b[0]).map(([code, { name }]) => {
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
