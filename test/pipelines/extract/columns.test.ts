/** Parquet and Arrow files written by pyarrow: what comes out is what went in, and a broken page or batch costs its rows. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ArrowWriter, BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { documents } from '../../../pipelines/schemas.ts'
import { folder, python, read, readFile } from './support.ts'

const pyarrow = python ? spawnSync(python, ['-c', 'import pyarrow']).status === 0 : false

const rows = 3000
const text = (i: number) => `Text ${i} with ${(i * 2654435761) % 4294967296} in it. é`

const program = `
import sys, pyarrow as pa, pyarrow.parquet as pq
folder, n = sys.argv[1], int(sys.argv[2])
text = ['Text %d with %d in it. é' % (i, (i * 2654435761) % 4294967296) for i in range(n)]
table = pa.table({
  'text': text,
  'id': pa.array(range(n), pa.int64()),
  'title': [None if i % 3 else 'Title %d' % i for i in range(n)],
  'language': pa.array(['en' if i % 2 else 'de' for i in range(n)]).dictionary_encode(),
  'score': [i / 4 for i in range(n)],
  'tags': [['a', str(i)] for i in range(n)],
})
for codec in ['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4']:
  pq.write_table(table, f'{folder}/{codec}.parquet', compression=codec, row_group_size=1000, data_page_size=4096, write_batch_size=64, use_dictionary=['language'])
pq.write_table(table, f'{folder}/v2.parquet', data_page_version='2.0', row_group_size=1000)
binary = pa.table({'text': pa.array([t.encode() for t in text[:10]] + [b'caf\\xe9'], pa.binary())})
pq.write_table(binary, f'{folder}/binary.parquet')
for name, options in [('plain', {}), ('zstd', {'compression': 'zstd'})]:
  with pa.OSFile(f'{folder}/{name}.arrow', 'wb') as sink:
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
      for batch in table.to_batches(max_chunksize=500): writer.write_batch(batch)
`

describe.skipIf(!pyarrow)('files of pyarrow (skipped where Python has no pyarrow)', () => {
  if (pyarrow) {
    const made = spawnSync(python as string, ['-c', program, folder, String(rows)], { encoding: 'utf8' })
    if (made.status) throw new Error(made.stderr)
  }

  const whole = async (name: string, path = join(folder, name)) => readFile(name, path, readFileSync(path).length)

  test.each(['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4', 'v2'].map(name => `${name}.parquet`).concat('plain.arrow', 'zstd.arrow'))(
    '%s',
    async name => {
      const { records, unreadable } = await whole(name)
      expect(unreadable).toEqual([])
      expect(records.length).toBe(rows)
      for (const i of [0, 1, 999, 1000, 2999])
        expect(records[i]).toEqual({
          key: `${name}#${i}`,
          offset: i,
          kind: 'web',
          text: text(i),
          language: i % 2 ? 'en' : 'de',
          ...(i % 3 ? {} : { title: `Title ${i}` }),
          meta: { id: String(i), score: String(i / 4), tags: `["a","${i}"]` },
        })
    },
  )

  test('compressed as a whole', async () => {
    const bytes = readFileSync(join(folder, 'snappy.parquet'))
    expect((await read('a.parquet.gz', gzipSync(bytes))).records.map(record => record.text)).toEqual(
      (await whole('snappy.parquet')).records.map(record => record.text),
    )
    expect((await read('a.arrow.zst', zstdCompressSync(readFileSync(join(folder, 'plain.arrow'))))).records.length).toBe(rows)
  })

  test('text in a column without a type; what is not UTF-8 costs its row', async () => {
    const { records, unreadable } = await whole('binary.parquet')
    expect(records.map(record => record.text)).toEqual(Array.from({ length: 10 }, (_, i) => text(i)))
    expect(unreadable).toMatchObject([{ code: 'INVALID_UTF8', offset: 10, key: 'binary.parquet#10' }])
  })

  test('a corrupt page costs its rows and no more', async () => {
    const bytes = Buffer.from(readFileSync(join(folder, 'gzip.parquet')))
    // The second gzip stream of the file: a data page of the first column chunk.
    const magic = Buffer.from([0x1f, 0x8b, 0x08])
    const at = bytes.indexOf(magic, bytes.indexOf(magic) + 1)
    bytes.fill(0xee, at + 20, at + 60)
    const { records, unreadable } = await read('broken.parquet', bytes)
    expect(unreadable).toHaveLength(1)
    const range = /^rows (\d+) to (\d+) \((\d+)\)/.exec(unreadable[0]!.message)!.slice(1).map(Number) as [number, number, number]
    expect(unreadable[0]).toMatchObject({ code: 'PARQUET_PAGE', offset: range[0] })
    expect(range[2]).toBeLessThan(500)
    expect(range[0]).toBeGreaterThan(0)
    const lost = new Set(Array.from({ length: range[2] }, (_, i) => range[0] + i))
    expect(records.map(record => record.text)).toEqual(
      Array.from({ length: rows }, (_, i) => i)
        .filter(i => !lost.has(i))
        .map(text),
    )
  })

  test('a corrupt record batch costs its rows', async () => {
    const bytes = Buffer.from(readFileSync(join(folder, 'zstd.arrow')))
    const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
    let at = bytes.indexOf(magic)
    while (bytes.indexOf('Text 700 ') < 0 && at < bytes.length / 3) at = bytes.indexOf(magic, at + 1)
    bytes.fill(0xee, at + 4, at + 24)
    const { records, unreadable } = await read('broken.arrow', bytes)
    expect(unreadable).toHaveLength(1)
    expect(unreadable[0]).toMatchObject({ code: 'ARROW_BATCH' })
    expect(unreadable[0]!.message).not.toContain(folder)
    expect(records.length).toBe(rows - 500)
  })

  test('files that end too early or are something else', async () => {
    const parquet = readFileSync(join(folder, 'zstd.parquet'))
    for (const bytes of [parquet.subarray(0, 1000), Buffer.from('PAR1'), Buffer.from('no parquet at all, in any way'), Buffer.alloc(0)])
      expect((await read('x.parquet', bytes)).unreadable).toMatchObject([{ code: 'PARQUET' }])
    const arrow = readFileSync(join(folder, 'plain.arrow'))
    for (const bytes of [arrow.subarray(0, 1000), Buffer.from('ARROW1'), Buffer.alloc(0)])
      expect((await read('x.arrow', bytes)).unreadable).toMatchObject([{ code: 'ARROW', offset: 0 }])
  })
})

test('our own documents: fields come back, the old id and key stay in meta', async () => {
  const path = join(folder, 'own.arrow')
  const builder = new BatchBuilder(documents)
  builder.append({
    id: '00112233445566778899aabbccddeeff',
    source: 'old',
    key: 'k#1',
    title: 'T',
    kind: 'book',
    confidence: 0.5,
    text: 'Text.',
    meta: { a: 'b' },
  })
  const writer = await ArrowWriter.open(path, documents)
  await writer.append(builder.finish())
  await writer.close()
  const { records } = await readFile('own.arrow', path, readFileSync(path).length)
  expect(records).toEqual([
    {
      key: 'own.arrow#0',
      offset: 0,
      kind: 'book',
      title: 'T',
      confidence: 0.5,
      text: 'Text.',
      meta: { id: '00112233445566778899aabbccddeeff', source: 'old', key: 'k#1', a: 'b' },
    },
  ])
  writeFileSync(path, '')
})
