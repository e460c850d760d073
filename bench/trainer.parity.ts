/**
 * A training step of ours against Transformers' own, each from the same weights and moments: how far from the exact result is float32 here and there?
 *
 *   node bench/trainer.ts parity [--python python3] [--width 1,8] [--steps 10] [--orders 8] [--length 48] [--shapes a,b,c,d,e] [--json]
 *
 * test/parity/steps.py trains Transformers' model in float32 and hands over its state before every step (teacher forcing: runs that are free drift
 * apart for reasons that say nothing, training-engine.md 7.3b); the exact result is that of the same model in double. Per tensor: largest
 * error over its largest element, of loss, logits, gradients, and of moments behind the step; weights behind it apart, because with eps 1e-16 a
 * gradient that is 0 but for rounding moves its weight by a whole learning rate, here as there. First table: `steps` such steps per shape and
 * init. Second table: the first step in `orders` orders of summation (permuted widths: the same function), where every tensor has a
 * distribution on either side: how often ours is beyond three times torch's own error of the same order, how often torch is beyond three
 * times torch's of another order, and the largest ratio of the medians. Exits 1 where gradients of ours miss the bar more than half as often
 * again as torch misses it against itself (and one in a thousand), or a step chooses other experts more often than torch does.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { defaultOptimizer, type TargetRows, Trainer } from '../native/addon/trainer.ts'

const { values } = parseArgs({
  args: process.argv.slice(2).filter(each => each !== 'parity'),
  options: {
    python: { type: 'string', default: process.env.MILLRACE_TORCH_PYTHON ?? 'python3' },
    width: { type: 'string', default: '1,8' },
    steps: { type: 'string', default: '10' },
    orders: { type: 'string', default: '8' },
    length: { type: 'string', default: '48' },
    shapes: { type: 'string', default: 'a,b,c,d,e' },
    json: { type: 'boolean', default: false },
  },
})

interface Found {
  tensor: string
  ours: number
  torch: number
}

interface Step {
  found: Found[]
  /** Tokens that chose other experts than in double: ours, torch's. */
  flips: [number, number]
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-parity-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const path = (name: string) => join(folder, name)
const numerics = Trainer.create({
  model: {
    ...{ vocabulary: 8, hidden: 4, layers: 1, heads: 1, qRank: 2, kvRank: 2, nopeDim: 2, ropeDim: 2, valueDim: 2, denseWidth: 4 },
    ...{ expertWidth: 2, experts: 1, zeroExperts: 1, topK: 1, expectedExperts: 1, routedScale: 1, normEps: 1e-5 },
  },
  ...{ optimizer: { ...defaultOptimizer, balanceGroups: 1 }, seed: 1, threads: 1, maxRowLength: 8, maxMemory: 2 ** 26 },
}).state().numerics

const child = spawn(values.python, ['test/parity/steps.py'], { stdio: ['pipe', 'pipe', 'pipe'] })
let complaint = ''
child.stderr.on('data', chunk => (complaint = (complaint + chunk).slice(-4096)))
child.on('error', error => (complaint = error.message))
child.stdin.on('error', () => undefined)
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
const send = (value: unknown) => child.stdin.write(`${JSON.stringify(value)}\n`)
const receive = async () => {
  const line = await lines.next()
  if (line.done) throw new Error(`${values.python} test/parity/steps.py: ${complaint || 'ended'}`)
  return JSON.parse(line.value)
}

async function teach(request: { shape: string; init: string; width: number; order: number; steps: number }): Promise<Step[]> {
  send({ ...request, folder, numerics, length: Number(values.length) })
  const steps: Step[] = []
  for (let i = 0; i < request.steps; i++) {
    const { batch, ropeBase, learningRate, targets } = await receive()
    const trainer = await Trainer.load({
      ...{ weights: path('weights.safetensors'), optimizerState: path('optimizer.safetensors') },
      optimizer: { ...defaultOptimizer, hiddenZLoss: 0, balanceAlpha: 0, balanceGroups: 1 },
      ...{ threads: 1, rowsPerSlab: batch.rows, maxRowLength: batch.rowLength, maxMemory: 2 ** 33 },
    })
    const rows: TargetRows = {
      ...{ rows: batch.rows, rowLength: batch.rowLength, ropeBase },
      ...{ tokens: Uint32Array.from(batch.tokens), targets: Int32Array.from(batch.targets) },
      ...{
        runRows: Int32Array.from(batch.runRows),
        runStarts: Int32Array.from(batch.runStarts),
        runLengths: Int32Array.from(batch.runLengths),
      },
    }
    const logits: number[][] = []
    for (let run = 0; run < batch.runRows.length; run++) {
      const start = batch.runRows[run] * batch.rowLength + batch.runStarts[run]
      logits.push([...(await trainer.logits({ tokens: rows.tokens.slice(start, start + batch.runLengths[run]), ropeBase }))])
    }
    const metrics = await trainer.step({ ...rows, learningRate, biasRate: 0 })
    await trainer.exportGradients(path('gradients'))
    await trainer.save(path('after-weights'), path('after-optimizer'))
    send({
      ...{ loss: metrics.loss, logits, targets, counts: [...metrics.expertCounts] },
      ...{ gradients: path('gradients'), weights: path('after-weights'), optimizer: path('after-optimizer') },
    })
    const { errors, flips } = await receive()
    const found = Object.entries(errors as Record<string, [number, number]>).map(([tensor, [ours, torch]]) => ({ tensor, ours, torch }))
    steps.push({ found, flips })
  }
  return steps
}

