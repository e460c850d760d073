/** A pinned raw file as a stream of items: finds its reader, counts records against the budget, says what kind of document each is. */
import type { RawFile } from '../stage.ts'
import type { ExtractConfig } from './config.ts'
import type { KindRecord } from './pages.ts'
import { readArrow } from './readers/arrow.ts'
import { readEpub } from './readers/epub.ts'
import { readJsonl } from './readers/jsonl.ts'
import { readNotebook } from './readers/notebook.ts'
import { readParquet } from './readers/parquet.ts'
import { readWarc } from './readers/warc.ts'
import { readHtml, readMarkdown, readPlainText, readTree } from './readers/whole.ts'
import { type Item, type RawRecord, type Reader, unreadable } from './records.ts'
import { type Format, kindOf, matches, sourceOf, splitCompression } from './source.ts'

const readers: Record<Format, Reader> = {
  html: readHtml,
  warc: readWarc,
  jsonl: readJsonl,
  parquet: readParquet,
  arrow: readArrow,
  markdown: readMarkdown,
  text: readPlainText,
  epub: readEpub,
  notebook: readNotebook,
  tree: readTree,
}

export type ReadItem = Exclude<Item, { record: RawRecord }> | { record: KindRecord; unreadable?: never; skipped?: never }

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
    if (!item.record) yield item
    else {
      const readme = format === 'tree' && item.record.kind === 'markdown'
      const kind = source.kind !== 'auto' && !readme ? source.kind : (item.record.kind ?? kindOf(format))
      yield { record: { ...item.record, kind } }
    }
  }
}
