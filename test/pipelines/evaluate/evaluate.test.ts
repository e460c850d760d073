// The oracles: the documents' own texts for bytes and for the unigram model, and one softmax per predicted id for the loss.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Trainer } from '../../../native/addon/trainer.ts'
import { evaluate } from '../../../pipelines/evaluate/index.ts'
import { generate, pick } from '../../../pipelines/generate.ts'
import { type LocalResult, runStage } from '../../../pipelines/local.ts'
import { idleOptimizer } from '../../../pipelines/train/model.ts'
import { idOf } from '../tokenizer/documents.ts'
import { inputsOf, rowsOf, type TinyCorpus, type Trained, tinyConfig, tinyCorpus, trainTiny, vocabulary } from '../train/tiny.ts'

const phase = {
  ...{ name: 'p', tokens: 60 * 4 * 32, rowLength: 32, batchRows: 4, segmentSteps: 60, learningRate: 0.01, ropeBase: 1e4 },
  mixture: { general: 1, code: 1 },
}
let folder: string
let corpus: TinyCorpus
let trained: Trained
let weights: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-evaluate-'))
  corpus = await tinyCorpus(join(folder, 'corpus'), [32], 120)
  trained = await trainTiny(tinyConfig([phase]), corpus, join(folder, 'run'))
  weights = trained.results.get('train-p-1')?.outputs.weights?.[0]?.location as string
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Ids of every document, without bos and eos, with what the test knows of it. */
async function known() {
  const tokens = corpus.nodes.find(node => node.id === 'tokenize')
  const rows = await rowsOf(corpus.files.get(`${tokens?.fingerprint}/tokens`))
  const byId = new Map(corpus.documents.map(document => [idOf(document.key), document]))
  return rows.map(row => ({ ...byId.get(row.id as string)!, ids: row.ids as number[] }))
}

/** -log softmax(logits)[target] for every predicted id of a piece, with nothing but the logits after its prefix. */
async function lossOf(trainer: Trainer, piece: readonly number[]): Promise<number> {
  let loss = 0
  for (let i = 1; i < piece.length; i++) {
    const logits = await trainer.logits({ tokens: Uint32Array.from(piece.slice(0, i)), ropeBase: phase.ropeBase })
    const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0)
    loss += Math.log(sum) - (logits[piece[i] as number] as number)
  }
  return loss
}

