/** A pinned raw file as a stream of items: finds its reader, counts records against the budget, turns pages into text. */
import type { RawFile } from '../stage.ts'
import type { ExtractConfig } from './config.ts'
import { extractPage } from './html/index.ts'
import { readArrow } from './readers/arrow.ts'
import { readJsonl } from './readers/jsonl.ts'
import { readParquet } from './readers/parquet.ts'
import { readWarc } from './readers/warc.ts'
import { readHtml, readMarkdown, readPlainText, readTree } from './readers/whole.ts'
import { type Fields, InputError, type Item, type RawRecord, type Reader, unreadable } from './records.ts'
import { type Format, kindOf, matches, type Source, sourceOf, splitCompression } from './source.ts'

const readers: Record<Format, Reader> = {
  html: readHtml,
  warc: readWarc,
  jsonl: readJsonl,
  parquet: readParquet,
  arrow: readArrow,
  markdown: readMarkdown,
  text: readPlainText,
  tree: readTree,
}

/** A record whose text is known: a document without its id. */
export interface TextRecord extends Fields {
  key: string
  offset: number
  kind: string
  text: string | Uint8Array
  meta: Record<string, string>
}

export type ReadItem = Exclude<Item, { record: RawRecord }> | { record: TextRecord; unreadable?: never; skipped?: never }

/** Everything that a file holds, in its order. Throws only for what is not the file's fault. */
export async function* readRaw(raw: RawFile, config: ExtractConfig, scratch: string): AsyncGenerator<ReadItem, void, undefined> {
  const source = sourceOf(raw.source)
  const key = raw.key.normalize('NFC')
  const format = matches(source, key)
  if (!format) return yield { skipped: 'format' }
  const compression = format === 'tree' ? 'none' : splitCompression(key).compression
  const input = { path: raw.path, key, size: raw.size, compression, source }
  let records = 0
  for await (const item of readers[format](input, { ...config, scratch })) {
    if (++records > config.maxRecords) {
      const offset = item.record?.offset ?? item.unreadable?.offset ?? 0
      return yield unreadable(
        `${key}#${offset}`,
        offset,
        'TOO_MANY_RECORDS',
        `expected at most ${config.maxRecords} records (maxRecords), found more`,
      ) as ReadItem
    }
    yield item.record ? textOf(item.record, source, format, config) : item
  }
}

function textOf(record: RawRecord, source: Source, format: Format, config: ExtractConfig): ReadItem {
  const readme = format === 'tree' && record.kind === 'markdown'
  const kind = source.kind !== 'auto' && !readme ? source.kind : (record.kind ?? kindOf(format))
  const { html, text, charset, ...fields } = record
  if (text !== undefined) return { record: { ...fields, kind, text } }
  try {
    const page = extractPage(html as Uint8Array, charset, config)
    if (page.text.length > config.maxDocumentBytes)
      throw new InputError(
        'DOCUMENT_TOO_LARGE',
        0,
        `expected at most ${config.maxDocumentBytes} characters of Markdown (maxDocumentBytes), found ${page.text.length}`,
      )
    return {
      record: {
        key: record.key,
        offset: record.offset,
        kind,
        url: record.url ?? page.url,
        title: record.title ?? page.title,
        author: record.author ?? page.author,
        date: record.date ?? page.date,
        language: record.language ?? page.language,
        type: page.type,
        confidence: page.confidence,
        text: page.text,
        meta: { ...record.meta, charset: page.encoding, ...(page.site ? { site: page.site } : {}) },
      },
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return unreadable(record.key, record.offset, error.code, error.message) as ReadItem
  }
}
