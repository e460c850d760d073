/** Sweeps against the definition, row by row. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SweepRequest, sweep } from '../../cli/sweep.ts'
import { ArrowReader, ArrowWriter, BatchBuilder } from '../../pipelines/arrow/index.ts'
import { statisticsSchema } from '../../pipelines/filter/columns.ts'
import { filterConfig } from '../../pipelines/filter/config.ts'
import { profileNames } from '../../pipelines/filter/profiles.ts'
import { chainOf } from '../../pipelines/filter/steps.ts'
import { documents } from '../../pipelines/schemas.ts'
import { writeStatistics } from './statistics.ts'

interface Row {
  id: string
  profile: string
  rule: string | null
  real_words: number | null
  top_2_gram: number | null
  upper_share: number | null
  characters: number | null
}

let folder: string
let path: string
const rows: Row[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-sweep-'))
  path = join(folder, 'statistics.arrow')
  await writeStatistics(path, 5000)
  const reader = await ArrowReader.open(path)
  for await (const batch of reader)
    for (let i = 0; i < batch.rows; i++)
      rows.push(Object.fromEntries(batch.schema.fields.map(({ name }) => [name, batch.column(name).value(i)])) as unknown as Row)
  await reader.close()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const ask = (request: SweepRequest, config: object = {}) => sweep([path], filterConfig.parse(config), request, 0.25, profileNames)

function byHand(reason: string, of: (row: Row) => number | null, stays: (value: number) => boolean, profiles: readonly string[]) {
  const asked = rows.filter(row => profiles.includes(row.profile) && (row.rule === null || row.rule === reason))
  const kept = asked.filter(row => of(row) === null || stays(of(row) as number))
  const tokens = kept.reduce((sum, row) => sum + (row.characters ?? 0), 0) * 0.25
  return { documents: kept.length, tokens: Math.round(tokens), share: kept.length / asked.length }
}

const both = ['millrace', 'markdown']

test('a rule that drops below, over the profiles where it is on', async () => {
  const swept = await ask({ rule: 'gopher_short_doc', at: [1000, 20, 50, 2999] })
  expect(swept.now).toEqual({ millrace: 50, markdown: 20 })
  expect(swept.points).toEqual(
    [20, 50, 1000, 2999].map(threshold => ({
      threshold,
      ...byHand(
        'gopher_short_doc',
        row => row.real_words,
        value => !(value < threshold),
        both,
      ),
    })),
  )
  expect(swept.unmeasured).toBe(
    rows.filter(row => row.real_words === null && (row.rule === null || row.rule === 'gopher_short_doc')).length,
  )
})

test('a rule that drops above, under one profile, from and to', async () => {
  const swept = await ask({ rule: 'top_2_gram', profile: 'markdown', from: 0, to: 1, steps: 5 })
  expect(swept.points.map(({ threshold }) => threshold)).toEqual([0, 0.25, 0.4, 0.5, 0.75, 1])
  expect(swept.points).toEqual(
    swept.points.map(({ threshold }) => ({
      threshold,
      ...byHand(
        'top_2_gram',
        row => row.top_2_gram,
        value => !(value > threshold),
        ['markdown'],
      ),
    })),
  )
})

test('a statistic that no rule reads, and an expression that does', async () => {
  const free = await ask({ rule: 'upper_share', drops: 'above', at: [0.5] })
  expect(free.points[0]).toEqual({
    threshold: 0.5,
    ...byHand(
      '',
      row => row.upper_share,
      value => !(value > 0.5),
      both,
    ),
  })
  const expressions = [{ name: 'shouting', drop: 'upper_share >= 0.5' }]
  const ruled = await ask({ rule: 'shouting', at: [0.5] }, { expressions })
  expect(ruled).toMatchObject({ statistic: 'upper_share', drops: 'above', now: { millrace: 0.5, markdown: 0.5 } })
  expect(ruled.points[0]?.documents).toBe(
    byHand(
      '',
      row => row.upper_share,
      value => !(value >= 0.5),
      both,
    ).documents,
  )
})

test('samples are the nearest on each side', async () => {
  const { dropped, kept, line } = await ask({ rule: 'gopher_short_doc', profile: 'millrace', samples: 4 })
  expect(line).toBe(50)
  const asked = rows.filter(
    row => row.profile === 'millrace' && row.real_words !== null && (row.rule === null || row.rule === 'gopher_short_doc'),
  )
  const words = (side: Row[]) => side.map(row => Math.abs((row.real_words as number) - 50)).sort((a, b) => a - b)
  const [below, above] = [asked.filter(row => (row.real_words as number) < 50), asked.filter(row => (row.real_words as number) >= 50)]
  expect(dropped.map(({ value }) => 50 - value)).toEqual(words(below).slice(0, 4))
  expect(kept.map(({ value }) => value - 50)).toEqual(words(above).slice(0, 4))
  for (const { id, value } of [...dropped, ...kept]) expect(rows.find(row => row.id === id)?.real_words).toBe(value)
})

test('without thresholds: between the percentiles, with the one that holds now', async () => {
  const { points } = await ask({ rule: 'gopher_short_doc', profile: 'millrace' })
  expect(points.length).toBeGreaterThanOrEqual(11)
  expect(points.map(({ threshold }) => threshold)).toContain(50)
  expect(points.map(({ documents }) => documents)).toEqual(points.map(({ documents }) => documents).toSorted((a, b) => b - a))
})

test('a name that nothing has is an error with the nearest', async () => {
  await expect(ask({ rule: 'gopher_shrt_doc' })).rejects.toMatchObject({
    code: 'NO_STATISTIC',
    expected: expect.stringMatching(/nearest is gopher_short_doc/),
  })
})

test.each([
  [{ steps: 1 }, '--steps', '1'],
  [{ steps: 2.5 }, '--steps', '2.5'],
  [{ steps: 1e9 }, '--steps', '1000000000'],
  [{ samples: -1 }, '--samples', '-1'],
  [{ samples: 0.5 }, '--samples', '0.5'],
  [{ from: 3, to: 2 }, '--from', '3'],
  [{ from: 1e6 }, '--from', '1000000'],
  [{ to: -1 }, '--to', '-1'],
  [{ at: [Number.NaN] }, '--at', 'NaN'],
])('thresholds that cannot be: %j', async (request, where, found) => {
  await expect(ask({ rule: 'gopher_short_doc', ...request })).rejects.toMatchObject({ code: 'USAGE', where, found })
})

test('a profile that judged nothing is an error with those that did', async () => {
  await expect(ask({ rule: 'gopher_short_doc', profile: 'web' })).rejects.toMatchObject({
    code: 'NO_PROFILE',
    expected: expect.stringContaining('(markdown, millrace)'),
  })
})

test.each(['id', 'profile', 'rule', 'language'])('%s is no number to move a threshold over', async rule => {
  await expect(ask({ rule }, { language: {} })).rejects.toMatchObject({ code: 'NO_STATISTIC', found: JSON.stringify(rule) })
})

/** Documents of these ids, every third of them code, in batches that are cut elsewhere, and some that have no statistics. */
async function writeDocuments(name: string): Promise<string> {
  const builders = [new BatchBuilder(documents)]
  const append = (id: string, kind: string) =>
    (builders.at(-1) as BatchBuilder).append({ id, source: 's', key: id, kind, meta: {}, text: '' })
  for (const [i, { id }] of rows.entries()) {
    if (i % 700 === 0) append(String(i).padStart(32, '0'), 'code')
    append(id, kindOf(i))
    if (i % 999 === 998) builders.push(new BatchBuilder(documents))
  }
  const writer = await ArrowWriter.open(join(folder, name), documents)
  for (const builder of builders) await writer.append(builder.finish())
  await writer.close()
  return join(folder, name)
}
const kindOf = (i: number): string => (i % 3 ? 'web' : 'code')

