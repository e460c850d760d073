/** The stage over the committed fixtures: what it must find there is known from what scripts/fixtures.mjs wrote. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { ArrowReader } from '../../../pipelines/arrow/index.ts'
import { idsOf, nameOf } from '../../../pipelines/extract/ids.ts'
import { extract } from '../../../pipelines/extract/index.ts'
import { matches, sourceSchema } from '../../../pipelines/extract/source.ts'
import { type LocalResult, runStage } from '../../../pipelines/local.ts'
import type { Part, Raw } from '../../../pipelines/plan.ts'
import { folder, root } from './support.ts'

const tiny = join(root, 'test/fixtures/tiny')
const entries = [
  { name: 'web', path: 'web.warc.gz' },
  { name: 'pages', path: 'pages' },
  { name: 'docs', path: 'docs' },
  { name: 'notes', path: 'notes' },
  { name: 'books', path: 'books' },
  { name: 'code', path: 'repositories', kind: 'code' },
].map(entry => sourceSchema.parse(entry))

function pinned(): Raw[] {
  const raw: Raw[] = []
  for (const entry of entries) {
    const base = join(tiny, entry.path)
    const files = statSync(base).isFile()
      ? [{ key: entry.path, location: base }]
      : (readdirSync(base, { recursive: true }) as string[]).map(key => ({ key, location: join(base, key) }))
    const { path: _, optional: __, ...source } = entry
    for (const { key, location } of files.sort((a, b) => (a.key < b.key ? -1 : 1)))
      if (statSync(location).isFile() && matches(entry, key))
        raw.push({
          source,
          key,
          location,
          size: statSync(location).size,
          sha256: createHash('sha256').update(readFileSync(location)).digest('hex'),
        })
  }
  return raw
}

async function rowsOf(parts: readonly Part[] | undefined): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for (const part of parts ?? []) {
    const reader = await ArrowReader.open(part.location)
    for await (const batch of reader)
      for (let i = 0; i < batch.rows; i++)
        rows.push(Object.fromEntries(batch.schema.fields.map((field, c) => [field.name, batch.columns[c]!.value(i)])))
    await reader.close()
  }
  return rows
}

const run = (name: string, config: Record<string, unknown> = {}) =>
  runStage({ stage: extract, config, inputs: {}, raw: pinned(), folder: join(folder, name) })

test('ids are XXH3-128 of source, NUL and key (values of the package xxhash)', async () => {
  const ids = Buffer.from(await idsOf([nameOf('docs', 'letters.jsonl#0'), nameOf('a', 'b'), nameOf('s', 'é/ü.md')])).toString('hex')
  expect(ids).toBe('5bf8f12b07d7132e807de027101499f739797789ed4c7ea0d5a06cd0781253512d60af549e878d15dccab8ac7f4d01f0')
})

describe('the fixtures', () => {
  let result: LocalResult
  let documents: Record<string, unknown>[]
  beforeAll(async () => {
    result = await run('whole')
    documents = await rowsOf(result.outputs.documents)
  })

  test('documents of every source and kind', () => {
    const count = (test: (row: Record<string, unknown>) => boolean) => documents.filter(test).length
    expect(count(row => row.source === 'web')).toBe(52)
    expect(count(row => row.source === 'pages')).toBe(12)
    expect(count(row => row.source === 'docs')).toBe(72)
    expect(count(row => row.source === 'notes' && row.kind === 'markdown')).toBe(16)
    expect(count(row => row.kind === 'book')).toBe(2)
    expect(count(row => row.kind === 'code')).toBe(27)
    expect(count(row => row.type === 'readme')).toBe(3)
    expect(new Set(documents.map(row => row.id)).size).toBe(documents.length)
    expect(result.counters['skipped.minified']).toBe(3)
    expect(result.counters.empty).toBeUndefined()
  })

  test('the text of a page is its article, without the furniture of its site', () => {
    const page = documents.find(row => row.url === 'https://crafts.example/page-0')!
    const text = page.text as string
    expect(text.startsWith(`# ${page.title}\n\n`)).toBe(true)
    for (const furniture of ['cookies', 'About this site', 'All rights reserved', 'Related', 'settings', 'margin'])
      expect(text).not.toContain(furniture)
    expect(page).toMatchObject({ language: 'en', kind: 'web', type: 'article' })
    expect(page.author).toMatch(/ of /)
    expect(page.date).toMatch(/^2025-/)
  })

  test('exact duplicates have the same text on other pages; near ones differ a little', () => {
    const text = (url: string) => documents.find(row => row.url === url)!.text as string
    expect(text('https://almanac.example/copy-of-3')).toBe(text('https://crafts.example/page-3'))
    expect(text('https://river-press.example/again-5')).not.toBe(text('https://river-press.example/page-5'))
  })

  test('what cannot be read is quarantined at its place', async () => {
    const quarantine = await rowsOf(result.roles['read.quarantine'])
    const letters = readFileSync(join(tiny, 'docs/letters.jsonl'))
    const reports = readFileSync(join(tiny, 'docs/reports.jsonl'))
    expect(quarantine.map(row => [row.source, row.code, row.offset])).toEqual([
      ['web', 'GZIP_MEMBER', expect.any(BigInt)],
      ['docs', 'JSON_LINE', BigInt(letters.indexOf('{"id": "letters-broken"'))],
      ['docs', 'INVALID_UTF8', BigInt(reports.indexOf('{"id": "reports-bytes"'))],
    ])
    const bytes = readFileSync(join(tiny, 'web.warc.gz'))
    const offset = Number(quarantine[0]!.offset)
    expect([bytes[offset], bytes[offset + 1]]).toEqual([0x1f, 0x8b])
    expect(() => gunzipSync(bytes.subarray(offset, offset + 4000))).toThrow()
    expect(documents.some(row => row.url === 'https://crafts.example/after-the-broken-one')).toBe(true)
  })

  test('the same documents whatever the size of units', async () => {
    const small = await run('small', { unitBytes: 1 })
    expect(small.units).toBe(pinned().length)
    expect(await rowsOf(small.outputs.documents)).toEqual(documents)
    expect(await rowsOf(small.roles['read.quarantine'])).toEqual(await rowsOf(result.roles['read.quarantine']))
  })

  test('the same bytes again', async () => {
    const again = await run('again')
    expect(again.outputs.documents!.map(part => part.content)).toEqual(result.outputs.documents!.map(part => part.content))
  })
})

test('scripts/fixtures.mjs writes what is committed', () => {
  const made = join(folder, 'made')
  expect(spawnSync(process.execPath, [join(root, 'scripts/fixtures.mjs'), made]).status).toBe(0)
  const list = (base: string) =>
    (readdirSync(base, { recursive: true }) as string[]).filter(name => statSync(join(base, name)).isFile()).sort()
  expect(list(made)).toEqual(list(tiny))
  for (const name of list(tiny))
    if (!name.endsWith('.gz')) expect(readFileSync(join(made, name)).equals(readFileSync(join(tiny, name))), name).toBe(true)
})
