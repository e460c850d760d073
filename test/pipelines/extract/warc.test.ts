/**
 * Records made here, so that what must come out is known by construction; warcio is the oracle for offsets and payloads where it is there.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { warcRecords } from '../../../native/addon/warc.ts'
import { extractConfig } from '../../../pipelines/extract/config.ts'
import { readWarc } from '../../../pipelines/extract/readers/warc.ts'
import { sourceOf } from '../../../pipelines/extract/source.ts'
import { members, record, response, warcinfo } from '../../../scripts/fixtures/warc.mjs'
import { folder, python, read, readFile, root } from './support.ts'

const page = (word: string) => `<html><head><title>${word}</title></head><body><p>The text of ${word} is here.</p></body></html>`
const texts = (result: { records: { text: string }[] }) => result.records.map(({ text }) => text)
const said = (word: string) => `The text of ${word} is here.`

describe('encodings of the transfer', () => {
  const cases = [
    ['plain', {}],
    ['chunked', { chunked: 7 }],
    ['gzip', { encoding: 'gzip' }],
    ['deflate', { encoding: 'deflate' }],
    ['raw deflate', { encoding: 'raw-deflate' }],
    ['brotli', { encoding: 'br' }],
    ['brotli in chunks', { encoding: 'br', chunked: 11 }],
  ] as const
  test.each(cases)('%s', async (_name, options) => {
    const { records, unreadable } = await read('t.warc', response('https://e.example/x', page('one'), options))
    expect(unreadable).toEqual([])
    expect(records).toMatchObject([
      { key: 't.warc#0', url: 'https://e.example/x', title: 'one', text: said('one'), meta: { crawled: '2026-01-05T08:00:00Z' } },
    ])
  })

  test('declared but not so: the body is what it is', async () => {
    const lie = response('https://e.example/', page('raw'))
      .toString('latin1')
      .replace('HTTP/1.1 200 OK', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip')
    const fixed = lie.replace(/Content-Length: (\d+)/, (_, n) => `Content-Length: ${Number(n) + 52}`)
    expect(texts(await read('lie.warc', Buffer.from(fixed, 'latin1')))).toEqual([said('raw')])
  })

  test('charset of the header, of the page, and none', async () => {
    const latin = Buffer.from('<p>caf\xe9 au lait</p>', 'latin1')
    const greek = Buffer.from([0x3c, 0x70, 0x3e, 0xe1, 0xe2, 0xe3]) // iso-8859-7
    expect(
      texts(
        await read(
          'c.warc',
          Buffer.concat([
            response('u:1', latin, { type: 'text/html' }),
            response('u:2', greek, { type: 'text/html; charset="ISO-8859-7"' }),
          ]),
        ),
      ),
    ).toEqual(['café au lait', 'αβγ'])
    // A declaration that the bytes refute is passed over.
    expect(texts(await read('d.warc', response('u:3', latin, { type: 'text/html; charset=utf-8' })))).toEqual(['café au lait'])
  })
})

test('only pages with a good status are read; the rest is counted', async () => {
  const records = [
    warcinfo(),
    response('u:1', page('a')),
    response('u:2', page('b'), { status: '404 Not Found' }),
    response('u:3', 'x', { type: 'image/png' }),
    response('u:4', page('c'), { type: 'application/xhtml+xml' }),
    record('revisit', { 'WARC-Target-URI': 'u:5', 'Content-Type': 'application/http; msgtype=response' }, 'HTTP/1.1 200 OK\r\n\r\n'),
    record(
      'conversion',
      { 'WARC-Target-URI': 'u:6', 'Content-Type': 'text/plain', 'WARC-Identified-Content-Language': 'deu,eng' },
      'Reiner Text.\n',
    ),
  ]
  const { bytes, offsets } = members(records)
  const result = await read('r.warc.gz', bytes)
  expect(result.records.map(({ key, text, language }) => [key, text, language])).toEqual([
    [`r.warc.gz#${offsets[1]}`, said('a'), undefined],
    [`r.warc.gz#${offsets[4]}`, said('c'), undefined],
    [`r.warc.gz#${offsets[6]}`, 'Reiner Text.\n', 'deu'],
  ])
  expect(result.records.at(-1)!.type).toBe('wet')
  expect(result.skipped.sort()).toEqual(['warc.media', 'warc.revisit', 'warc.status', 'warc.warcinfo'])
})

describe('broken files', () => {
  const records = ['a', 'b', 'c', 'd'].map(word => response(`u:${word}`, page(word)))
  const plainOffsets = [0, 1, 2, 3].map(i => records.slice(0, i).reduce((sum, bytes) => sum + bytes.length, 0))

  test('a member with wrong bytes costs itself', async () => {
    const { bytes, offsets } = members(records)
    bytes.fill(0xff, offsets[1]! + 40, offsets[1]! + 60)
    const result = await read('m.warc.gz', bytes)
    expect(texts(result)).toEqual([said('a'), said('c'), said('d')])
    expect(result.unreadable).toMatchObject([{ key: `m.warc.gz#${offsets[1]}`, offset: offsets[1], code: 'GZIP_MEMBER' }])
  })

  test('bytes between members that are no member', async () => {
    const { parts } = members(records)
    const junk = Buffer.from('not a member at all')
    const result = await read('j.warc.gz', Buffer.concat([parts[0]!, junk, parts[1]!]))
    expect(texts(result)).toEqual([said('a'), said('b')])
    expect(result.unreadable).toMatchObject([{ offset: parts[0]!.length, code: 'GZIP_MEMBER' }])
  })

  test('a wrong checksum is noticed', async () => {
    const { bytes, offsets } = members(records)
    bytes[offsets[2]! - 6]! ^= 1
    const result = await read('s.warc.gz', bytes)
    expect(result.unreadable).toMatchObject([{ code: 'GZIP_MEMBER' }])
    expect(texts(result)).toContain(said('c'))
  })

  test('a file cut inside a member', async () => {
    const { bytes, offsets } = members(records)
    const result = await read('cut.warc.gz', bytes.subarray(0, bytes.length - 30))
    expect(texts(result)).toEqual([said('a'), said('b'), said('c')])
    expect(result.unreadable).toMatchObject([{ offset: offsets[3], code: 'GZIP_MEMBER' }])
  })

  test('a plain file cut inside a record', async () => {
    const whole = Buffer.concat(records)
    const result = await read('cut.warc', whole.subarray(0, whole.length - 30))
    expect(texts(result)).toEqual([said('a'), said('b'), said('c')])
    expect(result.unreadable).toMatchObject([{ offset: plainOffsets[3], code: 'WARC_TRUNCATED' }])
  })

  test.each([
    ['version', (text: string) => text.replace('WARC/1.1', 'WARCX1.1'), 'WARC_VERSION'],
    ['no length', (text: string) => text.replace(/Content-Length: \d+/, 'Content-Length: many'), 'WARC_LENGTH'],
    [
      'no headers of HTTP',
      (text: string) => text.replace('HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK').replace(/\r\n\r\n<html>/, '      <html>'),
      'HTTP_HEADERS',
    ],
  ])('a record whose %s is wrong: the next one is found', async (_, change, code) => {
    const bad = Buffer.from(change(records[1]!.toString('latin1')), 'latin1')
    const result = await read('p.warc', Buffer.concat([records[0]!, bad, records[2]!]))
    expect(texts(result)).toEqual([said('a'), said('c')])
    expect(result.unreadable).toMatchObject([{ offset: plainOffsets[1], code }])
  })

  test('bodies that do not decode; those the crawler cut are taken as far as they go', async () => {
    const cut = (warc: Record<string, string>) => {
      const text = response('u:x', page('x'.repeat(3)), { encoding: 'gzip', warc }).toString('latin1')
      const length = Number(/Content-Length: (\d+)/.exec(text)![1])
      return Buffer.from(
        text
          .replace(`Content-Length: ${length}`, `Content-Length: ${length - 12}`)
          .slice(0, -4 - 12 - String(length).length + String(length - 12).length),
        'latin1',
      )
    }
    const end = Buffer.from('\r\n\r\n')
    const result = await read('z.warc', Buffer.concat([cut({}), end, cut({ 'WARC-Truncated': 'length' }), end, records[0]!]))
    expect(result.unreadable.map(({ code }) => code)).toEqual(['CONTENT_ENCODING'])
    expect(result.records.at(-1)!.text).toBe(said('a'))
    expect(result.records.length).toBe(2)
  })

  test('a record above the cap', async () => {
    const result = await read(
      'big.warc',
      Buffer.concat([records[0]!, response('u:big', page('y'.repeat(5000))), records[1]!]),
      {},
      { maxDocumentBytes: 2000 },
    )
    expect(texts(result)).toEqual([said('a'), said('b')])
    expect(result.unreadable).toMatchObject([{ code: 'DOCUMENT_TOO_LARGE', offset: plainOffsets[1] }])
  })
})

test('zstd, frame by frame', async () => {
  const records = ['a', 'b'].map(word => response(`u:${word}`, page(word)))
  const frames = records.map(bytes => zstdCompressSync(bytes))
  const result = await read('f.warc.zst', Buffer.concat(frames))
  expect(result.records.map(({ offset, text }) => [offset, text])).toEqual([
    [0, said('a')],
    [frames[0]!.length, said('b')],
  ])
})

test('zstd with a dictionary in a skippable frame, plain and compressed', async () => {
  const records = ['a', 'b'].map(word => response(`u:${word}`, page(word)))
  const dictionary = Buffer.concat(records.map(bytes => bytes.subarray(0, 300)))
  for (const stored of [dictionary, zstdCompressSync(dictionary)]) {
    const head = Buffer.alloc(8)
    head.writeUInt32LE(0x184d2a5d, 0)
    head.writeUInt32LE(stored.length, 4)
    const frames = records.map(bytes => zstdCompressSync(bytes, { dictionary }))
    const result = await read('d.warc.zst', Buffer.concat([head, stored, ...frames]))
    expect(result.unreadable).toEqual([])
    expect(texts(result)).toEqual([said('a'), said('b')])
  }
})

test('resources that are pages, bodies in zstd, gzip that nobody declared', async () => {
  const swapped = (body: Buffer, header: string) =>
    Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n${header}\r\n`), body])
  const http = { 'WARC-Target-URI': 'u:x', 'Content-Type': 'application/http; msgtype=response' }
  const result = await read(
    'x.warc',
    Buffer.concat([
      record(
        'resource',
        { 'WARC-Target-URI': 'u:r', 'Content-Type': 'text/html; charset=iso-8859-1' },
        Buffer.from('<p>caf\xe9', 'latin1'),
      ),
      record('resource', { 'WARC-Target-URI': 'u:s', 'Content-Type': 'text/plain' }, 'no page'),
      record('response', http, swapped(zstdCompressSync(page('zstd')), 'Content-Encoding: zstd\r\n')),
      record('response', http, swapped(gzipSync(page('quiet')), '')),
      record('response', http, swapped(gzipSync(gzipSync(page('twice'))), 'Content-Encoding: gzip, gzip\r\n')),
    ]),
  )
  expect(result.unreadable).toEqual([])
  expect(texts(result)).toEqual(['café', said('zstd'), said('quiet'), said('twice')])
  expect(result.skipped).toEqual(['warc.resource'])
})

test('ARC: pages of its records, its date as ISO 8601', async () => {
  const body = `HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n${page('arc')}`
  const about = '1 0 Us\nURL IP-address Archive-date Content-type Archive-length\n'
  const rows = [
    `filedesc://a.arc 0.0.0.0 20080430204825 text/plain ${about.length}\n${about}\n`,
    `https://e.example/x 1.2.3.4 20080430204826 text/html ${body.length}\n${body}\n`,
    'dns:e.example 1.2.3.4 20080430204827 text/dns 3\nok\n\n',
  ]
  const { bytes, offsets } = members(rows.map(row => Buffer.from(row)))
  for (const [name, content] of [
    ['a.arc.gz', bytes],
    ['a.arc', Buffer.from(rows.join(''))],
  ] as const) {
    const result = await read(name, content)
    expect(result.unreadable).toEqual([])
    expect(result.records).toMatchObject([{ url: 'https://e.example/x', text: said('arc'), meta: { crawled: '2008-04-30T20:48:26Z' } }])
    expect(result.records[0]!.offset).toBe(name.endsWith('.gz') ? offsets[1] : rows[0]!.length)
    expect(result.skipped).toEqual(['warc.warcinfo', 'warc.media'])
  }
})

test('ranges that meet at members give every record once', async () => {
  const words = ['a', 'b', 'c', 'd', 'e']
  const { bytes, offsets } = members(words.map(word => response(`u:${word}`, page(word))))
  const path = join(folder, 'ranges.warc.gz')
  writeFileSync(path, bytes)
  const input = { path, key: 'k', size: bytes.length, compression: 'gzip', source: sourceOf({ name: 's' }) } as const
  const limits = { ...extractConfig.parse({}), scratch: folder }
  const urls: (string | undefined)[] = []
  for (const [from, to] of [
    [0, offsets[2]],
    [offsets[2], offsets[3]],
    [offsets[3], bytes.length],
  ] as [number, number][])
    for await (const { record } of readWarc(input, limits, { from, to })) urls.push(record?.url)
  expect(urls).toEqual(words.map(word => `u:${word}`))
})

const warcio = python ? spawnSync(python, ['-c', 'import warcio']).status === 0 : false

/** Offset, type, URL, status and media type of every record that warcio reads until it fails. */
const program = `
import json, sys
from warcio.archiveiterator import ArchiveIterator
with open(sys.argv[1], 'rb') as f:
    it = ArchiveIterator(f)
    for r in it:
        h = r.http_headers
        mime = (h.get_header('content-type') or '').split(';')[0].strip().lower() if h else ''
        status = h.get_statuscode() if h else ''
        r.raw_stream.read()
        print(json.dumps([it.get_record_offset(), r.rec_type, r.rec_headers.get_header('WARC-Target-URI'), status, mime]))
`

