/** What must not be done: reading other bytes than were pinned, committing other code's content, going on over too many bad records. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { ArrowReader } from '../../pipelines/arrow/index.ts'
import { findManifest } from '../../storage/artifacts.ts'
import { findUnit } from '../../storage/units.ts'
import { digestsOf } from '../support/digests.ts'
import { Engine, kill, root } from '../support/engine.ts'
import { committed, corpus, pageOf, said, until } from './support.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.start({ workers: 0 })
  await engine.addWorker({ queues: 'millrace' })
})
afterAll(() => engine?.stop())
afterEach(() => {
  for (const worker of engine.workers.slice(1)) kill(worker.pid, 'SIGKILL')
})

const addUnits = (tree?: string) => engine.addWorker({ queues: 'millrace-cpu', ...(tree ? { tree } : {}) })

/** Waits until a plan of the run's stage is in the store: inputs are pinned by then, and no unit has run. */
async function planned(): Promise<void> {
  const plans = async () => {
    let count = 0
    for await (const { key } of engine.store.list('artifacts/')) if (key.endsWith('.plan.json')) count++
    return count
  }
  const before = plansSeen
  await until(async () => (await plans()) > before)
  plansSeen = await plans()
}
let plansSeen = 0

it('an input that changed after it was pinned is not read', async () => {
  const { config, folder } = corpus(engine, { files: 3, run: { canaries: false } })
  const handle = await engine.start({ config, only: 'extract' })
  await planned()
  const path = join(folder, 'pages-0001.jsonl')
  writeFileSync(path, readFileSync(path, 'utf8').replace('example.org', 'example.com'))
  await addUnits()
  const failure = said(await handle.result().catch(error => error))
  expect(failure).toMatch(
    /\[INPUT_CHANGED\].*source pages, pages-0001\.jsonl.*other bytes under the same name.*start the run again: the changed file is a new input/s,
  )

  // Touched, but the same bytes: the same input.
  utimesSync(path, new Date(), new Date())
  const again = (await (await engine.start({ config, only: 'extract' })).result()) as { run: string }
  expect(Object.keys(await digestsOf(engine.store, again.run))).toEqual(['extract'])
}, 120_000)

it('a worker with other code runs no unit, and the right one goes on where it waited', async () => {
  const tree = join(engine.home, 'other-code')
  mkdirSync(tree)
  for (const name of [
    'activities',
    'cli',
    'configs',
    'native',
    'pipelines',
    'scripts',
    'storage',
    'web',
    'workflows',
    'package.json',
    'package-lock.json',
  ])
    cpSync(join(root, name), join(tree, name), { recursive: true })
  for (const name of ['node_modules', 'build']) symlinkSync(join(root, name), join(tree, name))
  writeFileSync(
    join(tree, 'pipelines', 'extract', 'index.ts'),
    `${readFileSync(join(root, 'pipelines', 'extract', 'index.ts'), 'utf8')}\n// other code\n`,
  )
  const { config } = corpus(engine, { files: 3, run: { canaries: false } })
  const before = (await committed(engine)).size
  const handle = await engine.start({ config, only: 'extract' })
  await planned()
  const wrong = await addUnits(tree)
  let refused = ''
  await until(async () => {
    for await (const { workflowId } of engine.client.workflow.list({ query: 'ExecutionStatus = "Running"' })) {
      const described = await engine.client.workflow.getHandle(workflowId).describe()
      for (const activity of described.raw.pendingActivities ?? []) refused = activity.lastFailure?.message ?? refused
    }
    return refused !== ''
  }, 30_000)
  expect(refused).toMatch(
    /this worker has revision \d+ of extract \(code [0-9a-f]{16}\), the plan was made at \d+ \(code [0-9a-f]{16}\).*run\.allowMixedCode/,
  )
  expect((await committed(engine)).size).toBe(before)
  kill(wrong.pid, 'SIGKILL')
  await addUnits()
  await handle.result()
  expect((await committed(engine)).size).toBeGreaterThan(before)
}, 120_000)

