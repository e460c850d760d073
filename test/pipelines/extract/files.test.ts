import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { read } from './support.ts'

const lines = [
  '{"text":"eins","id":7,"title":"T","tags":["a"],"meta":{"x":1}}',
  '',
  '{"text":"zwei","url":"https://e.example/","date":"2025-01-02","score":0.5}',
]
const jsonl = `${lines.join('\n')}\n`

describe('JSONL', () => {
  test('known names to columns, the rest to meta, keys with byte offsets', async () => {
    const { records, unreadable } = await read('a.jsonl', jsonl)
    expect(unreadable).toEqual([])
    expect(records).toEqual([
      { key: 'a.jsonl#0', offset: 0, kind: 'web', text: 'eins', title: 'T', meta: { id: '7', tags: '["a"]', x: '1' } },
      {
        key: `a.jsonl#${lines[0]!.length + 2}`,
        offset: lines[0]!.length + 2,
        kind: 'web',
        text: 'zwei',
        url: 'https://e.example/',
        date: '2025-01-02',
        meta: { score: '0.5' },
      },
    ])
  })

  test('the same through gzip with several members and zstd with several frames', async () => {
    const half = Buffer.from(jsonl).subarray(0, 40)
    const rest = Buffer.from(jsonl).subarray(40)
    const plain = await read('a.jsonl', jsonl)
    const strip = (result: typeof plain) => result.records.map(({ key, ...record }) => ({ key: key.replace(/^.*#/, '#'), ...record }))
    expect(strip(await read('a.jsonl.gz', Buffer.concat([gzipSync(half), gzipSync(rest)])))).toEqual(strip(plain))
    expect(strip(await read('a.jsonl.zst', Buffer.concat([zstdCompressSync(half), zstdCompressSync(rest)])))).toEqual(strip(plain))
  })

  test('broken lines are quarantined at their offsets and the rest goes on', async () => {
    const good = '{"text":"ok"}\n'
    const bad = ['{"text":"cut\n', '[1]\n', 'null\n', '{"title":"no text"}\n', '{"text":"\\ud800"}\n']
    const bytes = Buffer.concat([
      Buffer.from(good + bad.join(good)),
      Buffer.from(good),
      Buffer.from('{"text":"caf\xe9"}\n', 'latin1'),
      Buffer.from(good),
    ])
    const { records, unreadable } = await read('b.jsonl', bytes)
    expect(records.length).toBe(7)
    let at = good.length
    const offsets = bad.map(line => {
      const offset = at
      at += line.length + good.length
      return offset
    })
    expect(unreadable.map(({ offset, code }) => [offset, code])).toEqual([
      [offsets[0], 'JSON_LINE'],
      [offsets[1], 'JSON_LINE'],
      [offsets[2], 'JSON_LINE'],
      [offsets[3], 'FIELD_TEXT'],
      [offsets[4], 'INVALID_UTF8'],
      [at, 'INVALID_UTF8'],
    ])
    for (const { message } of unreadable) expect(message).not.toContain('cut')
  })

  test('a line above the cap costs itself; deep values too', async () => {
    const long = `{"text":"${'x'.repeat(5000)}"}\n`
    const deep = `{"text":"t","d":${'['.repeat(2000)}${']'.repeat(2000)}}\n`
    const { records, unreadable } = await read('c.jsonl', `${long}${deep}{"text":"ok"}`, {}, { maxDocumentBytes: 2200, maxDepth: 64 })
    expect(unreadable.map(({ code, offset }) => [code, offset])).toEqual([
      ['DOCUMENT_TOO_LARGE', 0],
      ['FIELD_DEPTH', long.length],
    ])
    expect(records.map(({ text }) => text)).toEqual(['ok'])
  })

  test('names of columns can be given, pages too', async () => {
    const { records } = await read('d.jsonl', '{"content":"c","text":"other"}\n{"content":null,"html":"<p>A page with words.</p>"}\n', {
      fields: { text: 'content' },
    })
    expect(records.map(({ text, meta }) => [text, meta.text])).toEqual([
      ['c', 'other'],
      ['A page with words.', undefined],
    ])
  })

  test('a gzip stream that ends too early keeps what came before', async () => {
    const noise = Array.from({ length: 3000 }, (_, i) => `{"text":"${(i * 2654435761) % 4294967296} words"}\n`).join('')
    const whole = gzipSync(noise)
    const { records, unreadable } = await read('e.jsonl.gz', whole.subarray(0, whole.length >> 1))
    expect(records.length).toBeGreaterThan(500)
    expect(records.length).toBeLessThan(3000)
    expect(unreadable).toHaveLength(1)
    expect(unreadable[0]!.code).toBe('GZIP_MEMBER')
  })

  test('too many records end the file', async () => {
    const { records, unreadable } = await read('f.jsonl', '{"text":"a"}\n'.repeat(5), {}, { maxRecords: 3 })
    expect(records).toHaveLength(3)
    expect(unreadable.map(({ code, offset }) => [code, offset])).toEqual([['TOO_MANY_RECORDS', 39]])
  })
})

describe('text and Markdown', () => {
  test('front matter gives fields, the first heading a title', async () => {
    const { records } = await read('n.md', '---\ntitle: "From above"\nauthor: A. B.\ntags: [x]\n---\n# Heading\n\nText.\n')
    expect(records[0]).toMatchObject({
      key: 'n.md',
      kind: 'markdown',
      type: 'md',
      title: 'From above',
      author: 'A. B.',
      text: '# Heading\n\nText.\n',
    })
    expect((await read('m.md', 'Intro\n\n# Heading #\n')).records[0]).toMatchObject({ title: 'Heading', text: 'Intro\n\n# Heading #\n' })
  })

  test('a rule between paragraphs is no front matter', async () => {
    const text = '---\n\nA rule above.\n\n---\n'
    expect((await read('r.md', text)).records[0]!.text).toBe(text)
  })

  test('a mark is removed, invalid bytes quarantine', async () => {
    expect((await read('t.txt', '\ufeffText')).records[0]).toMatchObject({ kind: 'book', type: 'txt', text: 'Text' })
    const bad = await read('u.txt', Buffer.from([0x61, 0xc3, 0x28]))
    expect(bad.unreadable).toMatchObject([{ code: 'INVALID_UTF8', offset: 1 }])
  })

  test('a bomb ends at its expansion, not in memory', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 2 ** 20))
    const { unreadable } = await read('bomb.txt.gz', bomb, {}, { maxExpansion: 100, maxDocumentBytes: 90 * 2 ** 20 })
    expect(unreadable).toMatchObject([{ code: 'EXPANSION' }])
    expect((await read('bomb2.txt.gz', bomb)).unreadable).toMatchObject([{ code: 'DOCUMENT_TOO_LARGE' }])
  })
})

describe('trees', () => {
  const tree = { kind: 'code', name: 'packages' }

  test('code, README and their repository', async () => {
    expect((await read('repo/src/a.py', 'print(1)\n', tree)).records[0]).toMatchObject({
      key: 'repo/src/a.py',
      kind: 'code',
      type: 'python',
      text: 'print(1)\n',
      meta: { repository: 'repo', path: 'repo/src/a.py' },
    })
    expect((await read('@scope/pkg/README.md', '# R\n', tree)).records[0]).toMatchObject({
      kind: 'markdown',
      type: 'readme',
      meta: { repository: '@scope/pkg' },
    })
  })

  test('binary, minified and large files are counted, not read', async () => {
    expect((await read('r/a.py', Buffer.from([1, 0, 2]), tree)).skipped).toEqual(['binary'])
    expect((await read('r/a.js', 'x'.repeat(1001), tree)).skipped).toEqual(['minified'])
    expect((await read('r/b.js', `${'y'.repeat(150)}\n`.repeat(3), tree)).skipped).toEqual(['minified'])
    expect((await read('r/c.js', 'z\n'.repeat(100), tree, { tree: { maxBytes: 150 } })).skipped).toEqual(['large'])
    expect((await read('r/d.c', Buffer.from('int a; // \xe9\n', 'latin1'), tree)).unreadable).toMatchObject([
      { code: 'INVALID_UTF8', offset: 10 },
    ])
  })
})
