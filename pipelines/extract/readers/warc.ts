/**
 * WARC 1.0 and 1.1, WET and ARC: pages, and `conversion` records as plain text. Framing, transfer encodings and the choice of records are
 * native (native/warc/documents.h), a batch a call off this thread; here rows become items.
 *
 * Offsets are those of the file as it lies there: the member's first byte, plus the place in its content where a member holds several
 * records. A range reads the records of some members alone: any record's place is one to begin at. Plans give files whole all the same: where
 * members begin is known only to who has inflated what lies before, since a record may hold bytes that look like one (a crawled WARC), and
 * pinning a file reads it without inflating it. A file of the usual gigabyte is a unit of some minutes.
 */
import { itemKinds, warcDocuments } from '../../../native/addon/warc.ts'
import { saidIn } from '../headers.ts'
import { type Input, type Item, type Limits, type RawRecord, unreadable } from '../records.ts'

/** Records whose member begins in [from, to); `inner` is where the first record begins in the content of its member. */
export interface WarcRange {
  from: number
  inner?: number
  to?: number
}

/** Record keys are `<file>#<offset>`. */
export async function* readWarc(input: Input, limits: Limits, range: WarcRange = { from: 0 }): AsyncGenerator<Item, void, undefined> {
  const { maxDocumentBytes, maxExpansion } = limits
  for await (const batch of warcDocuments(input.path, { ...range, compression: input.compression, maxExpansion, maxDocumentBytes })) {
    for (let row = 0; row < batch.rows; row++) {
      const { url, charset, language, crawled, truncated, code, message, ...headers } = batch.strings(row)
      const kind = itemKinds[batch.kinds[row] as number]
      const offset = batch.offsets[row] as number
      const key = `${input.key}#${offset}`
      if (kind === 'skipped') yield { skipped: code }
      else if (kind === 'unreadable') yield unreadable(key, offset, code, message)
      else {
        const body = batch.bodies.subarray(batch.bodyEnds[row], batch.bodyEnds[row + 1])
        const meta = { ...(crawled ? { crawled } : {}), ...(truncated ? { truncated } : {}) }
        const record: RawRecord = { key, offset, url: url || undefined, meta, type: kind === 'page' ? 'html' : 'wet' }
        if (language) record.language = language
        const said = saidIn(headers, url)
        if (said) record.said = said
        yield { record: kind === 'page' ? { ...record, html: body, charset: charset || undefined } : { ...record, text: body } }
      }
    }
  }
}
