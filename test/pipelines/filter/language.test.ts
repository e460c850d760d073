import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Batch, BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { classifierFiles, classifierSchema, classifierStep, readLabelled, trainOn } from '../../../pipelines/filter/classifier.ts'
import { languageFiles, languageSchema, languageStep } from '../../../pipelines/filter/language.ts'
import type { Step } from '../../../pipelines/filter/step.ts'
import { broken, damages, weakLabelsOf } from '../../../pipelines/filter/weak_labels.ts'
import { documents } from '../../../pipelines/schemas.ts'

const folder = mkdtempSync(join(tmpdir(), 'language-'))
afterAll(() => rmSync(folder, { recursive: true }))
const model = join(folder, 'model.bin')
let sha256: string

const spoken: Record<string, string> = {
  en: 'the cat and the dog are in the house of the man',
  de: 'die katze und der hund sind in dem haus von dem mann',
  fr: 'le chat et le chien sont dans la maison de l homme',
}

beforeAll(async () => {
  const rows = Object.entries(spoken).flatMap(([label, text]) => {
    const words = text.split(' ')
    return words.flatMap((_, i) => words.map((_, j) => ({ label, text: [words[i], words[j], words[(i + j) % words.length]].join(' ') })))
  })
  const bytes = await trainOn(rows, { epoch: 30, lr: 1, wordNgrams: 1 })
  writeFileSync(model, bytes)
  sha256 = createHash('sha256').update(bytes).digest('hex')
})

function batch(rows: { text: string; kind?: string }[]): Batch {
  const builder = new BatchBuilder(documents)
  for (const [i, row] of rows.entries())
    builder.append({ id: String(i).padStart(32, '0'), source: 's', key: `k${i}`, kind: 'web', meta: {}, ...row })
  return builder.finish()
}

const run = async (step: Step, rows: { text: string; kind?: string }[]) => {
  const { verdicts, measured } = await step.run(batch(rows), { threads: 2, seed: 0 })
  return { verdicts, values: measured.map(column => rows.map((_, i) => column.value(i))) }
}

async function rowsOf(path: string) {
  const rows = []
  for await (const row of readLabelled(path)) rows.push(row)
  return rows
}

const config = (fields: object = {}) => languageSchema.parse({ model, ...fields })

describe('languages', () => {
  it('are measured and nothing is dropped by default', async () => {
    const { verdicts, values } = await run(
      languageStep(config(), sha256),
      Object.values(spoken).map(text => ({ text })),
    )
    expect(values[0]).toEqual(Object.keys(spoken))
    expect(values[1]?.every(score => (score as number) > 0.9)).toBe(true)
    expect(verdicts.size).toBe(0)
  })

  it('that are not wanted, or not certain, are dropped; code is not', async () => {
    const rows = [
      { text: spoken.en as string },
      { text: spoken.de as string },
      { text: 'the die le' },
      { text: spoken.fr as string, kind: 'code' },
    ]
    const { verdicts, values } = await run(languageStep(config({ keep: ['en', 'fr'], threshold: 0.9, thresholds: { de: 0.3 } })), rows)
    expect([...verdicts.keys()]).toEqual([1, 2])
    expect(verdicts.get(1)).toEqual({ reason: 'language', value: values[1]?.[1], threshold: 0.3 })
    const third = verdicts.get(2)
    expect(third?.reason).toBe(values[0]?.[2] === 'de' ? 'language' : 'language_score')
    expect(third?.value).toBe(values[1]?.[2])
  })

  it('pass where a wanted one is second, if its threshold is that low', async () => {
    const rows = [{ text: 'the die le' }]
    const { verdicts } = await run(languageStep(config({ keep: ['en', 'de', 'fr'], threshold: 0.999 })), rows)
    expect(verdicts.get(0)?.reason).toBe('language_score')
    for (const keep of Object.keys(spoken)) {
      const { verdicts: none } = await run(languageStep(config({ keep: [keep], threshold: 0.0001 })), rows)
      expect(none.size).toBe(0)
    }
  })

  it('need a threshold that is crossed, not touched', async () => {
    const rows = [{ text: spoken.en as string }]
    const score = (await run(languageStep(config()), rows)).values[1]?.[0] as number
    const at = Math.min(1, score)
    const kept = await run(languageStep(config({ keep: 'any', threshold: at - 1e-6 })), rows)
    expect(kept.verdicts.size).toBe(0)
    if (score <= 1) expect((await run(languageStep(config({ keep: 'any', threshold: score })), rows)).verdicts.size).toBe(1)
  })

  it('teach what is wrong with a config', async () => {
    await expect(run(languageStep(config({ keep: ['eng'] })), [{ text: '' }])).rejects.toMatchObject({
      code: 'UNKNOWN_LANGUAGE',
      found: '"eng"',
    })
    await expect(run(languageStep(config(), '0'.repeat(64)), [{ text: '' }])).rejects.toMatchObject({ code: 'MODEL_CHANGED' })
    await expect(run(languageStep(config({ model: join(folder, 'none') })), [{ text: '' }])).rejects.toMatchObject({ code: 'MODEL_FILE' })
    const bad = join(folder, 'bad.bin')
    writeFileSync(bad, 'PK\x03\x04 an archive')
    await expect(run(languageStep(config({ model: bad })), [{ text: '' }])).rejects.toMatchObject({
      code: 'BAD_MODEL',
      expected: "fastText's mark 793712314 at byte 0",
      found: '67324752',
    })
    expect(languageFiles(languageSchema.parse({}))).toEqual([])
    expect(languageFiles(config())).toEqual([{ place: 'language.model', path: model }])
  })
})

