import { spawn } from 'node:child_process'
import { copyFile, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkLog, type Entry } from '../../../pipelines/loader/index.ts'
import { runStage } from '../../../pipelines/local.ts'
import { stageOf } from '../../../pipelines/stages.ts'
import { train } from '../../../pipelines/train/index.ts'
import { type Job, runUnit } from '../../../pipelines/unit.ts'
import { inputsOf, rowsOf, type TinyCorpus, type Trained, tinyConfig, tinyCorpus, trainTiny } from './tiny.ts'

const phases = [
  {
    ...{ name: 'general', tokens: 24 * 4 * 32, rowLength: 32, batchRows: 4, segmentSteps: 12, learningRate: 0.01, warmupTokens: 512 },
    mixture: { general: 3, code: 1 },
  },
  {
    ...{ name: 'stem', tokens: 12 * 4 * 32, rowLength: 32, batchRows: 4, segmentSteps: 4, learningRate: 0.005, endLearningRate: 0.001 },
    mixture: { general: 3, code: 1 },
    grow: 2,
    ramp: { components: ['code'], to: 0.5, step: 0.2, tolerance: 10 },
  },
  {
    ...{ name: 'long', tokens: 3 * 2 * 64, rowLength: 64, batchRows: 2, segmentSteps: 8, learningRate: 0.001 },
    mixture: { general: 1, code: 1 },
  },
]
const config = tinyConfig(phases)

