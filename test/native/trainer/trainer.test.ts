import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { defaultOptimizer, type ModelConfig, planTrainer, type StepRequest, Trainer } from '../../../native/addon/trainer.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-trainer-'))
afterAll(() => rmSync(folder, { recursive: true }))

const model: ModelConfig = {
  vocabulary: 64,
  hidden: 32,
  layers: 1,
  heads: 2,
  qRank: 16,
  kvRank: 8,
  nopeDim: 8,
  ropeDim: 4,
  valueDim: 8,
  denseWidth: 48,
  expertWidth: 16,
  experts: 8,
  zeroExperts: 4,
  topK: 3,
  expectedExperts: 2,
  routedScale: 3,
  normEps: 1e-5,
}
const resources = { threads: 2, rowsPerSlab: 2, maxRowLength: 16, maxMemory: 64 * 2 ** 20 }
const create = () => Trainer.create({ model, optimizer: defaultOptimizer, seed: 7, ...resources })

/** Rows that count upwards: the next id is always one more. Two runs a row and two positions of padding. */
function batch(seed: number): StepRequest {
  const rows = 4
  const rowLength = 16
  const tokens = new Uint32Array(rows * rowLength)
  const targets = new Int32Array(rows * rowLength).fill(-1)
  const runRows: number[] = []
  const runStarts: number[] = []
  for (let row = 0; row < rows; row++)
    for (const start of [0, 7]) {
      runRows.push(row)
      runStarts.push(start)
      for (let p = 0; p < 7; p++) {
        const at = row * rowLength + start + p
        tokens[at] = (seed * 13 + row * 7 + start + p) % 64
        if (p < 6) targets[at] = (tokens[at]! + 1) % 64
      }
    }
  return {
    ...{ tokens, targets, rows, rowLength, ropeBase: 1e4, learningRate: 3e-3, biasRate: 0.01 },
    ...{ runRows: Int32Array.from(runRows), runStarts: Int32Array.from(runStarts), runLengths: new Int32Array(runRows.length).fill(7) },
  }
}

test('learns to count, and says what it did', async () => {
  const trainer = create()
  const first = await trainer.step(batch(0))
  expect(first).toMatchObject({ applied: true, targets: 48, tokens: 56 })
  expect(first.loss).toBeGreaterThan(3.5)
  expect(first.loss).toBeLessThan(5)
  expect(first.expertCounts).toHaveLength(12)
  expect(first.expertCounts.reduce((a, b) => a + b)).toBe(56 * 3)
  const ffn = first.expertCounts.subarray(0, 8).reduce((a, b) => a + b)
  expect(first.meanExperts).toBeCloseTo(ffn / 56, 12)

  let last = first
  for (let i = 1; i < 150; i++) last = await trainer.step(batch(i))
  expect(last.loss).toBeLessThan(0.5)
  expect(trainer.state()).toMatchObject({ step: 150, tokens: 150 * 56 })

  const logits = await trainer.logits({ tokens: Uint32Array.from([20, 21, 22, 23]), ropeBase: 1e4 })
  expect(logits.indexOf(Math.max(...logits))).toBe(24)
}, 30_000)

test('runs calls in the order in which they were made, and goes on from a file', async () => {
  const path = (name: string) => join(folder, name)
  const straight = create()
  const promises = [
    straight.step(batch(1)),
    straight.save(path('w'), path('o')),
    straight.step(batch(2)),
    straight.save(path('w2'), path('o2')),
  ]
  await Promise.all(promises)
  const resumed = await Trainer.load({
    weights: path('w'),
    optimizerState: path('o'),
    optimizer: defaultOptimizer,
    ...resources,
    threads: 1,
  })
  expect(resumed.model()).toMatchObject(model)
  await resumed.step(batch(2))
  await resumed.save(path('w3'), path('o3'))
  expect(await resumed.weightHash()).toBe(await straight.weightHash())
  expect(await resumed.gradientHash()).toBe(await straight.gradientHash())
  expect(readFileSync(path('w3')).equals(readFileSync(path('w2')))).toBe(true)
  expect(readFileSync(path('o3')).equals(readFileSync(path('o2')))).toBe(true)
})

test('grows, evaluates, and leaves no trace of an evaluation', async () => {
  const trainer = create()
  await trainer.step(batch(1))
  await trainer.grow(2)
  expect(trainer.model().layers).toBe(2)
  const hash = await trainer.weightHash()
  const { learningRate: _, biasRate: __, ...rows } = batch(3)
  const evaluation = await trainer.evaluate(rows)
  expect(Array.from(evaluation.targets)).toEqual([12, 12, 12, 12])
  expect(await trainer.weightHash()).toBe(hash)
  expect(trainer.state().step).toBe(1)
  const metrics = await trainer.step(batch(3))
  expect(evaluation.lossSum.reduce((a, b) => a + b) / 48).toBeCloseTo(metrics.loss, 10)
})

