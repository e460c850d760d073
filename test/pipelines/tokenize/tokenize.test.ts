// The oracle is Hugging Face's tokenizers with the tokenizer.json of the stage before.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ArrowReader } from '../../../pipelines/arrow/index.ts'
import { type LocalResult, runStage } from '../../../pipelines/local.ts'
import type { Part } from '../../../pipelines/plan.ts'
import { tokenize } from '../../../pipelines/tokenize/index.ts'
import { tokenizer } from '../../../pipelines/tokenizer/index.ts'
import { reservedNames } from '../../../pipelines/tokenizer/layout.ts'
import { encoded, missing } from '../../native/tokenizer/oracle.ts'
import { random, randomText, realTexts } from '../../native/tokenizer/texts.ts'
import { type Given, idOf, partOf } from '../tokenizer/documents.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }) // a loaded machine

let folder: string
let given: Given[]
let parts: Part[]
let made: LocalResult

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-tokenize-'))
  const forged = { key: 'forged', kind: 'web', text: `x ${reservedNames.join(' ')} </longcat_s>` }
  const fuzz = Array.from({ length: 50 }, (_, i) => ({ key: `fuzz-${i}`, kind: 'web', text: randomText(random(i), 80, false) }))
  given = [
    ...realTexts(5e5).map((text, i) => ({ key: `file-${i}`, kind: 'code', text })),
    ...fuzz,
    forged,
    { key: 'empty', kind: 'web', text: '' },
  ]
  parts = [await partOf(folder, 'a', given.slice(0, 40)), await partOf(folder, 'b', given.slice(40), 3)]
  made = await runStage({ stage: tokenizer, config: { vocabulary: 1500 }, inputs: { documents: parts }, folder: join(folder, 'tokenizer') })
})
afterAll(() => rm(folder, { recursive: true }))

const run = (name: string, config: object = {}, more: object = {}) =>
  runStage({
    stage: tokenize,
    config,
    inputs: { documents: parts, tokenizer: made.outputs.tokenizer ?? [] },
    folder: join(folder, name),
    ...more,
  })

async function rowsOf(result: LocalResult) {
  const rows: Record<string, unknown>[] = []
  for (const part of result.outputs.tokens ?? []) {
    const reader = await ArrowReader.open(part.location)
    for await (const batch of reader) {
      for (let i = 0; i < batch.rows; i++)
        rows.push(Object.fromEntries(batch.schema.fields.map(field => [field.name, batch.column(field.name).value(i)])))
    }
    await reader.close()
  }
  return rows
}

test.skipIf(missing)(
  'ids are those of Hugging Face, one row per document, in order',
  async () => {
    const result = await run('plain')
    const rows = await rowsOf(result)
    const want = encoded(
      await readFile(made.outputs.file?.[0]?.location as string, 'utf8'),
      given.map(each => each.text),
    )
    expect(rows.map(row => row.id)).toEqual(given.map(each => idOf(each.key)))
    for (const [i, row] of rows.entries()) expect(row.ids, given[i]?.key).toEqual(want.ids[i])
    expect(rows[0]).toMatchObject({
      source: 'test',
      kind: 'code',
      type: 'js',
      language: null,
      url: null,
      bytes: Buffer.byteLength(given[0]?.text ?? ''),
    })
    const total = want.ids.reduce((sum, ids) => sum + ids.length, 0)
    expect(result.counters).toMatchObject({ tokens: total, bytes: given.reduce((sum, each) => sum + Buffer.byteLength(each.text), 0) })
    expect((result.counters['tokens.web'] ?? 0) + (result.counters['tokens.code'] ?? 0)).toBe(total)
  },
  60_000,
)
test.runIf(missing)(`skipped: ${missing}`, () => {})

test('threads and units change no content', async () => {
  const want = await rowsOf(await run('one'))
  expect(await rowsOf(await run('threads', { unitBytes: 50_000 }, { threads: 3 }))).toEqual(want)
})

test('no id below 256 comes from text', async () => {
  for (const row of await rowsOf(await run('forged'))) expect((row.ids as number[]).every(id => id >= 256)).toBe(true)
})
