/**
 * The labelled files: 200 that a corpus of code and maths should keep and 200 that it should not. `labels.jsonl` names package, path, SHA-256,
 * label and the reason for it; the texts are other people's and are fetched (fetch.ts), never committed.
 *
 * The labels were chosen before the rules, from the reason alone. Half of them, by hash of the key, are `tune`: rules were fitted to these;
 * the other half, `held`, is only ever scored.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface Label {
  /** `ecosystem:name@version`; ecosystems are npm, sdist, wheel, crate and go. */
  package: string
  /** Inside the package, without the folder that archives put around it. */
  path: string
  sha256: string
  domain: 'code' | 'maths'
  label: 'good' | 'bad'
  reason: string
}

const folder = fileURLToPath(new URL('../../build/code-quality/', import.meta.url))

export const readLabels = (): Label[] =>
  readFileSync(new URL('labels.jsonl', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Label)

/** Ecosystem, name and version of a package; a name may hold an @ of its own. */
export function partsOf(label: Label): { ecosystem: string; name: string; version: string } {
  const [, ecosystem, name, version] = /^(\w+):(.+)@([^@]+)$/.exec(label.package) ?? []
  return { ecosystem: ecosystem as string, name: name as string, version: version as string }
}

/** What the key of the document is: the package's folder and the path in it. */
export const keyOf = (label: Label): string => `${partsOf(label).name}/${label.path}`

export function halfOf(label: Label): 'tune' | 'held' {
  const first = createHash('sha256')
    .update(`split ${keyOf(label)}`)
    .digest()[0] as number
  return first < 128 ? 'tune' : 'held'
}

export const fileOf = (label: Label): string => `${folder}files/${label.sha256}`
export const scratch = `${folder}packages/`

/** The text, or undefined where it was not fetched. */
export const textOf = (label: Label): Buffer | undefined => (existsSync(fileOf(label)) ? readFileSync(fileOf(label)) : undefined)
