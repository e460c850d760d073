import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { columnOf, idOf, makeFolder, prose, runFilter } from './support.ts'

let folder: string
beforeAll(async () => {
  folder = await makeFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const docs = Array.from({ length: 7 }, (_, i) => ({ text: prose(i) }))
const scores = docs.map((_, i) => ({ id: idOf(String(i)), score: i / 10, extra: 'x' }))
const jsonl = (rows: readonly object[]) => rows.map(row => JSON.stringify(row)).join('\n')

async function run(name: string, content: Uint8Array | string, more: object = {}, others: object = {}) {
  await writeFile(join(folder, name), content)
  return runFilter(folder, docs, { scores: [{ path: name, columns: { edu: 'score' }, ...more }], ...others })
}

describe('scores', () => {
  it('are joined by id from JSONL, compressed or not, and from Parquet, in any order', async () => {
    const shuffled = scores.toReversed()
    const parquet = new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'id', data: shuffled.map(({ id }) => id), type: 'STRING' },
          { name: 'score', data: shuffled.map(({ score }) => score), type: 'DOUBLE' },
        ],
      }),
    )
    const files: [string, Uint8Array | string][] = [
      ['s.jsonl', jsonl(shuffled)],
      ['s.jsonl.gz', gzipSync(jsonl(shuffled))],
      ['s.jsonl.zst', zstdCompressSync(jsonl(shuffled))],
      ['s.parquet', parquet],
    ]
    for (const [name, content] of files) {
      const result = await run(name, content, {}, { expressions: [{ name: 'low_edu', drop: 'edu < 0.25' }] })
      expect(await columnOf(result, 'statistics', 'edu'), name).toEqual(scores.map(({ score }) => score))
      expect(await columnOf(result, 'decisions', 'rule'), name).toEqual(['low_edu', 'low_edu', 'low_edu'])
      expect(await columnOf(result, 'decisions', 'value'), name).toEqual([0, 0.1, 0.2])
    }
  })

  it('of which some are missing are an error with counts, unless that is allowed', async () => {
    const some = jsonl(scores.filter((_, i) => i !== 1 && i !== 4))
    await expect(run('some.jsonl', some)).rejects.toMatchObject({
      code: 'SCORES_JOIN',
      kind: 'config',
      found: `3 joined, 2 without a row among the file’s 5; the first is test/doc-1 (${idOf('1')})`,
    })
    await expect(run('others.jsonl', jsonl([{ id: idOf('other'), score: 1 }]))).rejects.toMatchObject({
      found: expect.stringMatching(/^0 joined, 5 /),
    })
    const result = await run('some.jsonl', some, { allowMissing: true }, { expressions: [{ name: 'low', drop: '!(edu >= 0.25)' }] })
    expect(await columnOf(result, 'statistics', 'edu')).toEqual([0, null, 0.2, 0.3, null, 0.5, 0.6])
    expect(await columnOf(result, 'decisions', 'row')).toEqual([0, 2])
  })

  it('that are no scores are refused with file and row', async () => {
    const wrong: [name: string, content: string, expected: RegExp, where: RegExp][] = [
      ['empty.jsonl', '', /at least one row/, /empty\.jsonl$/],
      ['text.jsonl', 'hello', /a JSON object/, /line 1/],
      ['list.jsonl', '[1]', /a JSON object/, /line 1/],
      ['id.jsonl', '{"id":"abc","score":1}', /a document id in "id"/, /row 0/],
      ['none.jsonl', `{"id":"${idOf('0')}"}`, /a number in "score"/, /row 0/],
      ['string.jsonl', `{"id":"${idOf('0')}","score":"1"}`, /a number in "score"/, /row 0/],
      ['twice.jsonl', jsonl([scores[0]!, scores[0]!]), /every id once/, /row 1/],
      ['bad.parquet', 'PAR1 nothing', /Parquet/, /bad\.parquet/],
      ['cut.jsonl.gz', gzipSync(jsonl(scores)).subarray(0, 40).toString('latin1'), /can be read/, /cut/],
    ]
    for (const [name, content, expected, where] of wrong)
      await expect(run(name, Buffer.from(content, 'latin1')), name).rejects.toMatchObject({
        code: 'SCORES_JOIN',
        expected: expect.stringMatching(expected),
        where: expect.stringMatching(where),
      })
    await expect(runFilter(folder, docs, { scores: [{ path: 'gone.jsonl', columns: { edu: 'score' } }] })).rejects.toMatchObject({
      code: 'CONFIG_FILE',
    })
  })

  it('find each of many ids', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => ({ id: idOf(`many-${i}`), score: i }))
    const result = await run('many.jsonl', jsonl([...many, ...scores]))
    expect(await columnOf(result, 'statistics', 'edu')).toEqual(scores.map(({ score }) => score))
  })

  it('may not share a name with a statistic', async () => {
    await expect(run('s2.jsonl', jsonl(scores), { columns: { characters: 'score' } })).rejects.toMatchObject({ code: 'STEP_FIELDS' })
    await expect(run('s2.jsonl', jsonl(scores), { columns: { rule: 'score' } })).rejects.toMatchObject({ code: 'STEP_FIELDS' })
  })
})