describe('evaluate', () => {
  it('reads all held-out rows at the end, and agrees with a recomputation from the texts', async () => {
    const found = await rowsOf(trained.results.get('evaluate-final')?.outputs.evaluation)
    expect(found.map(row => `${row.component}/${row.domain}`)).toEqual(['code/trees', 'general/manual', 'general/pages'])
    const documents = await known()

    const counts = new Float64Array(vocabulary).fill(1)
    for (const { role, ids } of documents) if (role === 'train') for (const id of [...ids, 2]) counts[id] = (counts[id] as number) + 1
    const total = counts.reduce((sum, count) => sum + count, 0)

    const pieces = await rowsOf(trained.results.get('evaluate-final')?.roles['held.pieces'])
    const trainer = await Trainer.load({ weights, optimizer: idleOptimizer, threads: 1, maxRowLength: 32, maxMemory: 2 ** 28 })
    for (const row of found) {
      const held = documents.filter(each => each.role === 'validation' && each.component === row.component && each.source === row.domain)
      expect(row.documents).toBe(held.length)
      expect(Number(row.bytes)).toBe(held.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0))
      expect(Number(row.targets)).toBe(held.reduce((sum, { ids }) => sum + ids.length + 1, 0))
      const unigram = held.flatMap(({ ids }) => [...ids, 2]).reduce((sum, id) => sum + Math.log(total / (counts[id] as number)), 0)
      expect(row.unigramLossSum).toBeCloseTo(unigram, 6)
      expect(row.unigramPerplexity).toBeCloseTo(Math.exp(unigram / Number(row.targets)), 8)

      const keys = new Set(held.map(({ key }) => idOf(key)))
      const own = pieces.filter(piece => keys.has(piece.document as string))
      const perDocument = new Map<string, { loss: number; targets: number }>()
      for (const piece of own) {
        const ids = piece.ids as number[]
        const sum = perDocument.get(piece.document as string) ?? { loss: 0, targets: 0 }
        perDocument.set(piece.document as string, { loss: sum.loss + (await lossOf(trainer, ids)), targets: sum.targets + ids.length - 1 })
      }
      const loss = [...perDocument.values()].reduce((sum, each) => sum + each.loss, 0)
      expect(Math.abs((row.lossSum as number) / loss - 1)).toBeLessThan(1e-5)
      expect(row.perplexity).toBeCloseTo(Math.exp(loss / Number(row.targets)), 3)
      expect(row.bitsPerByte).toBeCloseTo(loss / Math.log(2) / Number(row.bytes), 4)
      expect(row.perplexity).toBeLessThan((row.unigramPerplexity as number) / 3)
      expect(row.standardError).toBeGreaterThan(0)
      expect(row.expertMean).toBeGreaterThan(0)
      expect(row.expertMean).toBeLessThanOrEqual(2)
    }
  })

  it('puts the pieces of a document together as it was', async () => {
    const documents = (await known()).filter(each => each.role === 'validation')
    const pieces = await rowsOf(trained.results.get('evaluate-final')?.roles['held.pieces'])
    for (const { key, ids } of documents) {
      // A piece begins with the last id of the one before; their order in the rows is that of the document.
      const own = pieces.filter(piece => piece.document === idOf(key)).map(piece => piece.ids as number[])
      expect([own[0]?.[0], ...own.flatMap(piece => piece.slice(1))]).toEqual([1, ...ids, 2])
    }
  })

  it('reads the same few rows in between, and reuses what no checkpoint changes', async () => {
    const between = trained.results.get('evaluate-p-1') as LocalResult
    const pieces = await rowsOf(between.roles['held.pieces'])
    const rows = 3 // of each component, in tiny.ts: at most 31 targets each
    for (const component of ['code', 'general']) {
      const targets = pieces
        .filter(piece => piece.component === component)
        .reduce((sum, piece) => sum + (piece.ids as number[]).length - 1, 0)
      expect(targets).toBeLessThanOrEqual(rows * 31)
      expect(targets).toBeGreaterThan(rows * 20)
    }
    const node = trained.nodes.get('evaluate-p-1')!
    const files = new Map(corpus.files)
    files.set(`${node.parents.weights?.[0]?.fingerprint}/weights`, trained.results.get('initialize')?.outputs.weights ?? [])
    const before = await runStage({
      stage: evaluate,
      config: node.config,
      seed: node.seed,
      inputs: inputsOf(node, files),
      folder: join(folder, 'before'),
    })
    for (const role of ['held.pieces', 'held.documents', 'sources.sources'])
      expect(
        before.roles[role]?.map(part => part.content),
        role,
      ).toEqual(between.roles[role]?.map(part => part.content))
    const [untrained] = await rowsOf(before.outputs.evaluation)
    expect(Math.log(untrained?.perplexity as number)).toBeGreaterThan(Math.log(vocabulary) - 0.4)
  })
})

describe('generate', () => {
  const tokenizer = () => {
    const node = corpus.nodes.find(each => each.id === 'tokenizer')
    return corpus.files.get(`${node?.fingerprint}/file`)?.[0]?.location as string
  }

  it('writes what the model learnt, the same for the same seed', async () => {
    const request = { weights, tokenizer: tokenizer(), prompt: 'The cat', maxTokens: 40, maxContext: 32, ropeBase: phase.ropeBase }
    const one = await generate({ ...request, seed: 7 })
    expect(await generate({ ...request, seed: 7, threads: 2 })).toEqual(one)
    expect((await generate({ ...request, seed: 8 })).text).not.toBe(one.text)
    const greedy = await generate({ ...request, temperature: 0 })
    expect(await generate({ ...request, temperature: 0, seed: 9 })).toEqual(greedy)
    expect(greedy.text).toMatch(/the|The|let/) // the likeliest: what single draws are depends on the first weights
  })

  it('draws an id by its probability, never one that text cannot have', () => {
    const logits = new Float32Array(300).fill(-Infinity)
    logits[5] = 99 // reserved
    logits[270] = Math.log(1)
    logits[280] = Math.log(3)
    expect([0, 0.2499, 0.2501, 0.9999].map(fraction => pick(logits, 1, fraction))).toEqual([270, 270, 280, 280])
    expect(pick(logits, 0.5, 0.099)).toBe(270) // 1 : 9
    expect(pick(logits, 0.5, 0.101)).toBe(280)
    expect(pick(logits, 0, 0)).toBe(280)
  })
})