const beyond = (error: number, torch: number) => error > Math.max(3 * torch, 1e-6)
const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
const geometric = (ratios: number[]) => Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
const percent = (part: number, whole: number) => `${part} of ${whole} (${((100 * part) / whole).toFixed(2)} %)`
const cases = values.width
  .split(',')
  .flatMap(width => values.shapes.split(',').flatMap(shape => ['hf', 'one'].map(init => ({ width: Number(width), shape, init }))))
const nameOf = ({ shape, init, width }: (typeof cases)[number]) => `${shape}-${init} x${width}`
const said: Record<string, unknown>[] = []
const tell = (row: Record<string, unknown>, text: string) => {
  said.push(row)
  if (!values.json) console.log(text)
}

/** What (b) of the parity line speaks of; moments follow from it, weights apart. */
const kindOf = (tensor: string) =>
  tensor.startsWith('weight.') ? 'weights' : /^(loss|logits)$|^gradient\./.test(tensor) ? 'gradients' : 'moments'
const kinds = ['gradients', 'moments', 'weights'] as const

let failed = false
for (const each of Number(values.steps) ? cases : []) {
  const steps = await teach({ ...each, order: 0, steps: Number(values.steps) })
  const all = steps.flatMap((step, i) => step.found.map(found => ({ ...found, step: i })))
  const texts: string[] = []
  const row: Record<string, unknown> = { table: 'steps', case: nameOf(each), steps: steps.length }
  for (const kind of kinds) {
    const of = all.filter(({ tensor }) => kindOf(tensor) === kind)
    const missed = of.filter(({ ours, torch }) => beyond(ours, torch)).toSorted((a, b) => b.ours / b.torch - a.ours / a.torch)
    const ratio = geometric(of.filter(({ ours, torch }) => ours > 0 && torch > 0).map(({ ours, torch }) => ours / torch))
    const worst = missed[0]
    row[kind] = { tensors: of.length, ratio, beyond: missed.length, worst }
    texts.push(
      `${kind} ${ratio.toFixed(2)}, beyond ${missed.length} of ${of.length}${worst && kind === 'gradients' ? ` (${(worst.ours / worst.torch).toFixed(1)} x at ${worst.tensor.slice(9)}, ${worst.ours.toExponential(1)})` : ''}`,
    )
  }
  const flips = steps.reduce(([a, b], step) => [a + step.flips[0], b + step.flips[1]] as [number, number], [0, 0] as [number, number])
  if (flips[0] > flips[1]) failed = true
  tell({ ...row, flips }, `${nameOf(each).padEnd(9)} ${texts.join('; ')}; other experts ${flips.join(' / ')}`)
}

const orders = Number(values.orders)
const total = new Map<
  string,
  { pairs: number; ours: number; torch: number; runs: number; outside: number; ratio: number; tensor: string }
>()
for (const each of orders > 1 ? cases : []) {
  const runs = new Map<string, Found[]>()
  for (let order = 1; order <= orders; order++)
    for (const found of (await teach({ ...each, order, steps: 1 }))[0]!.found)
      runs.set(found.tensor, [...(runs.get(found.tensor) ?? []), found])
  for (const [tensor, found] of runs) {
    const key = `x${each.width} ${each.init.padEnd(3)} ${kindOf(tensor)}`
    const sum = total.get(key) ?? { pairs: 0, ours: 0, torch: 0, runs: 0, outside: 0, ratio: 0, tensor: '' }
    total.set(key, sum)
    const widest = Math.max(...found.map(run => run.torch))
    for (const a of found) {
      sum.runs++
      if (beyond(a.ours, widest)) sum.outside++
      for (const b of found) {
        if (a === b) continue
        sum.pairs++
        if (beyond(a.ours, b.torch)) sum.ours++
        if (beyond(a.torch, b.torch)) sum.torch++
      }
    }
    const middle = median(found.map(run => run.ours))
    const ratio = middle > 1e-6 ? middle / median(found.map(run => run.torch)) : 0
    if (ratio > sum.ratio) Object.assign(sum, { ratio, tensor: `${each.shape} ${tensor}` })
  }
}
for (const [key, sum] of total) {
  if (key.endsWith('gradients') && sum.ours > 1.5 * sum.torch + sum.pairs / 1000) failed = true
  tell(
    { table: 'orders', orders, kind: key, ...sum },
    `${key.padEnd(19)} in ${orders} orders: beyond 3 x torch's ours ${percent(sum.ours, sum.pairs)}, torch's own ${percent(sum.torch, sum.pairs)}; beyond 3 x the largest of torch's ours ${percent(sum.outside, sum.runs)}; largest ratio of medians ${sum.ratio.toFixed(2)} ${sum.tensor}`,
  )
}
child.stdin.end()
if (values.json) console.log(JSON.stringify(said, null, 1))
process.exitCode = failed ? 1 : 0
