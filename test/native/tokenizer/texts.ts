/** Texts for the tokenizer's tests: seeded random ones that are rich in what patterns treat differently, and real ones that every machine has. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Texts } from '../../../native/addon/tokenizer.ts'

/** mulberry32: uniform in [0, 1), the same everywhere. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const atoms = [
  ...'abcxyzABCXYZ0123456789     \n\n\r\t.,;:!?\'"-_/\\()[]{}<>|@#$%^&*+=~`',
  ..."'s|'T|'re|'VE|'m|'Ll|'d|'ſ|'S|don't|We've|HTTPServer|\r\n|  \n|\t\t|</longcat_s>|<longcat_pad>".split('|'),
  ...'éßÉñøΩωЖж中文字漢々〇⺀龍かなカナー한국어กขāǅǈʰˈªº²½Ⅷ٣०\u0301\u0300\u20dd\u{16ff0}\u{16fe4}\u0085\u00a0\u2003\u2028\u3000\ufeff\u200b\u180e€😀👩‍💻\u{1f1e9}𝐀𝔘\u{20000}\u{10ffff}',
]

/**
 * A text of up to `length` atoms, some of them repeated; with `anywhere` also of any code point that is not a surrogate. Without it all are
 * of Unicode 14: some oracles are of another version than our tables.
 */
export function randomText(next: () => number, length: number, anywhere = true): string {
  let text = ''
  for (let n = Math.floor(next() * length); n >= 0; n--) {
    const atom = anywhere && next() < 0.02 ? anyCharacter(next) : (atoms[Math.floor(next() * atoms.length)] as string)
    text += next() < 0.05 ? atom.repeat(1 + Math.floor(next() * 12)) : atom
  }
  return text
}

function anyCharacter(next: () => number): string {
  const code = Math.floor(next() * (next() < 0.7 ? 0x3000 : 0x110000))
  return code >= 0xd800 && code < 0xe000 ? ' ' : String.fromCodePoint(code)
}

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** READMEs and type definitions of installed packages, in order of their names; until `bytes` are reached. */
export function realTexts(bytes: number): string[] {
  const texts: string[] = []
  let total = 0
  const walk = [join(root, 'node_modules')]
  while (walk.length && total < bytes) {
    const folder = walk.pop() as string
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? 1 : -1))) {
      if (entry.isDirectory()) walk.push(join(folder, entry.name))
      else if (/^readme.*\.md$|^changelog\.md$|\.d\.ts$|\.c?js$/i.test(entry.name) && total < bytes) {
        const text = readFileSync(join(folder, entry.name), 'utf8').toWellFormed()
        total += Buffer.byteLength(text)
        texts.push(text)
      }
    }
  }
  return texts
}

export function column(texts: readonly (string | Uint8Array)[]): Texts {
  const parts = texts.map(text => (typeof text === 'string' ? Buffer.from(text) : text))
  const offsets = new Int32Array(parts.length + 1)
  for (const [i, part] of parts.entries()) offsets[i + 1] = (offsets[i] as number) + part.length
  return { offsets, bytes: new Uint8Array(Buffer.concat(parts)) }
}

export const itemsOf = ({ offsets, bytes }: Texts): Buffer[] =>
  Array.from({ length: offsets.length - 1 }, (_, i) => Buffer.from(bytes.subarray(offsets[i], offsets[i + 1])))