test('rows of kinds that a rule never judges are not counted', async () => {
  const path_ = await writeDocuments('documents.arrow')
  const expressions = [
    { name: 'shouting', drop: 'upper_share >= 0.5', kinds: ['web'] },
    { name: 'everywhere', drop: 'upper_share >= 0.25' },
  ]
  const config = filterConfig.parse({ expressions })
  const swept = (rule: string, known = true) =>
    sweep([path], config, { rule, at: [0.5] }, null, profileNames, known ? { documents: async () => [path_] } : {})
  const staying = rows.map((row, i) => ({ ...row, kind: kindOf(i) })).filter(({ rule }) => rule === null)
  const web = staying.filter(({ kind }) => kind === 'web')
  const shouting = await swept('shouting')
  expect(shouting).toMatchObject({ asked: web.length, unjudged: staying.length - web.length })
  expect(shouting.points[0]?.documents).toBe(web.filter(row => row.upper_share === null || !(row.upper_share >= 0.5)).length)
  expect(await swept('everywhere')).toMatchObject({ asked: staying.length, unjudged: 0 })
  // Where nobody can tell, it is said.
  expect(await swept('shouting', false)).toMatchObject({ asked: staying.length, unjudged: null })
})

test('documents in another order are an error, not another answer', async () => {
  const path_ = await writeDocuments('other.arrow')
  const config = filterConfig.parse({ expressions: [{ name: 'shouting', drop: 'upper_share >= 0.5', kinds: ['web'] }] })
  const asked = sweep([path, path], config, { rule: 'shouting' }, null, profileNames, { documents: async () => [path_] })
  await expect(asked).rejects.toMatchObject({ code: 'STATISTICS_ORDER' })
})

test('languages with a threshold of their own are not moved with the others', async () => {
  const file = join(folder, 'languages.arrow')
  const schema = statisticsSchema(chainOf(filterConfig.parse({ language: {} })).fields)
  const builder = new BatchBuilder(schema)
  for (const [i, language] of ['en', 'de', 'en', 'de'].entries())
    builder.append({ id: String(i).padStart(32, '0'), profile: 'millrace', language, language_score: 0.5 + i / 10 })
  const writer = await ArrowWriter.open(file, schema)
  await writer.append(builder.finish())
  await writer.close()
  const config = filterConfig.parse({ language: { keep: ['en', 'de'], thresholds: { de: 0.3 }, skipKinds: [] } })
  const swept = await sweep([file], config, { rule: 'language_score', at: [0.6] }, null, profileNames)
  expect(swept).toMatchObject({ asked: 2, unjudged: 2, points: [{ documents: 1 }] })
})
