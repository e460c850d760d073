/**
 * Makes native/dedup/simplify_tables.inc: what the text normalisation of native/dedup/simplify.cc must know of Unicode.
 *
 * Run with: node scripts/tables/simplify.mjs     (the pinned Node 24: its ICU is where the data comes from; see NOTICE)
 * Combining classes are not visible from JavaScript, but canonical order is: two marks are swapped by NFD exactly if the class of the
 * first is greater. So classes are ranked by that comparison; only their order matters.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const last = 0x10ffff
const isSurrogate = c => c >= 0xd800 && c <= 0xdfff
const codes = text => Array.from(text, c => c.codePointAt(0))
const hex = c => `0x${c.toString(16)}`

// datatrove 0.10's PUNCTUATION: these characters and the control characters but tab and line feed.
const punctuation = '!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„\';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_."}►»'
const controls = [
  [0, 9],
  [11, 13],
  [13, 32],
  [127, 160],
]
const isPunctuation = c => punctuation.includes(String.fromCodePoint(c)) || controls.some(([from, to]) => c >= from && c < to)
// Python's str.isspace(): bidirectional class WS, B or S, or category Zs.
const isSpace = c =>
  (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f) || c === 0x85 || /\p{Zs}/u.test(String.fromCodePoint(c)) || c === 0x2028 || c === 0x2029

const flagOf = c => {
  const s = String.fromCodePoint(c)
  return (
    (isSpace(c) || isPunctuation(c) ? 1 : 0) |
    (/\p{Nd}/u.test(s) ? 2 : 0) |
    (/\p{Mn}/u.test(s) ? 4 : 0) |
    (/\p{Cased}/u.test(s) ? 8 : 0) |
    (/\p{Case_Ignorable}/u.test(s) ? 16 : 0)
  )
}

/** Runs of equal value over all code points: [first, last, value], zero left out. */
function runs(property) {
  const out = []
  for (let c = 0; c <= last; c++) {
    const value = isSurrogate(c) ? 0 : property(c)
    const top = out.at(-1)
    if (top && top[1] === c - 1 && top[2] === value) top[1] = c
    else if (value !== 0) out.push([c, c, value])
  }
  return out
}

function ranks() {
  const swapped = (a, b) => (a + b).normalize('NFD') !== a + b
  const marks = []
  for (let c = 0; c <= last; c++) {
    if (isSurrogate(c)) continue
    const s = String.fromCodePoint(c)
    // Only a mark that stays itself and that some mark of the highest or the lowest class changes places with has a class.
    if (/\p{M}/u.test(s) && s.normalize('NFD') === s && (swapped('\u0345', s) || swapped(s, '\u0334') || s === '\u0345' || s === '\u0334'))
      marks.push(s)
  }
  // U+0334 has class 1 and U+0345 has 240, the ends of the scale: others of class 1 swap with U+0345, others of 240 with U+0334.
  marks.sort((a, b) => (swapped(a, b) ? 1 : swapped(b, a) ? -1 : a.codePointAt(0) - b.codePointAt(0)))
  const rank = new Map()
  let current = 0
  let previous
  for (const mark of marks) {
    if (previous === undefined || swapped(mark, previous)) current++
    rank.set(mark.codePointAt(0), current)
    previous = mark
  }
  return rank
}

const rank = ranks()
const lower = runs(c => {
  const text = String.fromCodePoint(c).toLowerCase()
  return codes(text).length === 1 ? text.codePointAt(0) - c : 0
})
const decompositions = []
for (let c = 0; c <= last; c++) {
  if (isSurrogate(c) || (c >= 0xac00 && c <= 0xd7a3)) continue // Hangul syllables decompose by arithmetic
  const s = String.fromCodePoint(c)
  const parts = s.normalize('NFD')
  if (parts !== s) decompositions.push([c, codes(parts)])
}
for (const [c, parts] of decompositions)
  if (parts.some(p => flagOf(p) & 1 && !(flagOf(c) & 1) && isSpace(p)))
    throw new Error(`${hex(c)} decomposes to white space: simplify.cc assumes that none does`)
for (let c = 0; c <= last; c++)
  if (!isSurrogate(c) && c !== 0x130 && codes(String.fromCodePoint(c).toLowerCase()).length > 1)
    throw new Error(`${hex(c)} has a lower case of several characters`)

const rows = (items, width = 150) => {
  const lines = ['']
  for (const item of items) {
    if (lines.at(-1).length + item.length > width) lines.push('')
    lines[lines.length - 1] += item
  }
  return lines.join('\n')
}
const out = `// Made by scripts/tables/simplify.mjs from ICU ${process.versions.icu}, Unicode ${process.versions.unicode}. Do not edit.
// {first, last, flags}: 1 separator (datatrove's punctuation, white space), 2 Nd, 4 Mn, 8 Cased, 16 Case_Ignorable.
constexpr Run kFlags[] = {
${rows(runs(flagOf).map(([a, b, v]) => `{${hex(a)},${hex(b)},${v}},`))}
};
// {first, last, lower case minus itself}.
constexpr Run kLower[] = {
${rows(lower.map(([a, b, v]) => `{${hex(a)},${hex(b)},${v}},`))}
};
// {first, last, rank of the canonical combining class}.
constexpr Run kRanks[] = {
${rows(runs(c => rank.get(c) ?? 0).map(([a, b, v]) => `{${hex(a)},${hex(b)},${v}},`))}
};
// Full canonical decompositions but Hangul's: code point, length, parts.
constexpr char32_t kDecompositions[] = {
${rows(decompositions.map(([c, parts]) => `${hex(c)},${parts.length},${parts.map(hex).join(',')},`))}
};
`
const path = fileURLToPath(new URL('../../native/dedup/simplify_tables.inc', import.meta.url))
writeFileSync(path, out)
console.log(`${path}: ${out.length} bytes, Unicode ${process.versions.unicode}`)
