import { mkdtemp, readFile, rm } from 'node:fs/promises'
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

describe('a segment that is interrupted', () => {
  const id = 'train-stem-1'
  const again = async (name: string, execute: (job: Job) => ReturnType<typeof runUnit>) => {
    const node = trained.nodes.get(id)
    if (!node) throw new Error(id)
    const files = new Map(corpus.files)
    for (const [step, result] of trained.results)
      for (const [role, parts] of Object.entries(result.outputs)) files.set(`${trained.nodes.get(step)?.fingerprint}/${role}`, parts)
    const result = await runStage({
      stage: await stageOf('train'),
      config: node.config,
      seed: node.seed,
      inputs: inputsOf(node, files),
      folder: join(folder, name),
      execute: (_, job) => execute(job),
    })
    for (const role of ['weights', 'optimizer', 'metrics'])
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
      await rm(join(job.scratch, 'save-3', 'done'))
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
      const { truncate } = await import('node:fs/promises')
      await truncate(join(job.scratch, 'save-2', 'weights.safetensors'), 100)
      return runUnit(train, job)
    })
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
