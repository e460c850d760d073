/**
 * What the rows of a run teach: our trainer beside Transformers' LongcatFlashForCausalLM under torch, from the same first weights, on the same rows
 * in the same order at the same rates, then both on the same held-out rows.
 *
 *   node bench/trainer.ts rows [--run quickstart] [--store file:///…] [--steps 150] [--held 64] [--python python3] [--threads 2] [--json]
 *
 * The run needs its corpus (shards of the first phase's row length) and one evaluation of that phase, whose table says how many bytes a target
 * stands for. Ours trains as the config says; Transformers has cross-entropy alone: no bias controller, no balance loss, no z-loss. torch's
 * AdamW has the same betas, eps, decay by class and clip. Prints held-out bits per byte, by component and together, before and after.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { Lookup } from '../cli/lookup.ts'
import { findRun, nodesOf, openLocal } from '../cli/runs.ts'
import { exportHuggingFace } from '../native/addon/trainer.huggingface.ts'
import { type TargetRows, Trainer } from '../native/addon/trainer.ts'
import { ArrowReader } from '../pipelines/arrow/index.ts'
import { vocabularyOf } from '../pipelines/corpus.ts'
import { type LoadedRows, openLoader, readIndex, stepRange } from '../pipelines/loader/index.ts'
import { stepsOf } from '../pipelines/train/config.ts'
import { begin } from '../pipelines/train/log.ts'
import { modelOf, optimizerOf } from '../pipelines/train/model.ts'
import { biasRateAt, learningRateAt } from '../pipelines/train/schedule.ts'
import { findManifest } from '../storage/artifacts.ts'

const { values } = parseArgs({
  args: process.argv.slice(2).filter(each => each !== 'rows'),
  options: {
    run: { type: 'string', default: 'quickstart' },
    store: { type: 'string' },
    steps: { type: 'string' },
    held: { type: 'string', default: '64' },
    python: { type: 'string', default: process.env.MILLRACE_TORCH_PYTHON ?? 'python3' },
    threads: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'millrace-rows-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const store = await openLocal(values.store)
const record = await findRun(store, values.run)
const nodes = await nodesOf(store, record)
const lookup = new Lookup(store, folder)
const { config } = record
const phase = config.phases[0]
if (!phase || !config.model) throw new Error(`run ${record.run} trains nothing`)

async function partsOf(matches: (id: string) => boolean, role: string): Promise<string[]> {
  for (const node of nodes.toReversed()) {
    if (!matches(node.id)) continue
    const parts = (await findManifest(store, node.stage, node.fingerprint))?.roles[role]
    if (parts?.length) return Promise.all(parts.map(part => lookup.path(part)))
  }
  throw new Error(`run ${record.run} has no ${role}`)
}

const batchesOf = async function* (paths: readonly string[]) {
  for (const path of paths) {
    const reader = await ArrowReader.open(path)
    for await (const batch of reader) yield batch
    await reader.close()
  }
}
const shard = (id: string) => id === `shard-${phase.rowLength}`
const index = await readIndex(batchesOf(await partsOf(shard, 'index')))
const log = begin([], phase, 0)
const loader = await openLoader({ seed: config.seed, log, phase: phase.name, index, shards: await partsOf(shard, 'rows') })

/** Bytes that a target stands for, by component. */
const bytes = new Map<string, { bytes: number; targets: number }>()
for await (const batch of batchesOf(await partsOf(id => id.startsWith(`evaluate-${phase.name}-`), 'evaluation')))
  for (let i = 0; i < batch.rows; i++) {
    const sum = bytes.get(batch.column('component').text(i)) ?? { bytes: 0, targets: 0 }
    sum.bytes += batch.column('bytes').number(i)
    sum.targets += batch.column('targets').number(i)
    bytes.set(batch.column('component').text(i), sum)
  }

