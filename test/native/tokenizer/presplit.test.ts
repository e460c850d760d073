// The oracle is the normative text of patterns.md as a regular expression of V8, which knows a newer Unicode: what that added or changed is left
// to patterns.test.ts, whose oracles are of our version.
import { expect, test, vi } from 'vitest'
import { countPieces, splitText, unicodeVersion } from '../../../native/addon/tokenizer.ts'
import { column, itemsOf, random, randomText, realTexts } from './texts.ts'

vi.setConfig({ testTimeout: 120_000 }) // a loaded machine

const upper = String.raw`[[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]--\p{Script=Han}]`
const lower = String.raw`[[\p{Ll}\p{Lm}\p{Lo}\p{M}]--\p{Script=Han}]`
// (?i:'s|'t|'re|'ve|'m|'ll|'d)? spelled out: V8 13.6 lets the modifier reach the classes outside its group.
const contraction = "(?:'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?"
const pattern = new RegExp(
  [
    String.raw`[^\r\n\p{L}\p{N}]?${upper}*${lower}+${contraction}`,
    String.raw`[^\r\n\p{L}\p{N}]?${upper}+${lower}*${contraction}`,
    String.raw`\p{N}`,
    String.raw`\p{Script=Han}`,
    String.raw` ?[^\p{White_Space}\p{L}\p{N}]+[\r\n\/]*`,
    String.raw`\p{White_Space}*[\r\n]+`,
    String.raw`\p{White_Space}+(?!\P{White_Space})`,
    String.raw`\p{White_Space}+`,
  ].join('|'),
  'gv',
)

const pieces = (text: string): string[] => {
  const bytes = Buffer.from(text)
  const ends = [...splitText(bytes)]
  return ends.map((end, i) => bytes.toString('utf8', i ? ends[i - 1] : 0, end))
}
const expected = (text: string): string[] => text.match(pattern) ?? []

// Code points whose classes differ between Unicode 16.0 and 17.0 (characters new in 17.0, and U+0295 whose category changed), first and last of each range.
const since17 =
  '295 88f c5c cdc 1acf-1add 1ae0-1aeb 20c1 2b96 a7ce-a7cf a7d2 a7d4 a7f1 fbc3-fbd2 fd90-fd91 fdc8-fdce 10940-10959 10ec5-10ec7 10ed0-10ed8 10efa-10efb 11b60-11b67 11db0-11ddb 11de0-11de9 16ea0-16eb8 16ebb-16ed3 16ff2-16ff6 187f8-187ff 18d09-18d1e 18d80-18df2 1ccfa-1ccfc 1ceba-1ced0 1cee0-1cef0 1e6c0-1e6de 1e6e0-1e6f5 1e6fe-1e6ff 1f6d8 1f777-1f77a 1f8d0-1f8d8 1fa54-1fa57 1fa8a 1fa8e 1fac8 1facd 1faea 1faef 1fbfa 2b73a-2b73f 2cea2-2cead 323b0-33479'
    .split(' ')
    .map(range => range.split('-').map(end => Number.parseInt(end, 16)) as [number, number?])
const isNew = (code: number) => since17.some(([first, last = first]) => code >= first && code <= last)
const known = (text: string) => text.replace(/[^\0-\u017f]/gu, c => (isNew(c.codePointAt(0) as number) ? '?' : c))

test('the table is of the Unicode version of the oracles, one before that of the pinned Node', () => {
  expect(unicodeVersion()).toBe('16.0')
  expect(process.versions.unicode).toBe('17.0')
})

test('the oracle joins to the text and splits as the report says', () => {
  expect(expected("Hello World's 2026中文 HTTPServer\n\n  x")).toEqual([
    'Hello',
    " World's",
    ' ',
    '2',
    '0',
    '2',
    '6',
    '中',
    '文',
    ' HTTPServer',
    '\n\n',
    ' ',
    ' x',
  ])
})

test('pieces are those of the pattern on random text', () => {
  const next = random(7)
  for (let i = 0; i < 60_000; i++) {
    const text = known(randomText(next, 24))
    const want = expected(text)
    if (want.join('') !== text) throw new Error(`the oracle lost something of ${JSON.stringify(text)}`)
    const found = pieces(text)
    if (found.join('\0') !== want.join('\0')) expect(found, JSON.stringify(text)).toEqual(want)
  }
})

test('pieces are those of the pattern for every code point in four contexts', () => {
  for (const around of [
    ['', ''],
    ['a', 'b'],
    [' ', 'A'],
    ["x'", '\n'],
  ] as const) {
    let text = ''
    for (let code = 0; code < 0x110000; code++) {
      if ((code >= 0xd800 && code < 0xe000) || isNew(code)) continue
      text += around[0] + String.fromCodePoint(code) + around[1]
      if (text.length < 4096 && code < 0x10ffff) continue
      if (pieces(text).join('\0') !== expected(text).join('\0'))
        expect(pieces(text), `before U+${code.toString(16)}`).toEqual(expected(text))
      text = ''
    }
  }
})

test('pieces are those of the pattern on real text', () => {
  for (const text of realTexts(3e6)) if (pieces(text).join('\0') !== expected(text).join('\0')) expect(pieces(text)).toEqual(expected(text))
})

test('counts are those of the pieces, sorted by bytes, on any number of threads', async () => {
  const texts = [...realTexts(1e6), known(randomText(random(3), 5000)), '']
  const want = new Map<string, bigint>()
  for (const text of texts) for (const piece of expected(text)) want.set(piece, (want.get(piece) ?? 0n) + 1n)
  const sorted = [...want].map(([piece, count]) => [Buffer.from(piece), count] as const).sort((a, b) => Buffer.compare(a[0], b[0]))
  for (const threads of [1, 2, 3]) {
    const found = await countPieces(column(texts), { maxPiece: 1e9, threads })
    expect(itemsOf(found).map(String)).toEqual(sorted.map(([piece]) => String(piece)))
    expect([...found.counts]).toEqual(sorted.map(([, count]) => count))
  }
  const short = await countPieces(column(['aaaa bb']), { maxPiece: 3, threads: 1 })
  expect([itemsOf(short).map(String), short.pieces, short.skipped]).toEqual([[' bb'], 1, 1])
})

test('invalid UTF-8 is an error with text and byte', async () => {
  for (const bad of ['80', 'c0af', 'e0809f', 'eda080', 'f4908080', 'f8888080', 'c3', 'e282', '61ff']) {
    const text = Buffer.concat([Buffer.from('12345678é'), Buffer.from(bad, 'hex')])
    const at = 10 + (bad === '61ff' ? 1 : 0)
    await expect(countPieces(column(['fine', text]), { maxPiece: 100, threads: 2 })).rejects.toMatchObject({
      code: 'FORMAT',
      message: `text 1: expected UTF-8, found an invalid sequence at byte ${at}`,
    })
  }
})
