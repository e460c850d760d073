/**
 * The funnel: per step what went in and out, what was dropped and why, at what cost. From manifests (their counters) and the journal.
 *
 * Which role is "the documents" of a stage is found, not listed: the first of its outputs that has one row per document. So a new stage has
 * its row without a word here.
 */
import type { JournalEntry } from '../../activities/journal.ts'
import { schemaDigest } from '../../pipelines/arrow/index.ts'
import { counts, documents, scores, tokens } from '../../pipelines/schemas.ts'
import type { Manifest } from '../../storage/artifacts.ts'
import { bytesOf, countersOf, rowsOf, type Step, talliesOf } from './nodes.ts'
import type { FunnelRow, KindRow, ShardRow, SourceRow, Warning } from './types.ts'

/** Roles with one row per document, the most telling first, and the digests of their schemas: a tokenizer's `counts` are of pieces. */
const documentRoles = new Map(Object.entries({ documents, tokens, scores, counts }).map(([role, schema]) => [role, schemaDigest(schema)]))

const mainRole = (manifest: Manifest | undefined): string | undefined =>
  [...documentRoles].find(([role, digest]) => manifest?.roles[role]?.some(part => part.schema === digest))?.[0]

export interface FunnelRequest {
  corpus: readonly Step[]
  /** Their rows have units and cost, and no documents: what they read of the corpus is rows and side tables. */
  training: readonly Step[]
  journal: readonly JournalEntry[]
  shards: readonly ShardRow[]
  /** Of the pinned files, which a stage without documents to read begins with. */
  rawBytes: number
  /** US dollars. */
  pricePerCoreHour: number
}

export function funnelOf({ corpus, training, journal, shards, rawBytes, pricePerCoreHour }: FunnelRequest): FunnelRow[] {
  const byFingerprint = new Map(corpus.map(step => [step.node.fingerprint, step.manifest]))
  const entries = Map.groupBy(journal, entry => entry.node)
  return [...corpus, ...training].map((step, i) => {
    const { node, manifest } = step
    const own = entries.get(node.id) ?? []
    const dropped = droppedBy(manifest)
    const quarantined = [...talliesOf(manifest, 'quarantine/code')].map(([code, records]) => ({ code, records }))
    const shard = shards.find(each => each.node === node.id)
    const out = shard ? sum(shard.components, 'documents') : rowsOf(manifest, mainRole(manifest) ?? '')
    const inputs = inputsOf(i < corpus.length ? manifest : undefined, byFingerprint)
    if (node.inputs && inputs.documents === null && out !== null) {
      inputs.documents = out + sum(dropped, 'documents') + sum(quarantined, 'records')
      inputs.bytes = rawBytes
    }
    const units = unitsOf(manifest, own)
    return {
      node: node.id,
      stage: node.stage,
      fingerprint: node.fingerprint,
      state: manifest ? (units.run ? 'made' : 'reused') : 'missing',
      documents: { in: inputs.documents, out },
      bytes: { in: inputs.bytes, out: shard ? shard.fileBytes : bytesOf(manifest, mainRole(manifest) ?? '') },
      tokens: { in: inputs.tokens, out: shard ? sum(shard.components, 'tokens') : tokensOf(manifest) },
      dropped,
      quarantined,
      kinds: judges(step) ? kindsOf(manifest, inputs.kinds) : [],
      units,
      cost: costOf(own, units, inputs.documents),
      ledger: ledgerOf(manifest, inputs.bytes, pricePerCoreHour),
    }
  })
}

const sum = <K extends string>(items: readonly Record<K, number>[], what: K): number => items.reduce((total, item) => total + item[what], 0)

/** By rule; what a reader left out (`skipped.<why>`) is dropped too. */
function droppedBy(manifest: Manifest | undefined): FunnelRow['dropped'] {
  const skipped = [...countersOf(manifest)].filter(([name]) => name.startsWith('skipped.'))
  return [...talliesOf(manifest, 'decisions/rule'), ...skipped]
    .map(([rule, documents]) => ({ rule, documents }))
    .sort((a, b) => b.documents - a.documents || (a.rule < b.rule ? -1 : 1))
}

/** Whether every document that does not come out was dropped: of stages with decisions, of readers, and of `tokenize`, which keeps all. */
const judges = ({ node, manifest }: Step): boolean =>
  Boolean(manifest?.roles.decisions || mainRole(manifest) === 'tokens' || (node.inputs && mainRole(manifest) === 'documents'))

interface Inputs {
  documents: number | null
  bytes: number | null
  tokens: number | null
  kinds: Map<string, number>
}

/** What the first input role with rows per document holds, over all parents. */
function inputsOf(manifest: Manifest | undefined, byFingerprint: ReadonlyMap<string, Manifest | undefined>): Inputs {
  const found: Inputs = { documents: null, bytes: null, tokens: null, kinds: new Map() }
  const role = [...documentRoles.keys()].find(name => manifest?.parents[name])
  for (const name of role ? (manifest?.parents[role] ?? []) : []) {
    const [, fingerprint = '', from = ''] = name.split('/')
    const parent = byFingerprint.get(fingerprint)
    found.documents = add(found.documents, rowsOf(parent, from))
    found.bytes = add(found.bytes, bytesOf(parent, from))
    found.tokens = add(found.tokens, tokensOf(parent))
    for (const [kind, by] of talliesOf(parent, `${from}/kind`)) found.kinds.set(kind, (found.kinds.get(kind) ?? 0) + by)
  }
  return found
}

