import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { fineweb2Files, fineweb2Profile, fineweb2Schema, fineweb2Step } from '../../../pipelines/filter/fineweb2.ts'
import { documents } from '../../../pipelines/schemas.ts'

/** In the form of FineWeb-2's files, numbers of our own. */
const file = `dup_line_frac: 0.25
dup_n_grams:
- - 5
  - 0.15
- - 6
  - 0.14
language_score: 0.8
line_punct_thr: 0.1
max_avg_word_length: 11
max_non_alpha_words_ratio: 0.7
min_avg_word_length: 2
new_line_ratio: 0.2
stopwords:
- de
- la
- "\\xE0"
- l'
top_n_grams:
- - 2
  - 0.16
`

const folder = mkdtempSync(join(tmpdir(), 'fineweb2-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'fra_Latn.yml')
writeFileSync(path, file)

function batch(rows: { text: string; kind?: string; language?: string }[]) {
  const builder = new BatchBuilder(documents)
  for (const [i, row] of rows.entries())
    builder.append({ id: String(i).padStart(32, '0'), source: 's', key: `k${i}`, kind: 'web', meta: {}, ...row })
  return builder.finish()
}

/** Words that no other line has, with some that French needs. */
const word = (i: number) =>
  `${'bcdfgklmnprst'[i % 13]}${'aeiou'[i % 5]}${'lmnrst'[i % 6]}${'éaiou'[(i >> 3) % 5]}${'bdgkpt'[(i >> 4) % 6]}e`
const french = Array.from(
  { length: 12 },
  (_, i) =>
    `${[0, 1, 2, 3].map(k => word(i * 37 + k * 11)).join(' ')} ${['de', 'la', 'à', 'de'][i % 4]} ${word(i * 53 + 5)} ${word(i * 91 + 3)}.`,
).join('\n')

describe('FineWeb-2', () => {
  it('reads a file', () => {
    const { rules, stopWords, languageScore } = fineweb2Profile(file, 'here')
    expect(stopWords).toEqual(['de', 'la', 'à', "l'"])
    expect(languageScore).toBe(0.8)
    expect(rules.find(rule => rule.name === 'fineweb2_duplicated_6_n_grams')).toEqual({
      name: 'fineweb2_duplicated_6_n_grams',
      statistic: 'multilingual_duplicate_6grams',
      drops: 'above',
      threshold: 0.14,
    })
    expect(rules.map(rule => rule.name)).not.toContain('fineweb2_top_3_gram')
  })

  it('names what is wrong with one', () => {
    for (const [bad, found] of [
      [file.replace('line_punct_thr: 0.1', ''), /line_punct_thr/],
      [file.replace('- - 5', '- - 4'), /dup_n_grams/],
      ['a: [', /YAML/],
      ['', /the whole/],
    ] as const)
      expect(() => fineweb2Profile(bad, 'stages.filter.fineweb2.languages.fr')).toThrow(
        expect.objectContaining({ code: 'FINEWEB2_FILE', message: expect.stringMatching(found) }),
      )
  })

  it('judges documents of its languages', async () => {
    const config = fineweb2Schema.parse({ languages: { fr: path } })
    const rows = [
      { text: french, language: 'fr' },
      { text: french.split('\n').slice(0, 4).join('\n'), language: 'fr' },
      { text: 'Zu kurz.', language: 'de' },
      { text: 'Trop court.', language: 'fr', kind: 'code' },
      { text: french.replaceAll(/\b(de|la|à) /g, 'x '), language: 'fr' },
      { text: ' ', language: 'fr' },
    ]
    const { verdicts, measured } = await fineweb2Step(config).run(batch(rows), { threads: 1, seed: 0 })
    expect([...verdicts].map(([row, { reason }]) => [row, reason])).toEqual([
      [1, 'fineweb2_short_doc'],
      [4, 'fineweb2_enough_stop_words'],
      [5, 'fineweb2_no_words'],
    ])
    expect(measured[0]?.isNull(2)).toBe(true)
  })

  it('refuses another file than was pinned', async () => {
    const config = fineweb2Schema.parse({ languages: { fr: path } })
    expect(fineweb2Files(config)).toEqual([{ place: 'fineweb2.languages.fr', path }])
    const pinned = createHash('sha256').update(file).digest('hex')
    const short = batch([{ text: french.split('\n').slice(0, 4).join('\n'), language: 'fr' }])
    const { verdicts } = await fineweb2Step(config, () => pinned).run(short, { threads: 1, seed: 0 })
    expect(verdicts.get(0)?.reason).toBe('fineweb2_short_doc')
    await expect(fineweb2Step(config, () => 'f'.repeat(64)).run(batch([]), { threads: 1, seed: 0 })).rejects.toMatchObject({
      code: 'FINEWEB2_CHANGED',
    })
    const gone = fineweb2Schema.parse({ languages: { fr: join(folder, 'gone.yml') } })
    await expect(fineweb2Step(gone).run(batch([]), { threads: 1, seed: 0 })).rejects.toMatchObject({ code: 'FINEWEB2_FILE' })
  })
})
