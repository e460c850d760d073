/**
 * `npm run test:chaos -- --kills 20`: repeats the tiny run, each time with an empty store, own server, port and namespace, and kills with
 * SIGKILL until so many kills have landed on processes that were working: a worker with a run open, a unit child in a job, a trainer in a
 * segment. Every run's content must equal the undisturbed run's and test/golden/tiny.json.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Digests, differences, digestsOf } from '../support/digests.ts'
import { Engine, kill, processes, root } from '../support/engine.ts'

type Victim = 'worker' | 'child' | 'trainer'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    each: { type: 'string', default: '5' },
    config: { type: 'string', default: 'configs/tiny.yaml' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
})
const wanted = Number(values.kills)
const wantedEach = Math.min(Number(values.each), Math.floor(wanted / 3))
const landed: Record<Victim, number> = { worker: 0, child: 0, trainer: 0 }
const recoveries: number[] = []
const total = () => landed.worker + landed.child + landed.trainer
const enough = () => total() >= wanted && Object.values(landed).every(count => count >= wantedEach)

let state = Number(values.seed) || 1
/** Where kills fall is chance, and the seed is printed; it is not meant to be repeatable to the millisecond. */
const random = () => {
  state = (state * 1103515245 + 12345) % 2 ** 31
  return state / 2 ** 31
}
const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
const seconds = (since: number) => ((Date.now() - since) / 1000).toFixed(1)

/** Commits and training saves so far: what counts as progress. */
async function progressOf(engine: Engine): Promise<string> {
  let units = 0
  for await (const { key } of engine.store.list('units/')) if (key.endsWith('/unit.json')) units++
  const saves = await engine.saves()
  return `${units} ${saves}`
}

async function waitForProgress(engine: Engine, before: string, died: number, isDone: () => boolean): Promise<void> {
  while (!isDone()) {
    if ((await progressOf(engine)) !== before) {
      recoveries.push((Date.now() - died) / 1000)
      return
    }
    await sleep(100)
  }
}

/** A process at work of a kind that still lacks kills; of any kind once each has enough. */
function choose(engine: Engine): { pid: number; kind: Victim } | undefined {
  const found = processes(engine.home)
  const candidates = (['trainer', 'child', 'worker'] as const).flatMap(kind =>
    found.filter(each => each.role === kind).map(({ pid }) => ({ pid, kind })),
  )
  const lacking = candidates.filter(({ kind }) => landed[kind] < wantedEach)
  const pool = Object.values(landed).some(count => count < wantedEach) ? lacking : candidates
  return pool[Math.floor(random() * pool.length)]
}

async function round(index: number, expected: Digests | undefined): Promise<Digests> {
  const began = Date.now()
  const engine = await Engine.start({ supervised: true, env: { MILLRACE_WORKER_RESTARTS: '100' } })
  try {
    let done = false
    const running = engine.run({ config: values.config }).finally(() => {
      done = true
    })
    running.catch(() => undefined)
    const kills: string[] = []
    if (expected) {
      await sleep(1500 + random() * 1500)
      while (!done && !enough() && kills.length < 8) {
        await sleep(200 + random() * 1800)
        let victim = choose(engine)
        for (; !victim && !done; victim = choose(engine)) await sleep(20) // units of this run are short: wait for one
        if (!victim || done) continue
        const before = await progressOf(engine)
        if (!kill(victim.pid, 'SIGKILL')) continue
        landed[victim.kind]++
        kills.push(`${victim.kind}@${seconds(began)}s`)
        if (victim.kind === 'worker') await waitForProgress(engine, before, Date.now(), () => done)
      }
    }
    const { run } = await running
    const digests = await digestsOf(engine.store, run)
    console.log(
      `run ${index}: ${seconds(began)} s, ${kills.length} kills landed${kills.length ? ` (${kills.join(', ')})` : ''}, ${Object.keys(digests).length} artifacts`,
    )
    return digests
  } catch (error) {
    console.error((await engine.logs()).split('\n').slice(-30).join('\n'))
    throw error
  } finally {
    await engine.stop()
  }
}

function fail(what: string, lines: string[]): never {
  console.error(`${what}:\n${lines.map(line => `  ${line}`).join('\n')}`)
  process.exit(1)
}

console.log(`chaos on ${values.config}: ${wanted} kills, at least ${wantedEach} of each kind; seed ${values.seed}`)
const golden = JSON.parse(readFileSync(join(root, 'test', 'golden', 'tiny.json'), 'utf8')) as Digests
const undisturbed = await round(0, undefined)
const drift = differences(golden, undisturbed)
if (drift.length)
  fail('the undisturbed run differs from test/golden/tiny.json (raise the revision of the stage that changed, then: npm run golden)', drift)
for (let index = 1; !enough(); index++) {
  if (index > 40) fail('the kills did not land in 40 runs', [JSON.stringify(landed)])
  const broken = differences(undisturbed, await round(index, undisturbed))
  if (broken.length) fail(`run ${index} differs from the undisturbed run`, broken)
}
const median = recoveries.sort((a, b) => a - b)[Math.floor(recoveries.length / 2)] ?? 0
console.log(
  `${total()} kills landed (worker ${landed.worker}, unit child ${landed.child}, trainer ${landed.trainer}); every run equal to the undisturbed one and to the golden digests; worker's death to progress: median ${median.toFixed(1)} s, longest ${(recoveries.at(-1) ?? 0).toFixed(1)} s (${recoveries.length})`,
)
if (median > 15) fail('recovery is slow', [`median ${median.toFixed(1)} s, bar 15 s`])
