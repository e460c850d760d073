/**
 * Extract: pinned raw files -> documents. One operation, `read`: readers by format, then charset and main content of a batch of pages at
 * once in native code.
 *
 * A record that cannot be read is quarantined with its offset and the rest of its file goes on. Files are read one after the other and records
 * keep their order, so documents depend neither on how files were grouped into units nor on threads. What it reads a second, and how well it
 * agrees with readers: `npm run bench:extract`.
 */
import { BatchBuilder } from '../arrow/index.ts'
import { blocks, documents } from '../schemas.ts'
import { defineStage, MiB } from '../stage.ts'
import { extractConfig } from './config.ts'
import { idsOf, nameOf } from './ids.ts'
import { blocksBatch, extractRecords, type KindRecord, type TextItem } from './pages.ts'
import { readRaw } from './read.ts'
import type { Unreadable } from './records.ts'

export { descends, type Format, matches, type Source, sourceSchema } from './source.ts'

/** Bytes or characters that a record holds, about. */
const sizeOf = ({ text, html, meta, title, author }: KindRecord): number =>
  Object.values(meta).reduce((sum, value) => sum + value.length, (html ?? text ?? '').length + (title?.length ?? 0) + (author?.length ?? 0))

const flushRows = 256
const flushBytes = 16 * MiB

export const extract = defineStage({
  name: 'extract',
  revision: 2,
  config: extractConfig,
  inputs: ['raw'],
  outputs: { documents: 'read.documents', blocks: 'read.blocks' },
  operations: [
    {
      name: 'read',
      kind: 'map',
      reads: ['raw'],
      writes: { documents: { schema: documents }, blocks: { schema: blocks } },
      unitBytes: config => config.unitBytes,
      config: ({ unitBytes: _, ...rest }) => rest,

      async run(ctx) {
        const writer = await ctx.writer('documents')
        const judgements = await ctx.writer('blocks')
        const builder = new BatchBuilder(documents)
        let waiting: { source: string; record?: KindRecord; unreadable?: Unreadable }[] = []
        let bytes = 0

        const flush = async () => {
          const found = await extractRecords(
            waiting.flatMap(({ record }) => record ?? []),
            ctx.config,
            ctx.threads,
          )
          let next = 0
          const settled = waiting.map(({ source, record, unreadable }) => ({
            source,
            item: (record ? found.items[next++] : { unreadable }) as TextItem,
          }))
          const ids = await idsOf(
            settled.flatMap(({ source, item }) => (item.record ? nameOf(source, item.record.key) : [])),
            ctx.threads,
          )
          const pages: Uint8Array[] = []
          next = 0
          for (const { source, item } of settled) {
            const { record, page, unreadable } = item
            if (record) {
              const { offset: _, ...row } = record
              const id = ids.subarray(16 * next, 16 * ++next)
              builder.append({ ...row, id, source })
              if (page) pages.push(id)
              ctx.count(`documents.${record.kind}`)
              if (record.text.length === 0) ctx.count('empty')
            } else if (unreadable) {
              ctx.quarantine({ source, ...unreadable })
              ctx.count(`quarantined.${unreadable.code}`)
            }
          }
          if (next) await writer.append(builder.finish())
          if (found.blocks && pages.length) await judgements.append(blocksBatch(Buffer.concat(pages), found.blocks))
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
            if (skipped) ctx.count(`skipped.${skipped}`)
            else if (unreadable) waiting.push({ source, unreadable })
            else if (record) {
              read++
              waiting.push({ source, record })
              bytes += sizeOf(record)
            }
            if (waiting.length >= flushRows || bytes >= flushBytes) await flush()
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
