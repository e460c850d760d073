import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ArrowReader, ArrowWriter, BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { asPart, runStage } from '../../../pipelines/local.ts'
import { documents } from '../../../pipelines/schemas.ts'
import { octaves, parts, quality, rise, weightsSchema } from '../../../pipelines/score/formula.ts'
import { score } from '../../../pipelines/score/index.ts'
import { domainOf, styleOf } from '../../../pipelines/score/labels.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'score-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const weights = weightsSchema.parse({})
const good: Record<string, number> = {
  characters: 4000,
  words: 900,
  ends_sentence: 1,
  terminal_lines: 0.8,
  dup_5_grams: 0,
  dup_line_characters: 0,
  dup_10_grams: 0,
  letter_share: 0.8,
  mean_line: 100,
  lines: 100,
  stop_words: 8,
  bullet_lines: 0,
  short_lines: 0.1,
}
const of =
  (changed: Record<string, number> = {}) =>
  (name: string) =>
    ({ ...good, ...changed })[name] ?? Number.NaN

describe('quality', () => {
  it('is 1 for good prose and the weighted mean of its parts otherwise', () => {
    expect(quality(of(), false, weights)).toBe(1)
    expect(parts(of({ ends_sentence: 0, letter_share: 0.625, dup_5_grams: 0.15 }), false)).toEqual({
      completeness: 0.5,
      repetition: 0.5,
      letters: 0.5,
      lines: 1,
      length: 1,
      language: 1,
    })
    expect(quality(of({ ends_sentence: 0, letter_share: 0.625, dup_5_grams: 0.15 }), false, weights)).toBeCloseTo(
      1 - (0.2 + 0.25 + 0.15) / 2,
      12,
    )
    expect(quality(of({ stop_words: 0 }), false, { ...weights, language: 0 })).toBe(1)
  })

  it('rises or falls with each statistic, never both, and stays in [0, 1]', () => {
    const directions: Record<string, number> = {
      words: 1,
      terminal_lines: 1,
      dup_5_grams: -1,
      dup_line_characters: -1,
      letter_share: 1,
      mean_line: 1,
      stop_words: 1,
    }
    for (const [name, sign] of Object.entries(directions)) {
      let before = sign > 0 ? 0 : 1
      for (let x = 0; x <= 1200; x += x < 1 ? 0.01 : 7) {
        const now = quality(of({ [name]: x }), false, weights)
        expect(sign * (now - before), `${name} at ${x}`).toBeGreaterThanOrEqual(-1e-12)
        expect(now).toBeGreaterThanOrEqual(0)
        expect(now).toBeLessThanOrEqual(1)
        before = now
      }
    }
  })

  it('judges code by its own parts', () => {
    expect(quality(of({ ends_sentence: 0, stop_words: 0, mean_line: 30, letter_share: 0.6 }), true, weights)).toBe(1)
    expect(quality(of({ mean_line: 150 }), true, weights)).toBeCloseTo(0.85, 12)
  })

  it('has steps of its own', () => {
    expect([0, 1, 2, 3, 4, 64].map(octaves)).toEqual([0, 0, 1, 1.5, 2, 6])
    expect(octaves(Number.POSITIVE_INFINITY)).toBeLessThan(54)
    expect(rise(Number.NaN, 0, 1)).toBe(0)
  })

  it('refuses weights that are all 0', () => {
    expect(() =>
      score.config.parse({ weights: { completeness: 0, repetition: 0, letters: 0, lines: 0, length: 0, language: 0 } }),
    ).toThrow()
  })
})

describe('labels', () => {
  it.each([
    ['https://docs.example.com/a/b', 'example.com'],
    ['http://user:pw@A.B.Example.CO.UK:8080/', 'example.co.uk'],
    ['https://example.io', 'example.io'],
    ['https://x.github.io/', 'github.io'],
    ['http://10.0.0.1/x', '10.0.0.1'],
    ['http://[2001:db8::1]:80/', '[2001:db8::1]'],
    ['not an address', 'shelf/book'],
    [undefined, 'shelf/book'],
  ])('%s comes from %s', (url, domain) => {
    expect(domainOf(url, 'shelf', 'book')).toBe(domain)
  })

  it('tell styles apart', () => {
    expect(styleOf(of(), false)).toBe('prose')
    expect(styleOf(of(), true)).toBe('code')
    expect(styleOf(of({ words: 10 }), false)).toBe('fragment')
    expect(styleOf(of({ bullet_lines: 0.9 }), false)).toBe('list')
    expect(styleOf(of({ short_lines: 0.9 }), false)).toBe('outline')
    expect(styleOf(of({ letter_share: 0.5 }), false)).toBe('technical')
    expect(styleOf(of({ terminal_lines: 0.1, mean_line: 60 }), false)).toBe('mixed')
    expect(styleOf(() => Number.NaN, true)).toBe('unmeasured')
  })
})

describe('score', () => {
  it('gives each document one row, in order', async () => {
    const path = join(folder, 'documents.arrow')
    const writer = await ArrowWriter.open(path, documents)
    const builder = new BatchBuilder(documents)
    const texts: { text: string; kind: string; url?: string }[] = [
      { text: 'The sea and the sky have a lot to say to each other. '.repeat(3), kind: 'web', url: 'https://sea.example/' },
      { text: 'const a = 1\n', kind: 'code' },
      { text: '', kind: 'book' },
    ]
    const ids = texts.map((_, i) => createHash('sha256').update(String(i)).digest('hex').slice(0, 32))
    for (const [i, doc] of texts.entries()) builder.append({ ...doc, id: ids[i], source: 's', key: String(i), meta: {} })
    await writer.append(builder.finish())
    await writer.close()
    const result = await runStage({
      stage: score,
      config: {},
      inputs: { documents: [await asPart('documents', path)] },
      folder: join(folder, 'run'),
    })
    const reader = await ArrowReader.open(result.outputs.scores?.[0]?.location as string)
    const batch = await reader.read(0)
    await reader.close()
    const values = (name: string) => Array.from({ length: batch.rows }, (_, i) => batch.column(name).value(i))
    expect(values('id')).toEqual(ids)
    expect(values('domain')).toEqual(['sea.example', 's/code', 's/book'])
    expect(values('style')).toEqual(['fragment', 'code', 'fragment'])
    const qualities = values('quality') as number[]
    for (const value of qualities) expect(value >= 0 && value <= 1).toBe(true)
    expect(qualities[2]).toBe(0)
    expect(result.counters).toEqual({ 'style.code': 1, 'style.fragment': 2 })
  })
})
