/**
 * The tokenizer's facts: bytes per token by language, source and component, fertility, the longest and the never used tokens, and texts with their
 * tokens. Languages and sources are counted by `tokenize`; what ids are used, and components, come from a bounded number of its batches.
 */
import { type Encoder, patterns } from '../../native/addon/tokenizer.ts'
import type { MillraceError } from '../../pipelines/errors.ts'
import type { Part } from '../../pipelines/plan.ts'
import { measures } from '../../pipelines/tokenize/measured.ts'
import { firstByte, firstMerge } from '../../pipelines/tokenizer/layout.ts'
import { readTokenizer } from '../../pipelines/tokenizer/table.ts'
import { openVocabulary, sizeOf, tokenOf, toNfc, type Vocabulary } from '../../pipelines/tokenizer/vocabulary.ts'
import type { Manifest } from '../../storage/artifacts.ts'
import { countersOf, type Step } from './nodes.ts'
import { type Reading, spreadOver } from './read.ts'
import type { SampleDocument, TokenizerFacts, TokenRow, TokenText } from './types.ts'

/** Batches of ids, and of counts, that are read. */
const mostBatches = 16
const mostCounts = 64
const longest = 24
const examples = 60
const texts = 8

export async function tokenizerOf(
  reading: Reading,
  corpus: readonly Step[],
  kept: readonly SampleDocument[],
): Promise<TokenizerFacts | null> {
  const made = corpus.findLast(({ manifest }) => manifest?.roles.tokenizer)?.manifest
  const tokenized = corpus.findLast(({ manifest }) => manifest?.roles.tokens)?.manifest
  if (!made?.roles.tokenizer?.length) return null
  const vocabulary = await readTokenizer(reading.table(made.roles.tokenizer)).catch(error => {
    if ((error as MillraceError).code === 'TOKENIZER_TABLE') return undefined // of an earlier revision
    throw error
  })
  if (!vocabulary) return null
  const uses = new Float64Array(sizeOf(vocabulary))
  const mixed = corpus.findLast(({ manifest }) => manifest?.roles.counts && manifest.roles.components)?.manifest
  const read = await usageOf(reading, tokenized, mixed, uses)
  const ordinary = Array.from({ length: uses.length - firstByte }, (_, i) => firstByte + i)
  const shown = (id: number) => ({
    id,
    text: shownToken(tokenOf(vocabulary, id)),
    bytes: tokenOf(vocabulary, id).length,
    uses: uses[id] ?? 0,
  })
  const unused = read.tokens ? ordinary.filter(id => id >= firstMerge && !uses[id]) : []
  return {
    size: uses.length,
    pattern: patterns.find(name => name === vocabulary.pattern) ?? 'millrace',
    dropped: vocabulary.given?.dropped.map(each => each.name) ?? [],
    languages: rowsOf(tokenized, 'language'),
    sources: rowsOf(tokenized, 'source'),
    components: read.components,
    read: { documents: read.documents, tokens: read.tokens, all: read.all },
    longest: ordinary
      .toSorted((a, b) => tokenOf(vocabulary, b).length - tokenOf(vocabulary, a).length || a - b)
      .slice(0, longest)
      .map(shown),
    unused: { count: unused.length, of: Math.max(0, uses.length - firstMerge), examples: unused.slice(0, examples).map(shown) },
    texts: await textsOf(vocabulary, kept),
  }
}

/** Counters `<by>/<name>/<measure>`, most tokens first. */
function rowsOf(manifest: Manifest | undefined, by: 'language' | 'source'): TokenRow[] {
  const rows = new Map<string, TokenRow>()
  for (const [counter, value] of countersOf(manifest)) {
    if (!counter.startsWith(`${by}/`)) continue
    const cut = counter.lastIndexOf('/')
    const what = measures.find(each => each === counter.slice(cut + 1))
    const name = counter.slice(by.length + 1, cut)
    if (!what || cut <= by.length) continue
    const row = rows.get(name) ?? { name, documents: 0, tokens: 0, bytes: 0, words: 0, characters: 0 }
    rows.set(name, row)
    row[what] += value
  }
  return inOrder(rows)
}

