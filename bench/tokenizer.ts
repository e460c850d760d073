/**
 * Encoding with cl100k, one core, CPU seconds: ours beside the fastest peers, the same documents, ids of every document, fresh processes.
 *
 *   node bench/tokenizer.ts [--ranks cl100k_base.tiktoken] [--rounds N] [--megabytes N] [--peers a,b] [--only cold,words]
 *
 * Peers are Python packages (MILLRACE_PYTHON, else .venv): gigatoken 0.10.0, quicktok-v1 0.4.0, bpe-openai 0.1.4, tiktoken 0.14.0, tokenizers
 * 0.22.1; another version is named, and those that are not there are left out. Ranks come from `js-tiktoken` where they are not given. Rounds are interleaved; the median counts, and only ratios do: the machine
 * is what it is. Cold: each document once. Warm: after other documents of the same sources. Hard: texts that no cache of pieces has seen.
 * Worst: ours alone without a cache, one piece of 1 MB beside the same bytes in pieces of 1 kB, and one of 16 MB.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openGiven } from '../pipelines/tokenizer/given.ts'
import { readTiktokenFile } from '../pipelines/tokenizer/tiktoken.ts'
import { random, readDocuments } from './tokenizer-documents.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const python = process.env.MILLRACE_PYTHON ?? join(root, '.venv/bin/python')
const { values } = parseArgs({
  options: {
    ranks: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    megabytes: { type: 'string', default: '10' },
    warm: { type: 'string', default: '50' },
    peers: { type: 'string', default: 'gigatoken:each,gigatoken:batch,quicktok:each,bpe_openai:each,tiktoken:each,tokenizers:batch' },
    only: { type: 'string', default: 'cold,warm,words,base64,cjk,worst' },
    cache: { type: 'string', default: String(64 * 2 ** 20) },
    keep: { type: 'string' },
    child: { type: 'string' },
    documents: { type: 'string' },
    seed: { type: 'string' },
  },
})

interface Result {
  seconds: number
  load: number
  ids: string
  version?: string
}

const pinned: Record<string, string> = {
  gigatoken: '0.10.0',
  quicktok: '0.4.0',
  bpe_openai: '0.1.4',
  tiktoken: '0.14.0',
  tokenizers: '0.22.1',
}

const cpu = () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6

/** What the warm-up left behind is freed before the clock starts, as Python does at once. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await new Promise(done => setTimeout(done, 10))
  }
}

/** In the fresh process: ours on one file. */
async function child(warm: string, path: string): Promise<void> {
  const begin = cpu()
  const given = await readTiktokenFile(readFileSync(values.ranks as string, 'utf8'), 'ranks', { pattern: 'cl100k' })
  const encoder = await openGiven(given, { cacheBytes: Number(values.cache) })
  await encoder.encode({ offsets: Int32Array.of(0, 1), bytes: Uint8Array.of(65) }) // a thread's cache is made by its first call
  const load = cpu() - begin
  if (warm !== '-') await encoder.encode(readDocuments(warm))
  const documents = readDocuments(path)
  await settle()
  const start = cpu()
  const { ids } = await encoder.encode(documents)
  const seconds = cpu() - start
  const digest = createHash('sha256')
    .update(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength))
    .digest('hex')
    .slice(0, 16)
  console.log(JSON.stringify({ seconds, load, ids: digest }))
}

