/** Draws the held-out rows and takes them apart into pieces of documents; counts the unigram model that they are compared with. */
import { ShardFiles, type ShardRows } from '../../native/addon/shard.ts'
import { BatchBuilder } from '../arrow/index.ts'
import { PassRows, type RowPlace, readIndex } from '../loader/index.ts'
import { Permutation } from '../loader/permute.ts'
import type { IndexEntry } from '../shard/layout.ts'
import type { Context } from '../stage.ts'
import { firstByte } from '../tokenizer/layout.ts'
import { type EvaluateConfig, rowsOf } from './config.ts'
import { documents, pieces } from './tables.ts'

/** Ids of rows in memory at a time. */
const chunkIds = 2 ** 20

export async function holdOut(ctx: Context<EvaluateConfig>): Promise<void> {
  const { phase, unigramRows, vocabulary } = ctx.config
  const index = await readIndex(ctx.batches('index'))
  const files = await ShardFiles.open(ctx.files('rows'))
  const chunks = (places: readonly RowPlace[]) => readChunks(files, places, Math.max(1, Math.floor(chunkIds / phase.rowLength)))
  const loss = await unigram(ctx, vocabulary, drawTraining(index, unigramRows, `${ctx.seed}/${phase.rowLength}`), chunks)
  const bytes = await bytesOfIds(ctx)

  const found = new Set<string>()
  const writer = await ctx.writer('pieces')
  for (const [component, rows] of byComponent(index, 'validation')) {
    const places = draw(rows, rowsOf(ctx.config), `${ctx.seed}/${phase.rowLength}/${component}/validation`)
    for await (const read of chunks(places)) {
      const builder = new BatchBuilder(pieces)
      for (const piece of piecesOf(read, phase.rowLength)) {
        found.add(piece.document)
        const targets = piece.ids.subarray(1)
        builder.append({
          ...piece,
          component,
          bytes: targets.reduce((sum, id) => sum + (bytes[id] ?? 0), 0),
          unigramLoss: targets.reduce((sum, id) => sum + (loss[id] as number), 0),
        })
      }
      await writer.append(builder.finish())
      ctx.progress({})
    }
  }
  const builder = new BatchBuilder(documents)
  for (const id of [...found].sort()) builder.append({ id })
  await (await ctx.writer('documents')).append(builder.finish())
}

/** -log p of every id, nats: counts of targets in the drawn training rows, one added to each. */
async function unigram(
  ctx: Context<EvaluateConfig>,
  vocabulary: number,
  places: readonly RowPlace[],
  chunks: (places: readonly RowPlace[]) => AsyncGenerator<ShardRows>,
): Promise<Float64Array> {
  const counts = new Float64Array(vocabulary).fill(1)
  let total = vocabulary
  for await (const { targets } of chunks(places)) {
    for (const id of targets) {
      if (id < 0) continue
      counts[id] = (counts[id] as number) + 1
      total++
    }
    ctx.progress({})
  }
  return counts.map(count => Math.log(total / count))
}

/** Rows of first passes, in proportion to what each component has; all of them where `most` allows. */
function drawTraining(index: readonly IndexEntry[], most: number, key: string): RowPlace[] {
  const components = byComponent(index, 'train')
  const total = components.reduce((sum, [, rows]) => sum + rows.count, 0)
  return components.flatMap(([component, rows]) =>
    draw(rows, total <= most ? rows.count : Math.ceil((rows.count * most) / total), `${key}/${component}/unigram`),
  )
}

/** First passes of a role, by component. */
function byComponent(index: readonly IndexEntry[], role: IndexEntry['role']): [component: string, rows: PassRows][] {
  const entries = index.filter(entry => entry.role === role && entry.pass === 0 && entry.rows > 0)
  const names = [...new Set(entries.map(entry => entry.component))].sort()
  return names.map(name => [
    name,
    new PassRows(
      0,
      entries.filter(entry => entry.component === name),
    ),
  ])
}

/** At most `most` rows, drawn by `key`, in the order of the shards. */
function draw(rows: PassRows, most: number, key: string): RowPlace[] {
  if (rows.count <= most) return Array.from({ length: rows.count }, (_, i) => rows.place(i))
  const permutation = new Permutation(rows.count, key)
  const drawn = Array.from({ length: most }, (_, i) => permutation.at(i)).sort((a, b) => a - b)
  return drawn.map(i => rows.place(i))
}

async function* readChunks(files: ShardFiles, places: readonly RowPlace[], size: number): AsyncGenerator<ShardRows> {
  for (let at = 0; at < places.length; at += size) {
    const chunk = places.slice(at, at + size)
    const column = (of: (place: RowPlace) => number) => Uint32Array.from(chunk, of)
    yield files.read(
      column(place => place.part),
      column(place => place.batch),
      column(place => place.row),
    )
  }
}

/** A run of one position predicts nothing and is left out. */
function* piecesOf(read: ShardRows, rowLength: number): Generator<{ document: string; ids: Uint32Array }> {
  const documents = Buffer.from(read.documents.buffer, read.documents.byteOffset, read.documents.byteLength)
  for (const [i, row] of read.runRows.entries()) {
    const start = row * rowLength + (read.runStarts[i] as number)
    const ids = read.tokens.subarray(start, start + (read.runLengths[i] as number))
    if (ids.length > 1) yield { document: documents.toString('hex', 16 * i, 16 * i + 16), ids }
  }
}

/** Bytes of text that an id stands for: none below 256. */
async function bytesOfIds(ctx: Context<EvaluateConfig>): Promise<Uint32Array> {
  const bytes = new Uint32Array(ctx.config.vocabulary)
  for await (const batch of ctx.batches('tokenizer')) {
    const [id, text] = [batch.column('id'), batch.column('bytes')]
    for (let i = 0; i < batch.rows; i++) if (id.number(i) >= firstByte) bytes[id.number(i)] = text.bytes(i).length
  }
  return bytes
}
