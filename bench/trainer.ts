/**
 * A training step of ours against torch + Transformers on the same machine, in one run: steps alternate (ours, stock, patched, ours, …), the
 * figure is the median of the paired ratios. Peak memory is each process's largest resident size; ours with recompute level 1.
 *
 *   node bench/trainer.ts gemm […]     products alone: bench/gemm.ts
 *   node bench/trainer.ts [--model 2m|17m|101m] [--pairs 9] [--threads 2] [--python python3]
 *
 *   node bench/trainer.ts parity …     how far a step is from the exact one, here and in torch (trainer.parity.ts)
 *   node bench/trainer.ts rows …       what the same rows teach either (trainer.rows.ts)
 *
 * 2m is configs/quickstart.yaml's model; the others are bench/trainer.json. The Python needs what bench/trainer.py names; without it the
 * peers are left out and our own figure stands alone.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { defaultOptimizer, type ModelConfig, planTrainer, Trainer } from '../native/addon/trainer.ts'

const other = process.argv[2]
if (other === 'parity' || other === 'rows') {
  await import(`./trainer.${other}.ts`)
  process.exit()
}

interface Case {
  model: ModelConfig
  rows: number
  rowLength: number
  rowsPerSlab: number
}

interface Step {
  ms: number
  loss: number
  peak: number
}

if (process.argv[2] === 'gemm') {
  process.argv.splice(2, 1)
  await import('./gemm.ts')
  process.exit()
}

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: '17m' },
    pairs: { type: 'string', default: '9' },
    threads: { type: 'string', default: '2' },
    python: { type: 'string', default: 'python3' },
  },
})
const pairs = Number(values.pairs)
const threads = Number(values.threads)

function quickstart(): Case {
  const config = parse(readFileSync('configs/quickstart.yaml', 'utf8'))
  const phase = config.phases[0]
  const vocabulary = config.stages.tokenizer.vocabulary
  return {
    model: { normEps: 1e-5, routedScale: config.model.denseWidth / config.model.expertWidth, ...config.model, vocabulary },
    rows: phase.batchRows,
    rowLength: phase.rowLength,
    rowsPerSlab: config.optimizer?.rowsPerSlab ?? 1,
  }
}

const chosen: Case = values.model === '2m' ? quickstart() : JSON.parse(readFileSync('bench/trainer.json', 'utf8'))[values.model]
if (!chosen) throw new Error(`--model: expected 2m, 17m or 101m, found ${values.model}`)
const { model, rows, rowLength } = chosen
const tokens = rows * rowLength

/** Starts a peer; undefined where its Python lacks the packages. */
async function peer(patched: boolean) {
  const child = spawn(values.python, ['bench/trainer.py'], { stdio: ['pipe', 'pipe', 'pipe'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let said = ''
  child.stderr.on('data', chunk => (said = (said + chunk).slice(-4096)))
  child.stdin.on('error', () => undefined)
  child.on('error', () => undefined)
  child.stdin.write(`${JSON.stringify({ model, rows, rowLength, threads, patched })}\n`)
  const step = async (): Promise<Step | undefined> => {
    child.stdin.write('step\n')
    const line = await lines.next()
    return line.done ? undefined : JSON.parse(line.value)
  }
  if (await step()) return { step: async () => (await step())!, end: () => child.stdin.end() }
  if (!/ModuleNotFoundError|^$/.test(said)) throw new Error(`${values.python} bench/trainer.py: ${said}`)
  return undefined
}

const request = {
  model,
  optimizer: defaultOptimizer,
  threads,
  rowsPerSlab: chosen.rowsPerSlab,
  maxRowLength: rowLength,
  recompute: 1 as const,
}
const plan = planTrainer({ ...request, maxMemory: 2 ** 40 })
const trainer = Trainer.create({ ...request, seed: 1, maxMemory: plan.bytes })
const column = (value: (i: number) => number) => Int32Array.from({ length: rows }, (_, i) => value(i))
let drawn = 1
async function ours(): Promise<Step> {
  const ids = Uint32Array.from({ length: tokens }, () => (drawn = (Math.imul(drawn, 1664525) + 1013904223) >>> 0) % model.vocabulary)
  const targets = Int32Array.from(ids, (_, i) => ((i + 1) % rowLength ? ids[i + 1]! : -1))
  const runs = { runRows: column(i => i), runStarts: column(() => 0), runLengths: column(() => rowLength) }
  const begin = performance.now()
  const { loss } = await trainer.step({ tokens: ids, targets, rows, rowLength, ...runs, ropeBase: 1e6, learningRate: 1e-3, biasRate: 0.05 })
  return { ms: performance.now() - begin, loss, peak: process.resourceUsage().maxRSS * 1024 }
}

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`
const stock = await peer(false)
const patched = await peer(true)
await ours()
const all: Record<'ours' | 'stock' | 'patched', Step[]> = { ours: [], stock: [], patched: [] }
for (let i = 0; i < pairs; i++) {
  all.ours.push(await ours())
  if (stock) all.stock.push(await stock.step())
  if (patched) all.patched.push(await patched.step())
}
stock?.end()
patched?.end()

console.log(
  `${values.model}: ${(plan.parameters / 1e6).toFixed(1)} M parameters, ${rows} x ${rowLength} tokens, ${threads} threads, ${pairs} pairs`,
)
for (const [name, steps] of Object.entries(all)) {
  if (!steps.length) continue
  const ms = median(steps.map(s => s.ms))
  const ratio = name === 'ours' ? '' : `, ours is ${median(steps.map((s, i) => s.ms / all.ours[i]!.ms)).toFixed(2)} x as fast`
  console.log(
    `${name.padEnd(8)}${ms.toFixed(1).padStart(9)} ms ${((tokens / ms) * 1e3).toFixed(0).padStart(7)} tokens/s  peak ${mib(steps.at(-1)!.peak)}${ratio}`,
  )
}
console.log(`plan    ${mib(plan.bytes)}`)
if (!stock) console.log(`peers left out: ${values.python} lacks torch or transformers`)
