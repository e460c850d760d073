import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runStage } from '../../../pipelines/local.ts'
import { shard } from '../../../pipelines/shard/index.ts'
import { corpus, writeCorpus } from './corpus.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const python = [process.env.MILLRACE_PYTHON, join(root, '.venv/bin/python')].find(path => path !== undefined && existsSync(path))
if (!python)
  console.warn('skipped: packing needs a Python with pyarrow and numpy: set MILLRACE_PYTHON to one, or make .venv in the repository root')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packing-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.skipIf(!python)('packing in numpy', () => {
  for (const { rowLength, vocabulary } of [
    { rowLength: 37, vocabulary: 5000 },
    { rowLength: 128, vocabulary: 131_072 },
  ])
    it(`agrees on every shard with rows of ${rowLength}`, async () => {
      const docs = corpus({ seed: rowLength, documents: 200, components: ['web', 'code'], maxCount: 3, vocabulary, longest: 300 })
      const inputs = await writeCorpus(join(folder, `in-${rowLength}`), docs)
      const result = await runStage({
        stage: shard,
        config: { rowLength, vocabulary, partitions: 2 },
        seed: 8,
        inputs,
        folder: join(folder, `out-${rowLength}`),
      })
      let padding = 0
      for (const part of [0, 1]) {
        const settings = {
          seed: 8,
          'row-length': rowLength,
          partitions: 2,
          part,
          rows: result.outputs.rows?.[part]?.location,
          index: result.outputs.index?.[part]?.location,
        }
        const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
        const lists = Object.entries(inputs).flatMap(([name, parts]) => [`--${name}`, ...parts.map(({ location }) => location)])
        const said = execFileSync(python as string, [join(root, 'test/pipelines/shard/packing.py'), ...args, ...lists], {
          encoding: 'utf8',
        })
        padding += (JSON.parse(said) as { padding: number }).padding
      }
      expect(Object.entries(result.counters).reduce((sum, [name, n]) => sum + (name.endsWith('/padding') ? n : 0), 0)).toBe(padding)
    })
})
