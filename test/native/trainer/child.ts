/**
 * A process of resume.test.ts: `child.ts FOLDER FROM TO [kill]` trains steps [FROM, TO) of one fixed run, beginning with FOLDER's checkpoint where
 * FROM > 0, writes its own there and prints the weight hash. From step 6 on the phase is another: base of rotation, length of rows, MTP
 * weight. With `kill` it begins one more step behind the checkpoint and kills itself in the middle.
 */
import { join } from 'node:path'
import { defaultOptimizer, type ModelConfig, type StepRequest, Trainer } from '../../../native/addon/trainer.ts'

const [, , folder = '', from = '0', to = '0', kill] = process.argv
const model: ModelConfig = {
  ...{ vocabulary: 64, hidden: 32, layers: 2, heads: 2, qRank: 16, kvRank: 8, nopeDim: 8, ropeDim: 4, valueDim: 8, mtp: 1 },
  ...{ denseWidth: 48, expertWidth: 16, experts: 8, zeroExperts: 4, topK: 3, expectedExperts: 2, routedScale: 3, normEps: 1e-5 },
}
const path = { weights: join(folder, 'weights'), optimizerState: join(folder, 'moments') }
const resources = { threads: 2, rowsPerSlab: 2, maxRowLength: 32, maxMemory: 2 ** 26 }
const optimizer = { ...defaultOptimizer, balanceAlpha: 0.01 }

function request(step: number): StepRequest {
  const later = step >= 6
  const rowLength = later ? 32 : 16
  const tokens = Uint32Array.from({ length: 4 * rowLength }, (_, i) => (step * 13 + i * (1 + (i >> 4))) % 64)
  return {
    ...{ tokens, targets: Int32Array.from(tokens, (_, i) => ((i + 1) % rowLength ? tokens[i + 1]! : -1)), rows: 4, rowLength },
    ...{ runRows: Int32Array.of(0, 1, 2, 3), runStarts: new Int32Array(4), runLengths: new Int32Array(4).fill(rowLength) },
    ...{ ropeBase: later ? 1e5 : 1e4, learningRate: later ? 1e-3 : 3e-3, biasRate: 0.05, mtpWeight: later ? 0.3 : 0 },
  }
}

const trainer =
  from === '0'
    ? Trainer.create({ model, optimizer, seed: 7, ...resources })
    : await Trainer.load({ ...path, optimizer, ...resources, threads: 1, recompute: 2 })
for (let step = Number(from); step < Number(to); step++) await trainer.step(request(step))
await trainer.save(path.weights, path.optimizerState)
if (kill) {
  void trainer.step(request(Number(to)))
  process.kill(process.pid, 'SIGKILL')
}
console.log(await trainer.weightHash())
