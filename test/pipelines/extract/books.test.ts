/** Books and notebooks made here; the ZIP writer below follows APPNOTE, and Python's zipfile reads what it writes where there is Python. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { folder, python, read } from './support.ts'

/** A ZIP file; `store` leaves entries as they are. */
function zipped(entries: Record<string, string | Buffer>, store = false): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const [name, text] of Object.entries(entries)) {
    const content = Buffer.from(text)
    const packed = store ? content : deflateRawSync(content)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(0x800, 2)
    common.writeUInt16LE(store ? 0 : 8, 4)
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(content.length, 18)
    common.writeUInt16LE(Buffer.byteLength(name), 22)
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), packed)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(at, 10)
    directory.push(Buffer.from('PK\x01\x02\x14\0', 'latin1'), common, rest, Buffer.from(name))
    at += 30 + Buffer.byteLength(name) + packed.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(Object.keys(entries).length, 8)
  end.writeUInt16LE(Object.keys(entries).length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, central, end])
}

const container = '<?xml version="1.0"?><container><rootfiles><rootfile full-path="OEBPS/book.opf" media-type="x"/></rootfiles></container>'
const chapter = (title: string, body: string) =>
  `<?xml version="1.0" encoding="utf-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body class="c"><h1>${title}</h1>${body}</body></html>`
const long = (word: string) =>
  `<p>${`This chapter tells of ${word}, and it goes on for a while so that nobody takes it for a menu. `.repeat(4)}</p>`

const book = {
  mimetype: 'application/epub+zip',
  'META-INF/container.xml': container,
  'OEBPS/book.opf': `<?xml version="1.0"?><package><metadata xmlns:dc="x"><dc:title>Of Mills &amp; Races</dc:title><dc:creator>A. One</dc:creator>
    <dc:creator>B. Two</dc:creator><dc:language>en</dc:language><dc:date>1901-02-03</dc:date><dc:identifier>urn:x:1</dc:identifier></metadata>
    <manifest><item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/><item id="a" href="text/one%20a.xhtml" media-type="application/xhtml+xml"/>
    <item id="b" href="../two.xhtml" media-type="application/xhtml+xml"/><item id="f" href="notes.xhtml" media-type="application/xhtml+xml"/>
    <item id="p" href="cover.png" media-type="image/png"/><!-- <item id="a" href="no.xhtml"/> --></manifest>
    <spine toc="x"><itemref idref="n"/><itemref idref="b"/><itemref idref="a"/><itemref idref="f" linear="no"/></spine></package>`,
  'OEBPS/nav.xhtml': chapter('Contents', '<ol><li>one</li></ol>'),
  'OEBPS/text/one a.xhtml': chapter('One', `<a id="p1"/>${long('water')}<p>E = <i>mc</i></p>`),
  'two.xhtml': chapter('Two', long('stone')),
  'OEBPS/notes.xhtml': chapter('Notes', long('nothing')),
}

