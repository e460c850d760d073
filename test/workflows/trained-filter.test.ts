/** Filtering that trains its models, on a real engine: durable operations, files with a digest, and nothing trained again where it need not be. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Node } from '../../pipelines/graph.ts'
import { findManifest, type Manifest } from '../../storage/artifacts.ts'
import { readJson } from '../../storage/store.ts'
import { Engine } from '../support/engine.ts'
import { committed, corpus, writeConfig } from './support.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.start({ workers: 2 })
}, 120_000)
afterAll(() => engine?.stop())

const filter = (threshold: number, maxPerplexity: number) => ({
  unitBytes: 40_000,
  classifier: [{ train: { epoch: 30, lr: 0.5, bucket: 1000, minAccuracy: 0.3 }, threshold }],
  fluency: { train: { order: 3, prune: [0], fallback: true }, maxPerplexity },
})

async function filtered(run: string): Promise<Manifest> {
  const { nodes } = (await readJson<{ nodes: Node[] }>(engine.store, `runs/${run}/run.json`)) as { nodes: Node[] }
  const node = nodes.find(({ id }) => id === 'filter') as Node
  return (await findManifest(engine.store, 'filter', node.fingerprint)) as Manifest
}

const contents = (manifest: Manifest, role: string) => manifest.roles[role]?.map(({ content }) => content)

it('trains by operations that are committed like any other, and reuses them where a threshold moves', async () => {
  const made = corpus(engine, { files: 12, perFile: 20, stages: { filter: filter(0.01, 1e7) } })
  await engine.run({ config: made.config, only: 'extract' })
  const first = await filtered((await engine.run({ config: made.config, only: 'filter' })).run)
  expect(first.operations.map(({ name }) => name)).toEqual(['size', 'share', 'draw', 'sort', 'classifier', 'fluency', 'judge'])
  for (const role of ['classifier', 'fluency']) expect(contents(first, role)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
  expect(first.roles.statistics?.reduce((sum, { rows }) => sum + rows, 0)).toBe(240)
  expect(first.roles.documents?.reduce((sum, { rows }) => sum + rows, 0)).toBe(240)

  const before = await committed(engine)
  writeConfig(made.config, made.folder, { stages: { filter: filter(0.02, 1e6) } })
  const second = await filtered((await engine.run({ config: made.config, only: 'filter' })).run)
  const after = await committed(engine)
  expect(after.size - before.size).toBe(second.operations.find(({ name }) => name === 'judge')?.units)
  for (const [key, file] of before) expect(after.get(key)).toBe(file)
  for (const role of ['classifier', 'fluency']) expect(contents(second, role)).toEqual(contents(first, role))
}, 180_000)
