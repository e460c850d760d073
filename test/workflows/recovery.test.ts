/** Starting the same work again, at the same time, from the Temporal CLI, after losses: nothing is done twice, nothing is lost. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findManifest } from '../../storage/artifacts.ts'
import { findUnit, partKey } from '../../storage/units.ts'
import { differences, digestsOf } from '../support/digests.ts'
import { Engine, kill, processes } from '../support/engine.ts'
import { committed, corpus, said, start, states, temporal, unitKeyOf, until, writeConfig } from './support.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.start()
})
afterAll(() => engine?.stop())

it('two runs of one config at the same time share their stages, and both finish', async () => {
  const { config } = corpus(engine)
  const handles = await Promise.all(Array.from({ length: 3 }, (_, i) => engine.start({ config }, `twins/${i}`)))
  const results = (await Promise.all(handles.map(handle => handle.result()))) as { run: string; stages: number }[]
  expect(new Set(results.map(({ run }) => run)).size).toBe(3) // names of runs that started in the same instant
  const commits = new Map<string, number>()
  for (const { run } of results) {
    for (const [unit, list] of await states(engine, run))
      commits.set(unit, (commits.get(unit) ?? 0) + list.filter(state => state === 'committed').length)
  }
  expect(Math.max(...commits.values())).toBe(1)
  const [a, b, c] = await Promise.all(results.map(({ run }) => digestsOf(engine.store, run)))
  expect(Object.keys(a ?? {}).length).toBe(results[0]?.stages)
  expect(differences(a ?? {}, b ?? {})).toEqual([])
  expect(differences(a ?? {}, c ?? {})).toEqual([])
}, 180_000)

it('with Temporal’s database deleted in mid-run, starting again finishes and redoes nothing that was committed', async () => {
  const { config } = corpus(engine, { files: 16, unitBytes: 6000 })
  const old = await committed(engine)
  await engine.start({ config }, 'lost')
  await until(async () => (await committed(engine)).size >= old.size + 12)
  await engine.loseDatabase()
  await new Promise(resolve => setTimeout(resolve, 500))
  const before = await committed(engine)
  const { run } = await engine.run({ config })
  const after = await committed(engine)
  for (const [path, identity] of before) expect(after.get(path), path).toBe(identity)
  expect(after.size).toBeGreaterThan(before.size)
  const journal = await states(engine, run)
  const redone = [...before.keys()].filter(path => journal.get(unitKeyOf(path))?.includes('committed'))
  expect(redone).toEqual([])
  const reused = [...before.keys()].filter(path => journal.get(unitKeyOf(path))?.includes('reused'))
  expect(reused.length).toBeGreaterThan(0)
}, 180_000)

it('from, only and force work from the Temporal CLI', async () => {
  const { config } = corpus(engine)
  const missing = start(engine, { config, only: 'filter' })
  await expect(missing).rejects.toThrow()
  expect(said(await missing.catch(error => error))).toMatch(
    /\[CONFIG\].*input\.only: expected the output of stage extract.*found none.*millrace run .* --only extract/s,
  )
  expect(said(await start(engine, { config, only: 'nonsense' }).catch(error => error))).toMatch(/expected a stage \(extract, filter/)
  expect(said(await start(engine, { confg: config }).catch(error => error))).toMatch(/one JSON object like/)

  const extracted = await start(engine, { config, only: 'extract' })
  expect(extracted).toMatchObject({ stages: 1, reused: 0 })
  expect(await start(engine, { config, only: 'filter' })).toMatchObject({ stages: 1, reused: 0 })
  expect(await start(engine, { config, only: 'filter' })).toMatchObject({ stages: 1, reused: 1 })
  const rest = await start(engine, { config, from: 'dedup' })
  expect(rest).toMatchObject({ reused: 0 })
  const again = await start(engine, { config })
  expect(again.reused).toBe(again.stages)
}, 180_000)

it('force does committed work again: reproduced, nothing touched, a damaged file repaired', async () => {
  const { config } = corpus(engine)
  const first = (await start(engine, { config, only: 'extract' })) as { run: string }
  const before = await committed(engine)
  const [node] = Object.values(await digestsOf(engine.store, first.run))
  const manifest = await findManifest(engine.store, 'extract', node?.fingerprint ?? '')
  const part = manifest?.roles.documents?.[0]
  const path = engine.store.path(part?.location ?? '')
  const good = readFileSync(path)
  const bad = Buffer.from(good)
  bad.fill(0, good.length >> 1, (good.length >> 1) + 16)
  writeFileSync(path, bad)

  const forced = (await start(engine, { config, only: 'extract', force: ['extract'] })) as { run: string }
  expect(readFileSync(path).equals(good)).toBe(true)
  const after = await committed(engine)
  for (const [unit, identity] of before) expect(after.get(unit)).toBe(identity)
  const journal = await states(engine, forced.run)
  const done = [...journal.values()].filter(list => list.includes('alreadyThere'))
  expect(done.length).toBe(manifest?.operations[0]?.units)
  const details = await temporal(engine, 'workflow', 'metadata', '--workflow-id', `stage/extract/${node?.fingerprint}`).catch(error =>
    String(error),
  )
  expect(details).toContain(`${done.length} reproduced`)

  // What is not what its key says is named, with the unit and both digests.
  const unit = await findUnit(engine.store, 'extract', part?.unit ?? '')
  const unitPath = engine.store.path(`units/extract/${part?.unit}/unit.json`)
  const other = { ...unit, parts: unit?.parts.map(each => ({ ...each, content: 'f'.repeat(64) })) }
  writeFileSync(unitPath, JSON.stringify(other))
  const differs = said(await start(engine, { config, only: 'extract', force: ['extract'] }).catch(error => error))
  expect(differs).toMatch(/\[DETERMINISM\]/)
  expect(differs).toContain(part?.unit)
  expect(differs).toContain('f'.repeat(64))
  expect(differs).toContain(part?.content)
  writeFileSync(unitPath, `${JSON.stringify(unit, null, 1)}\n`)
  expect(partKey('extract', part?.unit ?? '', '')).toContain('units/extract/')
}, 180_000)

it('a config that is edited in mid-run changes nothing', async () => {
  const { config, folder } = corpus(engine, { files: 30, unitBytes: 6000 })
  const before = readFileSync(config, 'utf8')
  const handle = await engine.start({ config, only: 'extract' })
  const runs: string[] = []
  await until(async () => {
    for await (const { key } of engine.store.list('runs/'))
      if (key.endsWith('/run.json') && JSON.parse(readFileSync(engine.store.path(key), 'utf8')).configPath === config) runs.push(key)
    return runs.length > 0
  })
  writeConfig(config, folder, { seed: 99, unitBytes: 1234 })
  const { run } = (await handle.result()) as { run: string }
  const edited = await digestsOf(engine.store, run)
  writeFileSync(config, before)
  const again = (await engine.run({ config, only: 'extract' })) as { run: string; reused: number; stages: number }
  expect(again.reused).toBe(again.stages)
  expect(differences(edited, await digestsOf(engine.store, again.run))).toEqual([])
}, 180_000)

it('a killed worker and a killed child cost time only', async () => {
  const { config } = corpus(engine, { files: 60, unitBytes: 6000 })
  const old = (await committed(engine)).size
  const handle = await engine.start({ config, only: 'extract' })
  await until(async () => (await committed(engine)).size > old + 3)
  for (const { pid, role } of processes(engine.home)) if (role === 'child' || role === 'idle') kill(pid, 'SIGKILL')
  await new Promise(resolve => setTimeout(resolve, 700))
  for (const worker of engine.workers) kill(worker.pid, 'SIGKILL')
  await until(() => processes(engine.home).filter(({ role }) => role !== 'supervisor').length === 0, 10_000) // no child outlives its worker
  await engine.addWorker()
  const { run } = (await handle.result()) as { run: string }
  expect(Object.keys(await digestsOf(engine.store, run)).length).toBe(1)
  expect(statSync(engine.store.path(`runs/${run}/end.json`)).isFile()).toBe(true)
}, 180_000)
