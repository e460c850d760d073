/** A process with one child at work, to be killed by a test. Prints the child's pid. */
import { Runner } from '../../activities/runner.ts'
import type { Job } from '../../pipelines/unit.ts'

const runner = new Runner({ childPath: process.argv[2] as string })
const running = runner.run(JSON.parse(process.env.JOB ?? '') as Job, { stall: 60_000 })
process.stdout.write(`${runner.pids[0]}\n`)
await running