/** The same records with the SHA-1 of each decoded payload. Brotli is left out: warcio decodes it only where another package is there. */
const digests = `
import hashlib, json, sys
from warcio.archiveiterator import ArchiveIterator
with open(sys.argv[1], 'rb') as f:
    it = ArchiveIterator(f)
    for r in it:
        h = r.http_headers
        brotli = bool(h) and h.get_header('content-encoding') == 'br'
        digest = '' if brotli or r.rec_type == 'arc_header' else hashlib.sha1(r.content_stream().read()).hexdigest()
        uri = r.rec_headers.get_header('WARC-Target-URI') or r.rec_headers.get_header('uri') or ''
        print(json.dumps([it.get_record_offset(), r.rec_type.replace('arc_header', 'warcinfo'), uri, digest]))
`

function oracle(path: string, script = program): [number, string, string, string, string][] {
  const { stdout } = spawnSync(python as string, ['-c', script, path], { encoding: 'utf8', maxBuffer: 2 ** 28 })
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
}

const samples = [join(root, 'test/fixtures/tiny'), join(root, '../shared/data/warc')].filter(existsSync).flatMap(folder =>
  readdirSync(folder)
    .filter(name => /\.(?:warc|wet)(?:\.gz)?$/.test(name) && !/wrong-chunks|trunc|non-chunked/.test(name))
    .map(name => join(folder, name)),
)

