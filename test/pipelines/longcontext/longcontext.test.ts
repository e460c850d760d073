import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ArrowReader, ArrowWriter, BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { asPart, runStage } from '../../../pipelines/local.ts'
import { assemble, pathLine } from '../../../pipelines/longcontext/assemble.ts'
import { bucketOf, charactersOf, longcontextConfig } from '../../../pipelines/longcontext/config.ts'
import { longcontext } from '../../../pipelines/longcontext/index.ts'
import { documents } from '../../../pipelines/schemas.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-longcontext-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const bytes = (text: string) => new TextEncoder().encode(text)

interface Input {
  source?: string
  key: string
  text: string
  kind?: string
  type?: string
  repository?: string
}

let files = 0
async function partOf(inputs: readonly Input[], rowsPerBatch = 2) {
  const path = join(folder, `in-${files++}.arrow`)
  const writer = await ArrowWriter.open(path, documents)
  const builder = new BatchBuilder(documents)
  for (const { source = 'code', key, text, kind = 'code', type, repository } of inputs) {
    const id = Buffer.from(`${source}/${key}`.padEnd(16, '.')).subarray(0, 16)
    builder.append({
      id,
      source,
      key,
      text,
      kind,
      type,
      confidence: kind === 'web' ? 0.25 : undefined,
      meta: repository ? { repository } : {},
    })
    if (builder.rows >= rowsPerBatch) await writer.append(builder.finish())
  }
  await writer.append(builder.finish())
  await writer.close()
  return asPart('documents', path)
}

interface Out {
  id: string
  source: string
  key: string
  kind: string
  type: string
  title: string | null
  confidence: number | null
  text: string
  meta: Record<string, string>
}

async function run(parts: Awaited<ReturnType<typeof partOf>>[], config: Record<string, unknown> = {}): Promise<Out[]> {
  const result = await runStage({ stage: longcontext, config, inputs: { documents: parts }, folder: join(folder, `out-${files++}`) })
  const rows: Out[] = []
  for (const part of result.outputs.documents ?? []) {
    const reader = await ArrowReader.open(part.location)
    for await (const batch of reader)
      for (let i = 0; i < batch.rows; i++)
        rows.push(Object.fromEntries(batch.schema.fields.map((field, c) => [field.name, batch.columns[c]!.value(i)])) as unknown as Out)
    await reader.close()
  }
  return rows.sort((a, b) => (a.kind + a.source + a.key < b.kind + b.source + b.key ? -1 : 1))
}

const repository: Input[] = [
  { key: 'r/src/b.py', text: 'b = 2', type: 'python', repository: 'r' },
  { key: 'r/README.md', text: '# R\n', kind: 'markdown', type: 'readme', repository: 'r' },
  { key: 'r/src/a.c', text: 'int a;\n', type: 'c', repository: 'r' },
  { key: 'q/x.py', text: 'x', type: 'python', repository: 'q' },
  { source: 'other', key: 'r/z.py', text: 'z', type: 'python', repository: 'r' },
  { source: 'other', key: 'r/y.py', text: 'é', type: 'python', repository: 'r' },
  { source: 'notes', key: 'n/1.md', text: 'n', kind: 'markdown', repository: 'n' },
  { source: 'notes', key: 'n/2.md', text: 'm', kind: 'markdown', repository: 'n' },
]
const long: Input[] = [
  { source: 'books', key: 'one.txt', text: 'w'.repeat(500), kind: 'book' },
  { source: 'web', key: 'w#1', text: 'é'.repeat(150), kind: 'web' },
  { source: 'web', key: 'w#2', text: 'é'.repeat(99), kind: 'web' },
]
const config = { buckets: { small: 100, large: 400 }, partitions: 3 }

