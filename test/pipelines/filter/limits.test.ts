/** Limits against what the stage decided: whoever was dropped fails the limit of the rule, with its value, and who was kept fails none. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sweep } from '../../../cli/sweep.ts'
import { BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { ordinary } from '../../../pipelines/canary.ts'
import { trainOn } from '../../../pipelines/filter/classifier.ts'
import { definitionNamesOf, filterConfig } from '../../../pipelines/filter/config.ts'
import { trainModel } from '../../../pipelines/filter/fluency.ts'
import { comparedIn, fails, foreignLimits, judges, limitsOf } from '../../../pipelines/filter/limits.ts'
import { badFormulas, formulas, incomplete, random, source, withPersonal } from '../../../pipelines/filter/planted.ts'
import { documents } from '../../../pipelines/schemas.ts'
import { columnOf, type Doc, makeFolder, rowsOf, runFilter } from './support.ts'

let folder: string
const path = (name: string) => join(folder, name)
beforeAll(async () => {
  folder = await makeFolder()
  const rows = [...ordinary.map(text => ({ text, label: 'good' })), ...[50, 90, 130].map(n => ({ text: random(n), label: 'bad' }))]
  await writeFile(path('quality.bin'), await trainOn(rows, { epoch: 200, lr: 1, wordNgrams: 1, dim: 8 }))
  const builder = new BatchBuilder(documents)
  for (const [i, text] of ordinary.entries())
    builder.append({ id: String(i).padStart(32, '0'), source: 's', key: String(i), kind: 'web', meta: {}, text })
  await trainModel([builder.finish()], { scratch: folder, binary: path('prose.bin'), prune: [0], fallback: true })
  for (const [language, short] of [
    ['fr', 0.2],
    ['nl', 0.9],
  ])
    await writeFile(
      path(`${language}.yml`),
      `dup_line_frac: 0.25\ndup_n_grams: [[5, 0.15]]\nlanguage_score: 0.8\nline_punct_thr: ${short}\nmax_avg_word_length: 11\nmax_non_alpha_words_ratio: 0.7\nmin_avg_word_length: 2\nnew_line_ratio: 0.5\nstopwords: [de, la]\ntop_n_grams: [[2, 0.16]]\n`,
    )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const [one, two, three, four] = ordinary as [string, string, string, string]
/** Lines of which none ends a sentence. */
const openLines = (from: number) =>
  Array.from({ length: 12 }, (_, i) => `de w${from + i}a w${i}b la x${i}c w${from + i}d y${i}e z${i}f`).join('\n')

const docs: Doc[] = [
  ...ordinary.map((text): Doc => ({ text })),
  { text: one, meta: { robots: 'noai' } },
  { text: two, meta: { tdm: '1' } },
  { text: two, meta: { robots: 'noindex' } },
  { text: withPersonal('jo@uni.edu and 93.184.216.34 and 93.184.216.35') },
  { text: withPersonal('(212) 555-0123') },
  { text: `${source}// jo@uni.edu`, kind: 'code', type: 'typescript' },
  { text: random(100) },
  { text: random(30) },
  { text: `${three.split(' ').toReversed().join(' ')}.` },
  ...Object.values(incomplete).map((make): Doc => ({ text: make(12), kind: 'note' })),
  ...Object.values(badFormulas).map((make): Doc => ({ text: make(5), kind: 'note' })),
  { text: formulas },
  { text: openLines(0), language: 'fr' },
  { text: `${openLines(50)}.`, language: 'nl' },
  { text: four, language: 'fr' },
  { text: 'Kort.', language: 'nl' },
].map(each => ({ ...each, kind: each.kind ?? 'page' }))

const config = () => ({
  profiles: { page: 'none', code: 'none', note: 'none' },
  signals: { noindex: 'measure' },
  pii: { prose: { phones: 'drop', ips: 'count' }, most: 2 },
  classifier: [{ model: path('quality.bin'), threshold: 0.2, skipKinds: ['code', 'note'] }],
  fluency: { model: path('prose.bin'), maxPerplexity: 200, maxUnknown: 0.95, minWords: 40, skipKinds: ['code', 'note'] },
  completeness: { linkBytes: 0.9, fragmentLines: 0.8, cutEnd: true, cutStart: true, openFence: true, openBrackets: 5 },
  maths: { kinds: ['page', 'note'], minFormulas: 0, rules: { maths_few_words: null } },
  fineweb2: { languages: { fr: path('fr.yml'), nl: path('nl.yml') } },
  expressions: [{ name: 'said', drop: 'oov_share >= 0.5', kinds: ['letter'] }],
})

