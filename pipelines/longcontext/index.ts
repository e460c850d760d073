/**
 * Longcontext: documents long enough for long rows. Repositories are assembled from their files, other long documents are copied; each gets
 * the length bucket that it reaches as its `type`. What comes out is only these; the inputs go on by themselves.
 *
 * route sends every file of a repository to one partition, assemble puts them in order: a partition is sorted by (source, repository, key),
 * so neither units nor order of arrival matter. A partition is held in memory: `partitions` is what bounds it.
 *
 * Id of a new document: XXH3-128 of ("longcontext", kind, source, key) with NUL between, where key is `<repository>#<piece>` or the copied
 * document's key. `meta.files` of a repository lists [file document, offset, length], offset and length in bytes of `text`.
 */
import { type Batch, BatchBuilder, type Column, concat, schema, utf8 } from '../arrow/index.ts'
import { idsOf } from '../extract/ids.ts'
import { documents } from '../schemas.ts'
import { type Context, defineStage } from '../stage.ts'
import { assemble, type RepositoryFile } from './assemble.ts'
import { bucketOf, charactersOf, type LongcontextConfig, longcontextConfig } from './config.ts'

/** `group`: `<source>NUL<repository>`, or empty for a document that is long by itself. */
const groupColumn = schema({ group: utf8() })
const routed = { fields: [...documents.fields, ...groupColumn.fields] }

export const longcontext = defineStage({
  name: 'longcontext',
  revision: 1,
  config: longcontextConfig,
  inputs: ['documents'],
  outputs: { documents: 'assemble.documents' },
  operations: [
    {
      name: 'route',
      kind: 'shuffle',
      reads: ['documents'],
      writes: { routed: { schema: routed } },
      unitBytes: config => config.unitBytes,
      partitions: config => config.partitions,
      config: ({ partitions, buckets }) => ({ partitions, buckets }),
      run: route,
    },
    {
      name: 'assemble',
      kind: 'reduce',
      reads: ['route.routed'],
      writes: { documents: { schema: documents } },
      config: ({ order, minFiles, maxBytes, buckets }) => ({ order, minFiles, maxBytes, buckets }),
      run: gather,
    },
  ],
})

async function route(ctx: Context<LongcontextConfig>): Promise<void> {
  const least = Math.min(...Object.values(ctx.config.buckets))
  const partitions: Batch[][] = Array.from({ length: ctx.partitions }, () => [])
  for await (const batch of ctx.batches('documents')) {
    const groups = new BatchBuilder(groupColumn)
    const rows: number[] = []
    const names: string[] = []
    const sources = batch.column('source')
    const repositories = repositoriesOf(batch)
    for (let row = 0; row < batch.rows; row++) {
      const repository = repositories(row)
      if (repository === undefined && charactersOf(batch.column('text').bytes(row)) < least) continue
      const group = repository === undefined ? '' : `${sources.text(row)}\0${repository}`
      rows.push(row)
      names.push(group || `\0${sources.text(row)}\0${batch.column('key').text(row)}`)
      groups.append({ group })
    }
    if (!rows.length) continue
    const kept = batch.take(Uint32Array.from(rows)).with('group', utf8(), groups.finish().column('group'))
    const hashes = await idsOf(names, ctx.threads)
    const view = new DataView(hashes.buffer, hashes.byteOffset, hashes.byteLength)
    const to = rows.map((_, i) => Math.floor((view.getUint32(16 * i) / 2 ** 32) * ctx.partitions))
    for (const partition of new Set(to)) {
      const those = Uint32Array.from(to.flatMap((place, i) => (place === partition ? [i] : [])))
      partitions[partition]?.push(kept.take(those))
    }
  }
  const writer = await ctx.writer('routed')
  for (const batches of partitions) await writer.appendPartition(batches.length ? concat(batches) : new BatchBuilder(routed).finish())
}

/** `meta.repository` of a row, where it has one. */
function repositoriesOf(batch: Batch): (row: number) => string | undefined {
  const meta = batch.column('meta')
  return row => {
    const value = (meta.value(row) as Record<string, string>).repository
    return value === undefined ? undefined : String(value)
  }
}

interface Row {
  batch: Batch
  row: number
  group: string
  source: string
  key: string
}

