/** A model file that is of another kind, cut short or altered is told from its bytes, by the stage, before it reads a document. */
import { createHash } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { trainOn } from '../../../pipelines/filter/classifier.ts'
import { trainModel } from '../../../pipelines/filter/fluency.ts'
import { defaultModel } from '../../../pipelines/filter/language.ts'
import { documents } from '../../../pipelines/schemas.ts'
import { makeFolder, prose, runFilter } from './support.ts'

let folder: string
const path = (name: string) => join(folder, name)
const sections = ['classifier', 'language', 'fluency', 'arpa'] as const
type Section = (typeof sections)[number]
let sound: Record<Section, string>

beforeAll(async () => {
  folder = await makeFolder()
  const rows = [1, 2, 3, 4].map(i => ({ text: prose(i * 20), label: i % 2 ? 'good' : 'bad' }))
  await writeFile(path('classifier.bin'), await trainOn(rows, { bucket: 50, dim: 4 }))
  await writeFile(path('lid.ftz'), await readFile(createRequire(import.meta.url).resolve(defaultModel.module)))
  const builder = new BatchBuilder(documents)
  for (const [i, { text }] of rows.entries())
    builder.append({ id: String(i).padStart(32, '0'), source: 's', key: String(i), kind: 'web', meta: {}, text })
  const files = { binary: path('fluency.bin'), arpa: path('fluency.arpa') }
  await trainModel([builder.finish()], { scratch: folder, ...files, order: 3, prune: [0], fallback: true })
  sound = { classifier: path('classifier.bin'), language: path('lid.ftz'), fluency: path('fluency.bin'), arpa: path('fluency.arpa') }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const configOf = (section: Section, model: string): Record<string, unknown> =>
  section === 'classifier' ? { classifier: [{ model }] } : section === 'language' ? { language: { model } } : { fluency: { model } }
const placeOf = (section: Section) =>
  section === 'classifier' ? 'classifier.0.model' : section === 'language' ? 'language.model' : 'fluency.model'

/** A list that cannot be read: what the first step says of the first document. */
const late = { addresses: { files: [{ list: 'domains', path: 'broken.txt' }] } }
async function error(config: object): Promise<{ code: string; where: string; expected: string; found: string; kind: string }> {
  await writeFile(path('broken.txt'), 'https://no.domain/\n')
  return runFilter(folder, [{ text: prose(), url: 'https://a.example/' }], { ...late, ...config }).then(
    () => expect.fail('expected an error'),
    reason => reason,
  )
}

let files = 0
async function saved(bytes: Uint8Array | string): Promise<string> {
  const name = path(`model-${files++}`)
  await writeFile(name, bytes)
  return name
}

describe.each(sections)('a model for %s', section => {
  const refused = async (bytes: Uint8Array | string) => {
    const file = await saved(bytes)
    const found = await error(configOf(section, file))
    expect(found).toMatchObject({ code: 'BAD_MODEL', kind: 'config', where: expect.stringContaining(file) })
    expect(found.expected.length).toBeGreaterThan(5)
    expect(found.found.length).toBeGreaterThan(0)
  }

  it('that is sound lets the stage come to its documents', async () => {
    expect((await error(configOf(section, sound[section]))).code).toBe('BAD_URL_LIST')
  })

  it('of another kind', async () => {
    const other = section === 'fluency' || section === 'arpa' ? 'classifier' : 'fluency'
    await refused(await readFile(sound[other]))
    if (other === 'fluency') await refused(await readFile(sound.arpa))
    await refused('<!doctype html>\n<title>Not found</title>\n')
    await refused('{"model": {"type": "BPE"}}\n')
    await refused(new Uint8Array(0))
  })

  it('cut short, anywhere', async () => {
    const bytes = await readFile(sound[section])
    for (const share of [0.0005, 0.02, 0.3, 0.7, 0.99]) await refused(bytes.subarray(0, Math.max(1, Math.floor(bytes.length * share))))
    if (section !== 'arpa') await refused(bytes.subarray(0, bytes.length - 1))
  })

  it('altered at its beginning', async () => {
    const bytes = Buffer.from(await readFile(sound[section]))
    for (const at of [0, 1, 5]) {
      const other = Buffer.from(bytes)
      other[at] = (other[at] as number) ^ 0x55
      // A comment before an ARPA file's \data\ may hold anything.
      if (section !== 'arpa') await refused(other)
    }
    if (section === 'arpa') await refused(bytes.toString().replace('ngram 2=', 'ngram 2=9'))
  })

  it('altered anywhere after it was pinned', async () => {
    const bytes = Buffer.from(await readFile(sound[section]))
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const middle = bytes.length >> 1
    bytes[middle] = (bytes[middle] as number) ^ 1
    const file = await saved(bytes)
    const pinned = {
      'addresses.files.0.path': { path: path('broken.txt'), sha256: '0'.repeat(64) },
      [placeOf(section)]: { path: file, sha256 },
    }
    const found = await error({ ...configOf(section, file), files: pinned })
    expect(found).toMatchObject({ code: 'MODEL_CHANGED', kind: 'config', expected: expect.stringContaining(sha256.slice(0, 16)) })
  })

  it('that is not there, or a folder', async () => {
    expect((await error(configOf(section, path('nowhere.bin')))).code).toBe('CONFIG_FILE')
    expect((await error(configOf(section, folder))).code).toBe('CONFIG_FILE')
  })
})

it('a classifier without the label that is to stay', async () => {
  const found = await error({ classifier: [{ model: sound.classifier, keepLabel: 'hq' }] })
  expect(found).toMatchObject({ code: 'UNKNOWN_LABEL', expected: expect.stringMatching(/bad, good|good, bad/), found: '"hq"' })
})

it('a language model for the step of languages names none of the wanted', async () => {
  expect((await error({ language: { model: sound.classifier, keep: ['en'] } })).code).toBe('UNKNOWN_LANGUAGE')
})
