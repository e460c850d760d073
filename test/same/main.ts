/**
 * `npm run test:same`: the tiny run gives the digests of test/golden/tiny.json with 1 and 2 workers, with 1 and 2 threads, on every
 * instruction-set path that this CPU has, and with the store on S3. One line per variant, with what ran; exit code 1 where one differs.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { parse, stringify } from 'yaml'
import { instructionSets } from '../../native/addon/process.ts'
import { S3Store } from '../../storage/s3.ts'
import type { Store } from '../../storage/store.ts'
import { type Digests, differences, digestsOf } from '../support/digests.ts'
import { Engine, root } from '../support/engine.ts'
import { noServer, startS3 } from '../support/versitygw.ts'

interface Variant {
  name: string
  workers: number
  threads: number
  isa: string
  s3?: boolean
}

const golden = JSON.parse(readFileSync(join(root, 'test', 'golden', 'tiny.json'), 'utf8')) as Digests
const available = instructionSets()
const strongest = available.at(-1) as string
const variants: Variant[] = [
  { name: '1 worker, 1 thread', workers: 1, threads: 1, isa: strongest },
  { name: '2 workers, 1 thread', workers: 2, threads: 1, isa: strongest },
  { name: '1 worker, 2 threads', workers: 1, threads: 2, isa: strongest },
  ...available.slice(0, -1).map(isa => ({ name: `1 worker, 1 thread, ${isa}`, workers: 1, threads: 1, isa })),
  ...(noServer ? [] : [{ name: '1 worker, 1 thread, store on S3', workers: 1, threads: 1, isa: strongest, s3: true }]),
]

/** The tiny config with other threads, beside the original so that its paths hold. */
function configOf(engine: Engine, { threads }: Variant): string {
  const config = parse(readFileSync(join(root, 'configs', 'tiny.yaml'), 'utf8')) as {
    sources: { path: string }[]
    evaluation: { path: string }[]
    stages: { filter: { modules: { path: string }[] } }
    run: object
  }
  for (const entry of [...config.sources, ...config.evaluation, ...config.stages.filter.modules])
    entry.path = join(root, 'configs', entry.path)
  const path = join(engine.home, 'tiny.yaml')
  writeFileSync(path, stringify({ ...config, run: { ...config.run, threads } }))
  return path
}

async function digests(variant: Variant): Promise<{ found: Digests; ran: string }> {
  const server = variant.s3 ? await startS3('store') : undefined
  const env = { MILLRACE_ISA: variant.isa, ...(server ? { ...server.env, MILLRACE_STORE: 's3://store/tiny' } : {}) }
  const engine = await Engine.start({ workers: variant.workers, env })
  try {
    const { run } = await engine.run({ config: configOf(engine, variant) })
    const store: Store = server ? new S3Store(server.client, 'store', 'tiny/') : engine.store
    if (server && existsSync(join(engine.home, 'store'))) throw new Error('the run wrote to a folder, not to S3')
    const ran = new Set([...(await engine.logs()).matchAll(/"instructionSet":"(\w+)"/g)].map(match => match[1]))
    if (ran.size !== 1 || !ran.has(variant.isa))
      throw new Error(`expected ${variant.isa} to run, found ${[...ran].join(', ') || 'nothing'}`)
    return { found: await digestsOf(store, run), ran: [...ran].join() }
  } finally {
    await engine.stop()
    await server?.stop()
  }
}

let failed = 0
let first: Digests | undefined
for (const variant of variants) {
  const began = Date.now()
  const { found, ran } = await digests(variant)
  const [fromGolden, fromFirst] = [differences(golden, found), differences(first ?? found, found)]
  first ??= found
  const seconds = ((Date.now() - began) / 1000).toFixed(0)
  const verdict = fromGolden.length === 0 ? 'same' : fromFirst.length === 0 ? 'NOT GOLDEN, but as the first variant' : 'DIFFERENT'
  console.log(`${verdict}  ${variant.name}: ${ran} ran, ${Object.keys(found).length} artifacts, ${seconds} s`)
  for (const line of (fromFirst.length ? fromFirst : fromGolden).slice(0, 8)) console.log(`  ${line}`)
  if (fromGolden.length) failed++
}
if (noServer) console.log(`skipped  store on S3: ${noServer}`)
console.log(
  failed
    ? `${failed} of ${variants.length} variants differ from test/golden/tiny.json`
    : `all ${variants.length} variants give the digests of test/golden/tiny.json`,
)
process.exit(failed ? 1 : 0)
