/** Export, Transformers, import: needs a Python with test/parity/longcat.py's packages (MILLRACE_TORCH_PYTHON); left out where there is none. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { exportHuggingFace, modelOfHuggingFace } from '../../native/addon/trainer.huggingface.ts'
import { defaultOptimizer, type ModelConfig, Trainer } from '../../native/addon/trainer.ts'
import { exportCheckpoint } from '../../pipelines/export.ts'
import { sha256Of } from '../../pipelines/files.ts'
import { runStage } from '../../pipelines/local.ts'
import { writeTokenizerFile } from '../../pipelines/tokenizer/file.ts'
import { withLayout } from '../../pipelines/tokenizer/vocabulary.ts'
import { modelSchema } from '../../pipelines/train/config.ts'
import { initialize } from '../../pipelines/train/index.ts'

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

const { vocabulary: _, ...shape } = model
const settings = modelSchema.parse(shape)

async function saved(name: string): Promise<{ weights: string; trainer: Trainer }> {
  const trainer = Trainer.create({ model, optimizer, seed: 7, ...resources })
  const weights = join(made(name), 'weights.safetensors')
  await trainer.save(weights, join(folder, name, 'optimizer.safetensors'))
  return { weights, trainer }
}

test('exports a checkpoint as a whole folder, or none', async () => {
  const { weights } = await saved('run')
  const tokenizer = join(folder, 'run', 'tokenizer.json')
  writeFileSync(tokenizer, '{}')
  const out = join(folder, 'out')
  const request = { weights, tokenizer, folder: out, dialect: 'hub', ropeBase: 5e6, maxPositions: 256 } as const
  const files = ['README.md', 'config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']
  expect(await exportCheckpoint(request)).toEqual({ folder: out, files, parameters: expect.any(Number) })
  expect(readdirSync(out).sort()).toEqual(files)
  expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'))).toMatchObject({
    rope_theta: 5e6,
    max_position_embeddings: 256,
    bos_token_id: 1,
  })
  expect(JSON.parse(readFileSync(join(out, 'tokenizer_config.json'), 'utf8'))).toMatchObject({ eos_token: '</longcat_s>' })
  await expect(exportCheckpoint(request)).rejects.toMatchObject({ code: 'EXPORT_EXISTS', kind: 'config' })
  await expect(exportCheckpoint({ ...request, folder: join(folder, 'other'), weights: tokenizer })).rejects.toMatchObject({
    code: 'FORMAT',
  })
  expect(readdirSync(folder).filter(name => /^\.?other/.test(name))).toEqual([])
})

test('begins a training with the weights of such a folder', async () => {
  const { weights, trainer } = await saved('source')
  const out = join(folder, 'source-out')
  await exportCheckpoint({ weights, folder: out, dialect: 'transformers5', ropeBase: 1e4, maxPositions: 128 })
  const sha256 = await sha256Of(join(out, 'model.safetensors'))
  const begin = { name: 'general', rowLength: 16, batchRows: 1, mixture: { web: 1 } }
  const run = (change: object, at: string) =>
    runStage({
      ...{ stage: initialize, seed: 1, inputs: {}, folder: join(folder, at) },
      config: { model: { ...settings, from: { folder: out, sha256 }, ...change }, vocabulary: model.vocabulary, begin },
    })
  const { outputs } = await run({}, 'imported')
  const location = (role: string) => outputs[role]?.[0]?.location as string
  const back = await Trainer.load({ weights: location('weights'), optimizerState: location('optimizer'), optimizer, ...resources })
  expect(await back.weightHash()).toBe(await trainer.weightHash())
  const request = { tokens, ropeBase: 1e4 }
  expect(await back.logits(request)).toEqual(await trainer.logits(request))
  expect(JSON.parse(readFileSync(location('checkpoint'), 'utf8'))).toMatchObject({ step: 0, model })

  const code = 'TRAIN_IMPORT'
  await expect(run({ from: { folder: out, sha256: 'a'.repeat(64) } }, 'sha')).rejects.toMatchObject({ code, found: sha256 })
  await expect(run({ from: { folder: join(out, 'x'), sha256 } }, 'nowhere')).rejects.toMatchObject({
    code,
    expected: 'a file model.safetensors',
  })
  await expect(run({ hidden: 64 }, 'wider')).rejects.toMatchObject({ code, expected: 'hidden 32, as in config.json', found: '64' })
  const place = (at: string) =>
    initialize.identity?.(initialize.config.parse({ model: { ...settings, from: { folder: at, sha256 } }, vocabulary: 64, begin }))
  expect(place('here')).toEqual(place('there'))
})

test.skipIf(!python)(
  'loads in Transformers with equal logits, and what Transformers saves loads here',
  async () => {
    const { weights, trainer } = await saved('python')
    const [from, to] = [join(folder, 'from'), made('to')]
    const tokenizer = join(folder, 'tokenizer.json')
    const bytes = withLayout({ offsets: Int32Array.of(0), bytes: new Uint8Array(), merges: new Uint32Array() })
    writeFileSync(tokenizer, writeTokenizerFile(bytes))
    await exportCheckpoint({ weights, tokenizer, folder: from, dialect: 'transformers5', ropeBase: 1e4, maxPositions: 128 })
    const output = execFileSync(python!, ['test/parity/roundtrip.py', from, to, ...[...tokens].map(String)], { encoding: 'utf8' })
    const seen = JSON.parse(output.trim().split('\n').at(-1)!)
    // Byte by byte: '!' is id 256, 'A' 32 places on. Names of control tokens are text.
    expect(seen.tokenizer).toMatchObject({ ids: [256, 288], bos: 1, eos: 2, pad: 3 })
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
