/** The canary in the worker's children: who is to blame when a child ends, and that nothing is left behind. */
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asyncLocalStorage, type Context } from '@temporalio/activity'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { checkCanary } from '../../activities/canary.ts'
import type { NodeRef } from '../../activities/run.ts'
import { Runner } from '../../activities/runner.ts'
import type { MillraceError } from '../../pipelines/errors.ts'
import { stageOf } from '../../pipelines/stages.ts'
import { Bench } from './support.ts'

let bench: Bench
beforeEach(async () => {
  bench = await Bench.open()
})
afterEach(() => bench.close())

const runners: Runner[] = []
afterEach(() => {
  for (const runner of runners.splice(0)) runner.close()
})

/** A run of one stage over the tests' evaluation set, as openRun writes it down. */
async function opened(stage: string, config: object = {}, stallSeconds = 20): Promise<NodeRef> {
  const fingerprint = '0123456789abcdef'
  const { revision, config: schema } = await stageOf(stage)
  const node = { id: stage, stage, revision, config: schema.parse(config), seed: 1, parents: {}, fingerprint }
  const run = { threads: 1, maxMemory: 2 ** 30, stallSeconds, allowMixedCode: false }
  await bench.store.create(`runs/test/nodes/${fingerprint}.json`, JSON.stringify(node))
  await bench.store.create('runs/test/run.json', JSON.stringify({ config: { run }, inputs: { key: 'runs/test/inputs.json' } }))
  await bench.store.create('runs/test/inputs.json', JSON.stringify({ sources: [], evaluation: [] }))
  return { run: 'test', store: bench.store.uri, id: stage, stage, fingerprint, force: false }
}

/** A child whose every job ends it with a signal; it notes first that it had one. */
const dying = (signal: string) => doing(`process.kill(process.pid, '${signal}')`)

/** A child that does this with a job, and never answers. */
function doing(what: string): { runner: Runner; started: () => number } {
  const log = join(bench.folder, 'started')
  const path = join(bench.folder, 'child.mjs')
  writeFileSync(
    path,
    `import { appendFileSync } from 'node:fs'
process.stdin.once('data', () => { appendFileSync(${JSON.stringify(log)}, 'x'); ${what}; setInterval(() => 0, 1000) })`,
  )
  const runner = new Runner({ childPath: path })
  runners.push(runner)
  return { runner, started: () => (existsSync(log) ? statSync(log).size : 0) }
}

async function check(ref: NodeRef, runner: Runner, codeDigest = 'test') {
  const { revision } = await stageOf(ref.stage)
  return asyncLocalStorage.run({ cancellationSignal: new AbortController().signal, heartbeat: () => undefined } as unknown as Context, () =>
    checkCanary({ ...bench.context, runner }, ref, { revision, codeDigest }),
  )
}

it('passes for a stage that is as it should be, and leaves nothing behind', async () => {
  await check(await opened('dedup'), bench.runner)
  expect(readdirSync(join(bench.store.root, 'tmp'))).toEqual([])
  expect(existsSync(join(bench.store.root, 'units'))).toBe(false)
})

it('blames the stage for a crash on our own texts only when it comes three times', async () => {
  const { runner, started } = dying('SIGSEGV')
  await expect(check(await opened('filter'), runner)).rejects.toMatchObject({
    code: 'CANARY',
    message: expect.stringMatching(/SIGSEGV, 3 times/),
  })
  expect(started()).toBe(3)
  expect(readdirSync(join(bench.store.root, 'tmp'))).toEqual([])
})

it('blames nobody for a kill: the activity is tried again', async () => {
  const { runner, started } = dying('SIGKILL')
  await expect(check(await opened('filter'), runner)).rejects.toMatchObject({ code: 'SIGKILL', kind: 'resource' })
  expect(started()).toBe(1)
})

it.each([
  ['STALL', '', /within 0\.5 s \(run\.stallSeconds\), found STALL, 3 times.*a larger run\.stallSeconds waits longer/],
  ['CHILD_EXIT', 'process.exit(7)', /found CHILD_EXIT, 3 times: .*left with code 7/],
])('charges the stage for %s, as a unit would be', async (_, what, said) => {
  const { runner, started } = doing(what)
  const failed = check(await opened('filter', {}, 0.5), runner)
  await expect(failed).rejects.toMatchObject({ code: 'CANARY', kind: 'bug', message: expect.stringMatching(said) })
  await expect(failed).rejects.toThrow(/Next: millrace doctor/)
  expect(started()).toBe(3)
  expect(readdirSync(join(bench.store.root, 'tmp'))).toEqual([])
})

it.each([
  ['loops', 'export default () => { for (;;); }', 'STALL', /does not return/],
  ['never resolves', 'export default () => new Promise(() => undefined)', 'STALL', /does not return/],
  ['blocks as it loads', 'await new Promise(() => undefined)\nexport default () => []', 'STALL', /does not return/],
  ['leaves', 'export default () => process.exit(3)', 'CHILD_EXIT', /ends its process/],
  ['eats memory', 'export default () => { const all = []; for (;;) all.push(new Array(1e5).fill({})) }', 'SIGABRT', /ends its process/],
])('names a module that %s, and what to do', { timeout: 60_000 }, async (_, text, code, next) => {
  const path = join(bench.folder, 'rule.mjs')
  writeFileSync(path, text)
  const runner = new Runner({ env: { NODE_OPTIONS: '--max-old-space-size=160' } })
  runners.push(runner)
  const failed: MillraceError = await check(await opened('filter', { modules: [{ path }] }, 5), runner).catch(error => error)
  expect(failed).toMatchObject({
    code: 'CANARY',
    kind: 'config',
    expected: expect.stringContaining(`filter.modules (${path}) to judge 8 planted documents`),
    found: expect.stringContaining(`${code}, 3 times`),
    next: expect.stringMatching(next),
  })
})

it('writes every failure into the log, with the run', async () => {
  const lines: Record<string, unknown>[] = []
  bench.context.log = pino({ base: null }, { write: line => lines.push(JSON.parse(line)) })
  await check(await opened('filter'), dying('SIGSEGV').runner).catch(() => undefined)
  expect(lines.map(({ run, stage, attempt, code, msg }) => [run, stage, attempt, code, msg])).toEqual(
    [1, 2, 3].map(attempt => ['test', 'filter', attempt, 'SIGSEGV', 'canary failed']),
  )
})

it('does not begin in a worker with other code', async () => {
  await expect(check(await opened('filter'), bench.runner, 'other')).rejects.toMatchObject({ type: 'WrongRevision' })
})