/** In the fresh process: long pieces without a cache, CPU nanoseconds a byte. */
async function worst(seed: number): Promise<void> {
  const given = await readTiktokenFile(readFileSync(values.ranks as string, 'utf8'), 'ranks', { pattern: 'cl100k' })
  const encoder = await openGiven(given, { cacheBytes: 0 })
  const next = random(seed)
  const sets = { 'one letter': 'a', letters: 'abcdefghijklmnopqrstuvwxyz', spaces: ' ', punctuation: '!"#$%&()*+,-.:;<=>?@[\\]^_`{|}~' }
  for (const [name, set] of Object.entries(sets)) {
    const bytes = new Uint8Array(16e6).map(() => set.charCodeAt(Math.floor(next() * set.length)))
    const time = async (piece: number, total: number) => {
      const offsets = Int32Array.from({ length: total / piece + 1 }, (_, i) => i * piece)
      const times: number[] = []
      for (let n = 0; n < 6; n++) {
        await settle()
        const start = cpu()
        await encoder.encode({ offsets, bytes: bytes.subarray(0, total) })
        if (n) times.push(((cpu() - start) / total) * 1e9)
      }
      return median(times)
    }
    const [small, one, long] = [await time(1e3, 1e6), await time(1e6, 1e6), await time(16e6, 16e6)]
    console.log(
      `worst   ${name.padEnd(16)} ${one.toFixed(1).padStart(7)} ns a byte of 1 MB, ${(one / small).toFixed(2)} of 1 kB's; 16 MB ${(long / one).toFixed(2)} of 1 MB's`,
    )
  }
}

function write(path: string, documents: readonly Uint8Array[]): number {
  const ends = new Uint32Array(documents.length + 1)
  ends[0] = documents.length
  for (const [i, document] of documents.entries()) ends[i + 1] = (i ? (ends[i] as number) : 0) + document.length
  const body = Buffer.concat(documents)
  writeFileSync(path, Buffer.concat([new Uint8Array(ends.buffer), body]))
  return body.length
}

/** English and code that installed packages carry, cut into documents of about 10 KB in an order drawn by the seed. */
function* realDocuments(next: () => number): Generator<Uint8Array> {
  const folders = [join(root, 'node_modules'), ...(existsSync(python) ? [join(python, '../../lib')] : [])]
  const files: string[] = []
  while (folders.length && files.length < 60_000) {
    const folder = folders.pop() as string
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) folders.push(path)
      else if (/\.(md|rst|txt|py|d\.ts|[cm]?js)$/i.test(entry.name) && !/\.min\.|LICENSE/i.test(entry.name)) files.push(path)
    }
  }
  const seen = new Set<string>()
  for (let n = files.sort().length; n > 0; n--) {
    const at = Math.floor(next() * n)
    const path = files[at] as string
    files[at] = files[n - 1] as string
    const text = readFileSync(path, 'utf8')
    const key = createHash('sha256').update(text).digest('hex')
    if (text.length < 1000 || text.length > 2e5 || !text.isWellFormed() || seen.has(key)) continue
    seen.add(key)
    for (let from = 0; from < text.length; from += 10_000) yield Buffer.from(text.slice(from, from + 10_000).toWellFormed())
  }
}

function synthetic(kind: string, next: () => number): Uint8Array {
  const int = (n: number) => Math.floor(next() * n)
  if (kind === 'base64') return Buffer.from(Buffer.from(Array.from({ length: 7500 }, () => int(256))).toString('base64'))
  let text = ''
  while (text.length < (kind === 'words' ? 10_000 : 3300)) {
    if (kind === 'words') text += `${String.fromCharCode(...Array.from({ length: 3 + int(8) }, () => 97 + int(26)))} `
    else text += next() < 0.08 ? '，。、：；'[int(5)] : String.fromCharCode(0x4e00 + int(0x9fa5 - 0x4e00 + 1))
  }
  return Buffer.from(text)
}

function take(documents: Iterator<Uint8Array>, bytes: number): Uint8Array[] {
  const out: Uint8Array[] = []
  for (let total = 0; total < bytes; ) {
    const { value, done } = documents.next()
    if (done) break
    out.push(value)
    total += value.length
  }
  return out
}

function ranksFile(folder: string): string | undefined {
  if (values.ranks) return values.ranks
  const path = join(root, 'node_modules/js-tiktoken/dist/ranks/cl100k_base.cjs')
  if (!existsSync(path)) return undefined
  const [, first = '0', ...tokens] = (/"bpe_ranks":"([^"]+)"/.exec(readFileSync(path, 'utf8'))?.[1] ?? '').split(' ')
  const out = join(folder, 'cl100k_base.tiktoken')
  writeFileSync(out, tokens.map((token, i) => `${token} ${i + Number(first)}\n`).join(''))
  return out
}

const median = (list: number[]) => list.sort((a, b) => a - b)[list.length >> 1] as number

