/**
 * A document's whole life in a run: where it was read, what every stage said of it, and what training did with it; ending in one sentence.
 *
 * Everything comes from the tables that the stages left. A stage that has not run says nothing.
 */
import type { RunRecord } from '../activities/run.ts'
import { MillraceError } from '../pipelines/errors.ts'
import { idsOf, nameOf } from '../pipelines/extract/ids.ts'
import type { Node } from '../pipelines/graph.ts'
import { findManifest, type Manifest } from '../storage/artifacts.ts'
import type { Store } from '../storage/store.ts'
import { expressionWords, figure, filterFacts, limitRows, otherFigures } from './explain-filter.ts'
import { indexOf, Lookup } from './lookup.ts'
import { Reading } from './reading.ts'
import { nodesOf } from './runs.ts'

export interface Event {
  stage: string
  outcome: 'read' | 'kept' | 'dropped' | 'quarantined' | 'assembled' | 'measured' | 'held out' | 'excluded' | 'packed' | 'trained'
  /** In words, for people. Text of documents in it is as it came: make it safe before a terminal sees it. */
  text: string
  facts: Record<string, unknown>
  /** Rows of a small table that belongs below it. */
  rows?: string[][]
}

export interface Life {
  run: string
  id: string | null
  source: string | null
  key: string | null
  url: string | null
  events: Event[]
  sentence: string
}

/** Throws NO_DOCUMENT, with what comes nearest. */
export async function explain(store: Store, record: RunRecord, asked: string, folder: string): Promise<Life> {
  const nodes = await nodesOf(store, record)
  const manifests = new Map<string, Manifest | undefined>()
  for (const node of nodes) manifests.set(node.id, await findManifest(store, node.stage, node.fingerprint))
  return new Biography(store, record, nodes, manifests, new Lookup(store, folder)).tell(asked)
}

const columns = ['source', 'key', 'url', 'title', 'kind'] as const

interface JudgedBlock {
  hash: string
  words: number
  position: number
  score: number
  kept: boolean
  reason: string
}

/** `12 of 40 blocks kept (dropped: 20 navigation, 8 footer)`. */
function keptOf(blocks: readonly JudgedBlock[]): string {
  const dropped = new Map<string, number>()
  for (const { kept, reason } of blocks) if (!kept) dropped.set(reason, (dropped.get(reason) ?? 0) + 1)
  const reasons = [...dropped].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([reason, count]) => `${count} ${reason}`)
  return `${blocks.filter(({ kept }) => kept).length} of ${blocks.length} blocks kept${reasons.length ? ` (dropped: ${reasons.join(', ')})` : ''}`
}

class Biography {
  readonly #store: Store
  readonly #record: RunRecord
  readonly #nodes: readonly Node[]
  readonly #manifests: ReadonlyMap<string, Manifest | undefined>
  readonly #lookup: Lookup
  #events: Event[] = []

  constructor(
    store: Store,
    record: RunRecord,
    nodes: readonly Node[],
    manifests: ReadonlyMap<string, Manifest | undefined>,
    lookup: Lookup,
  ) {
    this.#store = store
    this.#record = record
    this.#nodes = nodes
    this.#manifests = manifests
    this.#lookup = lookup
  }

