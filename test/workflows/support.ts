/** A small corpus of generated pages and a config over it, in an engine's own folder. */
import { execFile } from 'node:child_process'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type JournalEntry, readJournal } from '../../activities/journal.ts'
import { temporalPath } from '../../scripts/parts.mjs'
import type { Engine } from '../support/engine.ts'

export interface CorpusOptions {
  /** Files of the source; every one holds `perFile` documents. */
  files?: number
  perFile?: number
  seed?: number
  unitBytes?: number
  run?: Record<string, unknown>
  stages?: Record<string, unknown>
}

let made = 0

/** Writes source and config below the engine's home; gives the config's path and the source's folder. */
export function corpus(engine: Engine, options: CorpusOptions = {}): { config: string; folder: string } {
  const { files = 6, perFile = 8, seed = ++made, unitBytes = 20_000, run = {}, stages = {} } = options
  const folder = join(engine.home, `source-${++made}`)
  mkdirSync(folder)
  for (let file = 0; file < files; file++) {
    const lines = Array.from({ length: perFile }, (_, i) =>
      JSON.stringify({ url: `https://example.org/${file}/${i}`, text: pageOf(seed * 1_000_000 + file * 1000 + i) }),
    )
    writeFileSync(join(folder, `pages-${String(file).padStart(4, '0')}.jsonl`), `${lines.join('\n')}\n`)
  }
  const config = join(engine.home, `config-${made}.yaml`)
  writeConfig(config, folder, { unitBytes, run, stages, seed: 1 })
  return { config, folder }
}

export function writeConfig(
  path: string,
  folder: string,
  {
    unitBytes = 20_000,
    run = {},
    stages = {},
    seed = 1,
  }: { unitBytes?: number; run?: object; stages?: Record<string, unknown>; seed?: number },
): void {
  const config = {
    name: 'small',
    seed,
    sources: [{ name: 'pages', path: folder }],
    stages: {
      extract: { unitBytes },
      filter: { unitBytes: unitBytes * 2 },
      dedup: { partitions: 2 },
      tokenizer: { vocabulary: 1024, partitions: 2 },
      ...stages,
    },
    run: { unitsPerActivity: 1, ...run },
  }
  writeFileSync(path, JSON.stringify(config, null, 1)) // JSON is YAML
}

/** A page of prose that the default filters keep: common words among invented ones, so that no two pages are near each other. */
export function pageOf(seed: number): string {
  let state = (seed * 2654435761 + 12345) >>> 0
  const next = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
  const common = ['the', 'of', 'and', 'to', 'that', 'have', 'with', 'be', 'in', 'for', 'was', 'on']
  const syllable = () => `${'bdfglmnprstvk'[next(13)]}${'aeiou'[next(5)]}`
  const word = (i: number) => (i % 3 === 1 ? common[next(common.length)] : Array.from({ length: 2 + next(2) }, syllable).join(''))
  const sentence = () => {
    const words = Array.from({ length: 9 + next(8) }, (_, i) => word(i)).join(' ')
    return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
  }
  return Array.from({ length: 14 }, sentence).join(' ')
}

/** The unit files of a store: path -> inode and time. What was committed once must keep both. */
export async function committed(engine: Engine): Promise<Map<string, string>> {
  const units = new Map<string, string>()
  for await (const { key } of engine.store.list('units/')) {
    if (!key.endsWith('/unit.json')) continue
    const info = statSync(engine.store.path(key))
    units.set(key, `${info.ino} ${info.mtimeMs}`)
  }
  return units
}

export const unitKeyOf = (path: string): string => path.split('/')[2] ?? ''

/** States of every unit in a run's journal. */
export async function states(engine: Engine, run: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  for (const { unitKey, state } of (await readJournal(engine.store, run)) as JournalEntry[])
    found.set(unitKey, [...(found.get(unitKey) ?? []), state])
  return found
}

export const until = async (what: () => Promise<boolean> | boolean, ms = 60_000): Promise<void> => {
  for (const end = Date.now() + ms; !(await what()); ) {
    if (Date.now() > end) throw new Error('it did not happen in time')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

const run = promisify(execFile)

/** The `temporal` command against the engine's server. */
export async function temporal(engine: Engine, ...words: string[]): Promise<string> {
  const { stdout } = await run(temporalPath() as string, [...words, '--address', engine.address], {
    maxBuffer: 1 << 24,
    env: { ...process.env, HOME: engine.home },
  })
  return stdout
}

/** `temporal workflow start` as README writes it, then its result; throws with what the run said where it failed. */
export async function start(engine: Engine, input: object): Promise<Record<string, unknown>> {
  const id = `test/${++made}`
  await temporal(
    engine,
    'workflow',
    'start',
    '--task-queue',
    'millrace',
    '--type',
    'pretrain',
    '--workflow-id',
    id,
    '--input',
    JSON.stringify(input),
  )
  return (await engine.client.workflow.getHandle(id).result()) as Record<string, unknown>
}

/** Everything that a failure says, down its chain of causes. */
export function said(error: unknown): string {
  const lines: string[] = []
  for (let at = error as { message?: string; type?: string; cause?: unknown } | undefined; at; at = at.cause as typeof at)
    lines.push(`${at.type ? `[${at.type}] ` : ''}${at.message ?? ''}`)
  return lines.join('\n')
}
