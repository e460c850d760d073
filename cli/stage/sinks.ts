/**
 * Tables as files that other tools read: the format follows from the extension.
 *
 * Written beside the target and renamed at the end, so a file that is there is whole. JSONL and Parquet hold what `rowsToJson` gives: ids as
 * hex, `meta` as an object (Parquet: a JSON column). Memory is one record batch.
 */
import { once } from 'node:events'
import { createWriteStream, rmSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { createGzip, createZstdCompress } from 'node:zlib'
import type { SchemaElement } from 'hyparquet'
import { fileWriter, ParquetWriter } from 'hyparquet-writer'
import { type Batch, type DataType, type Field, rowsToJson, type Schema } from '../../pipelines/arrow/index.ts'
import { RegroupingWriter } from '../../pipelines/writer.ts'
import { usage } from '../usage.ts'

export interface Sink {
  write(batch: Batch): Promise<void>
  /** Puts the file in its place. */
  close(): Promise<void>
  /** Leaves nothing behind. */
  discard(): Promise<void>
}

const endings = ['.jsonl', '.jsonl.zst', '.jsonl.gz', '.parquet', '.arrow'] as const
type Ending = (typeof endings)[number]

export function endingOf(path: string, option: string): Ending | '-' {
  if (path === '-') return '-'
  const found = endings.find(ending => path.endsWith(ending))
  if (!found) throw usage(option, `a name that ends in ${endings.join(', ')}, or - for JSONL on standard output`, path)
  return found
}

/** `-` is standard output. */
export async function openSink(path: string, schema: Schema, option: string): Promise<Sink> {
  const ending = endingOf(path, option)
  if (ending === '-') return lines(process.stdout, process.stdout)
  await mkdir(dirname(path), { recursive: true })
  const staged = join(dirname(path), `.${process.pid}-${path.split('/').at(-1)}`)
  process.once('exit', () => rmSync(staged, { force: true })) // interrupted: nothing half-written stays
  const inner = await sinkOf(ending, staged, schema)
  return {
    write: inner.write,
    async close() {
      await inner.close()
      await rename(staged, path)
    },
    async discard() {
      await inner.discard()
      await rm(staged, { force: true })
    },
  }
}

async function sinkOf(ending: Ending, path: string, schema: Schema): Promise<Sink> {
  if (ending === '.parquet') return parquet(path, schema)
  if (ending === '.arrow') {
    const writer = await RegroupingWriter.open('output', path, schema, 'zstd')
    return { write: batch => writer.append(batch), close: async () => void (await writer.close(undefined)), discard: async () => undefined }
  }
  const file = createWriteStream(path)
  if (ending === '.jsonl') return lines(file, file)
  const compressor = ending === '.jsonl.zst' ? createZstdCompress() : createGzip()
  compressor.pipe(file)
  return lines(compressor, file)
}

function lines(stream: Writable, end: Writable): Sink {
  let failed: Error | undefined
  for (const each of new Set([stream, end]))
    each.on('error', error => {
      failed ??= error
    })
  const standard = stream === process.stdout
  return {
    async write(batch) {
      let text = ''
      for (let i = 0; i < batch.rows; i++) {
        text += `${JSON.stringify(rowsToJson(batch, i))}\n`
        if (text.length > 1 << 20 || i === batch.rows - 1) {
          if (failed) throw failed
          if (!stream.write(text)) await drained(stream, end)
          text = ''
        }
      }
    },
    async close() {
      if (failed) throw failed
      if (standard) return
      stream.end()
      await finished(end)
    },
    async discard() {
      if (!standard) for (const each of new Set([stream, end])) each.destroy()
    },
  }
}

/** Until the stream takes more, or until there is nobody left to take it. */
async function drained(stream: Writable, end: Writable): Promise<void> {
  const settled = new AbortController()
  try {
    const { signal } = settled
    await Promise.race([once(stream, 'drain', { signal }), once(end, 'close', { signal })])
  } finally {
    settled.abort()
  }
}

function parquet(path: string, schema: Schema): Sink {
  const elements: SchemaElement[] = [{ name: 'root', num_children: schema.fields.length }, ...schema.fields.flatMap(elementsOf)]
  const writer = fileWriter(path)
  const out = new ParquetWriter({ writer, schema: elements, createdBy: 'millrace' })
  return {
    async write(batch) {
      if (!batch.rows) return
      const columnData = batch.schema.fields.map((field, c) => ({
        name: field.name,
        data: Array.from({ length: batch.rows }, (_, i) => parquetValue(field.type, batch.columns[c]?.value(i))),
      }))
      await out.write({ columnData, rowGroupSize: batch.rows })
    },
    async close() {
      await out.finish()
    },
    discard: async () => undefined,
  }
}

function elementsOf({ name, type, nullable }: Field): SchemaElement[] {
  const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED'
  const plain = plainOf(type)
  if (plain) return [{ name, repetition_type, ...plain }]
  const item = type.kind === 'list' || type.kind === 'fixedList' ? plainOf(type.item.type) : undefined
  if (item) {
    return [
      { name, repetition_type, converted_type: 'LIST', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', repetition_type: 'REQUIRED', ...item },
    ]
  }
  return [{ name, repetition_type, type: 'BYTE_ARRAY', converted_type: 'JSON' }]
}

function plainOf(type: DataType): Partial<SchemaElement> | undefined {
  if (type.kind === 'utf8' || type.kind === 'fixed' || type.kind === 'binary') return { type: 'BYTE_ARRAY', converted_type: 'UTF8' }
  if (type.kind === 'bool') return { type: 'BOOLEAN' }
  if (type.kind === 'float') return { type: 'DOUBLE' }
  if (type.kind === 'int') return { type: 'INT64' }
  return undefined
}

/** Parquet's 64-bit integers come from bigints. What has no column of its own kind is an object for the JSON column. */
function parquetValue(type: DataType, value: unknown): unknown {
  if (value === null || value === undefined) return undefined
  if (type.kind === 'int') return BigInt(value as number)
  if ((type.kind === 'list' || type.kind === 'fixedList') && plainOf(type.item.type))
    return (value as unknown[]).map(item => parquetValue(type.item.type, item))
  return value
}