describe('a classifier', () => {
  it('measures the score of its label and drops below the threshold', async () => {
    const given = classifierSchema.parse({ model, keepLabel: 'en', threshold: 0.5, name: 'english' })
    const rows = [{ text: spoken.en as string }, { text: spoken.de as string }, { text: spoken.de as string, kind: 'code' }]
    const { verdicts, values } = await run(classifierStep(given, sha256), rows)
    expect(values[0]?.map(score => (score as number) > 0.5)).toEqual([true, false, false])
    expect([...verdicts]).toEqual([[1, { reason: 'english', value: values[0]?.[1], threshold: 0.5 }]])
    expect(classifierFiles(given)).toEqual([{ place: 'classifier.model', path: model }])
    await expect(run(classifierStep({ ...given, keepLabel: 'good' }), rows)).rejects.toMatchObject({ code: 'UNKNOWN_LABEL' })
  })

  it('is trained from rows of a file, of which a bad one is named', async () => {
    const path = join(folder, 'rows.jsonl')
    writeFileSync(path, '{"text":"a\u2028b","label":"x"}\n\n{"text":"c","label":2}\n')
    expect(await rowsOf(path)).toEqual([
      { text: 'a\u2028b', label: 'x' },
      { text: 'c', label: '2' },
    ])
    writeFileSync(path, '{"text":"a","label":"x"}\n{"text":"a"}\n')
    await expect(rowsOf(path)).rejects.toMatchObject({ code: 'CLASSIFIER_LABELS', where: `${path}, row 2` })
    writeFileSync(path, '{"text":"a","label":"x"}\n{"text":\n')
    await expect(rowsOf(path)).rejects.toMatchObject({ code: 'CLASSIFIER_LABELS', where: `${path}, row 2` })
    await expect(trainOn([{ text: 'a', label: 'x' }])).rejects.toMatchObject({ code: 'CLASSIFIER_LABELS' })
    await expect(
      trainOn([
        { text: 'a', label: 'x' },
        { text: 'b', label: 'y z' },
      ]),
    ).rejects.toMatchObject({ code: 'CLASSIFIER_LABELS', found: '"y z"' })
  })
})

describe('weak labels', () => {
  const id = (n: number) => Uint8Array.from({ length: 16 }, (_, i) => n * 31 + i)
  const text = 'The quick brown fox said: "it\'s a well-known fact that foxes are quicker than most dogs in a field". '.repeat(5)

  it('follow from seed and id alone', () => {
    const once = weakLabelsOf({ id: id(1), text }, 7)
    expect(weakLabelsOf({ id: id(1), text }, 7)).toEqual(once)
    expect(once.map(({ label, from }) => [label, from === 'kept'])).toEqual([
      ['good', true],
      ['bad', false],
    ])
    expect(once[0]?.text).toBe(text)
    const kinds = new Set(Array.from({ length: 60 }, (_, n) => weakLabelsOf({ id: id(n), text }, 7)[1]?.from))
    expect([...kinds].sort()).toEqual([...damages].sort())
    expect(weakLabelsOf({ id: id(1), text: 'short' }, 7)).toEqual([])
  })

  it('come from text that is broken as they say', () => {
    let state = 1
    const next = () => {
      state = (state * 16807) % 2147483647
      return state / 2147483647
    }
    const words = (given: string) => given.trim().split(/\s+/).sort()
    expect(words(broken(text, 'shuffled', next))).toEqual(words(text))
    expect(broken(text, 'shuffled', next)).not.toBe(text.trim())
    expect(broken(text, 'mojibake', next)).toContain('\u00e2\u0080\u009c')
    expect(words(broken(text, 'cut', next))).not.toEqual(words(text))
    expect(words(broken(text, 'keyboard', next))).toHaveLength(words(text).length)
  })
})