let folder: string
let corpus: TinyCorpus
let trained: Trained
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-train-'))
  corpus = await tinyCorpus(join(folder, 'corpus'), [32, 64])
  trained = await trainTiny(config, corpus, join(folder, 'run'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const output = (id: string, role: string) => trained.results.get(id)?.outputs[role]
const text = async (id: string, role: string) => readFile(output(id, role)?.[0]?.location as string, 'utf8')
const json = async (id: string, role: string) => JSON.parse(await text(id, role))

describe('a whole training', () => {
  it('takes its steps in order', () => {
    const segment = (phase: string, n: number) => [`train-${phase}-${n}`, `evaluate-${phase}-${n}`, `decide-${phase}-${n}`]
    expect(trained.steps.map(step => step.id)).toEqual([
      'initialize',
      ...segment('general', 1),
      ...segment('general', 2),
      'grow-stem',
      ...segment('stem', 1),
      ...segment('stem', 2),
      ...segment('stem', 3),
      ...segment('long', 1),
      'evaluate-final',
    ])
  })

  it('learns: the loss falls from about ln(vocabulary)', async () => {
    const rows = [...(await rowsOf(output('train-general-1', 'metrics'))), ...(await rowsOf(output('train-general-2', 'metrics')))]
    expect(rows.map(row => Number(row.step))).toEqual(Array.from({ length: 24 }, (_, i) => i))
    expect(rows.map(row => Number(row.sample))).toEqual(Array.from({ length: 24 }, (_, i) => 4 * i))
    expect(rows.every(row => row.applied === true && row.phase === 'general')).toBe(true)
    expect(rows[0]?.loss).toBeGreaterThan(Math.log(520) - 0.3)
    expect(rows[0]?.loss).toBeLessThan(Math.log(520) + 0.3)
    expect(rows.at(-1)?.loss).toBeLessThan(4.3)
  })

  it('grows by stacking and goes on where it was', async () => {
    const names = async (id: string) => Object.keys(await header(output(id, 'weights')?.[0]?.location as string))
    const layers = (list: string[]) => new Set(list.flatMap(name => /layers\.(\d+)\./.exec(name)?.[1] ?? []))
    expect(layers(await names('train-general-2')).size).toBe(1)
    expect(layers(await names('train-stem-1')).size).toBe(2)
    const [before, after] = [
      await header(output('train-general-2', 'weights')?.[0]?.location as string),
      await header(output('grow-stem', 'weights')?.[0]?.location as string),
    ]
    expect(after.__metadata__?.step).toBe(before.__metadata__?.step)
    const rows = await rowsOf(output('train-stem-3', 'metrics'))
    expect(Number(rows[0]?.step)).toBe(24 + 8)
    expect(rows.at(-1)?.loss).toBeLessThan(4.3)
    expect(rows.at(-1)?.learningRate).toBeCloseTo(0.001, 12)
  })

  it('writes down what it decided, in the decision and in the log', async () => {
    const stem = await Promise.all([1, 2, 3].map(n => json(`decide-stem-${n}`, 'decision')))
    expect(stem.map(decision => decision.verdict)).toEqual(['raise', 'raise', 'end'])
    expect(stem[0]).toMatchObject({
      phase: 'stem',
      step: 4,
      steps: 12,
      position: 24 * 4 + 4 * 4,
      share: { before: 0.25, after: 0.45, to: 0.5 },
    })
    expect(stem[2]).toMatchObject({ next: 'long', position: 36 * 4 })
    const log = (await json('decide-long-1', 'log')) as Entry[]
    checkLog(log)
    expect(log.map(entry => [entry.phase, entry.kind, entry.at])).toEqual([
      ['general', 'weights', 0],
      ['general', 'batch', 0],
      ['stem', 'weights', 96],
      ['stem', 'batch', 96],
      ['stem', 'weights', 112],
      ['stem', 'weights', 128],
      ['long', 'weights', 144],
      ['long', 'batch', 144],
    ])
    expect(log[4]).toMatchObject({ weights: { code: 1843, general: 2253 } }) // 0.45 · 4096 = 1843.2
    expect(log[5]).toMatchObject({ weights: { code: 2048, general: 2048 } })
    expect(await text('initialize', 'log')).toContain('"general"')
  })

  it('is the same on two threads', async () => {
    const again = await trainTiny(config, corpus, join(folder, 'threads'), { threads: 2 })
    for (const [id, result] of trained.results)
      for (const [role, parts] of Object.entries(result.outputs))
        expect(
          again.results.get(id)?.outputs[role]?.map(part => part.content),
          `${id}.${role}`,
        ).toEqual(parts.map(part => part.content))
  })
})

describe('the manifest of a checkpoint', () => {
  it('says where it lies in the run, under which rules, and what is in it', async () => {
    const [first, grown, last] = await Promise.all(['initialize', 'grow-stem', 'train-stem-1'].map(id => json(id, 'checkpoint')))
    expect(first).toMatchObject({ format: 1, lanes: 1, step: 0, sample: 0, log: null, rowsPerSlab: null, controller: null, skips: [] })
    expect(grown).toMatchObject({ step: 24, sample: 96, rowsPerSlab: 2, model: { layers: 2 } })
    const log = (await json('decide-general-2', 'log')) as Entry[]
    expect(last).toMatchObject({
      ...{ step: 28, updates: 28, sample: 96 + 16, log: log.at(-1)?.digest, rowsPerSlab: 2, balanceAlpha: 1e-4, pendingCounts: [] },
      controller: { kind: 'proportional', phase: 'stem', step: 4, steps: 12 },
    })
    const names = Object.keys(await header(output('train-stem-1', 'weights')?.[0]?.location as string)).filter(name => name[0] !== '_')
    expect(Object.keys(last.weights).sort()).toEqual(names.sort())
    expect(Object.keys(last.moments)).toContain('model.layers.1.mlp.experts.3.down_proj.weight.exp_avg_sq')
  })
})

/** Runs a segment's unit again, by `execute`, with some of its inputs changed. */
async function repeat(id: string, name: string, execute: (job: Job) => ReturnType<typeof runUnit>, change: Record<string, string> = {}) {
  const node = trained.nodes.get(id)
  if (!node) throw new Error(id)
  const files = new Map(corpus.files)
  for (const [step, result] of trained.results)
    for (const [role, parts] of Object.entries(result.outputs)) files.set(`${trained.nodes.get(step)?.fingerprint}/${role}`, parts)
  const inputs = inputsOf(node, files)
  for (const [role, location] of Object.entries(change)) inputs[role] = inputs[role]?.map(part => ({ ...part, location })) ?? []
  return runStage({
    ...{ stage: await stageOf('train'), config: node.config, seed: node.seed, inputs, folder: join(folder, name) },
    execute: (_, job) => execute(job),
  })
}

describe('a parent checkpoint that does not fit', () => {
  const id = 'train-stem-2'
  const place = (role: string) => output('train-stem-1', role)?.[0]?.location as string
  const refusal = (name: string, change: Record<string, string>) => {
    const steps: unknown[] = []
    const run = repeat(id, name, job => runUnit(train, job, { progress: event => event.detail && steps.push(event.detail) }), change)
    return expect(run.finally(() => expect(steps).toEqual([]))).rejects
  }
  const changed = async (role: string, change: (path: string) => Promise<unknown>) => {
    const path = join(folder, `changed-${role}`)
    await copyFile(place(role), path)
    await change(path)
    return { [role]: path }
  }
  const manifest = (change: object) =>
    changed('checkpoint', async path => writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...change })))
  const code = 'TRAIN_CHECKPOINT'

  it('is refused before the first step where a file is missing, cut or altered', async () => {
    for (const role of ['weights', 'optimizer', 'checkpoint'])
      await refusal(`missing-${role}`, { [role]: join(folder, 'nowhere') }).toMatchObject({
        code,
        found: expect.stringMatching(/no such file/i),
      })
    for (const role of ['weights', 'optimizer']) {
      const cut = await changed(role, path => truncate(path, 5000))
      await refusal(`cut-${role}`, cut).toMatchObject({ code, found: expect.stringContaining('safetensors: expected') })
      const altered = await changed(role, async path => {
        const bytes = await readFile(path)
        bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
        await writeFile(path, bytes)
      })
      await refusal(`altered-${role}`, altered).toMatchObject({ code, found: expect.stringContaining('its file was altered') })
    }
    await refusal('cut-manifest', await changed('checkpoint', path => truncate(path, 100))).toMatchObject({ code })
    await refusal('no-manifest', await changed('checkpoint', path => writeFile(path, '[]'))).toMatchObject({ code, found: 'null' })
  })

  it('is refused where it was made by other rules, of another model, or elsewhere in the run', async () => {
    const cases: [object, string, string][] = [
      [{ numerics: 1 }, 'numerics revision 2', '1'],
      [{ lanes: 2 }, 'lanes 1', '2'],
      [{ precision: 'bf16' }, 'precision "fp32"', '"bf16"'],
      [{ rowsPerSlab: 4 }, 'rowsPerSlab 2', '4'],
      [{ step: 24 }, 'step 28', '24'],
      [{ log: 'f'.repeat(64) }, 'a mixture log that goes on from this one', `digest ${'f'.repeat(64)}, which is no entry of it`],
      [{ sample: 100 }, 'the next row at 112', '100'],
    ]
    for (const [change, expected, found] of cases) await refusal('other', await manifest(change)).toMatchObject({ code, expected, found })
    const weights = output('train-general-2', 'weights')?.[0]?.location as string
    await refusal('foreign', { weights }).toMatchObject({ code, found: expect.stringContaining('its file was altered') })
    const { model } = await json('train-stem-1', 'checkpoint')
    await refusal('shape', await manifest({ model: { ...model, layers: 7 } })).toMatchObject({ code, expected: /^model \{.*"layers":2/ })
  })
})

