/** What dedup must find: the same text twice, the same words written otherwise, and a page with another last word; distinct pages stay. */
import { type Canary, ordinary, type Planted } from '../canary.ts'
import { MiB } from '../stage.ts'
import type { DedupConfig } from './config.ts'

/** Bands find a pair of similarity s with 1 - (1 - s^rows)^bands; expected only where missing it is out of the question. */
const certain = 1e-9

const [first, second, third, fourth] = ordinary as [string, string, string, string]
const shouted = second.toUpperCase().replaceAll(',', ' –').replaceAll('.', ' !')
const edited = third.replace(/\w+(\W*)$/, 'bicycle$1')

export const canary: Canary<DedupConfig> = async ({ config }) => {
  const { exact, minhash, threshold } = config
  const documents: Planted[] = [{ key: 'a page of its own', text: fourth }]
  const oneOf: string[][] = []
  const pair = (key: string, text: string, other: string) => {
    documents.push({ key, text }, { key: `${key}, again`, text: other })
    oneOf.push([key, `${key}, again`])
  }
  if (exact || minhash) pair('the same text', first, first)
  if (minhash) {
    pair('the same words in capitals', second, shouted)
    const similarity = jaccard(third, edited, minhash.ngram)
    const missed = (1 - similarity ** minhash.rows) ** minhash.bands
    if (similarity >= threshold && missed < certain) pair('another last word', third, edited)
  }
  if (!oneOf.length) return undefined
  return {
    config: { ...config, partitions: 1, unitBytes: MiB },
    documents,
    keeps: ['a page of its own'],
    drops: [],
    oneOf,
  }
}

/** Of the shingles of two of our own texts: small letters without marks are all the normalisation that they need. */
function jaccard(a: string, b: string, ngram: number): number {
  const shingles = (text: string) => {
    const words = text.toLowerCase().match(/[a-z]+/g) ?? []
    return new Set(words.slice(0, Math.max(0, words.length - ngram + 1)).map((_, i) => words.slice(i, i + ngram).join(' ')))
  }
  const [left, right] = [shingles(a), shingles(b)]
  const both = [...left].filter(each => right.has(each)).length
  return both / (left.size + right.size - both)
}
