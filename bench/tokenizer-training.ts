/**
 * Training of 32,000 ids on 50 MB of English and code, from text in memory to merges, one thread, CPU seconds: ours beside gigatoken's
 * `train_bpe` in the same run, both with GPT-2's pattern, and ours with our own. Merges are compared with gigatoken's and with Hugging Face's.
 *
 *   node bench/tokenizer-training.ts [--megabytes N] [--size N] [--rounds N] [--seed N] [--without huggingface]
 *
 * Every measurement is a fresh process, rounds are interleaved, the median counts. Peers are Python packages (`gigatoken` 0.10, `tokenizers`
 * 0.22; MILLRACE_PYTHON, else .venv). Hugging Face is asked once. Exits 1 where a ratio is above its bar (1.0; 1.5 for our pattern) or merges
 * differ.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Pattern, PieceCounter, Trainer } from '../native/addon/tokenizer.ts'
import { sizeOf, tokenOf, withLayout } from '../pipelines/tokenizer/vocabulary.ts'
import { random, readDocuments } from './tokenizer-documents.ts'

const root = resolve(import.meta.dirname, '..')
const python = process.env.MILLRACE_PYTHON ?? join(root, '.venv/bin/python')
const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '50' },
    size: { type: 'string', default: '32000' },
    rounds: { type: 'string', default: '5' },
    seed: { type: 'string' },
    without: { type: 'string', default: '' },
    child: { type: 'string' },
    documents: { type: 'string' },
  },
})

interface Result {
  seconds: number
  merges: number
  digest: string
}

/** In the fresh process: counting and training, by one thread of the pool. */
async function child(pattern: Pattern, path: string): Promise<void> {
  const texts = readDocuments(path)
  const before = process.cpuUsage()
  const counter = new PieceCounter({ pattern })
  await counter.addTexts(texts)
  const trainer = new Trainer({ vocabulary: Number(values.size), minCount: 0 })
  for await (const block of counter.blocks(2 ** 30)) await trainer.add(block)
  const trained = await trainer.train()
  const { user, system } = process.cpuUsage(before)
  const vocabulary = withLayout(trained, pattern)
  const hex = Array.from({ length: sizeOf(vocabulary) }, (_, id) => Buffer.from(tokenOf(vocabulary, id)).toString('hex'))
  const digest = createHash('sha256')
  const { merges } = trained
  for (let i = 0; i < merges.length; i += 3) digest.update(`${hex[merges[i] as number]} ${hex[merges[i + 1] as number]}\n`)
  console.log(
    JSON.stringify({
      seconds: (user + system) / 1e6,
      merges: merges.length / 3,
      digest: digest.digest('hex').slice(0, 16),
    } satisfies Result),
  )
}

/** English and code that installed packages carry, in an order drawn by the seed; as bench/tokenizer.ts takes them. */
function writeDocuments(path: string, seed: number): number {
  const folders = [join(root, 'node_modules'), ...(existsSync(python) ? [join(python, '../../lib')] : [])]
  const files: string[] = []
  while (folders.length && files.length < 60_000) {
    const folder = folders.pop() as string
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const file = join(folder, entry.name)
      if (entry.isDirectory()) folders.push(file)
      else if (/\.(md|rst|txt|py|d\.ts|[cm]?js)$/i.test(entry.name) && !/\.min\.|LICENSE/i.test(entry.name)) files.push(file)
    }
  }
  const next = random(seed)
  const texts: Buffer[] = []
  const seen = new Set<string>()
  let total = 0
  for (let n = files.sort().length; n > 0 && total < Number(values.megabytes) * 1e6; n--) {
    const at = Math.floor(next() * n)
    const text = readFileSync(files[at] as string)
    files[at] = files[n - 1] as string
    const key = createHash('sha256').update(text).digest('hex')
    if (text.length < 1000 || text.length > 2e5 || text.includes('\0') || !Buffer.from(String(text)).equals(text) || seen.has(key)) continue
    seen.add(key)
    texts.push(text)
    total += text.length
  }
  const ends = new Uint32Array(texts.length)
  for (const [i, text] of texts.entries()) ends[i] = (i ? (ends[i - 1] as number) : 0) + text.length
  writeFileSync(path, Buffer.concat([new Uint8Array(Uint32Array.of(texts.length).buffer), new Uint8Array(ends.buffer), ...texts]))
  return total
}

const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[list.length >> 1] as number

function main(folder: string): boolean {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  const path = join(folder, 'documents')
  const bytes = writeDocuments(path, seed)
  console.log(`seed ${seed}; ${(bytes / 1e6).toFixed(1)} MB; ${values.size} ids`)
  const self = fileURLToPath(import.meta.url)
  const ask = (name: string): Result => {
    const [program, args] = name.startsWith('millrace')
      ? [process.execPath, [self, '--child', name === 'millrace' ? 'gpt2' : 'millrace', '--documents', path, '--size', values.size]]
      : [python, [self.replace(/ts$/, 'py'), name, path, values.size]]
    return JSON.parse(
      execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
        .split('\n')
        .at(-2) ?? '',
    ) as Result
  }
  const names = ['millrace', 'gigatoken', 'millrace, own pattern']
  const results = new Map<string, Result[]>(names.map(name => [name, []]))
  for (let round = 0; round < Number(values.rounds); round++) for (const name of names) results.get(name)?.push(ask(name))
  if (!values.without.includes('huggingface')) results.set('huggingface', [ask('huggingface')])
  const seconds = (name: string) => median(results.get(name)?.map(result => result.seconds) ?? [])
  const want = results.get('millrace')?.[0] as Result
  let met = true
  for (const [name, [first]] of results) {
    const bar = name === 'millrace' ? 1 : name.startsWith('millrace') ? 1.5 : undefined
    const ratio = seconds(name) / seconds('gigatoken')
    const same = name === 'millrace, own pattern' ? '' : first?.digest === want.digest ? 'the same merges' : 'OTHER MERGES'
    if ((bar !== undefined && ratio > bar) || same === 'OTHER MERGES') met = false
    const line = [
      name.padEnd(22),
      `${seconds(name).toFixed(2)} CPU-s`.padStart(12),
      `${ratio.toFixed(2)} x gigatoken`,
      bar ? `bar ${bar}` : '',
      same,
    ]
    console.log(line.filter(Boolean).join('  '))
  }
  return met
}

if (values.child) await child(values.child as Pattern, values.documents as string)
else {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-training-'))
  try {
    if (!main(folder)) process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true })
  }
}
