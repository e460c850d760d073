/** Pinning: what changes while it is read, names that are one name, names that are no text; and two attempts to open one run. */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asyncLocalStorage, type Context } from '@temporalio/activity'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseConfig } from '../../activities/config.ts'
import { pinInputs, verifyPinned } from '../../activities/inputs.ts'
import { openRun, readRun } from '../../activities/run.ts'
import { createWorkerContext } from '../../activities/worker-context.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-inputs-'))
  mkdirSync(join(folder, 'source'))
  process.env.MILLRACE_ROOTS = folder
})
afterEach(() => {
  delete process.env.MILLRACE_ROOTS
  rmSync(folder, { recursive: true, force: true })
})

const file = (name: string | Buffer, text = 'some text') =>
  writeFileSync(typeof name === 'string' ? join(folder, 'source', name) : Buffer.concat([Buffer.from(`${folder}/source/`), name]), text)
const text = (more: object = {}) =>
  JSON.stringify({ name: 'test', sources: [{ name: 'notes', path: 'source' }], run: { store: join(folder, 'store') }, ...more })
const pin = async () => pinInputs(await parseConfig(text(), 'config.yaml'), join(folder, 'config.yaml'), join(folder, 'cache.json'))

describe('pinning', () => {
  it('names files by content: where they lie and when they changed is no identity', async () => {
    for (const name of ['a.txt', 'b.txt']) file(name, name)
    const first = await pin()
    utimesSync(join(folder, 'source', 'a.txt'), new Date(), new Date(Date.now() + 5000))
    const touched = await pin()
    expect(touched.sourcesDigest).toBe(first.sourcesDigest)
    file('a.txt', 'A.txt')
    expect((await pin()).sourcesDigest).not.toBe(first.sourcesDigest)
    renameSync(join(folder, 'source', 'b.txt'), join(folder, 'source', 'c.txt'))
    expect((await pin()).sources.map(({ key }) => key)).toEqual(['a.txt', 'c.txt'])
  })

  it('does not trust its cache for a file written a moment ago', async () => {
    file('a.txt', 'one')
    const when = new Date()
    utimesSync(join(folder, 'source', 'a.txt'), when, when)
    const first = await pin()
    file('a.txt', 'two') // the same size within one tick of the clock
    utimesSync(join(folder, 'source', 'a.txt'), when, when)
    expect((await pin()).sourcesDigest).not.toBe(first.sourcesDigest)
  })

  it('refuses two names that are one in NFC, naming both', async () => {
    file('caf\u00e9.txt')
    file('cafe\u0301.txt')
    await expect(pin()).rejects.toMatchObject({
      code: 'CONFIG',
      where: 'sources.notes.path',
      expected: expect.stringContaining('normal form C'),
    })
  })

  it('refuses a file name that is no UTF-8, by name', async () => {
    file(Buffer.from([0x61, 0xff, 0x2e, 0x74, 0x78, 0x74]))
    await expect(pin()).rejects.toMatchObject({ code: 'CONFIG', expected: 'a file name in UTF-8' })
  })

  it('says INPUT_CHANGED for a file that is always written to', async () => {
    file('a.txt', 'x'.repeat(40_000_000))
    const path = join(folder, 'source', 'a.txt')
    const writing = setInterval(() => appendFileSync(path, 'more'), 2)
    await expect(pin()).rejects.toMatchObject({ code: 'INPUT_CHANGED', found: expect.stringContaining('three times') })
    clearInterval(writing)
  })

  it('two runs that pin at once in one worker leave a whole cache', async () => {
    for (let i = 0; i < 200; i++) file(`${i}.txt`, String(i))
    for (let i = 0; i < 200; i++) utimesSync(join(folder, 'source', `${i}.txt`), 1, 1)
    await Promise.all([pin(), pin(), pin(), pin()])
    expect(Object.keys(JSON.parse(readFileSync(join(folder, 'cache.json'), 'utf8')) as object)).toHaveLength(200)
  })

  it('verifies before reading: gone, other bytes, or only touched', async () => {
    file('a.txt', 'one')
    const [pinned] = (await pin()).sources
    if (!pinned) throw new Error('nothing pinned')
    await verifyPinned(pinned)
    utimesSync(pinned.location, 5, 5)
    await verifyPinned(pinned)
    file('a.txt', 'two')
    await expect(verifyPinned(pinned)).rejects.toMatchObject({ code: 'INPUT_CHANGED', found: 'other bytes under the same name' })
    rmSync(pinned.location)
    await expect(verifyPinned(pinned)).rejects.toMatchObject({ code: 'INPUT_CHANGED', found: 'no file' })
  })
})

it('the first attempt to open a run decides what it is, though config and files change before the second', async () => {
  file('a.txt')
  const config = join(folder, 'config.yaml')
  writeFileSync(config, text({ seed: 1 }))
  const context = await createWorkerContext({ home: folder, log: pino({ level: 'silent' }), shutdown: new AbortController().signal })
  const open = (workflowRun: string) =>
    asyncLocalStorage.run({ heartbeat: () => undefined } as unknown as Context, () => openRun(context, { config, workflowRun }))
  const first = await open('01a20d7a-cfdf-7368-b3b9-be15210e05e5')
  writeFileSync(config, text({ seed: 2, run: { store: join(folder, 'store'), window: 3 } }))
  file('b.txt')
  const second = await open('01a20d7a-cfdf-7368-b3b9-be15210e05e5')
  expect(second).toMatchObject({ run: first.run, nodes: first.nodes, execution: first.execution })
  const store = await context.store(first.store)
  expect((await readRun(store, first.run)).config.seed).toBe(1)
  // Two runs that start within a quarter of a second share the time in their ids.
  expect((await open('01a20d7a-cfe0-7368-b3b9-be15210e05e6')).run).not.toBe(first.run)
})