describe('EPUB', () => {
  test('one document: the spine in its order, metadata of the package, what is not linear left out', async () => {
    const { records, unreadable } = await read('b/book.epub', zipped(book))
    expect(unreadable).toEqual([])
    expect(records).toHaveLength(1)
    const record = records[0]!
    expect(record).toMatchObject({ key: 'b/book.epub', kind: 'book', title: 'Of Mills & Races', author: 'A. One; B. Two', language: 'en' })
    expect(record.date).toBe('1901-02-03')
    expect(record.meta).toMatchObject({ identifier: 'urn:x:1' })
    expect(record.text.indexOf('tells of stone')).toBeGreaterThan(record.text.indexOf('Two'))
    expect(record.text.indexOf('tells of water')).toBeGreaterThan(record.text.indexOf('tells of stone'))
    expect(record.text).toContain('# One')
    expect(record.text).toContain('E = ')
    expect(record.text).not.toContain('Contents')
    expect(record.text).not.toContain('tells of nothing')
  })

  test('stored entries, and a book that came as .gz', async () => {
    const plain = (await read('p.epub', zipped(book))).records[0]!.text
    expect((await read('s.epub', zipped(book, true))).records[0]!.text).toBe(plain)
    expect((await read('g.epub.gz', gzipSync(zipped(book)))).records[0]!.text).toBe(plain)
  })

  test('a file that the spine names and the book lacks is told', async () => {
    const { 'two.xhtml': _, ...less } = book
    expect((await read('l.epub', zipped(less))).records[0]!.meta.missing).toBe('../two.xhtml')
  })

  const code = async (bytes: Buffer, config: Record<string, unknown> = {}) =>
    (await read('x.epub', bytes, {}, config)).unreadable.map(each => each.code)

  test('broken books', async () => {
    expect(await code(Buffer.from('no zip'))).toEqual(['ZIP_FORMAT'])
    expect(await code(zipped(book).subarray(0, 900))).toEqual(['ZIP_FORMAT'])
    expect(await code(zipped({ mimetype: 'x' }))).toEqual(['EPUB_FORMAT'])
    expect(await code(zipped({ 'META-INF/container.xml': container }))).toEqual(['EPUB_FORMAT'])
    expect(await code(zipped({ 'META-INF/container.xml': container, 'OEBPS/book.opf': '<package><spine/></package>' }))).toEqual([
      'EPUB_SPINE',
    ])
    expect(await code(zipped({ ...book, 'two.xhtml': 'x'.repeat(3_000_000) }), { maxDocumentBytes: 1_000_000 })).toEqual([
      'DOCUMENT_TOO_LARGE',
    ])
    const wrong = zipped(book, true)
    wrong[wrong.indexOf('stone')]! ^= 1
    expect(await code(wrong)).toEqual(['ZIP_ENTRY'])
    const locked = zipped(book)
    for (let at = locked.indexOf('PK\x01\x02'); at >= 0; at = locked.indexOf('PK\x01\x02', at + 1)) locked[at + 8]! |= 1
    expect(await code(locked)).toEqual(['ZIP_ENCRYPTED'])
  })

  test.skipIf(!python)('zipfile reads what the test writes (skipped without Python)', () => {
    const path = join(folder, 'oracle.epub')
    writeFileSync(path, zipped(book))
    const { stdout } = spawnSync(python as string, [
      '-c',
      'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), len(z.namelist()))',
      path,
    ])
    expect(String(stdout).trim()).toBe(`None ${Object.keys(book).length}`)
  })
})

describe('notebooks', () => {
  const code = (source: unknown, more = {}) => ({ cell_type: 'code', source, outputs: [{ text: ['secret'] }], ...more })
  const notebook = (cells: unknown[], metadata: unknown = { kernelspec: { name: 'python3', language: 'python' } }) =>
    JSON.stringify({ nbformat: 4, metadata, cells })

  test('Markdown as it is, code in fences with the language, outputs and raw cells left out', async () => {
    const cells = [
      { cell_type: 'markdown', source: ['# A study #\n', '\n', 'Of $x^2$.\n'] },
      code(['x = 2\n', 'print(x)\n']),
      code('%%bash\nls'),
      { cell_type: 'raw', source: 'for the converter' },
      code(''),
      code('s = """\n```\n"""'),
    ]
    const { records } = await read('n/a.ipynb', notebook(cells))
    expect(records).toEqual([
      {
        key: 'n/a.ipynb',
        offset: 0,
        kind: 'markdown',
        type: 'ipynb',
        title: 'A study',
        meta: { kernel: 'python' },
        text: '# A study #\n\nOf $x^2$.\n\n```python\nx = 2\nprint(x)\n```\n\n```bash\n%%bash\nls\n```\n\n````python\ns = """\n```\n"""\n````\n',
      },
    ])
  })

  test('nbformat 3, and kernels by other names', async () => {
    const old = {
      nbformat: 3,
      metadata: {},
      worksheets: [
        {
          cells: [
            { cell_type: 'heading', level: 2, source: 'Old' },
            { cell_type: 'code', input: 'x', language: 'python' },
          ],
        },
      ],
    }
    expect((await read('o.ipynb', JSON.stringify(old))).records[0]!.text).toBe('## Old\n\n```python\nx\n```\n')
    const kernel = async (metadata: unknown) => (await read('k.ipynb', notebook([code('1')], metadata))).records[0]!.text.split('\n')[0]
    expect(await kernel({ kernelspec: { name: 'ir' } })).toBe('```r')
    expect(await kernel({ language_info: { name: 'Julia' }, kernelspec: { name: 'julia-1.10' } })).toBe('```julia')
    expect(await kernel({ kernelspec: { name: 'julia-1.10' } })).toBe('```julia')
    expect(await kernel({})).toBe('```')
  })

  test('what is no notebook', async () => {
    const codes = async (text: string) => (await read('x.ipynb', text)).unreadable.map(each => each.code)
    expect(await codes('{')).toEqual(['NOTEBOOK_JSON'])
    expect(await codes('[]')).toEqual(['NOTEBOOK_FORMAT'])
    expect(await codes('{"cells": 3}')).toEqual(['NOTEBOOK_FORMAT'])
    expect((await read('d.ipynb', `{"cells": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`)).records[0]!.text).toBe('')
  })
})
