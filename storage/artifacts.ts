/** Finished stage outputs: parts by role and `manifest.json`, named by the stage's fingerprint, immutable. */
import type { Part, Plan } from '../pipelines/plan.ts'
import { createSame, readJson, type Store } from './store.ts'

export interface Manifest {
  stage: string
  /** Name of the step in the run's graph where a stage occurs more than once (`shard-512`). */
  node: string
  revision: number
  fingerprint: string
  config: unknown
  seed: number
  parents: Record<string, readonly string[]>
  /** Role -> parts, in planned order. */
  roles: Record<string, ManifestPart[]>
  operations: {
    name: string
    units: number
    documents: number
    quarantined: number
    counters: Record<string, number>
    /** What the units read, and the CPU that they cost whoever ran them; absent where one was committed before costs were kept. */
    bytesIn?: number
    cpuMs?: number
  }[]
  quarantined: number
  /** What else the maker recorded: decisions, metrics. Part of no digest. */
  notes?: Record<string, unknown>
}

export type ManifestPart = Part & { sha256: string; unit: string }

const folder = (stage: string, fingerprint: string) => `artifacts/${stage}/${fingerprint}`

export const manifestKey = (stage: string, fingerprint: string): string => `${folder(stage, fingerprint)}/manifest.json`
export const planKey = (stage: string, fingerprint: string, operation: string): string =>
  `${folder(stage, fingerprint)}/${operation}.plan.json`

export const findManifest = (store: Store, stage: string, fingerprint: string): Promise<Manifest | undefined> =>
  readJson<Manifest>(store, manifestKey(stage, fingerprint))

/** Creates the manifest; the same one already there is success. */
export const commitManifest = (store: Store, manifest: Manifest): Promise<'created' | 'exists'> =>
  createSame(store, manifestKey(manifest.stage, manifest.fingerprint), `${JSON.stringify(manifest, null, 1)}\n`)

export async function storePlan(store: Store, fingerprint: string, plan: Plan): Promise<string> {
  const key = planKey(plan.stage, fingerprint, plan.operation)
  await createSame(store, key, `${JSON.stringify(plan)}\n`)
  return key
}

export async function readPlan(store: Store, key: string): Promise<Plan> {
  const plan = await readJson<Plan>(store, key)
  if (!plan) throw new Error(`${key}: the plan is gone; start the same run again to make it anew`)
  return plan
}

/** What identifies an artifact's output: role -> content digests in order. Golden tests compare this. */
export const contentsOf = (manifest: Manifest): Record<string, string[]> =>
  Object.fromEntries(Object.entries(manifest.roles).map(([role, parts]) => [role, parts.map(part => part.content)]))