function main(folder: string): void {
  const ranks = ranksFile(folder)
  if (!ranks) {
    console.log('skipped: no ranks (npm package js-tiktoken, or --ranks)')
    return
  }
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  const next = random(seed)
  const bytes = Number(values.megabytes) * 1e6
  const only = values.only.split(',')
  const real = realDocuments(next)
  const sizes: Record<string, number> = {}
  const make = (name: string, documents: Uint8Array[]) => (sizes[name] = write(join(folder, name), documents))
  if (only.includes('cold') || only.includes('warm')) make('cold', take(real, 2 * bytes))
  if (only.includes('warm')) make('before', take(real, Number(values.warm) * 1e6))
  for (const kind of ['words', 'base64', 'cjk']) {
    if (only.includes(kind)) make(kind, take({ next: () => ({ value: synthetic(kind, next), done: false }) }, bytes))
  }
  console.log(
    `seed ${seed}; ${Object.entries(sizes)
      .map(([name, size]) => `${name} ${(size / 1e6).toFixed(1)} MB`)
      .join(', ')}`,
  )
  if (only.includes('worst')) {
    const args = ['--expose-gc', fileURLToPath(import.meta.url), '--child', 'worst', '--ranks', ranks, '--seed', String(seed)]
    // Calls take turns on the threads of the pool, and each thread's first long piece makes its memory: one thread, warm by its first call.
    process.stdout.write(execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, UV_THREADPOOL_SIZE: '1' } }))
  }
  let peers = ['millrace', ...values.peers.split(',')].filter(peer => peer)
  for (const text of only.filter(text => text !== 'worst')) {
    const file = join(folder, text === 'warm' ? 'cold' : text)
    const warm = text === 'warm' ? join(folder, 'before') : '-'
    const results = new Map<string, Result[]>()
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const peer of peers) {
        const [name = '', api = 'each'] = peer.split(':')
        const [program, args] =
          name === 'millrace'
            ? [
                process.execPath,
                [
                  '--expose-gc',
                  fileURLToPath(import.meta.url),
                  '--child',
                  warm,
                  '--documents',
                  file,
                  '--ranks',
                  ranks,
                  '--cache',
                  values.cache,
                ],
              ]
            : [python, [join(root, 'bench/tokenizer.py'), name, api, ranks, warm, file]]
        try {
          const out = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
          results.set(peer, [...(results.get(peer) ?? []), JSON.parse(out) as Result])
        } catch (error) {
          if (name === 'millrace') throw error
          console.log(
            `${peer}: left out (${String((error as Error).message)
              .split('\n')
              .at(-2)})`,
          )
          peers = peers.filter(each => each !== peer)
        }
      }
    }
    const ours = results.get('millrace')?.[0]?.ids
    const speed = new Map(
      [...results].map(([peer, runs]) => [
        peer,
        (sizes[text === 'warm' ? 'cold' : text] as number) / 1e6 / median(runs.map(r => r.seconds)),
      ]),
    )
    const best = Math.max(...[...speed].filter(([peer]) => peer !== 'millrace').map(([, mb]) => mb))
    for (const [peer, mb] of speed) {
      const runs = results.get(peer) as Result[]
      const [name = ''] = peer.split(':')
      const version = pinned[name] !== runs[0]?.version ? `  version ${runs[0]?.version}, pinned ${pinned[name]}` : ''
      const same = runs.every(run => run.ids === ours) ? '' : '  other ids'
      console.log(
        `${text.padEnd(7)} ${peer.padEnd(16)} ${mb.toFixed(1).padStart(7)} MB/CPU-s  load ${median(runs.map(r => r.load)).toFixed(2)} s${same}${version}`,
      )
    }
    console.log(`${text.padEnd(7)} ratio to the fastest peer ${((speed.get('millrace') as number) / best).toFixed(2)}`)
  }
}

if (values.child === 'worst') await worst(Number(values.seed))
else if (values.child) await child(values.child, values.documents as string)
else {
  const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  try {
    main(folder)
  } finally {
    if (!values.keep) rmSync(folder, { recursive: true })
  }
}
