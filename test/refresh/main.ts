/**
 * `npm run test:refresh`: a source of ten thousand files; one file is added; only the units that hold it and its neighbours run again in
 * map operations. Prints, per stage and operation, units planned, reused and run. The tokenizer is trained on a sample, as of a large corpus,
 * and the file is not in it: a tokenizer that changes is another tokenizer, and every document's ids are made anew.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readJournal } from '../../activities/journal.ts'
import { stageNames, stageOf } from '../../pipelines/stages.ts'
import { Engine } from '../support/engine.ts'
import { sentences } from '../support/prose.ts'

const { values } = parseArgs({ options: { files: { type: 'string', default: '10000' } } })
const files = Number(values.files)

/** Eight sentences of seeded prose: enough to pass the filters, different enough to be no duplicates. */
const page = (i: number) => `# Note ${i}\n\n${sentences(i, 8)}\n\n${sentences(i + 1_000_003, 8)}\n`

const config = `
name: refresh
sources:
  - { name: notes, path: notes, format: markdown }
stages:
  extract: { unitBytes: 524288 }
  filter: { unitBytes: 524288 }
  dedup: { unitBytes: 524288 }
  decontaminate: { unitBytes: 524288 }
  tokenizer: { vocabulary: 1024, unitBytes: 524288, maxBytes: 2097152, allowFewer: true }
  tokenize: { unitBytes: 524288 }
  score: { unitBytes: 524288 }
`

interface Row {
  planned: number
  run: number
}

async function unitsOf(engine: Engine, run: string): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>()
  for (const entry of await readJournal(engine.store, run)) {
    const name = `${entry.node}.${entry.operation}`
    const row = rows.get(name) ?? { planned: 0, run: 0 }
    if (entry.state === 'planned') row.planned++
    if (entry.state === 'committed') row.run++
    rows.set(name, row)
  }
  return rows
}

const engine = await Engine.start()
try {
  const folder = join(engine.home, 'notes')
  for (let i = 0; i < files; i++) {
    const inner = join(folder, String(i % 100).padStart(2, '0'))
    if (i < 100) await mkdir(inner, { recursive: true })
    await writeFile(join(inner, `note-${i}.md`), page(i))
  }
  const path = join(engine.home, 'refresh.yaml')
  await writeFile(path, config)
  const first = await engine.run({ config: path })
  await writeFile(join(folder, '42', 'note-new.md'), page(777_777))
  const second = await engine.run({ config: path })
  const before = await unitsOf(engine, first.run)
  const after = await unitsOf(engine, second.run)
  const kinds = new Map<string, string>()
  for (const name of stageNames)
    for (const operation of (await stageOf(name)).operations) kinds.set(`${name}.${operation.name}`, operation.kind)
  let worst = 0
  let mapUnits = 0
  let mapRun = 0
  for (const [name, row] of after) {
    const kind = kinds.get(name) ?? ''
    console.log(
      `${name.padEnd(24)} ${kind.padEnd(8)} ${String(row.planned).padStart(5)} units, ${String(row.run).padStart(4)} run (${String(before.get(name)?.run ?? 0).padStart(4)} in the first run)`,
    )
    if (kind !== 'map') continue
    mapUnits += row.planned
    mapRun += row.run
    // A unit of one record batch that moves can move its neighbours' cuts: the unit and one on each side.
    if (row.planned > 3) worst = Math.max(worst, row.run)
  }
  console.log(`one file added to ${files}: map operations ran ${mapRun} of ${mapUnits} units, at most ${worst} in one operation`)
  if (worst > 3) process.exitCode = 1
} finally {
  await engine.stop()
}
