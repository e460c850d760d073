/**
 * Token and sentence sequences against datatrove 0.10.1 with spaCy 3.8; everything is said in tokens.py, which this starts.
 *
 *   node bench/conformance/tokens.ts [--limit N] [--seed N] [--jobs N]
 *
 * Needs a Python with test/requirements-conformance.txt (MILLRACE_PYTHON, else build/conformance/bin/python). Work files lie under
 * build/conformance-tokens. Exits 1 where more than 5 of 34,000 texts differ. `split IN OUT` is our side: reads texts, each behind its length
 * in bytes (u32), and writes per text two counts and the ranges of words and sentences.
 */
import { spawnSync } from 'node:child_process'
import { openSync, readFileSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { splitEnglish } from '../../native/addon/english.ts'

const root = resolve(import.meta.dirname, '../..')
const python = process.env.MILLRACE_PYTHON ?? join(root, 'build/conformance/bin/python')
const [command, input, output] = process.argv.slice(2)

if (command !== 'split' || input === undefined || output === undefined) {
  const { status } = spawnSync(python, [join(import.meta.dirname, 'tokens.py'), ...process.argv.slice(2)], { stdio: 'inherit' })
  process.exit(status ?? 1)
}

const file = readFileSync(input)
const out = openSync(output, 'w')
const batch = 1000

for (let at = 0; at < file.length; ) {
  const starts: number[] = []
  const parts: Uint8Array[] = []
  while (at < file.length && parts.length < batch) {
    const length = file.readUInt32LE(at)
    starts.push(length)
    parts.push(file.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  const offsets = new Int32Array(parts.length + 1)
  for (const [i, length] of starts.entries()) offsets[i + 1] = (offsets[i] as number) + length
  const { words, sentences } = await splitEnglish({ offsets, bytes: new Uint8Array(Buffer.concat(parts)) })
  let word = 0
  let sentence = 0
  for (let i = 0; i < parts.length; ++i) {
    const [w, s] = [words.counts[i] as number, sentences.counts[i] as number]
    const record = new Uint32Array(2 + 2 * (w + s))
    record.set([w, s])
    record.set(words.bounds.subarray(2 * word, 2 * (word + w)), 2)
    record.set(sentences.bounds.subarray(2 * sentence, 2 * (sentence + s)), 2 + 2 * w)
    writeSync(out, new Uint8Array(record.buffer))
    word += w
    sentence += s
  }
}
