/** The graph of a corpus: which stages a config has and what each reads. A pure function of config and pinned inputs. */
import type { Config } from './config.ts'
import { sections } from './config.ts'
import type { Files } from './files.ts'
import { type Node, nodeOf, type Parent } from './graph.ts'
import { rawRoles } from './plan.ts'
import type { Stage } from './stage.ts'
import { stageOf } from './stages.ts'

/** Stage -> input role -> which roles of which stages it reads, in order. Roles that a stage does not declare as inputs are left out. */
const reads: Record<string, Record<string, readonly [stage: string, role: string][]>> = {
  extract: {},
  filter: { documents: [['extract', 'documents']] },
  dedup: { documents: [['filter', 'documents']] },
  decontaminate: { documents: [['dedup', 'documents']] },
  longcontext: { documents: [['decontaminate', 'documents']] },
  tokenizer: { documents: [['decontaminate', 'documents']] },
  tokenize: {
    documents: [
      ['decontaminate', 'documents'],
      ['longcontext', 'documents'],
    ],
    tokenizer: [['tokenizer', 'tokenizer']],
  },
  score: {
    documents: [
      ['decontaminate', 'documents'],
      ['longcontext', 'documents'],
    ],
  },
  mix: { tokens: [['tokenize', 'tokens']], scores: [['score', 'scores']], clusters: [['dedup', 'clusters']] },
  shard: { tokens: [['tokenize', 'tokens']], counts: [['mix', 'counts']], tokenizer: [['tokenizer', 'tokenizer']] },
}

/** Ids of the model's vocabulary: what the tokenizer is asked for, so that shapes are known before it has run. */
export const vocabularyOf = (config: Config): number => Number(config.stages.tokenizer?.vocabulary)

/** Nodes in an order in which every parent comes before its children. `epochs`: node -> how often its quarantined records were tried again. */
export async function corpusNodes(
  config: Config,
  pinned: { sourcesDigest: string; evaluationDigest: string; sources: unknown[]; files?: Readonly<Record<string, Files>> },
  epochs: ReadonlyMap<string, number> = new Map(),
): Promise<Node[]> {
  const nodes = new Map<string, Node>()
  const add = async (stageName: string, id: string, given: Record<string, unknown>) => {
    const stage = (await stageOf(stageName)) as Stage
    const parents: Record<string, Parent[]> = {}
    for (const [role, from] of Object.entries(reads[stageName] ?? {})) {
      if (!stage.inputs.includes(role)) continue
      parents[role] = from.map(([parent, parentRole]) => {
        const node = nodes.get(parent) as Node
        return { stage: node.stage, fingerprint: node.fingerprint, role: parentRole }
      })
    }
    const raw = stage.inputs.find(role => rawRoles.includes(role))
    const epoch = epochs.get(id)
    const own = stage.config.parse({ ...config.stages[stageName], ...pick(given, stageName, stage) })
    const node = {
      id,
      stage: stageName,
      revision: stage.revision,
      config: own,
      seed: config.seed,
      parents,
      ...(raw ? { inputs: raw === 'raw' ? pinned.sourcesDigest : pinned.evaluationDigest } : {}),
      ...(epoch ? { epoch } : {}),
    }
    nodes.set(id, nodeOf(node, stage.identity?.(own)))
  }
  for (const stageName of Object.keys(reads)) {
    if (stageName === 'shard') continue
    const files = pinned.files?.[stageName]
    await add(stageName, stageName, { sources: pinned.sources, phases: config.phases, ...(files ? { files } : {}) })
  }
  for (const rowLength of [...new Set(config.phases.map(phase => phase.rowLength))].sort((a, b) => a - b)) {
    await add('shard', `shard-${rowLength}`, { rowLength, vocabulary: vocabularyOf(config), components: componentsAt(config, rowLength) })
  }
  return [...nodes.values()]
}

/** Components that some phase of this row length can read: others need not be packed for it. */
function componentsAt(config: Config, rowLength: number): string[] {
  const named = config.phases
    .filter(phase => phase.rowLength === rowLength)
    .flatMap(phase => [...Object.keys(phase.mixture).filter(name => (phase.mixture[name] ?? 0) > 0), ...(phase.ramp?.components ?? [])])
  return [...new Set(named)].sort()
}

/** What the graph gives a stage: the fields of `sections` that its schema has. */
function pick(given: Record<string, unknown>, name: string, stage: Stage): Record<string, unknown> {
  const shape = (stage.config as unknown as { shape: Record<string, unknown> }).shape
  return Object.fromEntries((sections[name] ?? []).filter(field => field in shape && field in given).map(field => [field, given[field]]))
}
