import { expect, it } from 'vitest'
import type { Config } from '../../../pipelines/config.ts'
import { nodeOf } from '../../../pipelines/graph.ts'
import { nextTraining, trainingNodes } from '../../../pipelines/train/next.ts'
import { tinyConfig } from './tiny.ts'

const node = (id: string, config: object = {}) =>
  nodeOf({ id, stage: id.split('-')[0] as string, revision: 1, config, seed: 3, parents: {} })
const corpus = [
  node('tokenizer'),
  node('tokenize'),
  node('mix', { components: [{ name: 'web' }, { name: 'code' }] }),
  node('shard-32', { rowLength: 32 }),
  node('shard-64', { rowLength: 64 }),
]
const general = {
  name: 'general',
  tokens: 32 * 4 * 10,
  rowLength: 32,
  batchRows: 4,
  segmentSteps: 4,
  learningRate: 0.01,
  mixture: { web: 1 },
}
const stem = { ...general, name: 'stem', tokens: 1, grow: 2, mixture: { web: 1, code: 1 }, ramp: { components: ['code'] } }
const long = { ...general, name: 'long', tokens: 64 * 4, rowLength: 64 }
const config = tinyConfig([general, stem, long])
const ids = (given: Config) => trainingNodes(given, corpus).map(each => each.id)
const fingerprints = (given: Config) => new Map(trainingNodes(given, corpus).map(each => [each.id, each.fingerprint]))

it('names every node, and the last segment of a phase is what is left', () => {
  expect(ids(config).filter(id => id.startsWith('train'))).toEqual([
    'train-general-1',
    'train-general-2',
    'train-general-3',
    'train-stem-1',
    'train-long-1',
  ])
  const settings = trainingNodes(config, corpus).filter(each => each.stage === 'train')
  expect(settings.map(each => each.config)).toMatchObject([
    { firstStep: 0, fromStep: 0, toStep: 4 },
    { firstStep: 0, fromStep: 4, toStep: 8 },
    { firstStep: 0, fromStep: 8, toStep: 10 },
    { firstStep: 10, fromStep: 0, toStep: 1 },
    { firstStep: 11, fromStep: 0, toStep: 1 },
  ])
})

it('compares evaluations of one row length only', () => {
  const decisions = trainingNodes(config, corpus).filter(each => each.stage === 'decide')
  expect(decisions.map(each => each.parents.evaluation?.length)).toEqual([1, 2, 3, 4, 1])
  expect(decisions.map(each => (each.config as { history: { step: number }[] }).history.at(-1)?.step)).toEqual([4, 8, 10, 11, 12])
  expect(decisions.map(each => (each.config as { next?: { name: string } }).next?.name)).toEqual([
    undefined,
    undefined,
    'stem',
    'long',
    undefined,
  ])
})

it('walks the nodes by what is done', async () => {
  const done = []
  for (;;) {
    const next = await nextTraining({ config, corpus, done })
    if (!next) break
    done.push({ id: next.id, stage: next.stage, fingerprint: next.fingerprint })
  }
  expect(done.map(step => step.id)).toEqual(ids(config))
  const other = done.with(1, { ...done[1]!, fingerprint: '0000000000000000' })
  await expect(nextTraining({ config, corpus, done: other })).rejects.toMatchObject({ code: 'TRAINING_STEPS' })
  await expect(nextTraining({ config, corpus, done: [...done, done[0]!] })).rejects.toMatchObject({ code: 'TRAINING_STEPS' })
})

it('has no training without phases', async () => {
  expect(await nextTraining({ config: { ...config, phases: [] }, corpus, done: [] })).toBeUndefined()
})

it('keeps execution and names out of identity, and later phases out of earlier ones', () => {
  const before = fingerprints(config)
  const run = { threads: 7, saveSteps: 3 } as unknown as Config['run']
  expect(fingerprints({ ...config, name: 'other', run })).toEqual(before)
  const longer = fingerprints(tinyConfig([general, stem, { ...long, learningRate: 0.5 }]))
  for (const [id, fingerprint] of before) expect(longer.get(id) === fingerprint, id).toBe(!/long|final/.test(id) || id === 'decide-stem-1')
  expect(fingerprints({ ...config, seed: 4 }).get('initialize')).not.toBe(before.get('initialize'))
})

it('refuses what could never be trained', () => {
  const refused = (phase: object, code = 'TRAIN_CONFIG') =>
    expect(() => trainingNodes(tinyConfig([phase]), corpus)).toThrow(expect.objectContaining({ code, kind: 'config' }))
  refused({ ...general, mixture: { books: 1 } })
  refused({ ...general, mixture: { web: 0 } }, 'MIXTURE_WEIGHT')
  refused({ ...stem, mixture: { web: 1 } })
  refused({ ...stem, mixture: { code: 1 } })
  const { model: _, ...without } = config
  expect(() => trainingNodes(without as Config, corpus)).toThrow(/`model`/)
})
