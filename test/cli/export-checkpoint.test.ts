/** That the folder loads in Transformers with the same logits is shown in test/parity/huggingface.test.ts. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { modelOfHuggingFace } from '../../native/addon/trainer.huggingface.ts'
import { defaultOptimizer, type ModelConfig, Trainer } from '../../native/addon/trainer.ts'
import { millrace } from './support.ts'

vi.setConfig({ testTimeout: 120_000 }) // a loaded machine

const model: ModelConfig = {
  ...{ vocabulary: 64, hidden: 16, layers: 1, heads: 2, qRank: 8, kvRank: 8, nopeDim: 4, ropeDim: 4, valueDim: 4, denseWidth: 24 },
  ...{ expertWidth: 8, experts: 4, zeroExperts: 2, topK: 2, expectedExperts: 1.5, routedScale: 3, normEps: 1e-5 },
}
let folder: string
const at = (name: string) => join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-export-checkpoint-'))
  const optimizer = { ...defaultOptimizer, balanceGroups: 1 }
  const trainer = Trainer.create({ model, optimizer, seed: 7, threads: 1, maxRowLength: 8, maxMemory: 2 ** 26 })
  await trainer.save(at('w.safetensors'), at('o.safetensors'))
})
afterAll(() => rm(folder, { recursive: true }))

test('a file of weights becomes a folder for Transformers', async () => {
  const said = await millrace(['export', '--format', 'hf', at('w.safetensors'), at('out'), '--rope-base', '50000', '--max-positions', '96'])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  expect((await readdir(at('out'))).sort()).toEqual(['README.md', 'config.json', 'model.safetensors'])
  expect(JSON.parse(await readFile(join(at('out'), 'config.json'), 'utf8'))).toMatchObject({
    rope_theta: 50000,
    max_position_embeddings: 96,
  })
  expect(await modelOfHuggingFace(at('out'), { expectedExperts: 1.5 })).toEqual(model)
})

test('what is no checkpoint, or has no place, is said', async () => {
  await writeFile(at('text.safetensors'), 'not a checkpoint')
  expect(await millrace(['export', at('text.safetensors'), at('none')])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('safetensors: expected'),
  })
  await writeFile(at('file'), '')
  for (const args of [
    [at('w.safetensors'), folder],
    [at('w.safetensors'), at('x'), '--format', 'tiktoken'],
    [at('w.safetensors'), at('x'), '--dialect', 'onnx'],
    [at('w.safetensors')],
  ])
    expect((await millrace(['export', ...args])).code, args.join(' ')).toBe(2)
  expect((await readdir(folder)).filter(name => /none|^\.?x/.test(name))).toEqual([])
})