const add = (a: number | null, b: number | null): number | null => (b === null ? a : (a ?? 0) + b)

/** `tokenize` counts them; no other stage of documents knows tokens. */
const tokensOf = (manifest: Manifest | undefined): number | null =>
  manifest?.roles.tokens ? (countersOf(manifest).get('tokens') ?? null) : null

function kindsOf(manifest: Manifest | undefined, before: ReadonlyMap<string, number>): FunnelRow['kinds'] {
  const after = talliesOf(manifest, `${mainRole(manifest)}/kind`)
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort()
    .map(kind => ({ kind, in: before.get(kind) ?? 0, out: after.get(kind) ?? 0 }))
}

function unitsOf(manifest: Manifest | undefined, entries: readonly JournalEntry[]): FunnelRow['units'] {
  const total = manifest?.operations.reduce((total, operation) => total + operation.units, 0) ?? 0
  const count = (...states: string[]) => new Set(entries.filter(entry => states.includes(entry.state)).map(entry => entry.unitKey)).size
  const run = count('committed', 'alreadyThere')
  return { total, run, reused: Math.max(0, total - run), failedAttempts: entries.filter(entry => entry.state === 'failed').length }
}

function costOf(entries: readonly JournalEntry[], units: FunnelRow['units'], documents: number | null): FunnelRow['cost'] {
  const started = entries.filter(entry => entry.state === 'started')
  const done = entries.filter(entry => entry.state === 'committed' || entry.state === 'alreadyThere')
  if (!done.length || !started.length) return null
  const seconds = (Math.max(...done.map(entry => entry.t)) - Math.min(...started.map(entry => entry.t))) / 1000
  const rate = (amount: number) => (seconds > 0 && units.reused === 0 ? amount / seconds : null)
  return {
    cpuSeconds: sum(done, 'cpuMs') / 1000,
    wallSeconds: seconds,
    peakRss: Math.max(...done.map(entry => entry.rssPeak)),
    documentsPerSecond: documents === null ? null : rate(documents),
    megabytesPerSecond: rate(sum(done, 'bytesIn') / 1e6),
  }
}

/** Documents of each source after every stage that writes documents. */
export function sourcesOf(steps: readonly Step[]): SourceRow[] {
  return columnsOf(steps, 'source').map(([source, documents]) => ({ source, documents }))
}

/** From the manifest: what units cost is kept beside them. */
function ledgerOf(manifest: Manifest | undefined, read: number | null, price: number): FunnelRow['ledger'] {
  const operations = manifest?.operations ?? []
  if (!operations.length || operations.some(({ cpuMs }) => cpuMs === undefined)) return null
  const cpuSeconds = operations.reduce((total, { cpuMs = 0 }) => total + cpuMs, 0) / 1000
  const bytesIn = read ?? operations[0]?.bytesIn ?? 0
  const coreHoursPerTerabyte = bytesIn > 0 ? cpuSeconds / 3600 / (bytesIn / 1e12) : null
  return {
    cpuSeconds,
    bytesIn,
    coreHoursPerTerabyte,
    dollarsPerTerabyte: coreHoursPerTerabyte === null ? null : coreHoursPerTerabyte * price,
  }
}

export function kindRows(steps: readonly Step[]): KindRow[] {
  const tokenized = steps.find(({ manifest }) => manifest?.roles.tokens)?.manifest
  const counters = countersOf(tokenized)
  return columnsOf(steps, 'kind').map(([kind, documents]) => ({
    kind,
    documents,
    textBytes: counters.get(`bytes.${kind}`) ?? null,
    tokens: counters.get(`tokens.${kind}`) ?? null,
  }))
}

function columnsOf(steps: readonly Step[], column: 'source' | 'kind'): [value: string, documents: { node: string; out: number }[]][] {
  const tables = steps
    .filter(({ manifest }) => mainRole(manifest) === 'documents' || mainRole(manifest) === 'tokens')
    .map(({ node, manifest }) => ({ node: node.id, out: talliesOf(manifest, `${mainRole(manifest)}/${column}`) }))
  const values = [...new Set(tables.flatMap(table => [...table.out.keys()]))].sort()
  return values.map(value => [value, tables.map(table => ({ node: table.node, out: table.out.get(value) ?? 0 }))])
}

/**
 * A stage that drops everything of a kind is nearly always a rule for another kind. Asked of the stages that drop (they have `decisions`)
 * and of those that must keep all (`tokens`); one that makes new documents has no such relation.
 */
export function funnelWarnings(steps: readonly Step[], funnel: readonly FunnelRow[]): Warning[] {
  const warnings: Warning[] = []
  for (const [i, row] of funnel.entries()) {
    if (!judges(steps[i] as Step)) continue
    for (const { kind, in: before, out } of row.kinds) {
      if (before === 0 || out > 0) continue
      const message = `${row.node} lets none of ${before} document${before === 1 ? '' : 's'} of kind ${kind} through`
      warnings.push({ code: 'KIND_VANISHED', where: row.node, message })
    }
    const { documents, dropped, quarantined } = row
    if (documents.in === null || documents.out === null) continue
    const gone = sum(dropped, 'documents') + sum(quarantined, 'records')
    if (documents.in - gone !== documents.out) {
      const message = `${documents.in} in, ${gone} dropped or quarantined, but ${documents.out} out`
      warnings.push({ code: 'ROWS_DO_NOT_ADD_UP', where: row.node, message })
    }
  }
  return warnings
}