describe('a segment that is interrupted', () => {
  const id = 'train-stem-1'
  const again = async (name: string, execute: (job: Job) => ReturnType<typeof runUnit>) => {
    const result = await repeat(id, name, execute)
    for (const role of ['weights', 'optimizer', 'checkpoint', 'metrics'])
      expect(
        result.outputs[role]?.map(part => part.content),
        role,
      ).toEqual(output(id, role)?.map(part => part.content))
  }

  it('saves and leaves when asked to stop, then ends with the same bytes', async () => {
    await again('stopped', async job => {
      const stop = new AbortController()
      const first = runUnit(train, job, { stopping: stop.signal, progress: event => event.detail?.checkpoint === 2 && stop.abort() })
      await expect(first).rejects.toMatchObject({ code: 'STOPPED', kind: 'resource' })
      const seen: unknown[] = []
      const result = await runUnit(train, job, { progress: event => seen.push(event.detail?.checkpoint) })
      expect(seen).toEqual([3, 4])
      return result
    })
  })

  it('goes on from the highest complete save after a crash', async () => {
    await again('crashed', async job => {
      const crash = (event: { detail?: Record<string, unknown> }) => {
        if (event.detail?.checkpoint === 4) throw new Error('crash')
      }
      await expect(runUnit(train, { ...job, saveSteps: 1 }, { progress: crash })).rejects.toThrow('crash')
      await rename(join(job.scratch, 'save-3'), join(job.scratch, 'saving-3'))
      const seen: unknown[] = []
      const result = await runUnit(train, job, { progress: event => seen.push(event.detail?.checkpoint) })
      expect(seen).toEqual([1, 2, 3, 4]) // the saves before it were removed; an incomplete one does not count
      return result
    })
  })

  it('passes over a save that was damaged', async () => {
    await again('damaged', async job => {
      const crash = (event: { detail?: Record<string, unknown> }) => {
        if (event.detail?.checkpoint === 3) throw new Error('crash')
      }
      await expect(runUnit(train, { ...job, saveSteps: 1 }, { progress: crash })).rejects.toThrow('crash')
      await truncate(join(job.scratch, 'save-2', 'weights.safetensors'), 100)
      return runUnit(train, job)
    })
  })

  it.each([0, 1, 3, 6])('goes on from the save before when killed %i ms into a save', async delay => {
    await again(`killed-${delay}`, async job => {
      await writeFile(join(job.output, 'job.json'), JSON.stringify({ ...job, saveSteps: 1 }))
      const child = spawn(process.execPath, ['test/pipelines/train/killed.ts', join(job.output, 'job.json'), '2', String(delay)], {
        stdio: 'inherit',
      })
      expect(await new Promise(resolve => child.on('exit', (_, signal) => resolve(signal)))).toBe('SIGKILL')
      const saved = (await readdir(job.scratch)).filter(entry => /^save-/.test(entry))
      expect(saved.length).toBeGreaterThan(0)
      const seen: number[] = []
      const result = await runUnit(train, job, {
        progress: event => event.detail?.checkpoint && seen.push(Number(event.detail.checkpoint)),
      })
      const from = Math.max(...saved.map(entry => Number(entry.slice(5))))
      expect(seen).toEqual([1, 2, 3, 4].slice(from)) // nothing twice, nothing left out
      return result
    })
  })

  it('says what a save cost', async () => {
    const costs: Record<string, number>[] = []
    const see = (event: { detail?: Record<string, unknown> }) =>
      event.detail?.save && costs.push(event.detail.save as Record<string, number>)
    await again('costs', job => runUnit(train, { ...job, saveSteps: 1 }, { progress: see }))
    expect(costs.map(cost => cost.step)).toEqual([1, 2, 3])
    for (const { bytes, seconds, stallSeconds, copiedBytes } of costs) {
      expect(bytes).toBeGreaterThan(10_000)
      expect(stallSeconds).toBeLessThanOrEqual(seconds as number)
      expect(copiedBytes).toBeLessThanOrEqual(bytes as number)
    }
  })
})

it('says before the first step that a component would run dry', async () => {
  const greedy = tinyConfig([{ ...phases[0], tokens: 4000 * 4 * 32 }])
  await expect(trainTiny(greedy, corpus, join(folder, 'greedy'))).rejects.toMatchObject({ code: 'LOADER_EXHAUSTED', kind: 'config' })
})

it('names the memory that a model needs', async () => {
  const node = trained.nodes.get('initialize')
  const stage = await stageOf('initialize')
  await expect(
    runStage({ stage, config: node?.config, inputs: {}, folder: join(folder, 'memory'), maxMemory: 2 ** 16 }),
  ).rejects.toMatchObject({ code: 'TRAIN_MEMORY', kind: 'config' })
})

/** The JSON header of a safetensors file. */
async function header(path: string): Promise<Record<string, Record<string, unknown>>> {
  const bytes = await readFile(path)
  return JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE(0))))
}