test('plans its memory and refuses what does not fit', () => {
  const plan = planTrainer({ model, optimizer: defaultOptimizer, ...resources })
  expect(plan.parameters).toBe(create().state().parameters)
  expect(plan.table).toMatch(/weights .* MiB\n(.*\n)*total/)
  const little = () => Trainer.create({ model, optimizer: defaultOptimizer, seed: 1, ...resources, maxMemory: plan.bytes - 1 })
  expect(little).toThrow(expect.objectContaining({ code: 'MEMORY', message: expect.stringContaining('activations') }))
})

test('plans less for a level of recomputation and for inference, with the same bits', async () => {
  const request = { model: { ...model, layers: 3 }, optimizer: defaultOptimizer, ...resources }
  const plans = ([0, 1, 2] as const).map(recompute => planTrainer({ ...request, recompute }))
  const reading = planTrainer({ ...request, inference: true })
  expect(plans[1]!.activations).toBeLessThan(plans[0]!.activations)
  expect(plans[2]!.activations).toBeLessThan(plans[1]!.activations)
  expect(reading).toMatchObject({ gradients: 0, moments: 0, weights: plans[0]!.weights })

  const hashes = new Set<string>()
  for (const recompute of [0, 1, 2] as const) {
    const trainer = Trainer.create({ ...request, seed: 3, recompute, maxMemory: plans[recompute]!.bytes })
    for (let i = 0; i < 3; i++) await trainer.step(batch(i))
    hashes.add(await trainer.weightHash())
    await trainer.save(join(folder, 'level-w'), join(folder, 'level-o'))
  }
  expect(hashes.size).toBe(1)
  const reader = await Trainer.load({
    weights: join(folder, 'level-w'),
    optimizer: defaultOptimizer,
    ...resources,
    inference: true,
    maxMemory: reading.bytes,
  })
  expect(await reader.weightHash()).toBe([...hashes][0])
  expect(await reader.logits({ tokens: Uint32Array.from([1, 2]), ropeBase: 1e4 })).toHaveLength(64)
  await expect(reader.step(batch(1))).rejects.toThrow('expected a trainer made for training, found one made with inference = true')
})

test('trains the head for the token after the next, and keeps it in a checkpoint', async () => {
  const trainer = Trainer.create({ model: { ...model, mtp: 1 }, optimizer: defaultOptimizer, seed: 7, ...resources })
  const first = await trainer.step({ ...batch(0), mtpWeight: 0.3 })
  let last = first
  for (let i = 1; i < 150; i++) last = await trainer.step({ ...batch(i), mtpWeight: 0.3 })
  expect(first.mtpLoss).toBeGreaterThan(3.5)
  expect(last.mtpLoss).toBeLessThan(0.5)
  await trainer.save(join(folder, 'mtp-w'), join(folder, 'mtp-o'))
  const resumed = await Trainer.load({
    weights: join(folder, 'mtp-w'),
    optimizerState: join(folder, 'mtp-o'),
    optimizer: defaultOptimizer,
    ...resources,
  })
  expect(resumed.model().mtp).toBe(1)
  for (const one of [trainer, resumed]) await one.step({ ...batch(200), mtpWeight: 0.3 })
  expect(await resumed.weightHash()).toBe(await trainer.weightHash())
}, 30_000)

test('names the field that is wrong', async () => {
  const wrong = (change: Partial<ModelConfig>) => () =>
    Trainer.create({ model: { ...model, ...change }, optimizer: defaultOptimizer, seed: 1, ...resources })
  expect(wrong({ ropeDim: 3 })).toThrow('ropeDim: expected an even number, found 3')
  expect(wrong({ topK: 1.5 })).toThrow('model.topK: expected a whole number')
  expect(wrong({ expectedExperts: 9 })).toThrow('expectedExperts: expected a number from')
  const trainer = create()
  await expect(trainer.step({ ...batch(1), rowLength: 17 })).rejects.toMatchObject({ code: 'ARGUMENT' })
  await expect(trainer.step({ ...batch(1), rows: 3 })).rejects.toThrow('tokens: expected rows x rowLength = 3 x 16 ids, found 64')
  await expect(trainer.step({ ...batch(1), targets: new Uint32Array(64) as unknown as Int32Array })).rejects.toThrow(
    'expected an Int32Array',
  )
  await expect(trainer.logits({ tokens: Uint32Array.from([99]), ropeBase: 1e4 })).rejects.toThrow('expected ids below 64, found 99')
  await expect(trainer.save('/nowhere/w', '/nowhere/o')).rejects.toMatchObject({ code: 'IO' })
  expect(await trainer.step(batch(1))).toMatchObject({ applied: true })
})

test('generates from its cache what it gives for the whole text', async () => {
  const trainer = create()
  for (let i = 0; i < 20; i++) await trainer.step(batch(i))
  await trainer.save(join(folder, 'cache-w'), join(folder, 'cache-o'))
  const reader = await Trainer.load({ weights: join(folder, 'cache-w'), optimizer: defaultOptimizer, ...resources, inference: true })
  const text = [3]
  while (text.length < 16) {
    const request = { tokens: Uint32Array.from(text), ropeBase: 1e4 }
    const logits = await reader.logits(request)
    expect(logits).toEqual(await trainer.logits(request))
    text.push(logits.indexOf(Math.max(...logits)))
  }
})