const pinned = async () => {
  const { pinFiles } = await import('../../../pipelines/files.ts')
  const { filter } = await import('../../../pipelines/filter/index.ts')
  const parsed = filterConfig.parse(config())
  const files = await pinFiles(filter, parsed, { base: folder })
  return files ? { ...parsed, files } : parsed
}

it('what was dropped fails the limit of its rule by its value, what was kept fails none', async () => {
  const result = await runFilter(folder, docs, config())
  const parsed = await pinned()
  const foreign = await foreignLimits(parsed)
  const batches = await rowsOf(result, 'statistics')
  const rows = batches.flatMap(batch =>
    Array.from({ length: batch.rows }, (_, i) => (name: string) => (batch.has(name) ? batch.column(name).value(i) : null)),
  )
  const [ids, values, thresholds] = await Promise.all(['id', 'value', 'threshold'].map(name => columnOf(result, 'decisions', name)))
  const decided = new Map(ids?.map((id, i) => [id, { value: values?.[i], threshold: thresholds?.[i] }]))
  const seen = new Set<string>()
  for (const [i, row] of rows.entries()) {
    const [rule, kind] = [row('rule') as string | null, docs[i]?.kind as string]
    const limits = limitsOf(parsed, row('profile') as string, foreign).filter(limit => judges(limit, kind))
    const failing = limits.filter(limit => {
      const value = comparedIn(limit, row)
      return value !== undefined && fails(limit, value, limit.threshold)
    })
    expect(failing.map(({ reason }) => reason).includes(rule ?? ''), `document ${i}, ${rule}`).toBe(rule !== null)
    if (rule === null) expect(failing, `document ${i}`).toEqual([])
    else {
      const limit = failing.find(({ reason }) => reason === rule)
      expect({ value: limit && comparedIn(limit, row), threshold: limit?.threshold }).toEqual(decided.get(row('id')))
      seen.add(rule)
    }
  }
  expect([...seen].toSorted()).toEqual(
    expect.arrayContaining([
      'fineweb2_line_punct_ratio',
      'incomplete_boilerplate',
      'incomplete_brackets',
      'incomplete_links',
      'maths_repeated',
      'opt_out_noai',
      'opt_out_tdm',
      'pii_many',
      'pii_phones',
      'quality',
    ]),
  )
})

it('each language of FineWeb-2 is a profile with the thresholds of its file, and a sweep asks over them', async () => {
  const result = await runFilter(folder, docs, config())
  const parsed = await pinned()
  const profiles = await columnOf(result, 'statistics', 'profile')
  expect(profiles.slice(-4)).toEqual(['fineweb2:fr', 'fineweb2:nl', 'fineweb2:fr', 'fineweb2:nl'])
  expect(profiles[0]).toBe('none')
  const parts = result.outputs.statistics?.map(part => part.location) ?? []
  const ask = async (rule: string, more: object = {}) =>
    sweep(parts, parsed, { rule, samples: 0, ...more }, null, definitionNamesOf(parsed), { foreign: await foreignLimits(parsed) })
  const swept = await ask('fineweb2_line_punct_ratio', { at: [0, 0.5] })
  expect(swept.now).toEqual({ 'fineweb2:fr': 0.2, 'fineweb2:nl': 0.9 })
  expect(swept).toMatchObject({ drops: 'below', statistic: 'multilingual_terminal_lines', asked: 2 })
  expect((await ask('fineweb2_line_punct_ratio', { at: [0.5], profile: 'fineweb2:nl' })).asked).toBe(1)
  // The sum of what was found, and documents that are too short to be judged.
  expect((await ask('pii_many', { at: [0, 2, 3] })).points.map(({ documents: kept }) => kept)).toEqual(
    [0, 1, 2].map(() => expect.any(Number)),
  )
  const many = await ask('pii_many', { at: [2, 3] })
  expect((many.points[1]?.documents as number) - (many.points[0]?.documents as number)).toBe(1)
  expect((await ask('incomplete_links', { at: [0.9] })).unmeasured).toBeGreaterThan(0)
  expect((await ask('opt_out_noai', { at: [0] })).statistic).toBe('signal_noai')
})

it('a file that changed since has no limits', async () => {
  const parsed = await pinned()
  await writeFile(path('fr.yml'), 'changed: true\n')
  expect([...(await foreignLimits(parsed)).keys()]).toEqual(['fineweb2:nl'])
})
