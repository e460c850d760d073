/** Corpora without training, on a real engine: quarantined records tried again, survival alarms, canaries before a stage's units. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readJournal } from '../../activities/journal.ts'
import type { RunRequest } from '../../activities/run.ts'
import { ArrowReader } from '../../pipelines/arrow/index.ts'
import type { Node } from '../../pipelines/graph.ts'
import { findManifest, type Manifest } from '../../storage/artifacts.ts'
import { readJson } from '../../storage/store.ts'
import { Engine } from '../support/engine.ts'
import { sentences } from '../support/prose.ts'

const text = (i: number) => `${sentences(i, 8)}\n\n${sentences(i + 1_000_003, 8)}\n`
const config = (name: string, run = '{}') => `
name: ${name}
sources:
  - { name: notes, path: ${name}/notes, format: markdown }
  - { name: lines, path: ${name}/lines, format: jsonl }
stages:
  extract: { unitBytes: 8192 }
  filter: { unitBytes: 16384 }
  dedup: { unitBytes: 16384, partitions: 2 }
  decontaminate: { unitBytes: 16384 }
  longcontext: { partitions: 2 }
  tokenizer: { vocabulary: 640, partitions: 2, allowFewer: true }
  mix: { partitions: 2 }
run: ${run}
`

let engine: Engine
/** A whole run over thirty notes and two good lines around a broken one. */
let path: string
let first: { run: string }
beforeAll(async () => {
  engine = await Engine.start()
  path = await corpus('retried', [record(100), '{"id": "broken", "text": ', record(101)])
  first = await engine.run({ config: path })
}, 120_000)
afterAll(() => engine?.stop())

/** Thirty notes and a JSONL file of `records`, each a text or a whole broken line. */
async function corpus(name: string, records: readonly string[], run?: string): Promise<string> {
  for (const folder of ['notes', 'lines']) await mkdir(join(engine.home, name, folder), { recursive: true })
  for (let i = 0; i < 30; i++) await writeFile(join(engine.home, name, 'notes', `${i}.md`), `# Note ${i}\n\n${text(i)}`)
  await writeFile(join(engine.home, name, 'lines', 'a.jsonl'), `${records.join('\n')}\n`)
  const path = join(engine.home, `${name}.yaml`)
  await writeFile(path, config(name, run))
  return path
}

const record = (i: number, body = text(i)) => JSON.stringify({ id: `r${i}`, text: body })

async function nodesOf(run: string): Promise<Record<string, Node>> {
  const { nodes } = (await readJson<{ nodes: Node[] }>(engine.store, `runs/${run}/run.json`)) as { nodes: Node[] }
  return Object.fromEntries(nodes.map(node => [node.id, node]))
}
async function manifestOf(run: string, id: string): Promise<Manifest> {
  const node = (await nodesOf(run))[id] as Node
  return (await findManifest(engine.store, node.stage, node.fingerprint)) as Manifest
}
/** Units by `stage.operation` that a run committed, and how many it reused. */
async function work(run: string): Promise<{ committed: string[]; reused: number }> {
  const entries = await readJournal(engine.store, run)
  const committed = entries.filter(({ state }) => state === 'committed').map(({ stage, operation }) => `${stage}.${operation}`)
  return { committed, reused: entries.filter(({ state }) => state === 'reused').length }
}
const contents = (manifest: Manifest, role: string) => (manifest.roles[role] ?? []).map(part => part.content)

describe('retryQuarantined', () => {
  const again = async (request: Partial<RunRequest>) => (await engine.run({ config: path, ...request })).run

  it('does the units anew that had quarantined records, and nothing else', async () => {
    const run = await again({ retryQuarantined: 1 })
    const [before, after] = [await manifestOf(first.run, 'extract'), await manifestOf(run, 'extract')]
    expect(after.fingerprint).not.toBe(before.fingerprint)
    const [old, anew] = [await nodesOf(first.run), await nodesOf(run)]
    for (const id of Object.keys(old)) expect(anew[id]?.fingerprint, id).not.toBe(old[id]?.fingerprint)
    // The line is as broken as before: the same record in quarantine, and the same documents.
    for (const role of ['documents', 'quarantine']) expect(contents(after, role)).toEqual(contents(before, role))
    expect([before.quarantined, after.quarantined]).toEqual([1, 1])
    expect(before.operations[0]?.units).toBeGreaterThan(3)
    const { committed, reused } = await work(run)
    expect(committed).toEqual(['extract.read'])
    expect(reused).toBeGreaterThan(20)
    const keys = (manifest: Manifest) => new Set(Object.values(manifest.roles).flatMap(parts => parts.map(part => part.unit)))
    expect([...keys(after)].filter(key => !keys(before).has(key))).toHaveLength(1)
  }, 120_000)

  it('raises the epoch again, and finds what an epoch has made', async () => {
    expect((await work(await again({ retryQuarantined: 2, only: 'extract' }))).committed).toEqual(['extract.read'])
    for (const epoch of [0, 1, 2]) {
      const result = await engine.run({ config: path, retryQuarantined: epoch, only: 'extract' })
      expect([result.reused, result.stages]).toEqual([1, 1])
    }
  }, 120_000)

  it('is an update of pretrain and buildCorpus: what runs ends, and is done again', async () => {
    for (const [type, epoch] of [
      ['pretrain', 3],
      ['buildCorpus', 4],
    ] as const) {
      const handle = await engine.client.workflow.start(type, {
        taskQueue: 'millrace',
        workflowId: `${type}-updated`,
        args: [{ config: path, retryQuarantined: epoch - 1, only: 'extract' }],
      })
      expect(await handle.executeUpdate('retryQuarantined')).toEqual({ epoch })
      const result = (await handle.result()) as { run: string | { run: string } }
      const run = typeof result.run === 'string' ? result.run : result.run.run
      expect(run).toMatch(/-2$/)
      expect((await nodesOf(run)).extract?.epoch).toBe(epoch)
      expect((await work(run)).committed).toEqual(['extract.read'])
    }
  }, 120_000)

  it('changes nothing where nothing was quarantined, and refuses what is no count', async () => {
    const whole = await corpus('whole', [record(100), record(101)])
    const one = await engine.run({ config: whole, only: 'extract' })
    const two = await engine.run({ config: whole, retryQuarantined: 3, only: 'extract' })
    expect([two.reused, two.stages]).toEqual([1, 1])
    expect(await nodesOf(two.run)).toEqual(await nodesOf(one.run))
    const refused = await failureOf(engine.run({ config: whole, retryQuarantined: -1 }))
    expect(refused).toMatchObject({ type: 'CONFIG', message: expect.stringMatching(/^input.retryQuarantined: .* found -1/) })
  }, 120_000)
})

