// The other side is pyarrow, apache-arrow and a definition in Python; never our own reader alone.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { Footer as FlatFooter } from 'apache-arrow/fb/footer'
import { Message } from 'apache-arrow/fb/message'
import { RecordBatch } from 'apache-arrow/fb/record-batch'
import { ByteBuffer } from 'flatbuffers'
import { afterAll, describe, expect, it } from 'vitest'
import {
  ArrowReader,
  ArrowWriter,
  batchDigest,
  concat,
  contentOf,
  rowsToJson,
  schema,
  schemaDigest,
  utf8,
} from '../../../pipelines/arrow/index.ts'
import { batchOf, everything, type Row, randomRows, runPython, temporaryFolder, withoutPython, writeFile } from './support.ts'

const folder = temporaryFolder()
afterAll(folder.remove)
const at = (name: string): string => join(folder.path, name)
const rows = randomRows(700, 1)
const parts = [rows.slice(0, 0), rows.slice(0, 333), rows.slice(333), []]
const batches = parts.map(part => batchOf(everything, part))

async function readRows(path: string): Promise<Row[][]> {
  const reader = await ArrowReader.open(path)
  const all: Row[][] = []
  for await (const batch of reader) all.push(Array.from({ length: batch.rows }, (_, i) => rowsToJson(batch, i)))
  await reader.close()
  return all
}

describe('a written file', { timeout: 60_000 }, () => {
  for (const compression of ['zstd', 'none'] as const) {
    it(`comes back as it was (${compression})`, async () => {
      const written = await writeFile(at(compression), batches, { compression })
      expect(await readRows(at(compression))).toEqual(parts)
      expect(written.rows).toBe(700)
      expect(written.bytes).toBe(readFileSync(at(compression)).length)

      const reader = await ArrowReader.open(at(compression))
      expect(reader.schema).toEqual(everything)
      expect([reader.rows, reader.batches, reader.rowsIn(1), reader.rowsIn(3)]).toEqual([700, 4, 333, 0])
      const digests: string[] = []
      for await (const batch of reader) digests.push(batchDigest(batch))
      expect(digests).toEqual(written.batches.map(b => b.content))
      expect(contentOf(schemaDigest(reader.schema), digests)).toBe(written.content)
      expect((await reader.read(1)).byteLength).toBe(written.batches[1]?.bytes)
      await reader.close()
    })

    it.skipIf(withoutPython)(`is valid and the same for pyarrow (${compression})`, async () => {
      await writeFile(at(compression), batches, { compression })
      const read = runPython('oracle.py', 'read', at(compression)) as { schema: string; metadata: unknown; batches: Row[][] }
      expect(read.batches).toEqual(parts)
      expect(read.metadata).toEqual(everything.metadata)
      expect(read.schema).toContain(
        'id: fixed_size_binary[16] not null\ntext: string not null\ntitle: string\nblob: binary\na: uint8 not null\nb: int8',
      )
      expect(read.schema).toContain('pair: fixed_size_list<item: int32>[2]')
    })

    it.skipIf(withoutPython)(`has the content digest that its definition gives (${compression})`, async () => {
      const written = await writeFile(at(compression), batches, { compression })
      expect(runPython('digest.py', at(compression))).toEqual({ content: written.content, batches: written.batches.map(b => b.content) })
    })
  }

  it('has the same content and another sha256 with another compression or level, and the same bytes again', async () => {
    const all = [
      await writeFile(at('3'), batches),
      await writeFile(at('9'), batches, { level: 9 }),
      await writeFile(at('0'), batches, { compression: 'none' }),
    ]
    expect(new Set(all.map(w => w.content)).size).toBe(1)
    expect(new Set(all.map(w => w.sha256)).size).toBe(3)
    expect(await writeFile(at('again'), batches)).toEqual(all[0])
    expect(readFileSync(at('again')).equals(readFileSync(at('3')))).toBe(true)
  })

  it('has another content with another value, null, name, metadata or batch border', async () => {
    const base = schema({ a: utf8() })
    const content = async (...of: Parameters<typeof writeFile>[1]): Promise<string> => (await writeFile(at('c'), of)).content
    const contents = [
      await content(batchOf(base, [{ a: 'xy' }, { a: '' }])),
      await content(batchOf(base, [{ a: 'x' }, { a: 'y' }])),
      await content(batchOf(base, [{ a: 'xy' }]), batchOf(base, [{ a: '' }])),
      await content(batchOf(schema({ b: utf8() }), [{ b: 'xy' }, { b: '' }])),
      await content(batchOf(schema({ a: utf8() }, { k: 'v' }), [{ a: 'xy' }, { a: '' }])),
      await content(batchOf(schema({ a: { optional: utf8() } }), [{ a: 'xy' }, { a: '' }])),
      await content(batchOf(schema({ a: { optional: utf8() } }), [{ a: 'xy' }, {}])),
    ]
    expect(new Set(contents).size).toBe(contents.length)
  })

  it('begins every body and buffer of a plain file at a multiple of 64, with zeros between', async () => {
    await writeFile(at('aligned'), batches, { compression: 'none' })
    const file = readFileSync(at('aligned'))
    const length = file.readInt32LE(file.length - 10)
    const footer = FlatFooter.getRootAsFooter(new ByteBuffer(file.subarray(file.length - 10 - length, file.length - 10)))
    expect(footer.version()).toBe(4) // V5
    expect(footer.recordBatchesLength()).toBe(4)
    let buffers = 0
    for (let i = 0; i < footer.recordBatchesLength(); i++) {
      const block = footer.recordBatches(i)
      const body = Number(block?.offset()) + Number(block?.metaDataLength())
      expect(body % 64).toBe(0)
      expect(Number(block?.bodyLength()) % 64).toBe(0)
      const message = Message.getRootAsMessage(new ByteBuffer(file.subarray(Number(block?.offset()) + 8, body)))
      const batch = message.header(new RecordBatch()) as RecordBatch
      let end = 0
      for (let j = 0; j < batch.buffersLength(); j++, buffers++) {
        const start = Number(batch.buffers(j)?.offset())
        expect(start % 64).toBe(0)
        expect(file.subarray(body + end, body + start).every(byte => byte === 0)).toBe(true)
        end = start + Number(batch.buffers(j)?.length())
      }
    }
    expect(buffers).toBeGreaterThan(200)
  })

  it('is read by apache-arrow (plain; it has no zstd)', async () => {
    await writeFile(at('js'), batches, { compression: 'none' })
    const table = tableFromIPC(readFileSync(at('js')))
    expect(table.numRows).toBe(700)
    expect(Array.from(table.getChild('text') ?? [])).toEqual(rows.map(r => r.text))
    expect(Array.from(table.getChild('title') ?? [])).toEqual(rows.map(r => r.title ?? null))
  })

  it('gives single columns in any order, the same as from the whole batch', async () => {
    for (const compression of ['zstd', 'none'] as const) {
      await writeFile(at('single'), batches, { compression })
      const reader = await ArrowReader.open(at('single'))
      const whole = await reader.read(1)
      for (const names of [['id'], ['point', 'text'], ['meta', 'nested', 'flat'], everything.fields.map(f => f.name).reverse(), []]) {
        const some = await reader.read(1, names)
        expect(some.rows).toBe(333)
        expect(some.schema).toEqual(whole.select(names).schema)
        expect(batchDigest(some)).toBe(batchDigest(whole.select(names)))
      }
      await expect(reader.read(1, ['other'])).rejects.toThrow(/expected one of the columns id, text, .* found "other"/)
      await reader.close()
    }
  })

  it('keeps batches in the order of append, awaited or not', async () => {
    const writer = await ArrowWriter.open(at('order'), everything)
    const pending = batches.map(batch => writer.append(batch))
    await Promise.all(pending)
    expect((await writer.close()).sha256).toBe((await writeFile(at('awaited'), batches)).sha256)
  })

  it('refuses a batch of other fields and text that is not UTF-8', async () => {
    const writer = await ArrowWriter.open(at('refuses'), schema({ a: utf8() }))
    await expect(writer.append(batchOf(schema({ b: utf8() }), []))).rejects.toThrow('expected a batch of {"a": utf8}, found {"b": utf8}')
    await writer.discard()
    const good = batchOf(schema({ a: utf8() }), [{ a: 'ä' }, { a: 'b' }])
    ;(good.column('a').offsets as Int32Array)[1] = 1 // cuts the character
    const other = await ArrowWriter.open(at('refuses'), good.schema)
    await expect(other.append(good)).rejects.toThrow('expected UTF-8 in column "a"')
    await other.discard()
    await expect(ArrowReader.open(at('refuses'))).rejects.toThrow('ARROW1')
  })
})