/** One bad record of each format among good ones. */
function damaged(folder: string): void {
  const line = (i: number) => JSON.stringify({ url: `https://example.org/${i}`, text: pageOf(9000 + i) })
  const lines = Array.from({ length: 20 }, (_, i) => line(i))
  lines[7] = '{"url": "https://example.org/broken", "text": "never closed'
  writeFileSync(join(folder, 'lines.jsonl'), lines.join('\n'))
  const bytes = Buffer.from(Array.from({ length: 20 }, (_, i) => line(100 + i)).join('\n'))
  bytes.set([0xff, 0xfe, 0xc0], bytes.indexOf('"text":"', 4000) + 20)
  writeFileSync(join(folder, 'encoding.jsonl'), bytes)
  const record = (i: number) => {
    const html = `<html><head><title>Page ${i}</title></head><body><main><h1>Page ${i}</h1><p>${pageOf(9200 + i)}</p></main></body></html>`
    const http = `HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${html}`
    return gzipSync(
      `WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://example.org/w/${i}\r\nWARC-Date: 2024-01-01T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-${String(i).padStart(12, '0')}>\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: ${Buffer.byteLength(http)}\r\n\r\n${http}\r\n\r\n`,
    )
  }
  const members = Array.from({ length: 10 }, (_, i) => record(i))
  members[4]?.fill(0x55, 60, 90)
  writeFileSync(join(folder, 'pages.warc.gz'), Buffer.concat(members))
  const parquet = Buffer.from(
    parquetWriteBuffer({
      columnData: [
        { name: 'url', data: Array.from({ length: 40 }, (_, i) => `https://example.org/p/${i}`), type: 'STRING' },
        { name: 'text', data: Array.from({ length: 40 }, (_, i) => pageOf(9400 + i)), type: 'STRING' },
      ],
      rowGroupSize: 10,
    }),
  )
  parquet.fill(0x77, Math.floor(parquet.length * 0.3), Math.floor(parquet.length * 0.3) + 64)
  writeFileSync(join(folder, 'table.parquet'), parquet)
}

it('damaged records are quarantined with place and reason, and the rest goes on', async () => {
  const { config, folder } = corpus(engine, { files: 6, perFile: 40, run: { canaries: false, maxQuarantinedRatio: 0.2 } })
  damaged(folder)
  await addUnits()
  const { run } = (await (await engine.start({ config, only: 'extract' })).result()) as { run: string }
  const manifest = await findManifest(engine.store, 'extract', (await digestsOf(engine.store, run)).extract?.fingerprint ?? '')
  const records: Record<string, unknown>[] = []
  for (const key of new Set(Object.values(manifest?.roles ?? {}).flatMap(parts => parts.map(part => part.unit)))) {
    const unit = await findUnit(engine.store, 'extract', key)
    for (const part of unit?.parts.filter(({ role }) => role === 'quarantine') ?? []) {
      const reader = await ArrowReader.open(engine.store.path(`units/extract/${key}/${part.file}`))
      for await (const batch of reader)
        for (let i = 0; i < batch.rows; i++)
          records.push(Object.fromEntries(batch.schema.fields.map(field => [field.name, batch.column(field.name).value(i)])))
      await reader.close()
    }
  }
  const of = (file: string) => records.filter(record => String(record.key).startsWith(file))
  expect(of('lines.jsonl')).toHaveLength(1)
  expect(Number(of('lines.jsonl')[0]?.offset)).toBeGreaterThan(1000)
  expect(of('encoding.jsonl')).toHaveLength(1)
  expect(of('pages.warc.gz')).toHaveLength(1)
  expect(of('table.parquet').length).toBeGreaterThanOrEqual(1)
  expect(of('table.parquet').length).toBeLessThanOrEqual(40)
  for (const record of records) {
    expect(record.source).toBe('pages')
    expect(String(record.code)).toMatch(/^[A-Z][A-Z0-9_]+$/)
    expect(String(record.message).length).toBeGreaterThan(10)
  }
  expect(manifest?.quarantined).toBe(records.length)
  expect(manifest?.operations[0]?.documents).toBeGreaterThanOrEqual(240 + 19 + 19 + 9)
}, 120_000)

it('above maxQuarantinedRatio the stage fails and says how many', async () => {
  const { config, folder } = corpus(engine, { files: 1, perFile: 5, run: { canaries: false, maxQuarantinedRatio: 0.01 } })
  damaged(folder)
  await addUnits()
  const failure = said(await (await engine.start({ config, only: 'extract' })).result().catch(error => error))
  expect(failure).toMatch(/\[QUARANTINE_RATIO\].*stage extract: expected at most 1\.0 % of the records.*found \d+ of \d+/s)
}, 120_000)

it('a store that cannot be written stops the run with the reason', async () => {
  writeFileSync(join(engine.home, 'no-folder'), 'a file')
  const { config } = corpus(engine, { run: { store: join(engine.home, 'no-folder', 'store') } })
  const failure = said(await (await engine.start({ config, only: 'extract' })).result().catch(error => error))
  expect(failure).toMatch(/\[STORE_UNWRITABLE\].*something else is in its place.*choose another run\.store/s)
}, 60_000)
