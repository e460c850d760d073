/** The canary in the worker's children: who is to blame when a child ends, and that nothing is left behind. */
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asyncLocalStorage, type Context } from '@temporalio/activity'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { checkCanary } from '../../activities/canary.ts'
import type { NodeRef } from '../../activities/run.ts'
import { Runner } from '../../activities/runner.ts'
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
async function opened(stage: string, config: object = {}): Promise<NodeRef> {
  const fingerprint = '0123456789abcdef'
  const { revision, config: schema } = await stageOf(stage)
  const node = { id: stage, stage, revision, config: schema.parse(config), seed: 1, parents: {}, fingerprint }
  const run = { threads: 1, maxMemory: 2 ** 30, stallSeconds: 20, allowMixedCode: false }
  await bench.store.create(`runs/test/nodes/${fingerprint}.json`, JSON.stringify(node))
  await bench.store.create('runs/test/run.json', JSON.stringify({ config: { run }, inputs: { key: 'runs/test/inputs.json' } }))
  await bench.store.create('runs/test/inputs.json', JSON.stringify({ sources: [], evaluation: [] }))
  return { run: 'test', store: bench.store.uri, id: stage, stage, fingerprint, force: false }
}

/** A child whose every job ends it with a signal; it writes its pid down first. */
function dying(signal: string): { runner: Runner; started: () => number } {
  const log = join(bench.folder, 'started')
  const path = join(bench.folder, `${signal}.mjs`)
  writeFileSync(
    path,
    `import { appendFileSync } from 'node:fs'
process.stdin.once('data', () => { appendFileSync(${JSON.stringify(log)}, 'x'); process.kill(process.pid, '${signal}'); setInterval(() => 0, 1000) })`,
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

it('does not begin in a worker with other code', async () => {
  await expect(check(await opened('filter'), bench.runner, 'other')).rejects.toMatchObject({ type: 'WrongRevision' })
})
