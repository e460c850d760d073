/** A sweep over a run: its filter's statistics, tokens per character from what was tokenized, and the documents beside the line. */
import type { RunRecord } from '../activities/run.ts'
import { MillraceError } from '../pipelines/errors.ts'
import { definitionNamesOf, filterConfig } from '../pipelines/filter/config.ts'
import { foreignLimits } from '../pipelines/filter/limits.ts'
import { findManifest, type Manifest } from '../storage/artifacts.ts'
import type { Store } from '../storage/store.ts'
import { Lookup } from './lookup.ts'
import { nodesOf } from './runs.ts'
import { type Sweep, type SweepRequest, sweep } from './sweep.ts'

export interface SweptRun {
  swept: Sweep
  /** Id -> `source/key` and how the text begins, of the documents beside the line. */
  documents: Map<string, { name: string; text: string }>
}

const characters = 400

/** Throws NO_STATISTICS where the run did not come to filtering. */
export async function sweepRun(store: Store, record: RunRecord, request: SweepRequest, folder: string): Promise<SweptRun> {
  const nodes = await nodesOf(store, record)
  const manifestOf = async (id: string): Promise<Manifest | undefined> => {
    const node = nodes.find(each => each.id === id)
    return node ? findManifest(store, node.stage, node.fingerprint) : undefined
  }
  const [filter, tokenize] = [await manifestOf('filter'), await manifestOf('tokenize')]
  if (!filter)
    throw new MillraceError({
      code: 'NO_STATISTICS',
      kind: 'config',
      expected: `a finished filter stage in run ${record.run}`,
      found: 'none',
      next: `millrace status ${record.run}`,
    })
  const config = filterConfig.parse(nodes.find(each => each.id === 'filter')?.config)
  const lookup = new Lookup(store, folder)
  const pathsOf = async (manifest: Manifest | undefined, role: string) => {
    const paths: string[] = []
    for (const part of manifest?.roles[role] ?? []) if (part.rows) paths.push(await lookup.path(part))
    return paths
  }
  const extract = await manifestOf('extract')
  const swept = await sweep(await pathsOf(filter, 'statistics'), config, request, tokensPerCharacter(tokenize), definitionNamesOf(config), {
    foreign: await foreignLimits(config),
    ...(extract ? { documents: () => pathsOf(extract, 'documents') } : {}),
  })
  const ids = new Set([...swept.dropped, ...swept.kept].map(({ id }) => id))
  const documents: SweptRun['documents'] = new Map()
  for (const [id, { source, key, text }] of await lookup.many(extract, 'documents', ids, ['source', 'key', 'text']))
    documents.set(id, { name: `${source}/${key}`, text: String(text).slice(0, characters).toWellFormed() })
  return { swept, documents }
}

/** Tokens per byte of what was tokenized. Characters of English text, code and markup are bytes but for a few in a hundred. */
function tokensPerCharacter(tokenize: Manifest | undefined): number | null {
  const counters = tokenize?.operations.flatMap(({ counters: own }) => Object.entries(own)) ?? []
  const sum = (prefix: string) => counters.reduce((total, [name, by]) => total + (name.startsWith(prefix) ? by : 0), 0)
  const [tokens, bytes] = [sum('tokens.'), sum('bytes.')]
  return tokens && bytes ? tokens / bytes : null
}