async function gather(ctx: Context<LongcontextConfig>): Promise<void> {
  const rows: Row[] = []
  for await (const batch of ctx.batches('route.routed')) {
    const text = (name: string): ((row: number) => string) => {
      const column: Column = batch.column(name)
      return row => column.text(row)
    }
    const [group, source, key] = [text('group'), text('source'), text('key')]
    for (let row = 0; row < batch.rows; row++) rows.push({ batch, row, group: group(row), source: source(row), key: key(row) })
  }
  rows.sort((a, b) => order(a.group, b.group) || order(a.source, b.source) || order(a.key, b.key))

  const out = new Output(ctx)
  for (let from = 0; from < rows.length; ) {
    const first = rows[from] as Row
    if (!first.group) {
      await out.copy(first)
      from++
      continue
    }
    let to = from + 1
    while (rows[to]?.group === first.group) to++
    await out.repository(first.source, first.group.slice(first.source.length + 1), rows.slice(from, to))
    from = to
  }
  await out.finish()
}

/** Code units, not a locale: JavaScript's own order. */
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

class Output {
  readonly #ctx: Context<LongcontextConfig>
  #waiting: { kind: string; source: string; key: string; row: Record<string, unknown> }[] = []
  #bytes = 0

  constructor(ctx: Context<LongcontextConfig>) {
    this.#ctx = ctx
  }

  async repository(source: string, repository: string, rows: readonly Row[]): Promise<void> {
    const { config } = this.#ctx
    const kinds = new Set(rows.map(({ batch, row }) => batch.column('kind').text(row)))
    if (rows.length < config.minFiles || !kinds.has('code')) return this.#ctx.count('repositories.small')
    const files: RepositoryFile[] = rows.map(({ batch, row, key }) => ({
      id: Buffer.from(batch.column('id').bytes(row)).toString('hex'),
      path: key,
      type: batch.column('type').isNull(row) ? '' : batch.column('type').text(row),
      text: batch.column('text').bytes(row),
    }))
    this.#ctx.count('repositories')
    this.#ctx.count('repositories.files', files.length)
    for (const [piece, { text, files: placed }] of assemble(files, config.maxBytes).entries())
      await this.#add('repository', source, `${repository}#${piece}`, text, {
        title: repository,
        meta: { repository, files: JSON.stringify(placed.map(file => [file.id, file.offset, file.length])) },
      })
  }

  async copy({ batch, row, source, key }: Row): Promise<void> {
    const optionalText = (name: string) => (batch.column(name).isNull(row) ? undefined : batch.column(name).text(row))
    this.#ctx.count('copied')
    const meta = {
      ...(batch.column('meta').value(row) as Record<string, string>),
      original: Buffer.from(batch.column('id').bytes(row)).toString('hex'),
      kind: batch.column('kind').text(row),
    }
    const confidence = batch.column('confidence')
    await this.#add('long', source, key, batch.column('text').bytes(row), {
      ...Object.fromEntries(['url', 'title', 'author', 'date', 'language'].map(name => [name, optionalText(name)])),
      confidence: confidence.isNull(row) ? undefined : confidence.number(row),
      meta,
    })
  }

  async #add(kind: string, source: string, key: string, text: Uint8Array, row: Record<string, unknown>): Promise<void> {
    const type = bucketOf(charactersOf(text), this.#ctx.config.buckets) ?? 'short'
    this.#ctx.count(`bucket.${type}`)
    this.#waiting.push({ kind, source, key, row: { ...row, source, key, kind, type, text } })
    this.#bytes += text.length
    if (this.#waiting.length >= 256 || this.#bytes >= 2 ** 24) await this.finish()
  }

  async finish(): Promise<void> {
    if (!this.#waiting.length) return
    const ids = await idsOf(
      this.#waiting.map(({ kind, source, key }) => ['longcontext', kind, source, key].join('\0')),
      this.#ctx.threads,
    )
    const builder = new BatchBuilder(documents)
    for (const [i, { row }] of this.#waiting.entries()) builder.append({ ...row, id: ids.subarray(16 * i, 16 * i + 16) })
    await (await this.#ctx.writer('documents')).append(builder.finish())
    this.#ctx.progress({ detail: { written: this.#waiting.length } })
    this.#waiting = []
    this.#bytes = 0
  }
}