  async tell(asked: string): Promise<Life> {
    const id = await this.#identify(asked)
    if (id === undefined) return this.#quarantined(asked)
    const born = await this.#birth(id)
    const life = { run: this.#record.run, id, source: text(born.source), key: text(born.key), url: text(born.url) }
    const end = (sentence: string): Life => ({ ...life, events: this.#events, sentence })
    const named = `${born.source}/${born.key}`
    for (const stage of ['filter', 'dedup', 'decontaminate']) {
      const dropped = born.assembled ? undefined : await this.#judged(stage, id, String(born.kind))
      if (dropped) return end(`${named} is out: ${dropped}.`)
    }
    if (!born.assembled) await this.#assembledInto(id)
    await this.#measured(id)
    return end(await this.#trained(id, named))
  }

  #say(stage: string, outcome: Event['outcome'], text: string, facts: Record<string, unknown> = {}): void {
    this.#events.push({ stage, outcome, text, facts })
  }

  /** An id, `source/key`, or a URL -> an id of a document in this run. */
  async #identify(asked: string): Promise<string | undefined> {
    const wanted = asked.toLowerCase()
    if (/^[0-9a-f]{32}$/.test(wanted)) return wanted
    const source = this.#record.config.sources.find(({ name }) => asked.startsWith(`${name}/`))?.name
    const extract = this.#manifests.get('extract')
    if (source) {
      const id = Buffer.from(await idsOf([nameOf(source, asked.slice(source.length + 1).normalize('NFC'))])).toString('hex')
      if ((await this.#lookup.find(extract, 'documents', id, ['key'])).length) return id
    }
    let found: string | undefined
    const near: string[] = []
    for (const manifest of [extract, this.#manifests.get('longcontext')]) {
      await this.#lookup.scan(manifest, 'documents', ['id', 'source', 'key', 'url'], batch => {
        const [ids, sources, keys, urls] = ['id', 'source', 'key', 'url'].map(name => batch.column(name))
        for (let i = 0; i < batch.rows; i++) {
          const full = `${sources?.text(i)}/${keys?.text(i)}`
          if (full === asked || (urls && !urls.isNull(i) && urls.text(i) === asked)) {
            found = String(ids?.value(i))
            return true
          }
          if (full.startsWith(`${asked}#`) && near.length < 5) near.push(full)
        }
        return undefined
      })
      if (found) return found
    }
    if (!near.length && (await this.#findQuarantined(asked))) return undefined
    throw new MillraceError({
      code: 'NO_DOCUMENT',
      kind: 'config',
      expected: `a document of run ${this.#record.run}: its id (32 hex digits), source/key or URL`,
      found: JSON.stringify(asked),
      next: near.length
        ? `it holds many documents: millrace explain ${near[0]}`
        : 'millrace show extract/documents --columns source,key lists them',
    })
  }

  async #findQuarantined(asked: string) {
    const manifest = this.#manifests.get('extract')
    let found: { source: string; key: string; code: string; message: string; offset: number } | undefined
    await this.#lookup.scan(manifest, 'quarantine', ['source', 'key', 'offset', 'code', 'message'], batch => {
      for (let i = 0; i < batch.rows; i++) {
        const [source, key] = [batch.column('source').text(i), batch.column('key').text(i)]
        const full = `${source}/${key}`
        if (full !== asked && full.split('#')[0] !== asked) continue
        found = {
          source,
          key,
          code: batch.column('code').text(i),
          message: batch.column('message').text(i),
          offset: batch.column('offset').number(i),
        }
        return true
      }
      return undefined
    })
    return found
  }

  async #quarantined(asked: string): Promise<Life> {
    const found = await this.#findQuarantined(asked)
    const { source = '', key = '', code = '', message = '', offset = 0 } = found ?? {}
    this.#say('extract', 'quarantined', `${code} at byte ${offset}: ${message}`, { code, message, offset })
    return {
      run: this.#record.run,
      id: null,
      source,
      key,
      url: null,
      events: this.#events,
      sentence: `${source}/${key} was never a document: extract quarantined it (${code}).`,
    }
  }

  async #birth(id: string): Promise<Record<string, unknown> & { assembled: boolean }> {
    const [hit] = await this.#lookup.find(this.#manifests.get('extract'), 'documents', id, columns)
    if (hit) {
      const { source, key, kind, url } = hit.values
      const where = `unit ${hit.part.unit}, row ${hit.row}`
      const blocks = await this.#blocks(id)
      this.#say('extract', 'read', `${source}/${key}${url ? ` <${url}>` : ''} as ${kind}; ${where}${blocks ? `; ${keptOf(blocks)}` : ''}`, {
        ...hit.values,
        ...(blocks ? { blocks } : {}),
        unit: hit.part.unit,
        part: hit.part.location,
        row: hit.row,
      })
      return { ...hit.values, assembled: false }
    }
    const [made] = await this.#lookup.find(this.#manifests.get('longcontext'), 'documents', id, [...columns, 'meta'])
    if (!made)
      throw new MillraceError({
        code: 'NO_DOCUMENT',
        kind: 'config',
        expected: `a document of run ${this.#record.run}`,
        found: id,
        next: 'millrace show extract/documents --columns id,source,key lists them',
      })
    const { source, key, kind, meta } = made.values as { source: string; key: string; kind: string; meta: Record<string, string> }
    const files = meta.files ? (JSON.parse(meta.files) as unknown[]).length : undefined
    const from = meta.original ? `a copy of ${meta.original}` : `${files ?? 'several'} files of repository ${meta.repository ?? ''}`
    this.#say('longcontext', 'assembled', `${source}/${key} (${kind}) from ${from}`, {
      ...made.values,
      unit: made.part.unit,
      row: made.row,
    })
    return { ...made.values, assembled: true }
  }

  /** How extraction judged the blocks of a page, in their order; undefined for what was no page. */
  async #blocks(id: string): Promise<JudgedBlock[] | undefined> {
    const [hit] = await this.#lookup.find(this.#manifests.get('extract'), 'blocks', id, ['blocks'])
    const blocks = hit?.values.blocks as (Omit<JudgedBlock, 'hash'> & { hash: bigint })[] | undefined
    return blocks?.map(block => ({ ...block, hash: block.hash.toString(16).padStart(16, '0') }))
  }

  /** What a stage that drops documents said: undefined where it kept this one or has not run. */
  async #judged(stage: string, id: string, kind: string): Promise<string | undefined> {
    const manifest = this.#manifests.get(stage)
    if (!manifest) return undefined
    const [hit] = await this.#lookup.find(manifest, 'decisions', id, ['rule', 'value', 'threshold', 'partner', 'similarity'])
    if (!hit) {
      const [kept] = await this.#lookup.find(manifest, 'documents', id, ['id'])
      if (kept) {
        const copies = stage === 'dedup' ? await this.#copiesOf(manifest, id) : ''
        this.#say(stage, 'kept', `kept${copies}`, { unit: kept.part.unit, row: kept.row })
        if (stage === 'filter') await this.#measures(manifest, id, kind, undefined)
        return undefined
      }
      const quarantined = Boolean(manifest.quarantined)
      this.#say(stage, quarantined ? 'quarantined' : 'dropped', 'neither kept nor decided upon')
      return `${stage} ${quarantined ? 'quarantined it' : 'did not pass it on'}`
    }
    const { rule, value, threshold, partner, similarity } = hit.values as {
      rule: string
      value: number
      threshold: number
      partner: string | null
      similarity: number | null
    }
    const facts: Record<string, unknown> = { ...hit.values }
    let words = `${rule}: ${figure(value)}, where the threshold is ${figure(threshold)}`
    if (partner) {
      const [other] = await this.#lookup.find(this.#manifests.get('extract'), 'documents', partner, columns)
      const name = other ? `${other.values.source}/${other.values.key}` : partner
      words = `${rule}: the same as ${name} (${partner}), similarity ${figure(similarity ?? 1)}, threshold ${figure(threshold)}; that one was kept`
      facts.partnerKey = name
    }
    if (stage === 'decontaminate') {
      const [match] = await this.#lookup.find(manifest, 'matches', id, ['set', 'item', 'hits', 'at'])
      if (match) {
        Object.assign(facts, match.values)
        words = `${rule}: shares ${String(match.values.hits)} runs of words with item ${String(match.values.item)} of evaluation set ${String(match.values.set)}, from its word ${String(match.values.at)} on`
      }
    }
    this.#say(stage, 'dropped', words, facts)
    if (stage === 'filter') words = (await this.#measures(manifest, id, kind, rule)) ?? words
    return `${stage} dropped it (${words})`
  }

  /** Adds to the last event what filtering measured, beside the limits of the profile that judged. Better words for the verdict, if any. */
  async #measures(manifest: Manifest, id: string, kind: string, reason: string | undefined): Promise<string | undefined> {
    const event = this.#events.at(-1)
    const config = this.#nodes.find(node => node.id === 'filter')?.config
    const found = await filterFacts(this.#lookup, manifest, config, id, kind)
    if (!event || !found) return undefined
    const { tables } = await import('../native/addon/text.ts')
    const others = otherFigures(found, tables().statistics)
    const words = reason === undefined ? undefined : expressionWords(config, reason, found)
    event.text = `${words ?? event.text} by profile ${found.profile}${others ? `; ${others}` : ''}`
    event.rows = limitRows(found, reason)
    Object.assign(event.facts, found)
    return words
  }

  async #copiesOf(manifest: Manifest, id: string): Promise<string> {
    const copies = await this.#lookup.count(manifest, 'decisions', id, 'partner').catch(() => 0)
    return copies ? `; ${copies} ${copies === 1 ? 'duplicate of it was' : 'duplicates of it were'} dropped` : ''
  }

  /** Assembled documents that hold this one. */
  async #assembledInto(id: string): Promise<void> {
    await this.#lookup.scan(this.#manifests.get('longcontext'), 'documents', ['id', 'source', 'key', 'meta'], batch => {
      const meta = batch.column('meta')
      for (let i = 0; i < batch.rows; i++) {
        const { files = '', original } = meta.value(i) as Record<string, string>
        if (original !== id && !files.includes(id)) continue
        const made = String(batch.column('id').value(i))
        this.#say('longcontext', 'assembled', `also part of ${batch.column('source').text(i)}/${batch.column('key').text(i)} (${made})`, {
          document: made,
        })
      }
      return undefined
    })
  }

  async #measured(id: string): Promise<void> {
    const [ids] = await this.#lookup.find(this.#manifests.get('tokenize'), 'tokens', id, ['bytes', 'ids'])
    if (ids) {
      const tokens = (ids.values.ids as unknown[]).length
      this.#say('tokenize', 'measured', `${tokens} tokens of ${String(ids.values.bytes)} bytes`, { tokens, bytes: ids.values.bytes })
    }
    const [score] = await this.#lookup.find(this.#manifests.get('score'), 'scores', id, ['quality', 'domain', 'style'])
    if (score) {
      const { quality, domain, style } = score.values
      this.#say('score', 'measured', `quality ${figure(Number(quality))}, domain ${String(domain)}, style ${String(style)}`, score.values)
    }
  }

  async #trained(id: string, named: string): Promise<string> {
    const [counted] = await this.#lookup.find(this.#manifests.get('mix'), 'counts', id, ['component', 'role', 'count'])
    if (!counted) return `${named} was kept by every stage that has run.`
    const { component, role, count } = counted.values as { component: string; role: string; count: number }
    if (role === 'validation') this.#say('mix', 'held out', `held out for validation, component ${component}`, counted.values)
    else this.#say('mix', count ? 'kept' : 'excluded', `component ${component}, count ${count}: ${times(count)}`, counted.values)
    const reading = await Reading.open(this.#store, this.#nodes, this.#lookup)
    const steps: number[] = []
    for (const node of this.#nodes.filter(each => each.stage === 'shard')) {
      const places = await this.#placesOf(node, id)
      if (!places.length) continue
      const { rowLength } = node.config as { rowLength: number }
      const shown = places.slice(0, 4).map(({ part, batch, row }) => `part ${part} batch ${batch} row ${row}`)
      this.#say(
        node.id,
        'packed',
        `in ${places.length} ${places.length === 1 ? 'row' : 'rows'}: ${shown.join(', ')}${places.length > 4 ? ', …' : ''}`,
        { rows: places },
      )
      if (reading && role !== 'validation') steps.push(...(await reading.stepsOf(rowLength, places)))
    }
    if (role === 'validation') return `${named} is held out: it measures the model and never trains it.`
    if (!count) return `${named} passed every stage, but mix gave it count 0: it is never read.`
    if (!reading) return `${named} is in: component ${component}, count ${count}: ${times(count)}; nothing was trained yet.`
    steps.sort((a, b) => a - b)
    const list = `${steps.slice(0, 8).join(', ')}${steps.length > 8 ? ', …' : ''}`
    if (steps.length) this.#say('train', 'trained', `read in ${steps.length === 1 ? 'step' : 'steps'} ${list}`, { steps })
    else this.#say('train', 'excluded', `not read in the ${reading.steps} steps of this run`, { steps })
    return steps.length
      ? `${named} is in: component ${component} read it in ${steps.length} of ${reading.steps} steps (${list}).`
      : `${named} is in component ${component}, but the run's ${reading.steps} steps came to none of its rows.`
  }

  async #placesOf(node: Node, id: string): Promise<{ part: number; batch: number; row: number }[]> {
    const wanted = Buffer.from(id, 'hex')
    const places: { part: number; batch: number; row: number }[] = []
    await this.#lookup.scan(this.#manifests.get(node.id), 'rows', ['runs'], (batch, at) => {
      const runs = batch.column('runs')
      const document = runs.children[0]?.children[0]
      if (!document) return true
      let row = 0
      for (const run of indexOf(document, wanted, Number.POSITIVE_INFINITY)) {
        while ((runs.offsets?.[row + 1] ?? 0) <= run) row++
        if (places.at(-1)?.row !== row || places.at(-1)?.batch !== at.batch || places.at(-1)?.part !== at.index)
          places.push({ part: at.index, batch: at.batch, row })
      }
      return undefined
    })
    return places
  }
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const times = (count: number): string => (count ? `read ${count === 1 ? 'once' : `${count} times`} at most` : 'never read')
