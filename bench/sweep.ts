/**
 * `node bench/sweep.ts [rows]`: sweeps over a table of statistics of a million rows (default), as filtering would store it. Prints wall and CPU
 * milliseconds of each of five sweeps; exit 1 where the median of the walls passes a second per million rows. The first one pays for compiling, as
 * every `millrace sweep` does.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sweep } from '../cli/sweep.ts'
import { filterConfig } from '../pipelines/filter/config.ts'
import { profileNames } from '../pipelines/filter/profiles.ts'
import { writeStatistics } from '../test/cli/statistics.ts'

const rows = Number(process.argv[2] ?? 1_000_000)
const folder = await mkdtemp(join(tmpdir(), 'millrace-sweep-'))
try {
  const path = join(folder, 'statistics.arrow')
  await writeStatistics(path, rows)
  process.stdout.write(`${rows} rows, ${((await stat(path)).size / 1e6).toFixed(0)} MB\n`)
  const walls: number[] = []
  for (const rule of ['gopher_short_doc', 'top_2_gram', 'gopher_below_alpha_threshold', 'gopher_short_doc', 'top_2_gram']) {
    const [from, before] = [performance.now(), process.cpuUsage()]
    const { asked } = await sweep([path], filterConfig.parse({}), { rule }, 0.25, profileNames)
    const { user, system } = process.cpuUsage(before)
    const [wall, cpu] = [performance.now() - from, (user + system) / 1000]
    walls.push(wall)
    process.stdout.write(`${rule}: asked of ${asked}, ${wall.toFixed(0)} ms, ${cpu.toFixed(0)} ms of CPU\n`)
  }
  const median = walls.toSorted((a, b) => a - b)[walls.length >> 1] as number
  process.stdout.write(`median ${median.toFixed(0)} ms, first ${(walls[0] as number).toFixed(0)} ms\n`)
  process.exitCode = median > rows / 1000 ? 1 : 0
} finally {
  await rm(folder, { recursive: true, force: true })
}