describe.skipIf(withoutPython)("pyarrow's files", { timeout: 60_000 }, () => {
  const expected = withoutPython ? {} : (runPython('oracle.py', 'write', folder.path) as Record<string, Row[][]>)
  for (const name of ['plain', 'zstd', 'sliced', 'version4', 'saving', 'delta', 'dirty'])
    it(`are read: ${name}`, async () => {
      expect(await readRows(at(`${name}.arrow`))).toEqual(expected[name])
    })

  it('get the digest that the definition gives, also where null slots hold values', async () => {
    const reader = await ArrowReader.open(at('dirty.arrow'))
    const digest = contentOf(schemaDigest(reader.schema), [batchDigest(await reader.read(0))])
    await reader.close()
    expect(digest).toBe((runPython('digest.py', at('dirty.arrow')) as { content: string }).content)
  })

  it('can be concatenated and written again, dictionaries and large types as plain ones', async () => {
    const reader = await ArrowReader.open(at('sliced.arrow'))
    const all = []
    for await (const batch of reader) all.push(batch)
    await reader.close()
    const written = await writeFile(at('rewritten'), [concat(all)])
    expect((await readRows(at('rewritten'))).flat()).toEqual(expected.sliced?.flat())
    expect((runPython('digest.py', at('rewritten')) as { content: string }).content).toBe(written.content)
  })

  it('are refused by name and with what to do where we cannot', async () => {
    const message = async (name: string): Promise<string> => {
      const reader = await ArrowReader.open(at(`${name}.arrow`)).catch((error: Error) => error.message)
      if (typeof reader === 'string') return reader
      const found = await reader.read(0).then(
        () => 'read',
        (error: Error) => error.message,
      )
      await reader.close()
      return found
    }
    expect(await message('lz4')).toMatch(/expected zstd or no compression, found LZ4.*IpcWriteOptions\(compression="zstd"\)/)
    expect(await message('view')).toMatch(/field "v", found utf8 view.*Cast/)
    expect(await message('time')).toMatch(/field "at", found timestamp.*Cast/)
    expect(await message('stream')).toMatch(/start: expected the bytes ARROW1.*streams/)
  })
})
