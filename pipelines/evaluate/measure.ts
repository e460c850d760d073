/** The forward pass over the held-out pieces, and the figures per component and source. */
import type { TargetRows, Trainer } from '../../native/addon/trainer.ts'
import { BatchBuilder } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import { hexOf } from '../shard/spread.ts'
import type { Context } from '../stage.ts'
import { idleOptimizer, loadTrainer } from '../train/model.ts'
import type { EvaluateConfig } from './config.ts'
import { evaluation } from './tables.ts'

/** Positions of one slab, and of one native call, about: work in flight, never a figure. */
const slabPositions = 2048
const callPositions = 2 ** 16

interface Piece {
  document: string
  ids: Uint32Array
  bytes: number
  unigramLoss: number
}

export async function measure(ctx: Context<EvaluateConfig>): Promise<void> {
  const { rowLength, ropeBase } = ctx.config.phase
  const groups = await readGroups(ctx)
  const trainer = await loadTrainer(ctx, {
    weights: ctx.files('weights')[0] as string,
    optimizer: idleOptimizer,
    inference: true,
    maxRowLength: rowLength,
    rowsPerSlab: Math.max(1, Math.floor(slabPositions / rowLength)),
  })
  const builder = new BatchBuilder(evaluation)
  for (const { component, domain, pieces } of groups) {
    const sums = new Sums()
    const size = Math.max(1, Math.floor(callPositions / rowLength))
    for (let at = 0; at < pieces.length; at += size) {
      await sums.add(trainer, pieces.slice(at, at + size), rowLength, ropeBase)
      ctx.progress({ detail: { component, domain, pieces: at } })
    }
    builder.append({ component, domain, ...sums.figures() })
  }
  await (await ctx.writer('evaluation')).append(builder.finish())
}

interface Group {
  component: string
  domain: string
  pieces: Piece[]
}

/** Pieces by component and source, both in the order of their names. */
async function readGroups(ctx: Context<EvaluateConfig>): Promise<Group[]> {
  const sourceOf = new Map<string, string>()
  for await (const batch of ctx.batches('sources.sources')) {
    const [id, source] = [batch.column('id'), batch.column('source')]
    for (let i = 0; i < batch.rows; i++) sourceOf.set(hexOf(id, i), source.text(i))
  }
  const groups = new Map<string, Group>()
  for await (const batch of ctx.batches('held.pieces')) {
    const column = (name: string) => batch.column(name)
    const offsets = column('ids').offsets as Int32Array
    const ids = column('ids').children[0]?.data as Uint32Array
    for (let i = 0; i < batch.rows; i++) {
      const document = hexOf(column('document'), i)
      const domain = sourceOf.get(document)
      if (domain === undefined) throw unknownDocument(document)
      const component = column('component').text(i)
      const key = `${component}\0${domain}`
      let group = groups.get(key)
      if (!group) {
        group = { component, domain, pieces: [] }
        groups.set(key, group)
      }
      group.pieces.push({
        document,
        ids: ids.subarray(offsets[i], offsets[i + 1]),
        bytes: column('bytes').number(i),
        unigramLoss: column('unigramLoss').number(i),
      })
    }
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
}

class Sums {
  #loss = 0
  #targets = 0
  #bytes = 0
  #unigram = 0
  #tokens = 0
  #experts = 0
  #squares = 0
  #documents = new Map<string, { loss: number; targets: number }>()

  async add(trainer: Trainer, pieces: readonly Piece[], rowLength: number, ropeBase: number): Promise<void> {
    const found = await trainer.evaluate(rowsOfPieces(pieces, rowLength, ropeBase))
    for (const [i, piece] of pieces.entries()) {
      const [loss, targets] = [found.lossSum[i], found.targets[i]] as [number, number]
      this.#loss += loss
      this.#targets += targets
      this.#bytes += piece.bytes
      this.#unigram += piece.unigramLoss
      const document = this.#documents.get(piece.document) ?? { loss: 0, targets: 0 }
      document.loss += loss
      document.targets += targets
      this.#documents.set(piece.document, document)
    }
    const tokens = pieces.reduce((sum, piece) => sum + piece.ids.length, 0)
    this.#tokens += tokens
    this.#experts += tokens * found.expertMean
    this.#squares += tokens * (found.expertStd ** 2 + found.expertMean ** 2)
  }

  figures(): Record<string, unknown> {
    const expertMean = this.#experts / this.#tokens
    return {
      documents: this.#documents.size,
      targets: this.#targets,
      bytes: this.#bytes,
      lossSum: this.#loss,
      perplexity: Math.exp(this.#loss / this.#targets),
      bitsPerByte: this.#bytes ? this.#loss / Math.LN2 / this.#bytes : undefined,
      standardError: this.#standardError(),
      unigramLossSum: this.#unigram,
      unigramPerplexity: Math.exp(this.#unigram / this.#targets),
      expertMean,
      expertStd: Math.sqrt(Math.max(0, this.#squares / this.#tokens - expertMean ** 2)),
    }
  }

  /** Of a ratio of two sums over documents (Cochran, Sampling Techniques, 6.4). */
  #standardError(): number | undefined {
    const count = this.#documents.size
    if (count < 2) return undefined
    const mean = this.#loss / this.#targets
    let squares = 0
    for (const { loss, targets } of this.#documents.values()) squares += (loss - mean * targets) ** 2
    return Math.sqrt((count / (count - 1)) * squares) / this.#targets
  }
}

/** One piece a row; the rest of the row is in no run and costs nothing. */
function rowsOfPieces(pieces: readonly Piece[], rowLength: number, ropeBase: number): TargetRows {
  const tokens = new Uint32Array(pieces.length * rowLength)
  const targets = new Int32Array(pieces.length * rowLength).fill(-1)
  for (const [row, { ids }] of pieces.entries()) {
    tokens.set(ids, row * rowLength)
    targets.set(ids.subarray(1), row * rowLength)
  }
  return {
    tokens,
    targets,
    runRows: Int32Array.from(pieces, (_, row) => row),
    runStarts: new Int32Array(pieces.length),
    runLengths: Int32Array.from(pieces, ({ ids }) => ids.length),
    rows: pieces.length,
    rowLength,
    ropeBase,
  }
}

const unknownDocument = (id: string) =>
  new MillraceError({
    code: 'EVALUATE_DOCUMENT',
    kind: 'bug',
    expected: 'every held-out document among the tokens of the corpus',
    found: `document ${id}`,
    where: 'stage evaluate',
    next: `millrace explain ${id}`,
  })
