/** A small corpus with shards, and a driver that walks the graph of training without a server. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ArrowReader, ArrowWriter, BatchBuilder } from '../../../pipelines/arrow/index.ts'
import type { Config } from '../../../pipelines/config.ts'
import { type Node, nodeOf } from '../../../pipelines/graph.ts'
import { asPart, type LocalRequest, type LocalResult, runStage } from '../../../pipelines/local.ts'
import type { Part } from '../../../pipelines/plan.ts'
import { counts, tokens as tokensSchema } from '../../../pipelines/schemas.ts'
import { shard } from '../../../pipelines/shard/index.ts'
import { stageOf } from '../../../pipelines/stages.ts'
import { tokenize } from '../../../pipelines/tokenize/index.ts'
import { tokenizer } from '../../../pipelines/tokenizer/index.ts'
import { optimizerSchema, phaseSchema } from '../../../pipelines/train/config.ts'
import { nextTraining, type Step } from '../../../pipelines/train/next.ts'
import { random } from '../shard/corpus.ts'
import { type Given, idOf, partOf } from '../tokenizer/documents.ts'

export const vocabulary = 520

export interface TinyDocument extends Given {
  source: string
  component: string
  role: 'train' | 'validation'
}

/** Sentences of a small grammar: what a model of a few thousand parameters learns in a few steps. */
export function tinyDocuments(count: number): TinyDocument[] {
  const draw = random(5)
  const one = (words: string) => words.split(' ')[Math.floor(draw() * words.split(' ').length)] as string
  return Array.from({ length: count }, (_, i) => {
    const source = ['manual', 'pages', 'trees'][i % 3] as string
    const code = source === 'trees'
    const sentences = Array.from({ length: 3 + Math.floor(draw() * 12) }, () =>
      code
        ? `let ${one('a b c')} = ${one('f g h')}(${one('a b c')})\n`
        : `The ${one('cat dog bird')} ${one('sees hears finds')} the ${one('tree house river')}. `,
    )
    const role = i % 8 === 7 ? 'validation' : 'train'
    return {
      key: `${source}/${i}`,
      kind: code ? 'code' : 'web',
      text: sentences.join(''),
      source,
      component: code ? 'code' : 'general',
      role,
    }
  })
}

export interface TinyCorpus {
  documents: TinyDocument[]
  nodes: Node[]
  /** `<fingerprint>/<role>` -> files. */
  files: Map<string, Part[]>
}

export const tinyModel = {
  ...{ hidden: 24, layers: 1, heads: 2, qRank: 12, kvRank: 8, nopeDim: 8, ropeDim: 4, valueDim: 8 },
  ...{ denseWidth: 32, expertWidth: 16, experts: 4, zeroExperts: 2, topK: 2, expectedExperts: 1.5 },
}

export function tinyConfig(phases: object[], more: object = {}): Config {
  return {
    name: 'tiny',
    seed: 3,
    sources: [],
    evaluation: [],
    stages: { tokenizer: { vocabulary }, evaluate: { rows: 3, finalRows: 100 } },
    model: { ...tinyModel, normEps: 1e-5, initStd: { embedding: 0.02, hidden: 0.5, residual: 0.5, router: 0.5, output: 0.5 } },
    optimizer: optimizerSchema.parse({ balanceGroups: 2, rowsPerSlab: 2 }),
    phases: phases.map(phase => phaseSchema.parse(phase)),
    run: {} as Config['run'],
    ...more,
  }
}

/** Documents to shards of each row length, through the real stages. */
export async function tinyCorpus(folder: string, rowLengths: readonly number[], count = 240): Promise<TinyCorpus> {
  await mkdir(folder, { recursive: true })
  const documents = tinyDocuments(count)
  const nodes: Node[] = []
  const files = new Map<string, Part[]>()
  const keep = (id: string, stage: string, outputs: Record<string, Part[]>, config: unknown) => {
    const node = nodeOf({ id, stage, revision: 1, config, seed: 3, parents: {} })
    nodes.push(node)
    for (const [role, parts] of Object.entries(outputs)) files.set(`${node.fingerprint}/${role}`, parts)
  }
  const inputs = { documents: [await partOf(folder, 'documents', documents, 50)] }
  const made = await runStage({ stage: tokenizer, config: { vocabulary }, inputs, folder: join(folder, 'tokenizer') })
  keep('tokenizer', 'tokenizer', made.outputs, {})
  const encoded = await runStage({
    stage: tokenize,
    config: {},
    inputs: { ...inputs, tokenizer: made.outputs.tokenizer ?? [] },
    folder: join(folder, 'tokenize'),
  })
  const tokens = [await withSources(folder, encoded.outputs.tokens ?? [], documents)]
  keep('tokenize', 'tokenize', { tokens }, {})
  keep('mix', 'mix', {}, { components: [{ name: 'general' }, { name: 'code' }] })
  const decided = [await writeCounts(folder, documents)]
  for (const rowLength of rowLengths) {
    const result = await runStage({
      stage: shard,
      config: { rowLength, vocabulary, partitions: 2 },
      seed: 3,
      inputs: { tokens, counts: decided },
      folder: join(folder, `shard-${rowLength}`),
    })
    keep(`shard-${rowLength}`, 'shard', result.outputs, { rowLength })
  }
  return { documents, nodes, files }
}

