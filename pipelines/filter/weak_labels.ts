/**
 * Weak labels, for a classifier of whoever has none of his own: documents that filtering kept are good, furniture that extraction dropped is
 * bad, and so is a kept document after it was broken on purpose. Nobody looked at them, and they know no more than the rules that made
 * them: a classifier of these finds broken text and furniture, not dull or wrong text.
 *
 * Pure: what a document becomes follows from hash(seed, its id), never from what else there is.
 */
import { seededHash } from '../../native/addon/hash.ts'
import type { Labelled } from './classifier.ts'

export const damages = ['shuffled', 'cut', 'mojibake', 'keyboard'] as const
export type Damage = (typeof damages)[number]

export interface WeakLabel extends Labelled {
  label: 'good' | 'bad'
  /** Where the label comes from. */
  from: 'kept' | 'furniture' | Damage
}

export interface Source {
  /** 16 bytes. */
  id: Uint8Array
  text: string
}

/** Characters of a document that become a text to learn from: whole documents would weigh as much as they are long. */
const pieceLength = 2000
const least = 60

/** Of a document that was kept: a piece of it as it is, and the same broken in one way. Nothing of a text under 60 characters. */
export function weakLabelsOf({ id, text }: Source, seed: number): WeakLabel[] {
  const next = stream(seed, id, 'weak-labels')
  const whole = Array.from(text)
  if (whole.length < least) return []
  const start = whole.length > pieceLength ? Math.floor(next() * (whole.length - pieceLength)) : 0
  const piece = whole.slice(start, start + pieceLength).join('')
  const damage = damages[Math.floor(next() * damages.length)] as Damage
  return [
    { text: piece, label: 'good', from: 'kept' },
    { text: broken(piece, damage, next), label: 'bad', from: damage },
  ]
}

/** Of a block that extraction dropped (role `blocks`; its text is read from the page). */
export const furnitureOf = (text: string): WeakLabel => ({
  text: Array.from(text).slice(0, pieceLength).join(''),
  label: 'bad',
  from: 'furniture',
})

/** Breaks a text. `next` gives uniform numbers in [0, 1). */
export function broken(text: string, damage: Damage, next: () => number): string {
  switch (damage) {
    case 'shuffled':
      return shuffled(text.split(/\s+/u), next).join(' ')
    case 'cut':
      return cut(text, next)
    case 'mojibake':
      return mojibake(text, next)
    case 'keyboard':
      return keyboard(text, next)
  }
}

function shuffled<T>(list: readonly T[], next: () => number): T[] {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    ;[copy[i], copy[j]] = [copy[j] as T, copy[i] as T]
  }
  return copy
}

/** Pieces of 15 to 80 characters that begin and end wherever they fall, in another order. */
function cut(text: string, next: () => number): string {
  const whole = Array.from(text)
  const pieces: string[] = []
  for (let at = 0; at < whole.length; ) {
    const length = 15 + Math.floor(next() * 66)
    pieces.push(whole.slice(at, at + length).join(''))
    at += length + Math.floor(next() * 5)
  }
  return shuffled(pieces, next).join(next() < 0.5 ? ' ' : '')
}

const typographic: Record<string, string> = { "'": '’', '"': '“', '-': '–' }

/** UTF-8 read as Latin-1, after plain marks became typographic ones, so that English breaks too; some characters are lost. */
function mojibake(text: string, next: () => number): string {
  const marked = text.replace(/['"-]/g, mark => typographic[mark] as string)
  const accented = marked.replace(/[aeou]/g, letter => (next() < 0.04 ? { a: 'á', e: 'é', o: 'ö', u: 'ü' }[letter as 'a'] : letter))
  const read = Buffer.from(accented, 'utf8').toString('latin1')
  return Array.from(read, character => (next() < 0.01 ? '\ufffd' : character)).join('')
}

const rows = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm']
const place = new Map(rows.flatMap(row => Array.from(row, (letter, i) => [letter, (row[i + 1] ?? row[i - 1]) as string] as const)))

/** Letters slip to the next key, and some words are hands on the keys. */
function keyboard(text: string, next: () => number): string {
  const slip = 0.05 + next() * 0.25
  return text
    .split(/(\s+)/u)
    .map(word => {
      if (/^\s*$/u.test(word)) return word
      if (next() < 0.15) {
        const row = rows[Math.floor(next() * rows.length)] as string
        return Array.from({ length: 3 + Math.floor(next() * 8) }, () => row[Math.floor(next() * row.length)]).join('')
      }
      return Array.from(word, letter => (next() < slip ? (place.get(letter) ?? letter) : letter)).join('')
    })
    .join('')
}

/** Uniform numbers that follow from (seed, id, purpose): splitmix64 from their hash. */
function stream(seed: number, id: Uint8Array, purpose: string): () => number {
  let state = seededHash(seed, id, purpose)[0] ?? 0n
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n)
    let mixed = state
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n)
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn)
    return Number((mixed ^ (mixed >> 31n)) >> 11n) / 2 ** 53
  }
}
