import { describe, expect, it } from 'vitest'
import { judgePublished, publishedStatistics, segments } from '../../../native/addon/profiles.ts'
import { textsOf } from '../../../native/addon/text.ts'
import { type Batch, BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { publishedNames, publishedProfiles, publishedRules, publishedSchema, publishedStep } from '../../../pipelines/filter/published.ts'
import { documents } from '../../../pipelines/schemas.ts'

function batch(rows: { text: string; kind?: string; type?: string }[]): Batch {
  const builder = new BatchBuilder(documents)
  for (const [i, row] of rows.entries())
    builder.append({ id: String(i).padStart(32, '0'), source: 's', key: `k${i}`, kind: 'web', meta: {}, ...row })
  return builder.finish()
}

const run = (config: Record<string, unknown>, rows: Parameters<typeof batch>[0]) =>
  publishedStep(publishedSchema.parse(config)).run(batch(rows), { threads: 2, seed: 0 })

/** Words that no other sentence has, with some that English needs. */
const word = (i: number) =>
  `${'bcdfgklmnprst'[i % 13]}${'aeiou'[i % 5]}${'lmnrst'[i % 6]}${'aeiou'[(i >> 3) % 5]}${'bdgkpt'[(i >> 4) % 6]}${i % 7 ? '' : 'ed'}`
const prose = (sentences: number) =>
  Array.from(
    { length: sentences },
    (_, i) => `${[0, 1, 2, 3].map(k => word(i * 37 + k * 11)).join(' ')} ${['and', 'the', 'with', 'of'][i % 4]} ${word(i * 53 + 5)}.`,
  ).join('\n')

describe('published definitions', () => {
  it('name only statistics that there are, and each rule once', () => {
    const known = new Set(publishedStatistics())
    for (const name of publishedNames) {
      const { rules } = publishedRules(name)
      expect(new Set(rules.map(rule => rule.name)).size, name).toBe(rules.length)
      for (const rule of rules) expect(known, `${name} ${rule.name}`).toContain(rule.statistic)
    }
    expect(publishedRules('nemo-english').rules.length).toBe(31) // 28 filters, two with two limits, and no_words
    expect(publishedProfiles.dclm.passes.map(pass => pass.edit)).toEqual(['dclm_newlines', 'dclm_lines'])
  })

  it('judges the kinds that the config names, and no others', async () => {
    const rows = [
      { text: 'too short' },
      { text: 'too short', kind: 'code' },
      { text: '\n\n', kind: 'book' },
      { text: prose(40) },
      { text: 'x', kind: 'code', type: 'tex' },
    ]
    const { verdicts, measured } = await run({ profiles: { web: 'nemo-english', book: 'nemo-english', 'code/tex': 'gopher-paper' } }, rows)
    expect([...verdicts].map(([row, { reason }]) => [row, reason])).toEqual([
      [0, 'word_count_min'],
      [2, 'no_words'],
      [4, 'gopher_few_words'],
    ])
    expect(verdicts.get(0)).toEqual({ reason: 'word_count_min', value: 2, threshold: 50 })
    const words = publishedStep(publishedSchema.parse({ profiles: { web: 'nemo-english', 'code/tex': 'gopher-paper' } })).fields
    expect(words.map(field => field.name)).toContain('nemo_word_count')
    expect(measured.every(column => column.isNull(1))).toBe(true)
  })

  it('edits what it keeps: C4 as TFDS has it', async () => {
    const text = `${prose(4)}\nno end mark here at all\nshort.`
    const {
      verdicts,
      text: left,
      edited,
    } = await run({ profiles: { '*': 'c4-tfds' } }, [{ text }, { text: 'Only one sentence stands here.' }])
    expect(verdicts.get(1)).toEqual({ reason: 'c4_few_sentences', value: 1, threshold: 3 })
    expect(edited).toEqual([0])
    expect(new TextDecoder().decode(left?.bytes.subarray(left.offsets[0], left.offsets[1]))).toBe(prose(4))
  })

  it('takes other thresholds and switches rules off', async () => {
    const rows = [{ text: 'the two of them' }]
    const reason = async (override: Record<string, number | null>) =>
      (await run({ profiles: { web: 'gopher-paper' }, override: { 'gopher-paper': override } }, rows)).verdicts.get(0)?.reason
    expect(await reason({})).toBe('gopher_few_words')
    expect(await reason({ gopher_few_words: 4 })).toBeUndefined()
    expect(await reason({ gopher_few_words: null, gopher_stop_words: 3 })).toBe('gopher_stop_words')
    expect(() => publishedSchema.parse({ override: { dclm: { nothing: 1 } } })).toThrow(/nothing/)
  })

  it('refuses what cannot be judged', async () => {
    const { refused, verdicts } = await run({ profiles: { web: 'dclm' }, maxDocumentBytes: 20 }, [{ text: 'x'.repeat(21) }, { text: 'x' }])
    expect(refused?.get(0)).toEqual({ code: 'DOCUMENT_TOO_LARGE', found: 'more bytes than maxDocumentBytes' })
    expect(verdicts.get(1)?.reason).toBe('page_length_min')
  })

  it('names arguments that disagree', async () => {
    await expect(judgePublished(textsOf(['a', 'b']), new Uint8Array(1), [])).rejects.toMatchObject({ code: 'SHAPE' })
    await expect(judgePublished(textsOf(['a']), new Uint8Array(1), [])).rejects.toMatchObject({ code: 'ARGUMENT' })
    const steps = [{ statistic: 'nothing', drops: 'below' as const, threshold: 1 }]
    await expect(judgePublished(textsOf(['a']), new Uint8Array(1), [[{ edit: 'none', steps }]])).rejects.toMatchObject({ code: 'ARGUMENT' })
  })

  it('gives the segments of UAX #29', async () => {
    const { counts, sizes } = await segments(textsOf(['Don’t stop.', '']))
    expect([...counts]).toEqual([4, 0])
    expect([...sizes]).toEqual([7, 1, 4, 1])
  })
})
