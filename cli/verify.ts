/**
 * Reads every file of an artifact, a unit, a run or the whole store again: is it there, has it its sha256, has it its content?
 *
 * sha256 says that the bytes are those that were committed; content says that they mean what the identity claims, whatever wrote them.
 */
import { join } from 'node:path'
import { sha256Of } from '../activities/inputs.ts'
import { ArrowReader, batchDigest, contentOf, schemaDigest } from '../pipelines/arrow/index.ts'
import type { Manifest } from '../storage/artifacts.ts'
import { findManifest } from '../storage/artifacts.ts'
import { readJson, type Store } from '../storage/store.ts'
import { partKey, type Unit } from '../storage/units.ts'
import { type Found, withScratch } from './artifacts.ts'
import { findRun, nodesOf } from './runs.ts'

export interface Problem {
  key: string
  problem: string
}

export interface Verified {
  manifests: number
  units: number
  files: number
  bytes: number
  problems: Problem[]
}

interface File {
  location: string
  sha256: string
  content: string
  bytes: number
  arrow: boolean
}

export class Verifier {
  readonly #store: Store
  readonly #onFile: (done: number) => void
  #files = new Map<string, File>()
  #units = new Set<string>()
  #manifests = new Set<string>()
  #problems: Problem[] = []

  constructor(store: Store, onFile: (done: number) => void = () => undefined) {
    this.#store = store
    this.#onFile = onFile
  }

  async all(): Promise<Verified> {
    const keys: string[] = []
    for await (const { key } of this.#store.list('')) keys.push(key)
    for (const key of keys) {
      const [, stage = '', name = ''] = key.split('/')
      if (/^artifacts\/[^/]+\/[^/]+\/manifest\.json$/.test(key)) await this.#manifest(stage, name)
      if (/^units\/[^/]+\/[^/]+\/unit\.json$/.test(key)) await this.#unit(stage, name)
    }
    return this.#read()
  }

  async run(id: string): Promise<Verified> {
    for (const node of await nodesOf(this.#store, await findRun(this.#store, id))) {
      if (!node.opened) continue
      if (await this.#store.size(`artifacts/${node.stage}/${node.fingerprint}/manifest.json`))
        await this.#manifest(node.stage, node.fingerprint)
      else this.#problems.push({ key: `artifacts/${node.stage}/${node.fingerprint}`, problem: 'not finished: no manifest' })
    }
    return this.#read()
  }

  async found(found: Exclude<Found, { kind: 'folder' }>): Promise<Verified> {
    if (found.kind === 'artifact') await this.#manifest(found.manifest.stage, found.manifest.fingerprint)
    else {
      const key = found.kind === 'key' ? found.key : ''
      const [top, stage = '', name = ''] = key.split('/')
      if (top === 'units') await this.#unit(stage, name)
      else if (top === 'artifacts') await this.#manifest(stage, name)
      else if (top === 'runs') return this.run(stage)
      else
        this.#problems.push({
          key: key || (found.kind === 'file' ? found.path : ''),
          problem: 'not an artifact, a unit or a run of the store',
        })
    }
    return this.#read()
  }

  async #manifest(stage: string, fingerprint: string): Promise<void> {
    const key = `artifacts/${stage}/${fingerprint}/manifest.json`
    this.#manifests.add(key)
    const manifest = await this.#json<Manifest>(key)
    if (!manifest) return
    if (manifest.stage !== stage || manifest.fingerprint !== fingerprint)
      this.#problems.push({ key, problem: `names ${manifest.stage}/${manifest.fingerprint}, which is another artifact` })
    for (const [role, parts] of Object.entries(manifest.roles)) {
      for (const part of parts) {
        await this.#unit(stage, part.unit)
        const file = this.#files.get(part.location)
        if (!file) this.#problems.push({ key, problem: `role ${role}: ${part.location} is no part of unit ${part.unit}` })
        else if (file.sha256 !== part.sha256 || file.content !== part.content)
          this.#problems.push({ key, problem: `role ${role}: other digests of ${part.location} than its unit has` })
      }
    }
    for (const parent of Object.values(manifest.parents).flat()) {
      const [parentStage = '', parentFingerprint = ''] = parent.split('/')
      if (/^[0-9a-f]{16}$/.test(parentFingerprint) && !(await findManifest(this.#store, parentStage, parentFingerprint)))
        this.#problems.push({ key, problem: `parent ${parent} is not in the store` })
    }
  }

  async #unit(stage: string, name: string): Promise<void> {
    const key = `units/${stage}/${name}/unit.json`
    if (this.#units.has(key)) return
    this.#units.add(key)
    const unit = await this.#json<Unit>(key)
    if (!unit) return
    if (unit.key !== name) this.#problems.push({ key, problem: `names unit ${unit.key}` })
    for (const part of unit.parts)
      this.#files.set(partKey(stage, name, part.file), {
        location: partKey(stage, name, part.file),
        sha256: part.sha256,
        content: part.content,
        bytes: part.bytes,
        arrow: part.schema !== undefined || part.file.endsWith('.arrow'),
      })
  }

  async #json<T>(key: string): Promise<T | undefined> {
    try {
      const value = await readJson<T>(this.#store, key)
      if (value === undefined) this.#problems.push({ key, problem: 'missing' })
      return value
    } catch (error) {
      this.#problems.push({ key, problem: `not JSON: ${(error as Error).message}` })
      return undefined
    }
  }

  async #read(): Promise<Verified> {
    let [done, bytes] = [0, 0]
    await withScratch(async folder => {
      for (const file of this.#files.values()) {
        const problem = await this.#check(file, join(folder, 'part'))
        if (problem) this.#problems.push({ key: file.location, problem })
        bytes += file.bytes
        this.#onFile(++done)
      }
    })
    return { manifests: this.#manifests.size, units: this.#units.size, files: done, bytes, problems: this.#problems }
  }

  async #check(file: File, scratch: string): Promise<string | undefined> {
    const size = await this.#store.size(file.location)
    if (size === undefined) return 'missing'
    const path = await this.#store.fetch(file.location, scratch)
    const sha256 = await sha256Of(path)
    const wrong = sha256 !== file.sha256 ? `sha256 ${short(file.sha256)} expected, ${short(sha256)} found` : undefined
    if (!file.arrow) return wrong
    try {
      const content = await arrowContent(path)
      if (content !== file.content) return `${wrong ? `${wrong}; ` : ''}content ${short(file.content)} expected, ${short(content)} found`
      return wrong ? `${wrong}; the content is as it should be` : undefined
    } catch (error) {
      return `${wrong ? `${wrong}; ` : ''}cannot be read: ${(error as Error).message}`
    }
  }
}

const short = (digest: string): string => digest.slice(0, 16)

async function arrowContent(path: string): Promise<string> {
  const reader = await ArrowReader.open(path)
  try {
    const batches: string[] = []
    for await (const batch of reader) batches.push(batchDigest(batch))
    return contentOf(schemaDigest(reader.schema), batches)
  } finally {
    await reader.close()
  }
}
