/** Histories of real runs, committed in test/replay, replayed by the workflows of today: what is under way survives a deploy. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'test', 'replay')
const names = readdirSync(folder).filter(name => name.endsWith('.json'))
const copy = join(root, 'build', `replay-${process.pid}`)
const logger = new DefaultLogger('ERROR', () => undefined)
Runtime.install({ logger, telemetryOptions: { logging: { forward: {}, filter: 'OFF' } } })
afterAll(() => rmSync(copy, { recursive: true, force: true }))

const bundleOf = async (path: string) => ({ workflowBundle: await bundleWorkflowCode({ workflowsPath: join(path, 'index.ts'), logger }) })

interface History {
  events: { workflowExecutionStartedEventAttributes: { workflowType: { name: string }; workflowId: string } }[]
}
const history = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as History
const started = (name: string) => (history(name).events[0] as History['events'][number]).workflowExecutionStartedEventAttributes
const replay = (options: object, name: string) => Worker.runReplayHistory(options as never, history(name), started(name).workflowId)

describe('today’s workflows', () => {
  let options: Awaited<ReturnType<typeof bundleOf>>
  beforeAll(async () => {
    options = await bundleOf(join(root, 'workflows'))
  })

  it.each(names)('replay %s', async name => {
    await replay(options, name)
  })

  it('there is a history of every kind of workflow', () => {
    const types = names.map(name => started(name).workflowType.name)
    expect([...new Set(types)].sort()).toEqual(['buildCorpus', 'pretrain', 'stage', 'trainModel'])
  })
})

/** One change each that a deploy could make without thinking; the committed histories must notice. */
const changes: [file: string, from: string, to: string, history: RegExp][] = [
  ['stage.ts', 'await quick.findStage(node)', 'undefined', /^stage-/],
  ['stage.ts', 'await quick.describeStage(node)', '(await quick.findStage(node), await quick.describeStage(node))', /^stage-/],
  ['window.ts', 'running.size < plan.size', 'running.size < 1', /^stage-continued/],
  ['pretrain.ts', 'executeChild(buildCorpus,', "executeChild('stage' as never,", /^pretrain/],
  ['run-stage.ts', '`stage/${node.stage}/${node.fingerprint}`', '`stage/${node.fingerprint}`', /^corpus/],
]

it.each(changes)(
  'a change of %s is noticed: %s',
  async (file, from, to, which) => {
    rmSync(copy, { recursive: true, force: true })
    mkdirSync(copy, { recursive: true })
    cpSync(join(root, 'workflows'), join(copy, 'workflows'), { recursive: true })
    const path = join(copy, 'workflows', file)
    const before = readFileSync(path, 'utf8')
    expect(before).toContain(from)
    writeFileSync(path, before.replace(from, to))
    const options = await bundleOf(join(copy, 'workflows'))
    const outcomes = await Promise.all(
      names
        .filter(name => which.test(name))
        .map(name =>
          replay(options, name).then(
            () => undefined,
            error => error as Error,
          ),
        ),
    )
    expect(outcomes.some(error => error?.name === 'DeterminismViolationError')).toBe(true)
  },
  60_000,
)
