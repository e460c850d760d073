/** What the commands say of a real run of configs/tiny.yaml, on an engine of its own. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Engine, root } from '../support/engine.ts'
import { lines, millrace, type Said } from './support.ts'

let engine: Engine
let first: Said
let before: { nodes: { id: string; state: string; because: string[]; units?: { total: number } }[]; disk: { needed: number } }
const ask = (...args: string[]) => millrace(args, engine.env)
const told = async <T>(...args: string[]): Promise<T> => JSON.parse((await ask(...args, '--json')).stdout) as T

beforeAll(async () => {
  engine = await Engine.start()
  before = await told('plan', 'configs/tiny.yaml')
  first = await ask('run', 'configs/tiny.yaml')
}, 240_000)
afterAll(() => engine?.stop())

test('a run prints a line for every stage and phase, and ends well', () => {
  expect(first).toMatchObject({ code: 0 })
  for (const word of ['extract', 'filter', 'dedup', 'shard-128', 'train general', 'train long-context'])
    expect(first.stdout).toMatch(new RegExp(`^${word} +done`, 'm'))
  expect(first.stdout).toMatch(/dedup.*\d+ → \d+ documents, [\d.]+ % dropped/)
  expect(first.stdout).not.toContain('\x1b')
})

test('a second run reuses everything', async () => {
  const said = await ask('run', 'configs/tiny.yaml')
  expect(said.stdout).toMatch(/all reused/)
  expect(said.stdout).toMatch(/^extract +reused/m)
})

test('plan: before, after, and because of what', async () => {
  expect(new Set(before.nodes.map(({ state }) => state))).toEqual(new Set(['run']))
  expect(before.nodes[0]).toMatchObject({ id: 'extract', because: ['never run'], units: { total: expect.any(Number) } })
  expect(before.disk.needed).toBeGreaterThan(0)
  const after = await told<typeof before>('plan', 'configs/tiny.yaml')
  expect(new Set(after.nodes.map(({ state }) => state))).toEqual(new Set(['reuse']))

  const text = await readFile(join(root, 'configs', 'tiny.yaml'), 'utf8')
  const changed = join(engine.home, 'changed.yaml')
  await writeFile(changed, text.replaceAll('../test/', `${root}/test/`).replace('minimum: 2', 'minimum: 3'))
  const nodes = new Map((await told<typeof before>('plan', changed)).nodes.map(node => [node.id, node]))
  expect(nodes.get('score')?.state).toBe('reuse')
  expect(nodes.get('mix')).toMatchObject({ state: 'stale', because: ['config: validation.minimum 2 → 3'] })
  expect(nodes.get('shard-128')).toMatchObject({ state: 'stale', because: ['after mix'] })

  await writeFile(changed, text.replaceAll('../test/', `${root}/test/`).replace(/ {2}- \{ name: notes.*\n/, ''))
  const fewer = (await told<typeof before>('plan', changed)).nodes[0]
  expect(fewer?.state).toBe('stale')
  expect(fewer?.because[0]).toMatch(/^input: \d+ removed \(notes\//)
})

test('status reads the store; without a server too', async () => {
  type Status = {
    ended: boolean
    steps: number
    stepsDone: number
    server: string | null
    nodes: { id: string; state: string; quarantined: number; cpuSeconds: number }[]
  }
  const runs = (await told<{ runs: { run: string }[] }>('status')).runs
  expect(runs).toHaveLength(2)
  const oldest = runs.at(-1)?.run ?? ''
  const status = await told<Status>('status', oldest)
  expect(status).toMatchObject({ ended: true, server: engine.address })
  expect(status.stepsDone).toBe(status.steps)
  expect(status.nodes.find(({ id }) => id === 'extract')).toMatchObject({ state: 'done', quarantined: 3 })
  expect(status.nodes.reduce((sum, node) => sum + node.cpuSeconds, 0)).toBeGreaterThan(1)
  const { TEMPORAL_ADDRESS: _, ...offline } = engine.env
  const said = await millrace(['status', 'tiny'], offline)
  expect(said.code).toBe(0)
  expect(said.stdout).toMatch(/no server running here/)
  expect(said.stdout).toMatch(/dedup +reused/)
})

test('explain: kept, dropped as a duplicate, contaminated, quarantined, and not there', async () => {
  type Life = { id: string; events: { stage: string; outcome: string; facts: Record<string, unknown> }[]; sentence: string }
  const rows = async (path: string) => lines<Record<string, string>>((await ask('show', path, '--json', '--rows', '1000')).stdout)
  const duplicate = (await rows('dedup/decisions'))[0]
  const life = await told<Life>('explain', duplicate?.id ?? '')
  expect(life.events.map(({ stage, outcome }) => `${stage} ${outcome}`)).toEqual(['extract read', 'filter kept', 'dedup dropped'])
  expect(life.events.at(-1)?.facts).toMatchObject({ rule: duplicate?.rule, partner: duplicate?.partner })
  expect(life.sentence).toMatch(/is out: dedup dropped it/)

  const kept = await told<Life>('explain', duplicate?.partner ?? '')
  expect(kept.events.find(({ stage }) => stage === 'dedup')?.outcome).toBe('kept')

  const contaminated = await told<Life>('explain', 'https://crafts.example/quiz')
  expect(contaminated.sentence).toMatch(/decontaminate dropped it.*evaluation set items/)

  const broken = await told<Life>('explain', 'docs/letters.jsonl#37464')
  expect(broken).toMatchObject({
    id: null,
    events: [{ stage: 'extract', outcome: 'quarantined', facts: { code: 'JSON_LINE', offset: 37464 } }],
  })
  expect(broken.sentence).toMatch(/was never a document/)

  const missing = await ask('explain', 'docs/nowhere.jsonl')
  expect(missing.code).toBe(2)
  expect(missing.stderr).toMatch(/NO_DOCUMENT/)
  expect((await ask('explain', 'docs/letters.jsonl')).stderr).toMatch(/holds many documents: millrace explain docs\/letters.jsonl#/)
})

test('explain: what filtering measured, beside the limits of the profile that judged; sweep: the same numbers over all documents', async () => {
  type Limit = { rule: string; statistic: string; value: number; threshold: number; margin: number; fails: boolean }
  type Life = {
    events: { stage: string; outcome: string; facts: { profile: string; limits: Limit[]; statistics: Record<string, number> } }[]
  }
  const rows = async (path: string) => lines<Record<string, string>>((await ask('show', path, '--json', '--rows', '1000')).stdout)
  const decided = await rows('filter/decisions')
  const dropped = decided.find(({ rule }) => rule === 'top_2_gram') ?? {}
  const [event] = (await told<Life>('explain', dropped.id ?? '')).events.filter(({ stage }) => stage === 'filter')
  expect(event?.facts.limits.find(({ rule }) => rule === dropped.rule)).toMatchObject({
    value: dropped.value,
    threshold: dropped.threshold,
    fails: true,
  })
  expect(event?.facts.limits.map(({ margin }) => margin)).toEqual(event?.facts.limits.map(({ margin }) => margin).toSorted((a, b) => a - b))
  const said = await ask('explain', dropped.id ?? '')
  expect(said.stdout).toMatch(new RegExp(`filter +dropped +${dropped.rule}: .* by profile millrace`))
  expect(said.stdout.split('\n').length).toBeLessThan(24)

  const long = decided.find(({ rule }) => rule === 'long_lines')
  expect((await ask('explain', long?.id ?? '')).stdout).toMatch(
    /long_lines: mean_line > 155 && quoted_share < 0\.1 \(mean_line [\d.]+, quoted_share [\d.]+\) by profile millrace/,
  )

  type Swept = {
    rows: number
    points: { threshold: number; documents: number; tokens: number }[]
    dropped: { id: string }[]
    samples: Record<string, { name: string; text: string }>
  }
  const statistics = await rows('filter/statistics')
  const swept = await told<Swept>('sweep', 'gopher_short_doc', '--at', '50,100')
  expect(swept.rows).toBe(statistics.length)
  const asked = statistics.filter(
    row => ['millrace', 'markdown', 'book'].includes(row.profile ?? '') && (!row.rule || row.rule === 'gopher_short_doc'),
  )
  expect(swept.points.map(({ documents }) => documents)).toEqual(
    [50, 100].map(at => asked.filter(row => !(Number(row.real_words) < at)).length),
  )
  expect(swept.points[0]?.tokens).toBeGreaterThan(0)
  expect(Object.keys(swept.samples).length).toBeGreaterThan(0)
  expect((await ask('sweep', 'gopher_short_doc')).stdout).toMatch(/drops real_words < threshold; now 50 \(millrace\)/)
  expect(await ask('sweep', 'gopher_shrt_doc')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/NO_STATISTIC.*nearest is gopher_short_doc/),
  })
})

test('which-documents and explain agree on steps', async () => {
  type Step = { documents: { document: string; name: string; length: number }[] }
  for (const step of [0, 57, 109]) {
    const { documents } = await told<Step>('which-documents', '--step', String(step))
    expect(documents.length).toBeGreaterThan(0)
    for (const { document } of documents.slice(0, 2)) {
      const { events } = await told<{ events: { stage: string; facts: { steps?: number[] } }[] }>('explain', document)
      expect(events.find(({ stage }) => stage === 'train')?.facts.steps).toContain(step)
    }
  }
  expect((await ask('which-documents', '--step', '5000')).code).toBe(2)
})

test('show: an artifact, a table, a checkpoint, a run', async () => {
  expect((await ask('show', 'filter')).stdout).toMatch(/decisions +\d+ +\d+/)
  const two = lines((await ask('show', 'extract/documents', '--json', '-n', '2', '--offset', '60', '--columns', 'key')).stdout)
  expect(two).toHaveLength(2)
  expect(Object.keys(two[0] ?? {})).toEqual(['key'])
  const all = lines((await ask('show', 'extract/documents', '--json', '-n', '1000', '--columns', 'key')).stdout)
  expect(two).toEqual(all.slice(60, 62))
  expect((await ask('show', 'train-general-1/weights')).stdout).toMatch(/safetensors.*tensors/)
  expect((await ask('show', 'filter/nothing')).code).toBe(2)
})

test('generate: the same text twice', async () => {
  const one = await ask('generate', '--prompt', 'The ', '--max-tokens', '5')
  expect(one.code).toBe(0)
  expect(one.stdout.startsWith('The ')).toBe(true)
  expect((await ask('generate', '--prompt', 'The ', '--max-tokens', '5')).stdout).toBe(one.stdout)
})

test('verify: everything, then one flipped byte, then a missing file', async () => {
  expect(await ask('verify')).toMatchObject({ code: 0 })
  type Artifact = { roles: Record<string, { location: string }[]> }
  const { roles } = await told<Artifact>('show', 'filter')
  const path = engine.store.path(roles.decisions?.[0]?.location ?? '')
  const bytes = await readFile(path)
  const flipped = Buffer.from(bytes)
  flipped[bytes.length >> 1] = (flipped[bytes.length >> 1] as number) ^ 1
  await writeFile(path, flipped)
  const said = await ask('verify', 'filter')
  expect(said.code).toBe(1)
  expect(said.stdout).toMatch(/✗ units\/filter\/.*sha256 [0-9a-f]{16} expected/)
  expect((await ask('verify', 'dedup')).code).toBe(0)
  await engine.store.remove(roles.decisions?.[0]?.location ?? '')
  expect((await ask('verify', 'filter')).stdout).toMatch(/missing/)
  await writeFile(path, bytes)
  expect((await ask('verify', 'filter')).code).toBe(0)
})

test('cancel: a run that is over, and one under way', async () => {
  expect((await ask('cancel', 'tiny')).stdout).toMatch(/nothing to cancel/)
  const detached = await told<{ workflowId: string }>('run', 'configs/tiny.yaml', '--detach', '--force', 'dedup')
  const said = await ask('cancel', detached.workflowId)
  expect(said.stdout).toMatch(/asked .* to stop/)
  await expect(engine.client.workflow.getHandle(detached.workflowId).result()).rejects.toThrow()
})
