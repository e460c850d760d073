import { userInfo } from 'node:os'
import type { Command } from 'commander'
import type { Store } from '../../storage/store.ts'
import { dim, green, json, oneLine, out, table } from '../output.ts'
import { collect, usage } from '../usage.ts'

interface Options {
  store?: string
  json?: boolean
}

interface PromoteOptions extends Options {
  as?: string
  who?: string
  why: string
  check: string[]
}

const storeOption = ['--store <uri>', 'another store than the project’s'] as const
const jsonOption = ['--json', 'print as JSON'] as const

export function add(program: Command): void {
  const catalog = program
    .command('catalog')
    .description('Names for artifacts: versions that never change, and which one is the latest')
    .addHelpText('after', '\nExample:\n  millrace catalog list')
  catalog
    .command('list', { isDefault: true })
    .description('Every name, its versions and its latest promotion')
    .option(...storeOption)
    .option(...jsonOption)
    .addHelpText('after', '\nExample:\n  millrace catalog list')
    .action(async (options: Options) => {
      const { entries } = await import('../../storage/catalog.ts')
      const found = await entries(await open(options))
      if (options.json) return json(found)
      if (!found.length) return out('nothing is in the catalog; millrace catalog promote NAME ARTIFACT --why … names an artifact')
      out(
        table([
          ['name', 'versions', 'latest', 'why'],
          ...found.map(({ name, versions, latest }) => [
            name,
            String(versions.length),
            latest ? `${latest.stage}/${latest.fingerprint}` : '-',
            oneLine(latest?.why ?? '', 60),
          ]),
        ]),
      )
    })
  catalog
    .command('show')
    .description('One name: its versions and all its promotions')
    .argument('<name>', 'a name in the catalog')
    .option(...storeOption)
    .option(...jsonOption)
    .addHelpText('after', '\nExample:\n  millrace catalog show web-corpus')
    .action(show)
  catalog
    .command('promote')
    .description('Make an artifact the latest of a name; --as also names it as a version, for good')
    .argument('<name>', 'the name, made where it is new')
    .argument('<artifact>', 'STAGE/FINGERPRINT, the key of a manifest, or NAME:VERSION')
    .requiredOption('--why <text>', 'why: one sentence for those who come later')
    .option('--who <text>', 'who (default: the user of this shell)')
    .option('--as <version>', 'also name the artifact as this version')
    .option('--check <what=result>', 'what was looked at and how it came out; may be repeated', collect, [])
    .option(...storeOption)
    .option(...jsonOption)
    .addHelpText(
      'after',
      '\nExample:\n  millrace catalog promote web-corpus shard/0123456789abcdef --as 2025-06 --why "new crawl" --check "spot check=40 of 40 good"',
    )
    .action(promoteCommand)
}

async function open({ store }: Options): Promise<Store> {
  const { openLocal } = await import('../runs.ts')
  return openLocal(store)
}

async function show(name: string, options: Options): Promise<void> {
  const { entries, promotions } = await import('../../storage/catalog.ts')
  const store = await open(options)
  const [entry] = await entries(store, name)
  if (!entry) throw usage('millrace catalog show', 'a name in the catalog', JSON.stringify(name), 'millrace catalog list')
  const promoted = await promotions(store, name)
  if (options.json) return json({ ...entry, promotions: promoted })
  for (const { version, target, created } of entry.versions)
    out(`version ${version}  ${target.stage}/${target.fingerprint}  ${dim(created.toISOString())}`)
  for (const { n, stage, fingerprint, who, why, checks, created } of promoted) {
    const mark = n === promoted.length ? green(' latest') : ''
    out(`promotion ${n}${mark}  ${stage}/${fingerprint}  ${oneLine(who, 40)}: ${oneLine(why)}  ${dim(created?.toISOString() ?? '')}`)
    for (const [what, result] of Object.entries(checks)) out(`  ${oneLine(what, 60)}: ${oneLine(result)}`)
  }
}

async function promoteCommand(name: string, artifact: string, options: PromoteOptions): Promise<void> {
  const { nameVersion, promote, resolveManifest } = await import('../../storage/catalog.ts')
  const checks = options.check.map(text => {
    const at = text.indexOf('=')
    if (at < 1) throw usage('--check', 'what=result', JSON.stringify(text))
    return [text.slice(0, at).trim(), text.slice(at + 1).trim()] as const
  })
  const store = await open(options)
  const manifest = await resolveManifest(store, artifact)
  if (options.as) await nameVersion(store, name, options.as, manifest)
  const done = await promote(store, name, {
    manifest,
    who: options.who ?? userInfo().username,
    why: options.why,
    checks: Object.fromEntries(checks),
  })
  if (options.json) return json({ name, ...done })
  out(`${name}: promotion ${done.n} is ${done.stage}/${done.fingerprint}${done.outcome === 'exists' ? ' (as it was)' : ''}`)
}