/** The tokens with the sources of these documents. */
async function withSources(folder: string, parts: readonly Part[], documents: readonly TinyDocument[]): Promise<Part> {
  const sourceOf = new Map(documents.map(({ key, source }) => [idOf(key), source]))
  const path = join(folder, 'tokens.arrow')
  const writer = await ArrowWriter.open(path, tokensSchema)
  for (const part of parts) {
    const reader = await ArrowReader.open(part.location)
    for await (const batch of reader) {
      const builder = new BatchBuilder(tokensSchema)
      for (let i = 0; i < batch.rows; i++) {
        const row = Object.fromEntries(tokensSchema.fields.map(({ name }) => [name, batch.column(name).value(i)]))
        builder.append({ ...row, source: sourceOf.get(row.id as string) })
      }
      await writer.append(builder.finish())
    }
    await reader.close()
  }
  await writer.close()
  return asPart('tokens', path)
}

async function writeCounts(folder: string, documents: readonly TinyDocument[]): Promise<Part> {
  const path = join(folder, 'counts.arrow')
  const writer = await ArrowWriter.open(path, counts)
  const builder = new BatchBuilder(counts)
  for (const { key, component, role } of documents) builder.append({ id: idOf(key), component, role, count: role === 'train' ? 4 : 1 })
  await writer.append(builder.finish())
  await writer.close()
  return asPart('counts', path)
}

export interface Trained {
  steps: Step[]
  nodes: Map<string, Node>
  results: Map<string, LocalResult>
}

/** The files that a node reads, by input role. */
export const inputsOf = (node: Node, files: ReadonlyMap<string, Part[]>): Record<string, Part[]> =>
  Object.fromEntries(
    Object.entries(node.parents).map(([role, parents]) => [
      role,
      parents.flatMap(parent => {
        const parts = files.get(`${parent.fingerprint}/${parent.role}`)
        if (!parts) throw new Error(`${node.id} reads ${parent.role} of ${parent.stage}/${parent.fingerprint}, which nobody wrote`)
        return parts
      }),
    ]),
  )

/** Runs every node that `nextTraining` names, in its order, until it names none. */
export async function trainTiny(
  config: Config,
  corpus: TinyCorpus,
  folder: string,
  more: Partial<LocalRequest<unknown>> = {},
): Promise<Trained> {
  const done: Trained = { steps: [], nodes: new Map(), results: new Map() }
  const files = new Map(corpus.files)
  for (;;) {
    const node = await nextTraining({ config, corpus: corpus.nodes, done: done.steps })
    if (!node) return done
    const result = await runStage({
      stage: await stageOf(node.stage),
      config: node.config,
      seed: node.seed,
      inputs: inputsOf(node, files),
      folder: join(folder, node.id),
      ...more,
    })
    for (const [role, parts] of Object.entries(result.outputs)) files.set(`${node.fingerprint}/${role}`, parts)
    done.steps.push({ id: node.id, stage: node.stage, fingerprint: node.fingerprint })
    done.nodes.set(node.id, node)
    done.results.set(node.id, result)
  }
}

/** Rows of an Arrow role as plain objects. */
export async function rowsOf(parts: readonly Part[] | undefined): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for (const part of parts ?? []) {
    const reader = await ArrowReader.open(part.location)
    for await (const batch of reader)
      for (let i = 0; i < batch.rows; i++)
        rows.push(Object.fromEntries(batch.schema.fields.map(({ name }) => [name, batch.column(name).value(i)])))
    await reader.close()
  }
  return rows
}