describe('assembled repositories', () => {
  test('files in order of their paths, each below a line with its path', async () => {
    const rows = (await run([await partOf(repository)], config)).filter(row => row.kind === 'repository')
    expect(rows.map(({ source, key, title, type, text }) => ({ source, key, title, type, text }))).toEqual([
      {
        source: 'code',
        key: 'r#0',
        title: 'r',
        type: 'short',
        text: '<!-- r/README.md -->\n# R\n\n// r/src/a.c\nint a;\n\n# r/src/b.py\nb = 2\n',
      },
      { source: 'other', key: 'r#0', title: 'r', type: 'short', text: '# r/y.py\né\n\n# r/z.py\nz\n' },
    ])
  })

  test('meta.files finds every file again', async () => {
    const inputs = new Map(
      repository.map(({ source = 'code', key, text }) => [
        Buffer.from(`${source}/${key}`.padEnd(16, '.')).subarray(0, 16).toString('hex'),
        text,
      ]),
    )
    const rows = (await run([await partOf(repository)], config)).filter(row => row.kind === 'repository')
    let seen = 0
    for (const { text, meta } of rows)
      for (const [id, offset, length] of JSON.parse(meta.files!) as [string, number, number][]) {
        expect(
          Buffer.from(text)
            .subarray(offset, offset + length)
            .toString(),
        ).toBe(inputs.get(id))
        seen++
      }
    expect(seen).toBe(5)
  })

  test('ids are XXH3-128 of the documented name (values of the package xxhash)', async () => {
    const named: Input[] = [
      { key: 'tidewatch/a.py', text: 'a', repository: 'tidewatch' },
      { key: 'tidewatch/b.py', text: 'b', repository: 'tidewatch' },
      { source: 'books', key: 'a-year-in-brackwater.txt', text: 'w'.repeat(500), kind: 'book' },
    ]
    const rows = await run([await partOf(named)], config)
    expect(rows.map(row => row.id)).toEqual(['05ae20a917635f6b22de3f886de6545c', 'da31dcff67d1ddfb5c59574de8f80162'])
  })

  test('too few files: not assembled, unless asked for', async () => {
    const keys = async (more: Record<string, unknown>) =>
      (await run([await partOf(repository)], { ...config, ...more }))
        .filter(row => row.kind === 'repository')
        .map(row => `${row.source}/${row.key}`)
    expect(await keys({ minFiles: 1 })).toEqual(['code/q#0', 'code/r#0', 'other/r#0'])
    expect(await keys({ minFiles: 3 })).toEqual(['code/r#0'])
  })
})

test('long documents are copied with their bucket, short ones are not', async () => {
  const rows = (await run([await partOf(long)], config)).filter(row => row.kind === 'long')
  expect(
    rows.map(({ source, key, type, confidence, meta }) => ({
      source,
      key,
      type,
      confidence,
      kind: meta.kind,
      original: Buffer.from(meta.original!, 'hex').toString(),
    })),
  ).toEqual([
    { source: 'books', key: 'one.txt', type: 'large', confidence: null, kind: 'book', original: 'books/one.txt...' },
    { source: 'web', key: 'w#1', type: 'small', confidence: 0.25, kind: 'web', original: 'web/w#1.........' },
  ])
})

test('the same documents from any parts, order, units and partitions', async () => {
  const all = [...repository, ...long]
  const expected = await run([await partOf(all)], config)
  expect(expected.length).toBe(4)
  expect(await run([await partOf([...all].reverse(), 1)], config)).toEqual(expected)
  expect(await run([await partOf(all.slice(0, 4), 1), await partOf(all.slice(4), 3)], { ...config, unitBytes: 1, partitions: 7 })).toEqual(
    expected,
  )
  expect(await run([await partOf([])], config)).toEqual([])
})

describe('assemble', () => {
  const file = (path: string, text: string) => ({ id: path, path, type: 'python', text: bytes(text) })
  const shown = (maxBytes: number) =>
    assemble([file('a', 'aaaa\n'), file('b', 'bbbb'), file('c', 'c'.repeat(50)), file('d', 'd')], maxBytes).map(({ text }) =>
      new TextDecoder().decode(text),
    )

  test('splits above maxBytes, at file borders only; a larger file stands alone', () => {
    expect(shown(19)).toEqual(['# a\naaaa\n\n# b\nbbbb\n', `# c\n${'c'.repeat(50)}\n`, '# d\nd\n'])
    expect(shown(18)).toEqual(['# a\naaaa\n', '# b\nbbbb\n', `# c\n${'c'.repeat(50)}\n`, '# d\nd\n'])
    expect(shown(1000)).toHaveLength(1)
    expect(assemble([], 10)).toEqual([])
  })

  test('a hostile name stays on its line', () => {
    expect(pathLine('a\nimport os', 'python')).toBe('# a?import os\n')
    expect(pathLine('x.unknown', 'klingon')).toBe('// x.unknown\n')
  })
})

test('buckets and characters', () => {
  const { buckets } = longcontextConfig.parse({})
  expect([32_767, 32_768, 131_072, 10_000_000].map(n => bucketOf(n, buckets))).toEqual([undefined, '8k', '32k', '128k'])
  expect(charactersOf(bytes('aé漢😀'))).toBe(4)
  expect(() => longcontextConfig.parse({ buckets: {} })).toThrow()
})
