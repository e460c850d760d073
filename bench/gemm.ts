/**
 * Our products against torch.mm on the shapes of the models of bench/trainer.json: forward, dgrad and wgrad of every layer, and an expert's rows.
 * Runs alternate (burst, ours, torch, …); per shape the median of the paired ratios torch / ours, and our share of what a burst of multiply-adds
 * in registers, run directly before and after, shows the cores to have to give. Where torch itself stays below 75 % of it on 512³, the machine is too
 * noisy to judge: the report says so. MILLRACE_ISA=avx2 asks torch for AVX2 as well.
 *
 *   node bench/gemm.ts [--model 17m|101m] [--pairs 9] [--threads 2] [--python python3] [--dot32]
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { fmaBurst, multiply } from '../native/addon/trainer.ts'

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: '17m' },
    pairs: { type: 'string', default: '9' },
    threads: { type: 'string', default: '2' },
    python: { type: 'string', default: 'python3' },
    dot32: { type: 'boolean', default: false },
  },
})
const threads = Number(values.threads)
const pairs = Number(values.pairs)
const chosen = JSON.parse(readFileSync('bench/trainer.json', 'utf8'))[values.model]
if (!chosen) throw new Error(`--model: expected 17m or 101m, found ${values.model}`)
const m = chosen.model

interface Shape {
  name: string
  m: number
  n: number
  k: number
  transA: boolean
  transB: boolean
  accumulate: boolean
}

/** The three products of a layer [rows, from] -> [rows, to]. */
const layer = (name: string, rows: number, from: number, to: number): Shape[] => [
  { name: `${name} forward`, m: rows, n: to, k: from, transA: false, transB: true, accumulate: false },
  { name: `${name} dgrad`, m: rows, n: from, k: to, transA: false, transB: false, accumulate: false },
  { name: `${name} wgrad`, m: to, n: from, k: rows, transA: true, transB: false, accumulate: true },
]

const tokens = chosen.rowsPerSlab * chosen.rowLength
const expertRows = Math.round((tokens * m.expectedExperts) / m.experts)
const shapes = [
  { name: '512³', m: 512, n: 512, k: 512, transA: false, transB: false, accumulate: false },
  ...layer('latents', tokens, m.hidden, m.qRank + m.kvRank + m.ropeDim),
  ...layer('query', tokens, m.qRank, m.heads * (m.nopeDim + m.ropeDim)),
  ...layer('key, value', tokens, m.kvRank, m.heads * (m.nopeDim + m.valueDim)),
  ...layer('attention out', tokens, m.heads * m.valueDim, m.hidden),
  ...layer('gate, up', tokens, m.hidden, 2 * m.denseWidth),
  ...layer('down', tokens, m.denseWidth, m.hidden),
  ...layer('router', tokens, m.hidden, m.experts + m.zeroExperts),
  ...layer('expert gate, up', expertRows, m.hidden, 2 * m.expertWidth),
  ...layer('expert down', expertRows, m.expertWidth, m.hidden),
  ...layer('output', 256, m.hidden, m.vocabulary),
]

const avx2 = process.env.MILLRACE_ISA === 'avx2'
const env = avx2 ? { ...process.env, ATEN_CPU_CAPABILITY: 'avx2', MKL_ENABLE_INSTRUCTIONS: 'AVX2', DNNL_MAX_CPU_ISA: 'AVX2' } : process.env
const child = spawn(values.python, ['bench/gemm.py', String(threads)], { stdio: ['pipe', 'pipe', 'inherit'], env })
child.on('error', () => undefined)
child.stdin.on('error', () => undefined)
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
async function torch(request: Shape & { times: number }): Promise<number | undefined> {
  child.stdin.write(`${JSON.stringify(request)}\n`)
  const line = await lines.next()
  return line.done ? undefined : JSON.parse(line.value)
}

const random = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.fround(Math.sin(i * 12.9898) * 2))
/** Operations a millisecond of the cores as they are now. */
function peak(): number {
  const begin = performance.now()
  return fmaBurst(100_000, threads) / (performance.now() - begin)
}

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
const geometric = (numbers: number[]) => Math.exp(numbers.reduce((sum, x) => sum + Math.log(x), 0) / numbers.length)
const percent = (x: number) => `${(100 * x).toFixed(0).padStart(3)} %`
console.log(
  `${values.model}, ${threads} threads, ${pairs} pairs, ${process.env.MILLRACE_ISA ?? 'the strongest instruction set'}${values.dot32 ? ', dot32' : ''}`,
)
console.log(`${'product'.padEnd(24)}${'m x n x k'.padEnd(20)}    ours GF/s   torch GF/s  torch / ours time   of the burst: ours, torch`)
const ratios: number[] = []
let below = 0
for (const shape of shapes) {
  const { m, n, k } = shape
  const work = 2 * m * n * k
  const a = random(m * k)
  const b = random(k * n)
  const c = new Float32Array(m * n)
  const times = Math.max(1, Math.round(2e9 / work))
  const ours = () => {
    const begin = performance.now()
    for (let i = 0; i < times; i++) multiply({ ...shape, a, b, c, dot32: values.dot32, threads })
    return (performance.now() - begin) / times
  }
  ours()
  const seen: { ours: number; torch: number; peak: number }[] = []
  for (let i = 0; i < pairs; i++) {
    const before = peak()
    const mine = ours()
    const theirs = (await torch({ ...shape, times })) ?? Number.NaN
    seen.push({ ours: mine, torch: theirs, peak: (before + peak()) / 2 })
  }
  const ratio = median(seen.map(s => s.torch / s.ours))
  const share = (time: (s: (typeof seen)[0]) => number) => median(seen.map(s => work / time(s) / s.peak))
  const speed = (time: (s: (typeof seen)[0]) => number) => (work / median(seen.map(time)) / 1e6).toFixed(1).padStart(12)
  console.log(
    `${shape.name.padEnd(24)}${`${m} x ${n} x ${k}`.padEnd(20)}${speed(s => s.ours)} ${speed(s => s.torch)} ${ratio.toFixed(2).padStart(14)}          ${percent(share(s => s.ours))} ${percent(share(s => s.torch))}`,
  )
  if (shape.name === '512³') {
    if (share(s => s.torch) < 0.75) console.log('torch is below 75 % of the burst on 512³: too noisy a machine to judge by, repeat')
    continue
  }
  ratios.push(ratio)
  if (!(ratio >= 0.95)) below++
}
child.stdin.end()
console.log(
  `geometric mean ${geometric(ratios).toFixed(3)}, least ${Math.min(...ratios).toFixed(2)}, ${below} of ${ratios.length} shapes below 0.95`,
)
