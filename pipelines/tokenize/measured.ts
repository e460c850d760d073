/**
 * What tokens hold, by language and by source, for reports: `<language|source>/<value>/<documents|tokens|bytes|words|characters>`. Counters, part
 * of no digest. Values come from input, so their number and length are bounded, as in tally.ts.
 */
import type { Ids } from '../../native/addon/tokenizer.ts'
import type { Batch } from '../arrow/index.ts'

export const measures = ['documents', 'tokens', 'bytes', 'words', 'characters'] as const
type Sums = Record<(typeof measures)[number], number>

const most = 64

export class Measured {
  readonly #count: (name: string, by: number) => void
  readonly #known = { language: new Set<string>(), source: new Set<string>() }

  constructor(count: (name: string, by: number) => void) {
    this.#count = count
  }

  add(documents: Batch, { offsets }: Ids): void {
    const text = documents.column('text')
    const [starts, bytes] = [text.offsets as Int32Array, text.data as Uint8Array]
    for (const by of ['language', 'source'] as const) {
      const column = documents.column(by)
      const sums = new Map<string, Sums>()
      for (let i = 0; i < documents.rows; i++) {
        const name = this.#name(by, column.isNull(i) ? '(none)' : column.text(i))
        let sum = sums.get(name)
        if (!sum) {
          sum = { documents: 0, tokens: 0, bytes: 0, words: 0, characters: 0 }
          sums.set(name, sum)
        }
        const [from, to] = [starts[i] as number, starts[i + 1] as number]
        sum.documents++
        sum.tokens += (offsets[i + 1] as number) - (offsets[i] as number)
        sum.bytes += to - from
        if (by === 'language') addLetters(sum, bytes, from, to)
      }
      for (const [name, sum] of sums) for (const what of measures) if (sum[what]) this.#count(`${by}/${name}/${what}`, sum[what])
    }
  }

  #name(by: 'language' | 'source', value: string): string {
    const name = value.slice(0, most).toWellFormed()
    const known = this.#known[by]
    if (known.size < most) known.add(name)
    return known.has(name) ? name : '(others)'
  }
}

/** Words are what ASCII white space sets apart: of scripts without spaces characters say more. */
function addLetters(sum: Sums, bytes: Uint8Array, from: number, to: number): void {
  let [words, characters, outside] = [0, 0, true]
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number
    if ((byte & 0xc0) !== 0x80) characters++
    const space = byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
    if (outside && !space) words++
    outside = space
  }
  sum.words += words
  sum.characters += characters
}
