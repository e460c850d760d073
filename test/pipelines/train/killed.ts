/**
 * A process of train.test.ts: `killed.ts JOB N DELAY` runs a unit of `train` and kills itself DELAY milliseconds after its Nth save has begun
 * to be written.
 */
import { readFile } from 'node:fs/promises'
import { Trainer } from '../../../native/addon/trainer.ts'
import { train } from '../../../pipelines/train/index.ts'
import { runUnit } from '../../../pipelines/unit.ts'

const [, , job = '', nth = '', delay = ''] = process.argv
const begin = Trainer.prototype.beginSave
let saves = 0
Trainer.prototype.beginSave = async function (weights, optimizer) {
  const saving = await begin.call(this, weights, optimizer)
  if (++saves === Number(nth)) {
    if (delay === '0') process.kill(process.pid, 'SIGKILL')
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(delay))
  }
  return saving
}
await runUnit(train, JSON.parse(await readFile(job, 'utf8')))
await new Promise(resolve => setTimeout(resolve, 10_000)) // faster than the delay: killed here