const threads = Number(values.threads)
const trainer = Trainer.create({
  ...{ model: modelOf(config.model, vocabularyOf(config)), optimizer: optimizerOf(config.optimizer), seed: config.seed, threads },
  ...{ rowsPerSlab: config.optimizer.rowsPerSlab, maxRowLength: phase.rowLength, maxMemory: 2 ** 34 },
})
const ends = { bos: 1, eos: 2 }
await exportHuggingFace(trainer, { folder, dialect: 'transformers5', ropeBase: phase.ropeBase, maxPositions: phase.rowLength, ...ends })

const child = spawn(values.python, ['bench/trainer.rows.py'], { stdio: ['pipe', 'pipe', 'inherit'] })
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
async function ask(value: unknown): Promise<number> {
  child.stdin.write(`${JSON.stringify(value)}\n`)
  const line = await lines.next()
  if (line.done) throw new Error(`${values.python} bench/trainer.rows.py ended`)
  return JSON.parse(line.value)
}
const { weightDecay, beta1, beta2, eps, clip } = config.optimizer
await ask({ folder, threads, weightDecay, beta1, beta2, eps, clip })

const rowsAsJson = (rows: LoadedRows) => ({
  ...{ tokens: [...rows.tokens], targets: [...rows.targets], rows: rows.rows, rowLength: rows.rowLength },
  ...{ runRows: [...rows.runRows], runStarts: [...rows.runStarts], runLengths: [...rows.runLengths] },
})

/** Loss per target and targets, ours and theirs, by component. */
async function held() {
  const found: { component: string; targets: number; ours: number; theirs: number; bytes: number }[] = []
  for (const [component, count] of loader.validation) {
    const rows = await loader.validationRows(component, 0, Math.min(count, Number(values.held)))
    const { lossSum, targets } = await trainer.evaluate({ ...rows, ropeBase: phase?.ropeBase ?? 1e6 } as TargetRows)
    const sum = { targets: targets.reduce((a, b) => a + b, 0), ours: lossSum.reduce((a, b) => a + b, 0) }
    const per = bytes.get(component)
    if (!per?.targets || !sum.targets) continue
    found.push({
      component,
      ...sum,
      theirs: await ask({ kind: 'held', ...rowsAsJson(rows) }),
      bytes: (sum.targets * per.bytes) / per.targets,
    })
  }
  const all = found.reduce(
    (sum, each) => ({ bytes: sum.bytes + each.bytes, ours: sum.ours + each.ours, theirs: sum.theirs + each.theirs }),
    {
      ...{ bytes: 0, ours: 0, theirs: 0 },
    },
  )
  return [...found, { component: 'all', ...all }].map(({ component, bytes, ours, theirs }) => ({
    component,
    ours: ours / Math.LN2 / bytes,
    theirs: theirs / Math.LN2 / bytes,
  }))
}

const schedule = { ...phase, steps: stepsOf(phase), stepTokens: phase.batchRows * phase.rowLength }
const steps = Math.min(Number(values.steps ?? schedule.steps), schedule.steps)
const said: unknown[] = []
const tell = (step: number, bits: Awaited<ReturnType<typeof held>>) => {
  said.push({ step, bits })
  if (values.json) return
  for (const { component, ours, theirs } of bits)
    console.log(
      `step ${String(step).padStart(4)}  ${component.padEnd(12)} ours ${ours.toFixed(4)}, Transformers ${theirs.toFixed(4)} bits per byte (${(100 * (ours / theirs - 1)).toFixed(2)} %)`,
    )
}
if (!values.json) console.log(`${record.run}, phase ${phase.name}: ${steps} steps of ${phase.batchRows} x ${phase.rowLength} ids`)
tell(0, await held())
for (let step = 0; step < steps; step++) {
  const rows = await loader.batch(stepRange(log, step).from, phase.batchRows)
  const learningRate = learningRateAt(schedule, step)
  await trainer.step({ ...rows, ropeBase: phase.ropeBase, learningRate, biasRate: biasRateAt(schedule, step) })
  await ask({ kind: 'step', ...rowsAsJson(rows), learningRate })
  if ((step + 1) % Math.ceil(steps / 3) === 0 && step + 1 < steps) tell(step + 1, await held())
}
tell(steps, await held())
child.stdin.end()
if (values.json) console.log(JSON.stringify(said, null, 1))
