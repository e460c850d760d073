/** One stage on local files: formats in and out, what is dropped and quarantined, a crash. Expected figures are counted on the fixtures. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ArrowReader } from '../../pipelines/arrow/index.ts'
import { root } from '../support/engine.ts'
import { lines, millrace } from './support.ts'

const fixtures = join(root, 'test', 'fixtures', 'tiny')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-stage-test-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
const at = (name: string) => join(folder, name)

interface Document {
  id: string
  source: string
  key: string
  text: string
}
interface Summary {
  in: number
  out: number
  dropped: Record<string, number>
  quarantined: number
  quarantine: Record<string, number>
  documentsPerSecond: number
}
const stage = async (...args: string[]): Promise<Summary> => {
  const said = await millrace(['stage', ...args, '--json'])
  expect(said.stderr.replaceAll(/^(input is raw|no --tokenizer| {2}).*\n/gm, '')).toBe('')
  expect(said.code).toBe(0)
  return JSON.parse(said.stdout) as Summary
}

test('extract: every file of a folder, to each format', async () => {
  const files = (await readdir(join(fixtures, 'notes'))).length
  const jsonl = await stage('extract', '--input', join(fixtures, 'notes'), '--output', at('notes.jsonl'), '--source', 'notes')
  expect(jsonl).toMatchObject({ in: files, out: files, quarantined: 0 })
  const documents = lines<Document>(await readFile(at('notes.jsonl'), 'utf8'))
  expect(documents.map(({ key }) => key).sort()).toEqual((await readdir(join(fixtures, 'notes'))).sort())
  expect(documents.every(({ id, source, text }) => /^[0-9a-f]{32}$/.test(id) && source === 'notes' && text.length > 0)).toBe(true)

  for (const ending of ['jsonl.zst', 'parquet', 'arrow'])
    await stage('extract', '--input', join(fixtures, 'notes'), '--output', at(`notes.${ending}`), '--source', 'notes')
  expect(lines(zstdDecompressSync(await readFile(at('notes.jsonl.zst'))).toString())).toEqual(documents)
  const bytes = await readFile(at('notes.parquet'))
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  const rows = (await parquetReadObjects({ file, compressors })) as unknown as Document[]
  expect(rows.map(({ id, text }) => ({ id, text }))).toEqual(documents.map(({ id, text }) => ({ id, text })))
  const reader = await ArrowReader.open(at('notes.arrow'))
  expect(reader.rows).toBe(files)
  await reader.close()
})

test('what cannot be read is counted by reason, written down, and costs nothing else', async () => {
  const whole = (await readFile(join(fixtures, 'docs', 'letters.jsonl'), 'utf8')).split('\n').filter(Boolean)
  const good = whole.filter(line => {
    try {
      return typeof JSON.parse(line) === 'object'
    } catch {
      return false
    }
  }).length
  const path = join(fixtures, 'docs', 'letters.jsonl')
  const summary = await stage('extract', '--input', path, '--output', at('letters.jsonl'), '--quarantine', at('bad.jsonl'))
  expect(summary).toMatchObject({ out: good, quarantined: whole.length - good, quarantine: { JSON_LINE: 1 } })
  expect(lines(await readFile(at('bad.jsonl'), 'utf8'))).toMatchObject([{ key: 'letters.jsonl#37464', code: 'JSON_LINE', offset: 37464 }])
})

test('raw input to a documents stage is extracted first, and JSONL is all that standard output gets', async () => {
  const said = await millrace(['stage', 'dedup', '--input', join(fixtures, 'web.warc.gz'), '--output', '-'])
  expect(said.code).toBe(0)
  expect(said.stderr).toMatch(/input is raw: 1 file is extracted first/)
  expect(said.stderr).toMatch(/documents\/s, [\d.]+ MB\/s/)
  const kept = lines<Document>(said.stdout)
  expect(new Set(kept.map(({ text }) => text)).size).toBe(kept.length)
})

test('documents keep their ids through JSONL and Parquet', async () => {
  await stage('extract', '--input', join(fixtures, 'pages'), '--output', at('pages.jsonl'), '--source', 'pages')
  const documents = lines<Document>(await readFile(at('pages.jsonl'), 'utf8'))
  await stage('extract', '--input', join(fixtures, 'pages'), '--output', at('pages.parquet'), '--source', 'pages')
  for (const input of ['pages.jsonl', 'pages.parquet']) {
    await stage('dedup', '--input', at(input), '--output', at('again.jsonl'))
    expect(lines(await readFile(at('again.jsonl'), 'utf8'))).toEqual(documents)
  }
})

test('filter: one decision for every document that is missing', async () => {
  const summary = await stage(
    'filter',
    '--input',
    join(fixtures, 'web.warc.gz'),
    '--output',
    at('kept.arrow'),
    '--decisions',
    at('dropped.jsonl'),
    '--statistics',
    at('statistics.arrow'),
  )
  const dropped = lines<{ rule: string }>(await readFile(at('dropped.jsonl'), 'utf8'))
  expect(summary.in - summary.out).toBe(dropped.length)
  expect(dropped.length).toBeGreaterThan(0) // the junk page
  expect(Object.values(summary.dropped).reduce((a, b) => a + b, 0)).toBe(dropped.length)
  const reader = await ArrowReader.open(at('statistics.arrow'))
  expect(reader.rows).toBe(summary.in)
  await reader.close()
  const again = await stage('filter', '--input', join(fixtures, 'web.warc.gz'), '--output', at('all.arrow'), '--set', 'profiles.web=none')
  expect(again.out).toBe(again.in)
})

test('filter: a rule of one’s own is found beside the config that names it', async () => {
  await writeFile(
    at('letters.mjs'),
    `export default batch => batch.ids.map((_, row) => (batch.text(row).includes('the') ? undefined : 'no_the'))`,
  )
  await writeFile(
    at('own.yaml'),
    'profiles: { "*": none, web: none }\nmodules: [{ path: letters.mjs }]\nexpressions: [{ name: all, drop: "words >= 0" }]\n',
  )
  const input = join(fixtures, 'web.warc.gz')
  const all = await stage('filter', '--input', input, '--config', at('own.yaml'), '--output', at('none.jsonl'))
  expect(all.out).toBe(0)
  expect(Object.keys(all.dropped).every(rule => ['no_the', 'all'].includes(rule))).toBe(true)
  await writeFile(at('letters.mjs'), 'export default () => { throw new Error("mine") }')
  const said = await millrace(['stage', 'filter', '--input', input, '--config', at('own.yaml'), '--output', at('none.jsonl')])
  expect(said).toMatchObject({ code: 2, stderr: expect.stringMatching(/MODULE_THREW: .*letters\.mjs:1, .*found Error: mine/) })
})

test('decontaminate names the evaluation set; tokenize trains a tokenizer or takes one', async () => {
  const input = join(fixtures, 'web.warc.gz')
  const clean = await stage('decontaminate', '--input', input, '--evaluation', join(fixtures, 'eval.jsonl'), '--output', at('clean.arrow'))
  expect(clean.dropped).toEqual({ ngram_overlap: clean.in - clean.out })
  await stage('tokenizer', '--input', at('clean.arrow'), '--output', at('tokenizer.json'), '--set', 'vocabulary=700')
  const ids = async (tokenizer: string) => {
    await stage('tokenize', '--input', at('clean.arrow'), '--tokenizer', tokenizer, '--output', at('tokens.jsonl'))
    return lines<{ ids: number[] }>(await readFile(at('tokens.jsonl'), 'utf8')).map(row => row.ids)
  }
  await stage('tokenizer', '--input', at('clean.arrow'), '--output', at('tokenizer.arrow'), '--set', 'vocabulary=700')
  const given = await ids(at('tokenizer.json'))
  expect(Math.max(...given.flat())).toBeLessThan(700)
  expect(Math.min(...given.flat())).toBeGreaterThanOrEqual(256)
  expect(await ids(at('tokenizer.arrow'))).toEqual(given)
  const said = await millrace(['stage', 'tokenize', '--input', at('clean.arrow'), '--output', at('own.parquet')])
  expect(said.stderr).toMatch(/one of up to 32,768 ids is trained on the input/)
})

test('jobs and threads change nothing', async () => {
  const run = async (jobs: string, threads: string) => {
    await stage('dedup', '--input', fixtures, '--output', at('out.jsonl'), '--jobs', jobs, '--threads', threads, '--set', 'partitions=3')
    return readFile(at('out.jsonl'), 'utf8')
  }
  expect(await run('3', '2')).toBe(await run('1', '1'))
})

test('a damaged table is an error that names it; nothing is left behind', async () => {
  await writeFile(at('broken.arrow'), Buffer.concat([Buffer.from('ARROW1\0\0'), Buffer.alloc(100)]))
  const said = await millrace(['stage', 'filter', '--input', at('broken.arrow'), '--output', at('never.arrow')])
  expect(said.stderr).toMatch(/1 records could not be read/)
  expect(said.stderr).not.toMatch(/^\s+at /m)
  expect((await readdir(folder)).filter(name => name.startsWith('.') || name.startsWith('millrace-stage'))).toEqual([])
})
