/** Export, Transformers, import: needs a Python with test/parity/longcat.py's packages (MILLRACE_TORCH_PYTHON); left out where there is none. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { exportHuggingFace, modelOfHuggingFace } from '../../native/addon/trainer.huggingface.ts'
import { defaultOptimizer, type ModelConfig, Trainer } from '../../native/addon/trainer.ts'

const python = process.env.MILLRACE_TORCH_PYTHON
const folder = mkdtempSync(join(tmpdir(), 'millrace-huggingface-'))
afterAll(() => rmSync(folder, { recursive: true }))

const model: ModelConfig = {
  ...{ vocabulary: 64, hidden: 32, layers: 2, heads: 2, qRank: 16, kvRank: 8, nopeDim: 8, ropeDim: 4, valueDim: 8 },
  ...{ denseWidth: 48, expertWidth: 16, experts: 8, zeroExperts: 4, topK: 3, expectedExperts: 2, routedScale: 3, normEps: 1e-5 },
}
const resources = { threads: 1, maxRowLength: 16, maxMemory: 2 ** 26 }
const optimizer = defaultOptimizer
const tokens = Uint32Array.from([5, 17, 3, 60, 9])
const made = (name: string) => {
  mkdirSync(join(folder, name))
  return join(folder, name)
}
const request = { ropeBase: 1e4, maxPositions: 128, bos: 1, eos: 2 }

test('writes a folder from which it reads the same model', async () => {
  const trainer = Trainer.create({ model: { ...model, mtp: 1 }, optimizer, seed: 7, ...resources })
  for (const dialect of ['hub', 'transformers5'] as const) {
    const path = made(dialect)
    await exportHuggingFace(trainer, { folder: path, dialect, ...request })
    const shape = await modelOfHuggingFace(path, { expectedExperts: 2 })
    expect(shape).toEqual(model)
    const weights = join(path, 'model.safetensors')
    const back = await Trainer.load({ weights, model: { ...shape, mtp: 1 }, optimizer, ...resources })
    expect(await back.weightHash()).toBe(await trainer.weightHash())
    expect(back.state()).toMatchObject({ step: 0 })
    const header = readFileSync(weights, 'latin1')
    expect(header.includes('model.layers.1.mlp.experts.11.up_proj.weight')).toBe(dialect === 'transformers5')
    expect(header.includes('model.layers.1.mlp.experts.11.down_proj.weight')).toBe(false)
    expect(header.includes('model.mtp.embed_tokens.weight')).toBe(true)
  }
  await expect(trainer.exportWeights(join(folder, 'x'), 'other' as 'hub')).rejects.toThrow('expected hub or transformers5, found other')
})

test('refuses a config that is not such a model', async () => {
  const path = made('wrong')
  const write = (config: unknown) => writeFileSync(join(path, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config))
  const read = () => modelOfHuggingFace(path, { expectedExperts: 2 })
  await expect(read()).rejects.toMatchObject({ code: 'ENOENT' })
  write('{')
  await expect(read()).rejects.toMatchObject({ code: 'FORMAT' })
  write({ model_type: 'llama' })
  await expect(read()).rejects.toThrow('model_type: expected longcat_flash, found "llama"')
  write({ model_type: 'longcat_flash', vocab_size: '64' })
  await expect(read()).rejects.toThrow('vocab_size: expected a number, found "64"')
})

test.skipIf(!python)(
  'loads in Transformers with equal logits, and what Transformers saves loads here',
  async () => {
    const trainer = Trainer.create({ model, optimizer, seed: 7, ...resources })
    const [from, to] = [made('from'), made('to')]
    await exportHuggingFace(trainer, { folder: from, dialect: 'transformers5', ...request })
    const output = execFileSync(python!, ['test/parity/roundtrip.py', from, to, ...[...tokens].map(String)], { encoding: 'utf8' })
    const seen = JSON.parse(output.trim().split('\n').at(-1)!)
    expect(seen).toMatchObject({ missing: [], unexpected: [] })
    const ours = await trainer.logits({ tokens, ropeBase: 1e4 })
    const largest = Math.max(...ours.map(Math.abs))
    for (const [i, logit] of seen.logits.entries()) expect(Math.abs(logit - ours[i]!) / largest).toBeLessThan(1e-5)

    const shape = await modelOfHuggingFace(to, { expectedExperts: 2 })
    const back = await Trainer.load({ weights: join(to, 'model.safetensors'), model: shape, optimizer, ...resources })
    expect(await back.weightHash()).toBe(await trainer.weightHash())
  },
  120_000,
)
