/**
 * Whether kinds that a config's filter speaks of can occur. `profiles: { webb: none }` would judge nothing and say nothing.
 *
 * Known once the inputs are pinned: a file's reader and its source say which kinds its documents can have. Rows of JSONL, Parquet and Arrow
 * may name any kind, so beside such files a strange kind is worth a note only. Kinds that the program knows are never strange: one config
 * may serve several sources.
 */
import type { Config } from '../pipelines/config.ts'
import { kinds as extracted, kindsIn, matches, type Source, sourceOf } from '../pipelines/extract/source.ts'
import { profileOfKind } from '../pipelines/filter/config.ts'
import { nearest } from '../pipelines/filter/expressions.ts'
import type { Raw } from '../pipelines/plan.ts'
import { ConfigError } from './config.ts'

type Section = {
  profiles?: Record<string, unknown>
  published?: { profiles?: Record<string, unknown> }
  expressions?: readonly { name: string; kinds?: readonly string[] }[]
}

const own = [...new Set([...extracted, ...Object.keys(profileOfKind).map(key => key.split('/')[0] ?? '')])].filter(
  kind => kind !== 'auto' && kind !== '*',
)

/** What a user should know. Throws CONFIG where no document can have a kind that is named. */
export function checkKinds(config: Pick<Config, 'stages'>, files: readonly Pick<Raw, 'source' | 'key'>[], configPath: string): string[] {
  const strange = named(config.stages.filter ?? {}).filter(({ kind }) => !own.includes(kind))
  if (!strange.length || !files.length) return []
  const possible = kindsOf(files)
  return strange
    .filter(({ kind }) => !possible.kinds.has(kind))
    .map(({ kind, where }) => {
      const near = nearest(kind, own)
      const meant = near ? `; the nearest that is known is ${near}` : ''
      if (possible.any) return `${where}: no source is of kind ${kind}, so it judges only rows that call themselves so${meant}`
      throw new ConfigError(
        `${configPath}: ${where}`,
        `a kind that documents of the sources can have (${[...possible.kinds].sort().join(', ')}), or one that is known (${own.join(', ')})`,
        `"${kind}"${meant}`,
        'mend the name; a source’s `kind`, or a column `kind` of its rows, says what its documents are',
      )
    })
}

function named({ profiles = {}, published, expressions = [] }: Section): { kind: string; where: string }[] {
  const keys = (table: Record<string, unknown>, where: string) =>
    Object.keys(table).flatMap(key => (key === '*' ? [] : [{ kind: key.split('/')[0] as string, where: `${where}.${key}` }]))
  return [
    ...keys(profiles, 'stages.filter.profiles'),
    ...keys(published?.profiles ?? {}, 'stages.filter.published.profiles'),
    ...expressions.flatMap(({ name, kinds = [] }) => kinds.map(kind => ({ kind, where: `stages.filter.expressions (${name})` }))),
  ]
}

function kindsOf(files: readonly Pick<Raw, 'source' | 'key'>[]): { kinds: Set<string>; any: boolean } {
  const found = { kinds: new Set<string>(), any: false }
  const sources = new Map<string, Source>()
  for (const { source: entry, key } of files) {
    const source = sources.get(entry.name) ?? sourceOf(entry)
    sources.set(entry.name, source)
    const format = matches(source, key)
    const kinds = format ? kindsIn(source, format) : undefined
    if (kinds) for (const kind of kinds) found.kinds.add(kind)
    else found.any = true
  }
  return found
}
