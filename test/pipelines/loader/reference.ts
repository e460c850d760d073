/**
 * Packing, order and the mixture log again, as slowly and plainly as the words of docs/formats.md say it: every row of every component is
 * made, every position of the run is walked from 0. Shares no code with pipelines/.
 */
import { createHash } from 'node:crypto'

export interface Doc {
  id: string
  component: string
  role: 'train' | 'validation'
  count: number
  ids: number[]
}

export interface RefRun {
  document: string
  pass: number
  offset: number
  length: number
  start: number
}

export interface RefRow {
  tokens: number[]
  targets: number[]
  runs: RefRun[]
}

const digest = (key: string) => createHash('sha256').update(key, 'utf8').digest()
const draw = (key: string) => Number(BigInt(`0x${digest(key).toString('hex').slice(0, 12)}`)) / 2 ** 48

export interface RefConfig {
  seed: number
  rowLength: number
  partitions: number
}

/** The rows of one component, role and pass in the order of partitions. */
export function refRows(
  docs: Doc[],
  { seed, rowLength: S, partitions }: RefConfig,
  component: string,
  role: string,
  pass: number,
): RefRow[] {
  const all: RefRow[] = []
  for (let part = 0; part < partitions; part++) {
    const own = docs
      .filter(d => d.component === component && d.role === role && d.count > pass)
      .filter(d => Math.floor((Number.parseInt(d.id.slice(0, 8), 16) / 2 ** 32) * partitions) === part)
      .map(d => ({ d, key: draw(`${seed}/${d.id}/${component}/${pass}/${S}/order`) }))
      .sort((a, b) => (a.key !== b.key ? a.key - b.key : a.d.id < b.d.id ? -1 : 1))
    let row: RefRow = { tokens: [], targets: [], runs: [] }
    const rows: RefRow[] = []
    const finish = () => {
      while (row.tokens.length < S) {
        row.tokens.push(3)
        row.targets.push(-1)
      }
      rows.push(row)
      row = { tokens: [], targets: [], runs: [] }
    }
    for (const { d } of own) {
      const whole = [1, ...d.ids, 2]
      let predicted = 0 // whole[predicted] is the last id that was predicted (bos never is)
      while (predicted < whole.length - 1) {
        if (S - row.tokens.length < 2) finish()
        const run: RefRun = { document: d.id, pass, offset: predicted, length: 1, start: row.tokens.length }
        row.tokens.push(whole[predicted] as number)
        while (row.tokens.length < S && predicted < whole.length - 1) {
          predicted++
          row.targets.push(whole[predicted] as number)
          row.tokens.push(whole[predicted] as number)
          run.length++
        }
        row.targets.push(-1)
        row.runs.push(run)
      }
    }
    if (row.tokens.length) finish()
    all.push(...rows)
  }
  return all
}

function fmix(h0: number): number {
  const M = 0xffffffffn
  let h = BigInt(h0)
  h ^= h >> 16n
  h = (h * 0x85ebca6bn) & M
  h ^= h >> 13n
  h = (h * 0xc2b2ae35n) & M
  return Number(h ^ (h >> 16n))
}

/** The permutation of [0, n) as a list, from the definition. */
export function refPermutation(n: number, key: string): number[] {
  const hash = digest(key)
  const keys = Array.from({ length: 8 }, (_, i) => BigInt(`0x${hash.subarray(4 * i, 4 * i + 4).toString('hex')}`))
  let half = 1
  while (2 ** (2 * half) < n) half++
  const mask = (1n << BigInt(half)) - 1n
  const once = (x: number): number => {
    let left = BigInt(x) >> BigInt(half)
    let right = BigInt(x) & mask
    for (const k of keys) {
      const f = BigInt(fmix(Number(right ^ k))) >> BigInt(32 - half)
      ;[left, right] = [right, left ^ f]
    }
    return Number((left << BigInt(half)) | right)
  }
  return Array.from({ length: n }, (_, i) => {
    let x = once(i)
    while (x >= n) x = once(x)
    return x
  })
}

export interface RefEntry {
  kind: string
  at: number
  rowLength?: number
  weights?: Record<string, number>
  from?: number
  to?: number
}

/** Component of each of the first n positions: at each one the component whose next window closes first, names in order. */
export function refComponents(log: RefEntry[], n: number): { component: string; rowLength: number }[] {
  const out: { component: string; rowLength: number }[] = []
  let weights: [string, number][] = []
  let taken = new Map<string, number>()
  let begin = 0
  let rowLength = 0
  for (let position = 0; position < n; position++) {
    for (const entry of log) {
      if (entry.kind !== 'weights' || entry.at !== position) continue
      weights = Object.entries(entry.weights as Record<string, number>).sort(([a], [b]) => (a < b ? -1 : 1))
      taken = new Map(weights.map(([name]) => [name, 0]))
      begin = position
      rowLength = entry.rowLength as number
    }
    const slot = position - begin
    const due = weights
      .map(([name, w]) => ({
        name,
        open: Math.floor(((taken.get(name) as number) * 4096) / w),
        close: Math.ceil((((taken.get(name) as number) + 1) * 4096) / w),
      }))
      .filter(window => window.open <= slot)
    const first = due.reduce((best, window) => (window.close < best.close ? window : best))
    taken.set(first.name, (taken.get(first.name) as number) + 1)
    out.push({ component: first.name, rowLength })
  }
  return out
}

/** The rows that are read from position 0 on, to position n: what a trainer sees of one row length. `undefined` where a component is used up. */
export function refRun(docs: Doc[], config: RefConfig, log: RefEntry[], n: number): { position: number; row: RefRow | undefined }[] {
  const queue = new Map<string, RefRow[]>()
  const rowsOf = (component: string): RefRow[] => {
    let rows = queue.get(component)
    if (!rows) {
      rows = []
      const passes = Math.max(0, ...docs.filter(d => d.component === component && d.role === 'train').map(d => d.count))
      for (let pass = 0; pass < passes; pass++) {
        const own = refRows(docs, config, component, 'train', pass)
        const order = refPermutation(own.length, `${config.seed}/${component}/${pass}/${config.rowLength}/rows`)
        rows.push(...order.map(i => own[i] as RefRow))
      }
      queue.set(component, rows)
    }
    return rows
  }
  const seen: { position: number; row: RefRow | undefined }[] = []
  for (const [position, { component, rowLength }] of refComponents(log, n).entries()) {
    if (rowLength !== config.rowLength) continue
    const row = rowsOf(component).shift()
    if (!log.some(entry => entry.kind === 'skip' && position >= (entry.from as number) && position < (entry.to as number)))
      seen.push({ position, row })
  }
  return seen
}
