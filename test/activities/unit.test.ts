/** Who is charged for a failed attempt, what is quarantined, what a damaged store does, what `force` says. */
import { existsSync } from 'node:fs'
import { appendFile, copyFile, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { unreachable } from '../../storage/store.ts'
import { findUnit, partKey } from '../../storage/units.ts'
import { Bench } from './support.ts'

let bench: Bench
beforeEach(async () => {
  bench = await Bench.open()
})
afterEach(() => bench.close())

const texts = (bad: Record<number, string>, count = 9) => Array.from({ length: count }, (_, i) => bad[i] ?? `text ${i}`)
const kept = async (unit: Parameters<Bench['rows']>[0]) => (await bench.rows(unit, 'documents')).map(row => row.key)
const leftovers = async () => (await readdir(bench.store.path('tmp')).catch(() => [])).filter(name => name.startsWith('work-'))

describe('only bytes can quarantine', () => {
  it.each([
    ['SIGSEGV', 'SIGSEGV'],
    ['input TORN', 'TORN'],
  ])(
    '%s on one record costs that record alone',
    async (text, code) => {
      const { unit } = await bench.execute(await bench.plan(texts({ 5: text })))
      expect(await kept(unit)).toEqual([0, 1, 2, 3, 4, 6, 7, 8].map(i => `doc-${i}`))
      expect(await bench.rows(unit, 'quarantine')).toMatchObject([{ source: 'test', key: 'doc-5', offset: 5n, code }])
      expect(unit.quarantined).toBe(1)
      expect(await leftovers()).toEqual([])
    },
    120_000,
  )

  it('finds several of them, with different reasons', async () => {
    const { unit } = await bench.execute(await bench.plan(texts({ 0: 'input A', 3: 'SIGABRT', 8: 'input B' })))
    expect((await bench.rows(unit, 'quarantine')).map(({ key, code }) => `${key} ${code}`)).toEqual(['doc-0 A', 'doc-3 SIGABRT', 'doc-8 B'])
    expect(await kept(unit)).toEqual([1, 2, 4, 5, 6, 7].map(i => `doc-${i}`))
  }, 120_000)

  it.each(['SIGKILL', 'memory', 'bug'])(
    '%s never does: three attempts, then the reason',
    async text => {
      const planned = await bench.plan(texts({ 2: text }))
      await expect(bench.execute(planned)).rejects.toMatchObject({
        code: 'UNIT_FAILED',
        message: expect.stringContaining('3 failed attempts'),
      })
      const key = planned.units[0]?.key ?? ''
      expect(await findUnit(bench.store, 'trouble', key)).toBeUndefined()
      expect((await bench.journal(key)).map(line => line.split(' ').slice(0, 2).join(' '))).toEqual([
        'started 1',
        'failed 1',
        'started 2',
        'failed 2',
        'started 3',
        'failed 3',
      ])
      expect(await leftovers()).toEqual([])
    },
    60_000,
  )

  it('a stall is killed and tried again', async () => {
    const planned = await bench.plan(texts({ 2: 'stall once' }), { marker: join(bench.folder, 'stalled') })
    const { unit } = await bench.execute(planned, { marker: join(bench.folder, 'stalled') }, { stallSeconds: 2 })
    expect(unit.quarantined).toBe(0)
    expect(await bench.journal(unit.key)).toEqual(['started 1', 'failed 1 STALL', 'started 2', 'committed 2'])
  })

  it('a crash that does not come again is an attempt, not a record', async () => {
    const config = { marker: join(bench.folder, 'crashed') }
    const { unit } = await bench.execute(await bench.plan(texts({ 2: 'SIGSEGV once' }), config), config)
    expect(unit.quarantined).toBe(0)
    expect(await kept(unit)).toHaveLength(9)
  })

  it('a damaged file of the store is nobody’s bad record', async () => {
    const planned = await bench.plan(texts({}))
    const location = planned.units[0]?.parts[0]?.location ?? ''
    const bytes = await readFile(bench.store.path(location))
    bytes.fill(0x5a, 400, bytes.length - 600)
    await writeFile(bench.store.path(location), bytes)
    await expect(bench.execute(planned)).rejects.toMatchObject({ code: 'STORE_DAMAGED', where: expect.stringContaining(location) })
    expect(await findUnit(bench.store, 'trouble', planned.units[0]?.key ?? '')).toBeUndefined()
  })
})

describe('attempts are charged by cause', () => {
  it('a full disk stops at once, with its name', async () => {
    const planned = await bench.plan(texts({ 2: 'full' }))
    await expect(bench.execute(planned)).rejects.toMatchObject({ code: 'STORE_FULL' })
    expect(await bench.journal(planned.units[0]?.key ?? '')).toEqual(['started 1', 'failed 1 STORE_FULL'])
  })

  it('a store that does not answer costs the unit nothing', async () => {
    const planned = await bench.plan(texts({}))
    const fetch = bench.store.fetch
    bench.store.fetch = async () => {
      throw unreachable('s3://away', 'key', 'TimeoutError', undefined)
    }
    await expect(bench.execute(planned)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
    bench.store.fetch = fetch
    expect(await bench.journal(planned.units[0]?.key ?? '')).toEqual(['started 1', 'failed 1 STORE_UNREACHABLE'])
  })

  it('an input that is gone from the store is named, once', async () => {
    const planned = await bench.plan(texts({}))
    await bench.store.remove(planned.units[0]?.parts[0]?.location ?? '')
    await expect(bench.execute(planned)).rejects.toMatchObject({ code: 'STORE_MISSING' })
  })

  it('a worker that stops charges nobody and leaves no child', async () => {
    const planned = await bench.plan(texts({ 2: 'stall' }))
    setTimeout(() => bench.stopping.abort(), 1500)
    await expect(bench.execute(planned)).rejects.toMatchObject({ name: 'AbortError' })
    expect(await bench.journal(planned.units[0]?.key ?? '')).toHaveLength(2)
  })
})

describe('force', () => {
  it('says reproduced, and touches nothing', async () => {
    const planned = await bench.plan(texts({}))
    const first = await bench.execute(planned)
    const before = await stat(bench.store.path(`units/trouble/${first.unit.key}/unit.json`))
    const again = await bench.execute(planned, {}, { force: true })
    expect(again).toMatchObject({ reproduced: true, unit: first.unit })
    const after = await stat(bench.store.path(`units/trouble/${first.unit.key}/unit.json`))
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs])
  })

  it.each(['bit', 'cut', 'grown', 'gone'])('repairs a file that is damaged (%s)', async how => {
    const planned = await bench.plan(texts({}))
    const { unit } = await bench.execute(planned)
    const part = unit.parts[0] as (typeof unit.parts)[number]
    const path = bench.store.path(partKey(unit.stage, unit.key, part.file))
    const good = await readFile(path)
    if (how === 'bit') {
      const bad = Buffer.from(good)
      bad[bad.length >> 1] = (bad[bad.length >> 1] ?? 0) ^ 1
      await writeFile(path, bad)
    } else if (how === 'cut') await truncate(path, good.length >> 1)
    else if (how === 'grown') await appendFile(path, 'x')
    else await bench.store.remove(partKey(unit.stage, unit.key, part.file))
    expect(await bench.execute(planned, {}, { force: true })).toMatchObject({ reproduced: true })
    expect((await readFile(path)).equals(good)).toBe(true)
    expect(await leftovers()).toEqual([])
  })

  it('names the unit and both digests where the content is another', async () => {
    const planned = await bench.plan(texts({}))
    const { unit } = await bench.execute(planned)
    const failing = bench.execute(planned, { suffix: '!' }, { force: true }) // the key says: no suffix
    await expect(failing).rejects.toMatchObject({ code: 'DETERMINISM' })
    const { message } = (await failing.catch(error => error)) as Error
    expect(message).toContain(unit.key)
    expect(message).toContain(unit.parts[0]?.content)
    expect(message.match(/[0-9a-f]{64}/g)?.length).toBe(2)
    expect((await findUnit(bench.store, 'trouble', unit.key))?.parts).toEqual(unit.parts)
  })
})

it('a part that a killed attempt left in other bytes is made one with its unit', async () => {
  const planned = await bench.plan(texts({}))
  const { unit } = await bench.execute(planned)
  const part = unit.parts[0] as (typeof unit.parts)[number]
  const at = partKey(unit.stage, unit.key, part.file)
  await bench.store.remove(`units/trouble/${unit.key}/unit.json`)
  const path = bench.store.path(at)
  await copyFile(path, `${path}.copy`)
  await appendFile(`${path}.copy`, 'bytes of another compressor')
  await bench.store.repair(at, `${path}.copy`)
  const again = await bench.execute(planned)
  expect(again.unit.parts).toEqual(unit.parts)
  expect((await stat(path)).size).toBe((await stat(`${path}.copy`)).size - 27)
  expect(existsSync(path)).toBe(true)
})
