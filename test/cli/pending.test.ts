/** What is tried again and again: read from descriptions, and said by `status` and `logs` of a run that does not get on. */
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Described, pendingIn, retriedLine } from '../../cli/pending.ts'
import { Engine } from '../support/engine.ts'
import { corpus, until } from '../workflows/support.ts'
import { millrace } from './support.ts'

describe('descriptions', () => {
  const activity = (name: string, attempt: number, lastFailure?: object) => ({
    activityType: { name },
    attempt,
    lastFailure: lastFailure ?? null,
  })
  const described: Record<string, Described['raw']> = {
    run: { pendingActivities: [activity('awaitStage', 1)], pendingChildren: [{ workflowId: 'run/corpus' }] },
    'run/corpus': { pendingChildren: [{ workflowId: 'stage/filter/0123456789abcdef' }, { workflowId: 'gone' }, { workflowId: 'run' }] },
    'stage/filter/0123456789abcdef': {
      pendingActivities: [
        activity('checkCanary', 9, {
          message: 'expected progress\nwithin 4000 ms, found none',
          cause: { applicationFailureInfo: { type: 'STALL' } },
        }),
      ],
    },
  }
  const describeOf = async (id: string): Promise<Described> => {
    const raw = described[id]
    if (!raw) throw new Error('not found')
    return { raw }
  }

  test('are read from the run down; each workflow once, and one that is not there has nothing', async () => {
    expect(await pendingIn(describeOf, ['run', 'stage/filter/0123456789abcdef'])).toEqual([
      { workflowId: 'run', activity: 'awaitStage', attempt: 1 },
      {
        workflowId: 'stage/filter/0123456789abcdef',
        stage: 'filter',
        fingerprint: '0123456789abcdef',
        activity: 'checkCanary',
        attempt: 9,
        failed: { code: 'STALL', message: 'expected progress\nwithin 4000 ms, found none' },
      },
    ])
  })

  test('make one line of what failed, and none of what did not', async () => {
    const [waiting, failed] = (await pendingIn(describeOf, ['run'])).map(retriedLine)
    expect(waiting).toBeUndefined()
    expect(failed).toBe('filter: checkCanary, attempt 9; the last failed: [STALL] expected progress within 4000 ms, found none')
  })

  test('end where workflows go round or do not end', async () => {
    let asked = 0
    const found = await pendingIn(
      async id => {
        asked++
        return { raw: { pendingChildren: [{ workflowId: `${id}a` }, { workflowId: `${id}b` }, { workflowId: id }] } }
      },
      ['x'],
    )
    expect(found).toEqual([])
    expect(asked).toBe(64)
  })
})

describe('a run that does not get on', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await Engine.start()
  }, 60_000)
  afterAll(() => engine?.stop())
  const ask = (...args: string[]) => millrace(args, engine.env)

  test('a canary that is killed: status and logs say which attempt it is, and why', async () => {
    const rule = join(engine.home, 'rule.mjs')
    await writeFile(rule, "export default () => process.kill(process.pid, 'SIGKILL')\n")
    const { config } = corpus(engine, { files: 1, stages: { filter: { modules: [{ path: rule }] } } })
    const running = await engine.start({ config })
    await until(async () => /attempt \d/.test((await ask('status', 'small')).stdout), 60_000)
    const status = await ask('status', 'small')
    expect(status.stdout).toMatch(/filter: checkCanary, attempt [2-9]; the last failed: \[SIGKILL\] .*expected the unit child to answer/)
    expect(status.stdout).toMatch(/^ *filter +running canary/m)
    expect((await ask('status')).stdout).toMatch(/filter: checkCanary, attempt \d/)
    const { pending } = JSON.parse((await ask('status', 'small', '--json')).stdout) as { pending: { activity: string; failed: object }[] }
    expect(pending).toContainEqual(
      expect.objectContaining({ activity: 'checkCanary', failed: expect.objectContaining({ code: 'SIGKILL' }) }),
    )

    await copyFile(join(engine.home, 'worker-0.log'), join(engine.home, 'worker.log'))
    const logs = await ask('logs', 'small')
    expect(logs.stdout).toMatch(/warn +canary failed .*stage=filter .*attempt=1 .*code=SIGKILL/)
    expect(logs.stdout).toMatch(/filter: checkCanary, attempt \d; the last failed: \[SIGKILL\]/)
    await running.terminate()
  }, 120_000)

  test('a run that cannot be opened: the store knows of none', async () => {
    const cache = join(engine.home, 'cache', 'inputs.json')
    await rm(cache, { recursive: true, force: true })
    await mkdir(join(cache, 'a-folder'), { recursive: true }) // where a file is to be written
    const { config } = corpus(engine, { files: 1 })
    const running = await engine.start({ config }, 'pretrain/never/1')
    await until(async () => /openRun, attempt \d/.test((await ask('status')).stdout), 60_000)
    for (const wanted of ['never', 'pretrain/never/1']) {
      const status = await ask('status', wanted)
      expect(status).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^opening pretrain\/never\/1: openRun, attempt \d; the last failed: /),
      })
    }
    expect((await ask('logs', 'never')).stdout).toMatch(/openRun, attempt \d; the last failed: .*inputs\.json/)
    expect((await ask('status', 'nothing')).code).toBe(2)
    await running.terminate()
    await rm(cache, { recursive: true, force: true })
  }, 120_000)
})
