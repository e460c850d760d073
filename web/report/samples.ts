/**
 * Documents to read: for every rule some that it dropped with the value and the threshold, of every kind some that stayed, and duplicates
 * beside what they duplicate. A sample of a bounded number of batches: ids are hashes, so the smallest ids of those read are a fair draw.
 */
import type { Batch } from '../../pipelines/arrow/index.ts'
import type { Part, Plan } from '../../pipelines/plan.ts'
import { stageOf } from '../../pipelines/stages.ts'
import { type Manifest, planKey } from '../../storage/artifacts.ts'
import { readJson } from '../../storage/store.ts'
import { type Step, talliesOf } from './nodes.ts'
import { type Reading, spreadOver } from './read.ts'
import type { DroppedSamples, DuplicatePair, ReportFacts, SampleDocument } from './types.ts'

const perRule = 10
const perKind = 4
const characters = 300
/** Parts of decisions, batches of kept documents and batches of ids that are looked into, per stage. */
const mostParts = 32
const mostKept = 16
const mostIds = 64

interface Verdict {
  id: string
  rule: string
  value: number
  threshold: number
  partner: string | null
  similarity: number | null
  unit: string
  row: number
}

/** A record batch of documents and a row of it. */
interface Place {
  location: string
  batch: number
  row: number
}

export async function samplesOf(reading: Reading, steps: readonly Step[]): Promise<ReportFacts['samples']> {
  const dropped: DroppedSamples[] = []
  const duplicates: DuplicatePair[] = []
  for (const { node, manifest } of steps) {
    if (!manifest?.roles.decisions) continue
    const counts = talliesOf(manifest, 'decisions/rule')
    const verdicts = await verdictsOf(reading, manifest)
    const rules = [...Map.groupBy(verdicts, verdict => verdict.rule)].sort(([a], [b]) => (a < b ? -1 : 1))
    const chosen = rules.flatMap(([, all]) => smallest(all, perRule))
    const places = await placesOf(reading, manifest, chosen)
    const partners = await findIds(reading, manifest, new Set(chosen.flatMap(verdict => verdict.partner ?? [])))
    const texts = await readPlaces(reading, [...places.values(), ...partners.values()])
    const documentOf = (id: string, place: Place | undefined): SampleDocument => (place && texts.get(keyOf(place))) ?? unread(id)
    for (const [rule, all] of rules) {
      const documents = smallest(all, perRule).map(({ id, value, threshold, partner, similarity }) => ({
        ...documentOf(id, places.get(id)),
        value,
        threshold,
        partner,
        similarity,
      }))
      dropped.push({ node: node.id, rule, count: counts.get(rule) ?? all.length, documents })
      for (const { value: _, threshold: __, partner, similarity, ...document } of documents)
        if (partner !== null && similarity !== null)
          duplicates.push({ node: node.id, rule, similarity, dropped: document, kept: documentOf(partner, partners.get(partner)) })
    }
  }
  return { dropped, duplicates, kept: await keptOf(reading, steps), partial: reading.partial }
}

const smallest = <T extends { id: string }>(all: readonly T[], most: number): T[] =>
  [...all].sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, most)

async function verdictsOf(reading: Reading, manifest: Manifest): Promise<Verdict[]> {
  const parts = manifest.roles.decisions?.filter(part => part.rows > 0) ?? []
  const read = spreadOver(parts, mostParts)
  if (read.length < parts.length) reading.partial = true
  const verdicts: Verdict[] = []
  for await (const batch of reading.table(read)) {
    const value = (name: string, i: number) => batch.column(name).value(i)
    for (let i = 0; i < batch.rows; i++)
      verdicts.push({
        id: value('id', i) as string,
        rule: value('rule', i) as string,
        value: value('value', i) as number,
        threshold: value('threshold', i) as number,
        partner: value('partner', i) as string | null,
        similarity: value('similarity', i) as number | null,
        unit: value('unit', i) as string,
        row: batch.column('row').number(i),
      })
  }
  return verdicts
}

