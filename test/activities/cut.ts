/** A child that is killed in the middle of its answer. */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'

for await (const _ of createInterface({ input: process.stdin })) {
  writeSync(3, '{"event":"done","unit":"x","resu')
  process.kill(process.pid, 'SIGKILL')
}
