/** The survival alarm of a stage that drops documents, raised before its manifest is committed. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ArrowReader } from '../pipelines/arrow/index.ts'
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

/** Flows per source and kind; undefined for a stage that drops no documents. Throws SURVIVAL where a source or kind is gone. */
export async function checkSurvival(
  store: Store,
  stage: Stage,
  node: Node,
  made: Pick<Manifest, 'roles' | 'operations'>,
  { minSurvival, allowDropped }: Config['run'],
): Promise<Survival | undefined> {
  if (!stage.inputs.includes('documents') || !stage.outputs.documents || !stage.outputs.decisions) return undefined
  const before: Counted[] = []
  const read: Part[] = []
  for (const parent of node.parents.documents ?? []) {
    const manifest = await findManifest(store, parent.stage, parent.fingerprint)
    if (!manifest) throw missing(store, manifestKey(parent.stage, parent.fingerprint))
    const counted = countedOf(await stageOf(parent.stage), parent.role, manifest.operations)
    if (!counted) return undefined
    before.push(counted)
    read.push(...(manifest.roles[parent.role] ?? []))
  }
  const after = countedOf(stage, 'documents', made.operations)
  if (!after) return undefined
  const survival = survivalOf(before, [after])
  const alarms = alarmsOf(survival, minSurvival, allowDropped)
  if (!alarms.length) return survival
  const told = await Promise.all(alarms.slice(0, 5).map(alarm => tell(store, alarm, read, made.roles.decisions ?? [])))
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
async function tell(store: Store, alarm: Alarm, read: readonly Part[], decisions: readonly Part[]): Promise<string> {
  const reasons = await reasonsOf(store, alarm, read, decisions)
  const top = [...reasons].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, 3)
  const why = top.length ? `top reasons: ${top.map(([rule, by]) => `${rule} ${by}`).join(', ')}` : 'no decision says why'
  return `${alarm.column} ${alarm.value}: ${alarm.out} of ${alarm.in} documents stay (${why})`
}

/** Rule -> dropped documents of a source or kind: its ids from what was read, their rules from the decisions. */
async function reasonsOf(store: Store, alarm: Alarm, read: readonly Part[], decisions: readonly Part[]): Promise<Map<string, number>> {
  const scratch = workFolder(store, `survival-${alarm.column}`, false)
  await mkdir(scratch, { recursive: true })
  const rules = new Map<string, number>()
  const rows = async (parts: readonly Part[], name: string, see: (id: string, value: string) => void) => {
    for (const part of parts.slice(0, sample)) {
      const reader = await ArrowReader.open(await store.fetch(part.location, join(scratch, 'part.arrow')))
      try {
        for await (const batch of reader) {
          const [id, column] = [batch.column('id'), batch.column(name)]
          for (let i = 0; i < batch.rows; i++) see(Buffer.from(id.bytes(i)).toString('hex'), column.text(i))
        }
      } finally {
        await reader.close()
      }
    }
  }
  try {
    const ids = new Set<string>()
    await rows(read, alarm.column, (id, value) => value.slice(0, 64) === alarm.value && ids.add(id))
    await rows(decisions, 'rule', (id, rule) => ids.has(id) && rules.set(rule, (rules.get(rule) ?? 0) + 1))
    return rules
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
