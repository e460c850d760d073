/**
 * The URL rules with `definition: datatrove@0.10` against datatrove 0.10.1's URL filter, given the same lists: verdict and reason on the
 * development pages' addresses and on made ones (url.py). Where the package carries its archive of 4.6 million domains that is read too, and
 * what it takes is said. Exits 1 where a verdict differs or there are fewer than 2,000 made addresses.
 *
 *   node bench/conformance/url.ts [--seed 1] [--no-archive] [--show 10]
 *
 * Needs a Python 3.11 with test/requirements-conformance.txt: MILLRACE_PYTHON, else build/conformance/bin/python.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { urlLists } from '../../native/addon/url.ts'
import { BatchBuilder } from '../../pipelines/arrow/index.ts'
import { addressSchema, addressStep } from '../../pipelines/filter/addresses.ts'
import { documents } from '../../pipelines/schemas.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const python = process.env.MILLRACE_PYTHON ?? join(root, 'build/conformance/bin/python')
const folder = join(root, 'build/conformance-url')
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    'no-archive': { type: 'boolean', default: false },
    show: { type: 'string', default: '10' },
  },
})
const leastMade = 2000

function oracle(...args: string[]): string {
  const program = join(root, 'bench/conformance/url.py')
  const { status, stdout, stderr } = spawnSync(python, [program, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (status === 0) return stdout
  console.error(`${python} ${program} failed; it needs test/requirements-conformance.txt (npm run conformance)\n${stderr}`)
  process.exit(2)
}

const lines = (text: string): string[] => text.split('\n').filter(Boolean)

oracle('lists', folder, '--seed', values.seed, ...(values['no-archive'] ? [] : ['--archive']))
const expected = lines(oracle('judge', folder)).map(line => JSON.parse(line) as string | null)
const given = lines(readFileSync(join(folder, 'addresses.jsonl'), 'utf8')).map(line => JSON.parse(line) as { from: string; url: string })

const files = urlLists.map(list => ({ list, path: join(folder, list) }))
const step = addressStep(addressSchema.parse({ definition: 'datatrove@0.10', files }))
if (!step) throw new Error('expected lists, found none')
const builder = new BatchBuilder(documents)
for (const [i, { url }] of given.entries())
  builder.append({ id: i.toString(16).padStart(32, '0'), source: 'conformance', key: String(i), kind: 'web', url, text: '', meta: {} })
const batch = builder.finish()
const [time, memory] = [process.cpuUsage(), process.memoryUsage().rss]
await step.run(batch.take(Uint32Array.of(0)), { threads: 1, seed: 1 })
const read = process.cpuUsage(time)
const grown = process.memoryUsage().rss - memory
const started = process.cpuUsage()
const { verdicts } = await step.run(batch, { threads: 1, seed: 1 })
const judged = process.cpuUsage(started)

let left = Number(values.show)
const tallies = new Map<string, { addresses: number; different: number; reasons: Map<string, number> }>()
for (const [i, { from, url }] of given.entries()) {
  const tally = tallies.get(from) ?? { addresses: 0, different: 0, reasons: new Map() }
  tallies.set(from, tally)
  tally.addresses++
  const [theirs, ours] = [expected[i] ?? null, verdicts.get(i)?.reason ?? null]
  tally.reasons.set(theirs ?? 'kept', (tally.reasons.get(theirs ?? 'kept') ?? 0) + 1)
  if (theirs === ours) continue
  tally.different++
  if (left-- > 0) console.log(`  ${from}: ${JSON.stringify(url)}: theirs ${theirs ?? 'kept'}, ours ${ours ?? 'kept'}`)
}
console.log('addresses                 all   different   datatrove says')
for (const [from, { addresses, different, reasons }] of tallies) {
  const said = [...reasons].sort(([, a], [, b]) => b - a).map(([reason, n]) => `${reason} ${n}`)
  console.log(`${from.padEnd(20)}${String(addresses).padStart(9)}${String(different).padStart(12)}   ${said.join(', ')}`)
}
const seconds = ({ user, system }: NodeJS.CpuUsage) => ((user + system) / 1e6).toFixed(2)
console.log(
  `lists read in ${seconds(read)} CPU-s, ${(grown / 2 ** 20).toFixed(0)} MiB; ${given.length} addresses judged in ${seconds(judged)} CPU-s`,
)
const enough = (tallies.get('made')?.addresses ?? 0) >= leastMade
const equal = expected.length === given.length && [...tallies.values()].every(({ different }) => different === 0)
process.exit(enough && equal ? 0 : 1)