const inOrder = (rows: ReadonlyMap<string, TokenRow>): TokenRow[] =>
  [...rows.values()].sort((a, b) => b.tokens - a.tokens || (a.name < b.name ? -1 : 1))

interface Usage {
  documents: number
  tokens: number
  /** Whether that was everything. */
  all: boolean
  components: TokenRow[]
}

const batchesOf = (parts: readonly Part[] | undefined): { location: string; batch: number }[] =>
  (parts ?? []).flatMap(part => (part.batches ?? []).map((_, batch) => ({ location: part.location, batch })))

async function usageOf(reading: Reading, tokenized: Manifest | undefined, mixed: Manifest | undefined, uses: Float64Array): Promise<Usage> {
  const every = batchesOf(tokenized?.roles.tokens)
  const looked = spreadOver(every, mostBatches)
  const lengths = new Map<string, { bytes: number; tokens: number }>()
  const usage: Usage = { documents: 0, tokens: 0, all: looked.length === every.length, components: [] }
  for (const { location, batch: index } of looked) {
    const batch = await reading.batch(location, index, ['id', 'bytes', 'ids'])
    if (!batch) {
      usage.all = false
      continue
    }
    const lists = batch.column('ids')
    const [offsets, ids] = [lists.offsets as Int32Array, lists.children[0]?.data as Uint32Array]
    for (let at = offsets[0] as number; at < (offsets[batch.rows] as number); at++) {
      const id = ids[at] as number
      if (id < uses.length) uses[id] = (uses[id] as number) + 1
    }
    for (let i = 0; i < batch.rows; i++) {
      const tokens = (offsets[i + 1] as number) - (offsets[i] as number)
      lengths.set(batch.column('id').value(i) as string, { bytes: batch.column('bytes').number(i), tokens })
      usage.tokens += tokens
    }
    usage.documents += batch.rows
  }
  const components = new Map<string, TokenRow>()
  for (const { location, batch: index } of spreadOver(batchesOf(mixed?.roles.counts), mostCounts)) {
    const batch = await reading.batch(location, index, ['id', 'component'])
    for (let i = 0; batch && i < batch.rows; i++) {
      const found = lengths.get(batch.column('id').value(i) as string)
      if (!found) continue
      const name = batch.column('component').text(i)
      const row = components.get(name) ?? { name, documents: 0, tokens: 0, bytes: 0, words: 0, characters: 0 }
      components.set(name, row)
      row.documents++
      row.tokens += found.tokens
      row.bytes += found.bytes
    }
  }
  return { ...usage, components: inOrder(components) }
}

/** The beginnings of documents that stayed, one of each kind first. */
async function textsOf(vocabulary: Vocabulary, kept: readonly SampleDocument[]): Promise<TokenText[]> {
  const kinds = Map.groupBy(
    kept.filter(document => document.text),
    document => document.kind,
  )
  const turns = [...kinds.values()]
  const chosen = Array.from({ length: 4 }, (_, i) => turns.flatMap(each => each[i] ?? [])).flat()
  if (!chosen.length) return []
  const encoder = await openVocabulary(vocabulary, { cacheBytes: 0 })
  return Promise.all(
    chosen
      .slice(0, texts)
      .map(async ({ key, kind, text }) => ({ name: key, kind, pieces: await piecesOf(vocabulary, encoder, text as string) })),
  )
}

/** The tokens of one text, in order. */
async function piecesOf(vocabulary: Vocabulary, encoder: Encoder, text: string): Promise<TokenText['pieces']> {
  const bytes = new Uint8Array(Buffer.from(text))
  const column = { offsets: Int32Array.of(0, bytes.length), bytes }
  const { ids } = await encoder.encode(vocabulary.nfc ? toNfc(column) : column)
  return Array.from(ids, id => ({ id, text: shownToken(tokenOf(vocabulary, id)) }))
}

/** A token that is not whole characters shows the bytes that it has. */
export function shownToken(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return Array.from(bytes, byte => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
  }
}