describe('survival', () => {
  const junk = Array.from({ length: 24 }, (_, i) => record(i, `Click here ${i}! `.repeat(30)))

  it('fails where every document of a source is dropped, says why, and goes on when that is allowed', async () => {
    const path = await corpus('junk', junk)
    await engine.run({ config: path, only: 'extract' })
    const failed = await failureOf(engine.run({ config: path, only: 'filter' }))
    expect(failed).toMatchObject({ type: 'SURVIVAL' })
    expect(failed?.message).toMatch(/source lines: 0 of 24 documents stay \(top reasons: \w+ \d+/)
    expect(failed?.message).toContain('run.allowDropped: ["lines","kind:web"]')
    const allowed = await engine.run({ config: await corpus('junk', junk, '{ allowDropped: [lines, kind:web] }'), only: 'filter' })
    const { committed } = await work(allowed.run)
    expect(committed.filter(name => name.startsWith('filter.'))).toEqual([]) // what was done is kept
    expect((await manifestOf(allowed.run, 'filter')).notes).toMatchObject({
      survival: { source: { lines: { in: 24, out: 0 }, notes: { in: 30, out: 30 } } },
    })
  }, 120_000)

  it('sees a source of which no record could be read', async () => {
    const path = await corpus(
      'unread',
      Array.from({ length: 25 }, () => '{"id": '),
      '{ maxQuarantinedRatio: 1 }',
    )
    const failed = await failureOf(engine.run({ config: path, only: 'extract' }))
    expect(failed).toMatchObject({ type: 'SURVIVAL' })
    expect(failed?.message).toMatch(/source lines: 0 of 25 documents stay \(top reasons: [A-Z_]+ 25\)/)
  }, 120_000)
})

describe('canaries', () => {
  it('run before the units of the stages that drop, and leave nothing in a part', async () => {
    const { run } = first
    const nodes = await nodesOf(run)
    for (const [id, planted] of [
      ['filter', true],
      ['dedup', true],
      ['decontaminate', true],
      ['score', false],
    ] as const) {
      const handle = engine.client.workflow.getHandle(`stage/${id}/${nodes[id]?.fingerprint}`)
      const types = (await handle.fetchHistory()).events?.flatMap(
        event => event.activityTaskScheduledEventAttributes?.activityType?.name ?? [],
      )
      expect(types?.includes('checkCanary'), id).toBe(planted)
      if (planted) expect(types?.indexOf('checkCanary')).toBeLessThan(types?.indexOf('runUnits') ?? -1)
    }
    for (const part of (await manifestOf(run, 'filter')).roles.documents ?? []) {
      const reader = await ArrowReader.open(engine.store.path(part.location))
      for await (const batch of reader) for (let i = 0; i < batch.rows; i++) expect(batch.column('source').text(i)).not.toBe('canary')
      await reader.close()
    }
  }, 120_000)

  it('do not run where the config switches them off', async () => {
    const bare = await corpus('bare', [record(8)], '{ canaries: false }')
    await engine.run({ config: bare, only: 'extract' })
    const { run } = await engine.run({ config: bare, only: 'filter' })
    const handle = engine.client.workflow.getHandle(`stage/filter/${(await nodesOf(run)).filter?.fingerprint}`)
    expect(JSON.stringify(await handle.fetchHistory())).not.toContain('checkCanary')
  }, 120_000)
})

/** The failure at the bottom of a chain of workflow failures that has a code. */
async function failureOf(running: Promise<unknown>): Promise<{ type?: string; message: string } | undefined> {
  let found = (await running.then(
    () => undefined,
    error => error,
  )) as { cause?: { type?: string }; type?: string; message: string } | undefined
  while (found?.cause?.type ?? (found && !found.type && found.cause)) found = found?.cause as typeof found
  return found
}