describe.skipIf(!warcio)('as warcio (skipped where Python has no warcio)', () => {
  test.each(samples)('%s', async path => {
    const name = path.split('/').at(-1) as string
    const result = await readFile(name, path, statSync(path).size)
    const pages = (rows: ReturnType<typeof oracle>) =>
      rows
        .filter(
          ([, type, , status, mime]) =>
            (type === 'response' && /^2\d\d$/.test(status) && /^(?:text\/html|application\/xhtml\+xml)$/.test(mime)) ||
            type === 'conversion',
        )
        .map(([offset, , url]) => [offset, url])
    const expected = pages(oracle(path))
    const found = [
      ...result.records.map(({ offset, url }) => [offset, url] as const),
      ...result.unreadable.map(({ offset }) => [offset, undefined] as const),
    ].sort((a, b) => a[0] - b[0])
    // warcio stops or goes astray behind a broken member: compared up to there.
    const broken = result.unreadable.find(({ code }) => code === 'GZIP_MEMBER')?.offset ?? Number.POSITIVE_INFINITY
    expect(found.filter(([offset]) => offset < broken).map(([offset]) => offset)).toEqual(
      expected.map(([offset]) => offset as number).filter(offset => offset < broken),
    )
    const urls = new Map(expected as [number, string][])
    for (const { offset, url } of result.records) if (offset < broken) expect(url).toBe(urls.get(offset))
  })

  const whole = samples.filter(path => !/bad-non-chunked/.test(path))
  const arcs = join(root, '../shared/data/warc/aut-example.arc.gz')
  test.each([...whole, ...(existsSync(arcs) ? [arcs] : [])])('every record and payload of %s', async path => {
    const expected = oracle(path, digests)
    const found: unknown[] = []
    const options = { compression: path.endsWith('.gz') ? 'gzip' : 'none', maxExpansion: 2000, digests: true } as const
    for await (const record of warcRecords(path, options)) {
      if (record.error.startsWith('GZIP_MEMBER')) break // warcio ends there
      found.push([record.offset, record.type, record.uri, record.sha1])
    }
    const unsaid = new Set(expected.filter(row => !row[3]).map(row => row[0]))
    expect((found as typeof expected).map(row => (unsaid.has(row[0]) ? [...row.slice(0, 3), ''] : row))).toEqual(expected)
  })
})
