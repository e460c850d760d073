/**
 * Extract: pinned raw files -> documents. One operation, `read`: readers by format, charset, HTML to Markdown.
 *
 * A record that cannot be read is quarantined with its offset and the rest of its file goes on. Files are read one after the other and records
 * keep their order, so documents depend neither on how files were grouped into units nor on threads. On the development pages (278 KB each) one core
 * reads 93 documents/s, 26 MB/s, at a mean word-bag F1 of .841: `node bench/extract.ts`.
 */
import { BatchBuilder } from '../arrow/index.ts'
import { documents } from '../schemas.ts'
import { defineStage, MiB } from '../stage.ts'
import { extractConfig } from './config.ts'
import { idsOf, nameOf } from './ids.ts'
import { readRaw, type TextRecord } from './read.ts'

export { descends, type Format, matches, type Source, sourceSchema } from './source.ts'

/** Bytes or characters that a record holds, about. */
const sizeOf = ({ text, meta, title, author }: TextRecord): number =>
  Object.values(meta).reduce((sum, value) => sum + value.length, text.length + (title?.length ?? 0) + (author?.length ?? 0))

const flushRows = 256
const flushBytes = 16 * MiB

export const extract = defineStage({
  name: 'extract',
  revision: 1,
  config: extractConfig,
  inputs: ['raw'],
  outputs: { documents: 'read.documents' },
  operations: [
    {
      name: 'read',
      kind: 'map',
      reads: ['raw'],
      writes: { documents: { schema: documents } },
      unitBytes: config => config.unitBytes,
      config: ({ unitBytes: _, ...rest }) => rest,

      async run(ctx) {
        const writer = await ctx.writer('documents')
        const builder = new BatchBuilder(documents)
        let waiting: { source: string; record: TextRecord }[] = []
        let bytes = 0
        const flush = async () => {
          const ids = await idsOf(
            waiting.map(({ source, record }) => nameOf(source, record.key)),
            ctx.threads,
          )
          for (const [i, { source, record }] of waiting.entries()) {
            const { offset: _, ...row } = record
            builder.append({ ...row, id: ids.subarray(16 * i, 16 * i + 16), source })
          }
          if (waiting.length) await writer.append(builder.finish())
          waiting = []
          bytes = 0
        }

        for (const raw of ctx.raw()) {
          ctx.count('files')
          const source = raw.source.name
          let read = 0
          let told = 0
          let items = 0
          for await (const { record, unreadable, skipped } of readRaw(raw, ctx.config, ctx.scratch)) {
            if (unreadable) {
              ctx.quarantine({ source, ...unreadable })
              ctx.count(`quarantined.${unreadable.code}`)
            } else if (skipped) ctx.count(`skipped.${skipped}`)
            else if (record) {
              read++
              waiting.push({ source, record })
              bytes += sizeOf(record)
              ctx.count(`documents.${record.kind}`)
              if (record.text.length === 0) ctx.count('empty')
              if (waiting.length >= flushRows || bytes >= flushBytes) await flush()
            }
            if (++items % 64 === 0) {
              ctx.progress({ documents: read - told })
              told = read
            }
          }
          ctx.progress({ documents: read - told, bytes: raw.size })
        }
        await flush()
      },
    },
  ],
})
