/** Children end, hang and lie; the runner says why, leaves none behind, and charges nobody for what was not theirs. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Runner } from '../../activities/runner.ts'
import { Bench, childPath } from './support.ts'

let bench: Bench
beforeEach(async () => {
  bench = await Bench.open()
})
afterEach(() => bench.close())

const until = async (what: () => boolean, ms = 5000) => {
  for (const end = Date.now() + ms; !what(); ) {
    if (Date.now() > end) throw new Error('it did not happen in time')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
const alive = (pid: number) => existsSync(`/proc/${pid}`)

it('keeps a child between jobs and leaves none behind after errors', async () => {
  const { runner } = bench
  await runner.run(await bench.job(['a', 'b']), { stall: 20_000 })
  const [first] = runner.pids
  await runner.run(await bench.job(['c']), { stall: 20_000 })
  expect(runner.pids).toEqual([first])
  for (let i = 0; i < 3; i++)
    await expect(runner.run(await bench.job(['input']), { stall: 20_000 })).rejects.toMatchObject({ code: 'BAD_RECORD', kind: 'input' })
  await expect(runner.run(await bench.job(['input']), { stall: 20_000, fresh: true })).rejects.toMatchObject({ kind: 'input' })
  await until(() => runner.pids.length === 0)
})

it('names the signal that ended a child, and kills one that says nothing', async () => {
  const { runner } = bench
  for (const signal of ['SIGSEGV', 'SIGBUS', 'SIGABRT', 'SIGKILL']) {
    await expect(runner.run(await bench.job([signal]), { stall: 20_000 })).rejects.toMatchObject({ code: signal, signal, kind: 'resource' })
  }
  await expect(runner.run(await bench.job(['stall']), { stall: 1500 })).rejects.toMatchObject({ code: 'STALL', kind: 'resource' })
  await until(() => runner.pids.length === 0)
})

it('takes progress for life: slow work with progress is not stalled', async () => {
  const seen: number[] = []
  const { result } = await bench.runner.run(await bench.job(['slow']), { stall: 4000, onProgress: event => seen.push(event.documents) })
  expect(result.documents).toBeGreaterThan(0)
  expect(seen.length).toBeGreaterThan(3)
})

it('survives answers far larger than a pipe holds, and a line cut in the middle', async () => {
  const { result } = await bench.runner.run(await bench.job(['many']), { stall: 20_000 })
  expect(Object.keys(result.counters).length).toBeGreaterThanOrEqual(20_000)
  const cut = new Runner({ childPath: fileURLToPath(new URL('./cut.ts', import.meta.url)) })
  await expect(cut.run(await bench.job(['a']), { stall: 20_000 })).rejects.toMatchObject({ code: 'SIGKILL' })
  cut.close()
})

it('gives no further job to a child that was told to stop', async () => {
  const { runner } = bench
  const stop = new AbortController()
  const running = runner.run(await bench.job(['slow']), { stall: 20_000, signal: stop.signal, grace: 20_000 })
  await until(() => runner.pids.length === 1)
  const [old] = runner.pids
  await new Promise(resolve => setTimeout(resolve, 700))
  stop.abort()
  await running.catch(() => undefined) // it may finish: SIGTERM asks, and a map unit has nothing to save
  await runner.run(await bench.job(['a']), { stall: 20_000 })
  expect(runner.pids).not.toContain(old)
})

it('ends a unit without saves at once when it is cancelled', async () => {
  const stop = new AbortController()
  const running = bench.runner.run(await bench.job(['stall']), { stall: 60_000, signal: stop.signal, grace: 0 })
  setTimeout(() => stop.abort(new Error('cancelled')), 1000)
  const began = Date.now()
  await expect(running).rejects.toThrow('cancelled')
  expect(Date.now() - began).toBeLessThan(5000)
})

it('keeps credentials from children', async () => {
  const before = { ...process.env }
  Object.assign(process.env, { AWS_SECRET_ACCESS_KEY: 'x', TEMPORAL_API_KEY: 'x', MILLRACE_S3_ENDPOINT: 'x' })
  try {
    const { result } = await bench.runner.run(await bench.job(['secrets']), { stall: 20_000, fresh: true })
    expect(result.counters).toMatchObject({ none: 1 })
  } finally {
    process.env = before
  }
})

it('loses its children when the parent is killed', async () => {
  const parent = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL('./parent.ts', import.meta.url)), childPath],
    {
      env: { ...process.env, JOB: JSON.stringify(await bench.job(['stall'])), HOME: join(bench.folder) },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const child = await new Promise<number>(resolve => parent.stdout.once('data', text => resolve(Number(text))))
  expect(alive(child)).toBe(true)
  await new Promise(resolve => setTimeout(resolve, 1500)) // it is at work by then
  expect(alive(child)).toBe(true)
  parent.kill('SIGKILL')
  await until(() => !alive(child))
})
