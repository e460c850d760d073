/** The survival alarm of a stage that drops documents, raised before its manifest is committed. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ArrowReader, type Batch } from '../pipelines/arrow/index.ts'
import type { Config } from '../pipelines/config.ts'
import { MillraceError } from '../pipelines/errors.ts'
import type { Node } from '../pipelines/graph.ts'
import type { Part } from '../pipelines/plan.ts'
import type { Stage } from '../pipelines/stage.ts'
import { stageOf } from '../pipelines/stages.ts'
import { type Alarm, alarmsOf, type Counted, type Survival, survivalOf } from '../pipelines/survival.ts'
import { findManifest, type Manifest, manifestKey } from '../storage/artifacts.ts'
import { missing, type Store } from '../storage/store.ts'
import { workFolder } from './unit.ts'

/** Parts that are read to name the reasons of an alarm; the rest of a large stage would tell the same. */
const sample = 32

/**
 * Flows per source and kind; undefined for a stage that drops no documents. What goes into `extract` is its records, read or quarantined.
 * Throws SURVIVAL where a source or kind is gone.
 */
export async function checkSurvival(
  store: Store,
  stage: Stage,
  node: Node,
  made: Pick<Manifest, 'roles' | 'operations'>,
  { minSurvival, allowDropped }: Config['run'],
): Promise<Survival | undefined> {
  const raw = stage.inputs.includes('raw')
  const drops = raw || (stage.inputs.includes('documents') && stage.outputs.decisions !== undefined)
  const after = drops ? countedOf(stage, 'documents', made.operations) : undefined
  if (!after) return undefined
  const before: Counted[] = raw ? [after, { ...after, role: 'quarantine' }] : []
  const read: Part[] = []
  for (const parent of node.parents.documents ?? []) {
    const manifest = await findManifest(store, parent.stage, parent.fingerprint)
    if (!manifest) throw missing(store, manifestKey(parent.stage, parent.fingerprint))
    const counted = countedOf(await stageOf(parent.stage), parent.role, manifest.operations)
    if (!counted) return undefined
    before.push(counted)
    read.push(...(manifest.roles[parent.role] ?? []))
  }
  const survival = survivalOf(before, [after])
  const alarms = alarmsOf(survival, minSurvival, allowDropped)
  if (!alarms.length) return survival
  const told = await Promise.all(alarms.slice(0, 5).map(alarm => tell(store, alarm, read, made.roles)))
  const allow = alarms.map(({ column, value }) => (column === 'source' ? value : `kind:${value}`))
  throw new MillraceError({
    code: 'SURVIVAL',
    kind: 'config',
    expected: minSurvival
      ? `at least ${(minSurvival * 100).toFixed(1)} % of every source and kind to stay (run.minSurvival)`
      : 'some of every source and kind to stay',
    found: told.join('; '),
    where: `stage ${stage.name}`,
    next: `read the decisions with \`millrace show\`; change the rules for them, or say run.allowDropped: ${JSON.stringify(allow)}: what was done is kept`,
  })
}

function countedOf(stage: Stage, output: string, operations: Manifest['operations']): Counted | undefined {
  const [operation = '', role = ''] = (stage.outputs[output] ?? '').split('.')
  const counters = operations.find(each => each.name === operation)?.counters
  return counters && { role, counters }
}

/** `source books: 0 of 31 documents stay (top reasons: gopher_short_doc 29, empty 2)`. */
async function tell(store: Store, alarm: Alarm, read: readonly Part[], roles: Manifest['roles']): Promise<string> {
  const reasons = await reasonsOf(store, alarm, read, roles)
  const top = [...reasons].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, 3)
  const why = top.length
    ? `top reasons: ${top.map(([rule, by]) => `${rule} ${by}`).join(', ')}`
    : 'neither a decision nor a quarantined record says why'
  return `${alarm.column} ${alarm.value}: ${alarm.out} of ${alarm.in} documents stay (${why})`
}

/** Rule -> dropped documents of a source or kind: its ids from what was read, their rules from the decisions; code -> quarantined records. */
async function reasonsOf(store: Store, alarm: Alarm, read: readonly Part[], roles: Manifest['roles']): Promise<Map<string, number>> {
  const scratch = workFolder(store, `survival-${alarm.column}`, false)
  await mkdir(scratch, { recursive: true })
  const reasons = new Map<string, number>()
  const count = (reason: string) => void reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  const rows = async (parts: readonly Part[] | undefined, see: (batch: Batch, row: number) => void) => {
    for (const part of parts?.slice(0, sample) ?? []) {
      const reader = await ArrowReader.open(await store.fetch(part.location, join(scratch, 'part.arrow')))
      try {
        for await (const batch of reader) for (let row = 0; row < batch.rows; row++) see(batch, row)
      } finally {
        await reader.close()
      }
    }
  }
  const isIts = (batch: Batch, row: number) => batch.column(alarm.column).text(row).slice(0, 64) === alarm.value
  const idOf = (batch: Batch, row: number) => Buffer.from(batch.column('id').bytes(row)).toString('hex')
  try {
    const ids = new Set<string>()
    await rows(read, (batch, row) => isIts(batch, row) && ids.add(idOf(batch, row)))
    await rows(roles.decisions, (batch, row) => ids.has(idOf(batch, row)) && count(batch.column('rule').text(row)))
    if (alarm.column === 'source') await rows(roles.quarantine, (batch, row) => isIts(batch, row) && count(batch.column('code').text(row)))
    return reasons
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
