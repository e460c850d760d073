/**
 * `npm run test:replay:record`: runs small real work on an engine of its own and writes the histories that test/workflows/replay.test.ts
 * replays. Run it, and commit what it writes, when a workflow changes on purpose; runs that are under way then need the old code.
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Engine, root } from '../support/engine.ts'
import { corpus, temporal } from '../workflows/support.ts'

const folder = join(root, 'test', 'replay')
for (const name of readdirSync(folder)) if (name.endsWith('.json')) rmSync(join(folder, name))

/** What is of this machine goes; payloads are base64 of JSON. Replay compares commands, not what they carry. */
function scrub(engine: Engine, text: string): string {
  const names = (value: string) =>
    value
      .replaceAll(engine.home, '/home')
      .replaceAll(root.replace(/\/$/, ''), '/millrace')
      .replaceAll(new RegExp(`\\b\\d+@${hostname()}\\b`, 'g'), '1@worker')
  const walk = (value: unknown, key = ''): unknown => {
    if (Array.isArray(value)) return value.map(item => walk(item))
    if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, walk(member, name)]))
    if (typeof value !== 'string') return value
    if (key !== 'data') return names(value)
    return Buffer.from(names(Buffer.from(value, 'base64').toString('utf8')), 'utf8').toString('base64')
  }
  return `${JSON.stringify(walk(JSON.parse(text)))}\n`
}

const engine = await Engine.start({ server: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=40'] })
try {
  const save = async (name: string, workflowId: string, runId?: string) => {
    const history = await temporal(engine, 'workflow', 'show', '--workflow-id', workflowId, ...(runId ? ['--run-id', runId] : []), '--output', 'json')
    writeFileSync(join(folder, `${name}.json`), scrub(engine, history))
    process.stdout.write(`${name}.json: ${(JSON.parse(history) as { events: unknown[] }).events.length} events\n`)
  }
  const wide = corpus(engine, { files: 30, unitBytes: 4000, seed: 5, run: { window: 3 } })
  const runs = await Promise.all(['a', 'b'].map(name => engine.start({ config: wide.config, only: 'extract' }, `record/${name}`)))
  await Promise.all(runs.map(handle => handle.result()))
  for (const name of ['a', 'b']) await save(`corpus-shared-${name}`, `record/${name}/corpus`)
  const executions: { workflowId: string; runId: string; type: string; status: string }[] = []
  for await (const { workflowId, runId, type, status } of engine.client.workflow.list()) executions.push({ workflowId, runId, type, status: status.name })
  const continued = executions.find(({ status }) => status === 'CONTINUED_AS_NEW')
  if (!continued) throw new Error('no stage continued as new')
  await save('stage-continued', continued.workflowId, continued.runId)

  const tiny = await engine.start({ config: 'configs/tiny.yaml' }, 'record/tiny')
  await tiny.result()
  await save('pretrain', 'record/tiny')
  await save('corpus', 'record/tiny/corpus')
  const after = new Set(executions.map(({ runId }) => runId))
  const wanted = new Set(['training', 'dedup', 'train', 'decide'])
  for await (const { workflowId, runId, type, status } of engine.client.workflow.list()) {
    if (after.has(runId) || (type === 'trainModel' && status.name === 'COMPLETED')) continue
    const kind = type === 'trainModel' ? 'training' : (/^stage\/([a-z]+)\//.exec(workflowId)?.[1] ?? '')
    if (wanted.delete(kind)) await save(kind === 'training' ? kind : `stage-${kind}`, workflowId, runId)
  }
} finally {
  await engine.stop()
}
process.exit(0)
