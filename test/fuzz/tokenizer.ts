/**
 * Fuzzing of the tokenizer: pieces against Oniguruma under every pattern, encode and decode round trips, bytes that are no UTF-8.
 *
 *   node test/fuzz/tokenizer.ts [--seconds N] [--seed N] [--sweep]
 *
 * Needs a Python with `tokenizers` (MILLRACE_PYTHON). Each round is drawn from seed + round, so a finding is reproduced by the seed it prints.
 * `--sweep` first asks every code point in four contexts, a minute or two a pattern. Ends with 1 at the first finding.
 */
import { parseArgs } from 'node:util'
import { countPieces, Encoder, type Pattern, patterns, splitText, train } from '../../native/addon/tokenizer.ts'
import { splitTexts } from '../../pipelines/tokenizer/patterns.ts'
import { withLayout } from '../../pipelines/tokenizer/vocabulary.ts'
import { missing, pieces as oracle } from '../native/tokenizer/oracle.ts'
import { column, itemsOf, random, randomText } from '../native/tokenizer/texts.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    sweep: { type: 'boolean', default: false },
  },
})
if (missing) throw new Error(missing)

function finding(what: string, text: string | Uint8Array): never {
  console.error(
    `${what}: ${typeof text === 'string' ? JSON.stringify(text.slice(0, 400)) : Buffer.from(text).toString('hex').slice(0, 400)}`,
  )
  process.exit(1)
}

function compare(texts: readonly string[], pattern: Pattern): void {
  for (const [i, want] of oracle(texts, splitTexts[pattern]).entries()) {
    const bytes = Buffer.from(texts[i] as string)
    const ends = splitText(bytes, pattern)
    let end = 0
    const wanted = want.map(piece => (end += Buffer.byteLength(piece)))
    if (wanted.join() !== ends.join()) finding(`${pattern}: other pieces`, texts[i] as string)
  }
}

/** Well-formed or not: an error or ids that decode to the same bytes, and never anything else. */
async function bytesAlone(next: () => number, encoder: Encoder): Promise<void> {
  const bytes = Buffer.from(randomText(next, 40))
  for (let n = Math.floor(next() * 3); n >= 0 && bytes.length; n--) bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256)
  const valid = Buffer.from(bytes.toString('utf8')).equals(bytes)
  const ids = await encoder.encode(column([bytes])).catch(error => (error as { code: string }).code)
  if (typeof ids === 'string') {
    if (valid || ids !== 'FORMAT') finding(`${ids} for ${valid ? 'valid' : 'invalid'} UTF-8`, bytes)
  } else if (!valid || !itemsOf(await encoder.decode(ids))[0]?.equals(bytes)) finding('bytes that came back otherwise', bytes)
}

if (values.sweep) {
  const contexts = [
    ['', ''],
    ['a', 'b'],
    [' ', 'A'],
    ["x'", '\n'],
  ] as const
  for (const pattern of patterns) {
    for (const [before, after] of contexts) {
      const texts: string[] = []
      for (let first = 0; first < 0x110000; first += 512) {
        const codes = Array.from({ length: 512 }, (_, i) => first + i).filter(code => code < 0xd800 || code >= 0xe000)
        if (codes.length) texts.push(codes.map(code => before + String.fromCodePoint(code) + after).join(''))
      }
      compare(texts, pattern)
    }
    console.log(`${pattern}: every code point in four contexts`)
  }
}

const encoders = new Map<Pattern, Encoder>()
const sample = Array.from({ length: 2000 }, (_, i) => randomText(random(i), 40))
for (const pattern of patterns) {
  const counts = await countPieces(column(sample), { maxPiece: 4096, threads: 1, pattern })
  const { tokens, merges } = withLayout(await train(counts, { vocabulary: 2000, minCount: 0 }))
  encoders.set(pattern, await Encoder.open(tokens, merges, { pattern }))
}

const seed = Number(values.seed)
const cpu = () => process.cpuUsage().user / 1e6
const begin = cpu()
let strings = 0
for (let round = 0; cpu() - begin < Number(values.seconds); round++) {
  const next = random(seed + round)
  const pattern = patterns[round % patterns.length] as Pattern
  const encoder = encoders.get(pattern) as Encoder
  const texts = Array.from({ length: 20_000 }, () => randomText(next, 4 + 60 * next() ** 3))
  compare(texts, pattern)
  const decoded = itemsOf(await encoder.decode(await encoder.encode(column(texts))))
  for (const [i, text] of texts.entries())
    if (String(decoded[i]) !== text) finding(`seed ${seed + round}, ${pattern}: a text that came back otherwise`, text)
  for (let n = 0; n < 2000; n++) await bytesAlone(next, encoder)
  strings += texts.length
}
console.log(`no finding: ${strings} strings from seed ${seed}, ${(cpu() - begin).toFixed(0)} CPU-s of this process`)
