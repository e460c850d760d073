/**
 * Records to documents: pages go through native extraction, all of a batch in one call; other records have their text already.
 *
 * A page's text stays bytes from the native column to the documents column. What a page says of itself is short and becomes strings.
 */
import { type BlockColumns, extractPages, type PageColumns } from '../../native/addon/extract.ts'
import type { Texts } from '../../native/addon/text.ts'
import { Batch, Column } from '../arrow/index.ts'
import { blocks } from '../schemas.ts'
import type { ExtractConfig } from './config.ts'
import { withSaid } from './headers.ts'
import { cutNames } from './page.ts'
import { type Fields, type RawRecord, type Unreadable, unreadable } from './records.ts'

/** A record with the kind of its document. */
export interface KindRecord extends RawRecord {
  kind: string
}

/** A record whose text is known: a document without its id. */
export interface TextRecord extends Fields {
  key: string
  offset: number
  kind: string
  text: string | Uint8Array
  meta: Record<string, string>
}

/** `page`: the text came from markup. */
export type TextItem = { record: TextRecord; page: boolean; unreadable?: never } | { unreadable: Unreadable; record?: never; page?: never }

export interface Extracted {
  /** One for each record, in their order. */
  items: TextItem[]
  /** How blocks were judged: one row for each item that is a page. */
  blocks?: Column
}

/** Texts of all records. `threads` cannot change the result. */
export async function extractRecords(records: readonly KindRecord[], config: ExtractConfig, threads: number): Promise<Extracted> {
  const places = [...records.keys()].filter(i => records[i]?.html)
  if (!places.length) return { items: records.map(plain) }
  const pages = places.map(i => records[i] as KindRecord)
  const found = await extractPages(
    columnOf(pages.map(page => page.html as Uint8Array)),
    columnOf(pages.map(page => Buffer.from(page.url ?? ''))),
    columnOf(pages.map(page => Buffer.from(page.charset ?? ''))),
    {
      mode: config.mode,
      format: config.format,
      links: config.links,
      images: config.images,
      blocks: config.blocks === 'none' ? false : config.blocks,
      maxBytes: config.maxDocumentBytes,
      maxNodes: config.maxNodes,
      maxDepth: config.maxDepth,
    },
    threads,
  )
  let row = 0
  const items = records.map(record => (record.html ? pageItem(record, found, row++, config.maxDocumentBytes) : plain(record)))
  if (!found.blocks) return { items }
  const blocks = blocksColumn(found.blocks)
  const kept = places.flatMap((place, i) => (items[place]?.page ? i : []))
  return { items, blocks: kept.length === places.length ? blocks : blocks.take(Uint32Array.from(kept)) }
}

function plain(record: KindRecord): TextItem {
  const { html: _, charset: __, said: ___, text = '', ...rest } = record
  return { record: { ...rest, text }, page: false }
}

function pageItem(record: KindRecord, found: PageColumns, row: number, maxDocumentBytes: number): TextItem {
  const text = bytesAt(found.text, row)
  if (text.length > maxDocumentBytes)
    return unreadable(
      record.key,
      record.offset,
      'DOCUMENT_TOO_LARGE',
      `expected at most ${maxDocumentBytes} bytes of text (maxDocumentBytes), found ${text.length}`,
    ) as TextItem
  const say = (column: Texts): string | undefined => Buffer.from(bytesAt(column, row)).toString('utf8') || undefined
  const origin = say(found.origin)
  const own = {
    charset: say(found.charset),
    site: say(found.site),
    ...withSaid({ licence: say(found.licence), robots: say(found.robots), tdm: say(found.tdm) }, record.said),
    origin: origin === 'body' ? undefined : origin,
    cuts: cutNames.filter((_, bit) => (found.cuts[row] as number) & (1 << bit)).join(','),
  }
  const meta = { ...record.meta }
  for (const [name, value] of Object.entries(own)) if (value) meta[name] = value
  return {
    record: {
      key: record.key,
      offset: record.offset,
      kind: record.kind,
      url: record.url ?? say(found.url),
      title: record.title ?? say(found.title),
      author: record.author ?? say(found.author),
      date: record.date ?? say(found.date),
      language: record.language ?? say(found.language),
      type: say(found.type),
      confidence: found.confidence[row] as number,
      text,
      meta,
    },
    page: true,
  }
}

const bytesAt = ({ offsets, bytes }: Texts, row: number): Uint8Array => bytes.subarray(offsets[row], offsets[row + 1])

function columnOf(texts: readonly Uint8Array[]): Texts {
  const offsets = new Int32Array(texts.length + 1)
  for (const [i, text] of texts.entries()) offsets[i + 1] = (offsets[i] as number) + text.length
  return { offsets, bytes: Buffer.concat(texts) }
}

/** The list column of `blocks`, its buffers as they came. */
function blocksColumn({ offsets, hash, words, position, score, kept, reason }: BlockColumns): Column {
  const type = (blocks.fields[1] as (typeof blocks.fields)[number]).type
  if (type.kind !== 'list' || type.item.type.kind !== 'struct') throw new TypeError('blocks: expected a list of structs')
  const { fields } = type.item.type
  const data = [hash, words, position, score, kept, reason.bytes] as const
  const children = fields.map((field, i) => ({
    type: field.type,
    length: hash.length,
    offsets: field.type.kind === 'utf8' ? reason.offsets : undefined,
    data: data[i] as (typeof data)[number],
  }))
  const items = {
    type: type.item.type,
    length: hash.length,
    offsets: undefined,
    data: new Uint8Array(0),
    children: children.map(c => new Column(c)),
  }
  return new Column({ type, length: offsets.length - 1, offsets, data: new Uint8Array(0), children: [new Column(items)] })
}

/** Rows of the role `blocks` for these pages; `ids` holds 16 bytes a page. */
export const blocksBatch = (ids: Uint8Array, column: Column): Batch =>
  new Batch(blocks, [
    new Column({ type: (blocks.fields[0] as (typeof blocks.fields)[number]).type, length: column.length, offsets: undefined, data: ids }),
    column,
  ])