/** Where the stage read the documents of these verdicts: (unit, row) over what its plan gave the unit. */
async function placesOf(reading: Reading, manifest: Manifest, verdicts: readonly Verdict[]): Promise<Map<string, Place>> {
  const places = new Map<string, Place>()
  if (!verdicts.length) return places
  const [operation = ''] = (await stageOf(manifest.stage)).outputs.decisions?.split('.') ?? []
  const plan = await readJson<Plan>(reading.store, planKey(manifest.stage, manifest.fingerprint, operation))
  const units = new Map(plan?.units.map(unit => [unit.key, unit]))
  for (const { id, unit, row } of verdicts) {
    let left = row
    for (const part of units.get(unit)?.parts.filter(each => each.role === 'documents') ?? []) {
      const reader = await reading.reader(part.location)
      for (let batch = part.from; reader && batch < part.to; batch++) {
        const rows = reader.rowsIn(batch)
        if (left < rows && left >= 0) places.set(id, { location: part.location, batch, row: left })
        left -= rows
      }
    }
  }
  return places
}

/** Places of ids among the documents that the stage kept; searched in a bounded number of batches. */
async function findIds(reading: Reading, manifest: Manifest, wanted: ReadonlySet<string>): Promise<Map<string, Place>> {
  const places = new Map<string, Place>()
  if (!wanted.size) return places
  const all = batchesOf(manifest.roles.documents)
  const looked = spreadOver(all, mostIds)
  if (looked.length < all.length) reading.partial = true
  for (const { location, batch: index } of looked) {
    const batch = await reading.batch(location, index, ['id'])
    for (let row = 0; batch && row < batch.rows; row++) {
      const id = batch.column('id').value(row) as string
      if (wanted.has(id)) places.set(id, { location, batch: index, row })
    }
    if (places.size === wanted.size) break
  }
  return places
}

const batchesOf = (parts: readonly Part[] | undefined): { location: string; batch: number }[] =>
  (parts ?? []).flatMap(part => (part.batches ?? []).map((_, batch) => ({ location: part.location, batch })))

const keyOf = ({ location, batch, row }: Place) => `${location} ${batch} ${row}`

const columns = ['id', 'source', 'key', 'kind', 'url', 'title', 'text']

/** The documents at these places; every batch is read once. */
async function readPlaces(reading: Reading, places: readonly Place[]): Promise<Map<string, SampleDocument>> {
  const found = new Map<string, SampleDocument>()
  for (const [, own] of Map.groupBy(places, ({ location, batch }) => `${location} ${batch}`)) {
    const [first] = own
    const batch = first && (await reading.batch(first.location, first.batch, columns))
    for (const place of batch ? own : []) found.set(keyOf(place), documentAt(batch as Batch, place.row))
  }
  return found
}

function documentAt(batch: Batch, row: number): SampleDocument {
  const optional = (name: string) => (batch.column(name).isNull(row) ? null : batch.column(name).text(row))
  const text = batch.column('text').text(row)
  const cut = [...text.slice(0, 2 * characters)].slice(0, characters).join('')
  return {
    id: batch.column('id').value(row) as string,
    source: batch.column('source').text(row),
    key: batch.column('key').text(row),
    kind: batch.column('kind').text(row),
    url: optional('url'),
    title: optional('title'),
    text: cut.toWellFormed(),
    characters: text.length,
  }
}

const unread = (id: string): SampleDocument => ({
  id,
  source: '',
  key: '',
  kind: '',
  url: null,
  title: null,
  text: null,
  characters: null,
})

/** Of every kind the smallest ids, from what the last stage that drops documents let through. */
async function keptOf(reading: Reading, steps: readonly Step[]): Promise<SampleDocument[]> {
  const last = steps.findLast(({ manifest }) => manifest?.roles.documents && manifest.roles.decisions)?.manifest
  const all = batchesOf(last?.roles.documents)
  const looked = spreadOver(all, mostKept)
  if (looked.length < all.length) reading.partial = true
  const kept: SampleDocument[] = []
  for (const { location, batch: index } of looked) {
    const labels = await reading.batch(location, index, ['id', 'kind'])
    if (!labels) continue
    const rows = Array.from({ length: labels.rows }, (_, row) => ({
      row,
      id: labels.column('id').value(row) as string,
      kind: labels.column('kind').text(row),
    }))
    const chosen = [...Map.groupBy(rows, each => each.kind).values()].flatMap(each => smallest(each, perKind))
    const batch = await reading.batch(location, index, columns)
    if (batch) kept.push(...chosen.map(({ row }) => documentAt(batch, row)))
  }
  const byKind = [...Map.groupBy(kept, document => document.kind)].sort(([a], [b]) => (a < b ? -1 : 1))
  return byKind.slice(0, 40).flatMap(([, documents]) => smallest(documents, perKind))
}
