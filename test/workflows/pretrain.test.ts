/** The main job over our own fixtures, as a user starts it: real server, real worker process, every stage and phase. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readJournal } from '../../activities/journal.ts'
import { findManifest, type Manifest } from '../../storage/artifacts.ts'
import type { PretrainResult } from '../../workflows/pretrain.ts'
import { type Digests, differences, digestsOf } from '../support/digests.ts'
import { Engine, root } from '../support/engine.ts'
import { python } from '../support/python.ts'

const run = promisify(execFile)
const config = 'configs/tiny.yaml'

describe('pretrain', () => {
  let engine: Engine
  let first: PretrainResult
  let digests: Digests

  beforeAll(async () => {
    engine = await Engine.start()
    first = await engine.run({ config })
    digests = await digestsOf(engine.store, first.run)
  }, 300_000)
  afterAll(() => engine?.stop())

  const manifest = async (id: string): Promise<Manifest> => {
    const stage = id.split('-')[0] ?? ''
    return (await findManifest(engine.store, stage, digests[id]?.fingerprint ?? '')) as Manifest
  }
  const paths = (found: Manifest, role: string) => (found.roles[role] ?? []).map(part => engine.store.path(part.location))

  it('makes the content that test/golden/tiny.json holds', () => {
    const golden = JSON.parse(readFileSync(join(root, 'test', 'golden', 'tiny.json'), 'utf8')) as Digests
    expect(differences(golden, digests)).toEqual([])
  })

  it('drops what the fixtures plant, and quarantines what they break', async () => {
    const [extract, filter, dedup, decontaminate] = await Promise.all(['extract', 'filter', 'dedup', 'decontaminate'].map(manifest))
    // scripts/fixtures.mjs: 184 readable documents; one gzip member, one JSON line and one encoding are broken
    expect(extract?.operations.at(-1)?.documents).toBe(184)
    expect(extract?.quarantined).toBe(3)
    expect(rowsOf(filter, 'decisions')).toBe(3) // the junk page, and a page each by the module and the expression of the config
    expect(rowsOf(dedup, 'decisions')).toBe(7) // three exact and four near duplicates
    expect(rowsOf(decontaminate, 'decisions')).toBe(2) // a page and a line hold evaluation items
  })

  it('runs no unit a second time', async () => {
    const second = await engine.run({ config })
    expect(second.reused).toBe(second.stages)
    expect(differences(digests, await digestsOf(engine.store, second.run))).toEqual([])
    const states = new Set((await readJournal(engine.store, second.run)).map(entry => entry.state))
    expect(states.has('committed')).toBe(false)
    expect(states.has('started')).toBe(false)
  }, 60_000)

  it.skipIf(!python)('writes Arrow files that pyarrow reads, compressed and plain', async () => {
    const { stdout } = await run(python as string, [join(root, 'test', 'support', 'read_store.py'), engine.store.root], {
      maxBuffer: 1 << 24,
    })
    const found = JSON.parse(stdout) as { files: number; rows: number; zstd: number }
    expect(found.files).toBeGreaterThan(100)
    expect(found.zstd).toBeGreaterThan(50)
    expect(found.zstd).toBeLessThan(found.files)
  })

  it.skipIf(!python)('packs rows as numpy does', async () => {
    const [shard, mix, tokenize] = await Promise.all(['shard-128', 'mix', 'tokenize'].map(manifest))
    for (const [part, rows] of paths(shard as Manifest, 'rows').entries()) {
      const { stdout } = await run(python as string, [
        join(root, 'test/pipelines/shard/packing.py'),
        ...['--seed', '7', '--row-length', '128', '--partitions', '2', '--part', String(part), '--rows', rows],
        ...['--index', paths(shard as Manifest, 'index')[part] as string],
        ...['--tokens', ...paths(tokenize as Manifest, 'tokens'), '--counts', ...paths(mix as Manifest, 'counts')],
        ...['--components', 'code', 'general'], // what the phases with rows of 128 read
      ])
      expect((JSON.parse(stdout) as { rows: number }).rows).toBeGreaterThan(100)
    }
  })

  it('leaves a checkpoint in the final layout', async () => {
    const last = await manifest('train-long-context-1')
    const [weights] = paths(last, 'weights')
    const header = readHeader(weights as string)
    expect(Object.keys(header)).toEqual(
      expect.arrayContaining(['model.embed_tokens.weight', 'lm_head.weight', 'model.layers.1.mlp.router.e_score_correction_bias']),
    )
    expect(header['model.layers.0.self_attn.0.q_a_proj.weight']?.shape).toEqual([24, 48])
    expect(existsSync(paths(last, 'optimizer')[0] as string)).toBe(true)
  })
})

if (!python)
  process.stderr.write('pretrain.test.ts: no Python with pyarrow (MILLRACE_PYTHON or .venv): what pyarrow and numpy say is not tested\n')

const rowsOf = (manifest: Manifest | undefined, role: string) => (manifest?.roles[role] ?? []).reduce((sum, part) => sum + part.rows, 0)

function readHeader(path: string): Record<string, { shape: number[] }> {
  const bytes = readFileSync(path)
  return JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString('utf8')) as Record<string, { shape: number[] }>
}
