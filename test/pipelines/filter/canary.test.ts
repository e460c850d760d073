/** What is planted for each section: it passes under every sound config, and a sabotaged threshold, model, rule or stage does not get past it. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { ordinary, runCanary } from '../../../pipelines/canary.ts'
import { trainOn } from '../../../pipelines/filter/classifier.ts'
import { trainModel } from '../../../pipelines/filter/fluency.ts'
import { filter } from '../../../pipelines/filter/index.ts'
import { bad, good } from '../../../pipelines/filter/planted.ts'
import { documents } from '../../../pipelines/schemas.ts'
import type { Context, Stage } from '../../../pipelines/stage.ts'
import { makeFolder } from './support.ts'

let folder: string
const path = (name: string) => join(folder, name)
beforeAll(async () => {
  folder = await makeFolder()
  const rows = [...good.map(({ text }) => ({ text, label: 'good' })), ...bad.map(({ text }) => ({ text, label: 'bad' }))]
  await writeFile(path('sound.bin'), await trainOn(rows, { epoch: 400, lr: 1, wordNgrams: 1, dim: 8 }))
  await writeFile(path('blind.bin'), await trainOn(rows, { epoch: 1, lr: 1e-9, wordNgrams: 1 }))
  const builder = new BatchBuilder(documents)
  for (const [i, text] of ordinary.entries())
    builder.append({ id: String(i).padStart(32, '0'), source: 's', key: String(i), kind: 'web', meta: {}, text })
  await trainModel([builder.finish()], { scratch: folder, binary: path('prose.bin'), prune: [0], fallback: true })
  await writeFile(path('none.mjs'), 'export default batch => batch.ids.map(() => null)\n')
  await writeFile(path('all.mjs'), "export default batch => batch.ids.map(() => 'mine')\n")
  await writeFile(path('scores.jsonl'), `${JSON.stringify({ id: '0'.repeat(32), score: 1 })}\n`)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let runs = 0
async function plant(config: object, stage: Stage = filter as Stage): Promise<boolean> {
  const into = join(folder, `canary-${runs++}`)
  await mkdir(into, { recursive: true })
  return runCanary({ stage, config, evaluation: [], folder: into, threads: 1 })
}

const every = { emails: 'replace', ips: 'replace', phones: 'replace', cards: 'replace', secrets: 'replace' }
const sections = { signals: {}, pii: {}, completeness: {}, maths: {} }

describe('what is planted passes', () => {
  const configs = {
    nothing: {},
    'code and languages': { language: { keep: 'any' }, code: {} },
    'English alone': { language: { keep: ['en'] } },
    'Finnish alone': { language: { keep: ['fi'] } },
    'profiles of one’s own': { profiles: { web: 'none' }, language: { keep: ['en', 'de'] } },
    'every section by its defaults': sections,
    'every section beside other profiles': { ...sections, profiles: { '*': 'gopher-paper' }, language: { keep: ['fi'] } },
    'opt-outs all measured': { signals: { tdm: 'measure', noai: 'measure', noindex: 'drop', crawlers: 'drop', noimageai: 'drop' } },
    'licences allowed': { signals: { licences: { allow: ['permissive'], unstated: 'drop' } } },
    'licences denied': { signals: { licences: { deny: ['CC-BY-NC*', 'gpl-*'] } } },
    'a licence of one’s own': { signals: { licences: { allow: ['House rules'], unstated: 'drop' } } },
    'all personal data replaced': { pii: { prose: every, code: every } },
    'personal data dropped and counted': { pii: { prose: { emails: 'drop', ips: 'count', phones: 'drop' }, code: { secrets: 'drop' } } },
    'personal data as datatrove has it': { pii: { definition: 'datatrove@0.10' } },
    'personal data as Dolma has it': { pii: { definition: 'dolma-1.5' } },
    'no text with personal data': { pii: { most: 0 } },
    'all of completeness': {
      completeness: { linkBytes: 0.99, fragmentLines: 1, cutEnd: true, cutStart: true, openFence: true, openBrackets: 40, minLines: 200 },
    },
    'completeness at its strictest': { completeness: { truncatedMark: 1, linkLines: 0.01, boilerplateLines: 0.01, linkBytes: 0.2 } },
    'completeness measured': { completeness: { truncatedMark: null, linkLines: null, boilerplateLines: null } },
    'maths at other limits': { maths: { kinds: ['web'], minFormulas: 30, rules: { maths_broken: 0.9, maths_repeated: null } } },
    'expressions and modules': {
      expressions: [
        { name: 'few', drop: 'words < 20' },
        { name: 'code', drop: 'letter_share < 0.2', kinds: ['code'] },
        { name: 'letters', drop: 'words < 10', kinds: ['letter'] },
      ],
      modules: [{ path: 'MODULES/none.mjs' }],
    },
    'expressions over scores that are not there': {
      scores: [{ path: 'SCORES', columns: { edu: 'score' } }],
      expressions: [{ name: 'low', drop: 'edu < 2' }],
    },
  }
  const located = (config: object) =>
    JSON.parse(JSON.stringify(config).replaceAll('MODULES', folder).replaceAll('SCORES', path('scores.jsonl'))) as object
  it.each(Object.entries(configs))('under %s', async (_, config) => expect(await plant(located(config))).toBe(true), 60_000)

  it('under lists of bad words', async () => {
    await writeFile(path('bad.txt'), 'XXX\nsour milk\nwar-horse\n')
    await writeFile(path('schlecht.txt'), 'saure milch\n')
    const files = { en: path('bad.txt'), de: path('schlecht.txt') }
    expect(await plant({ badWords: { files } })).toBe(true)
    expect(await plant({ badWords: { files, keepFraction: 1 } })).toBe(true)
    expect(await plant({ badWords: { files, missing: 'fail', defaultLanguage: null }, language: { keep: ['en'] } })).toBe(true)
  })

  it('under sound models', async () => {
    expect(await plant({ classifier: [{ model: path('sound.bin'), threshold: 0.5 }] })).toBe(true)
    expect(await plant({ classifier: [{ model: path('blind.bin') }] })).toBe(true)
    expect(await plant({ fluency: { model: path('prose.bin'), maxPerplexity: 100, maxUnknown: 0.5 } })).toBe(true)
    const both = { classifier: [{ model: path('sound.bin') }], fluency: { model: path('prose.bin') } }
    expect(await plant({ ...both, expressions: [{ name: 'poor', drop: 'quality < 0.5 && perplexity > 100' }] })).toBe(true)
  })
})

describe('a sabotaged', () => {
  const fails = (config: object, found: RegExp, next: RegExp = /canaries.skip/) =>
    expect(plant(config)).rejects.toMatchObject({
      code: 'CANARY',
      kind: 'config',
      found: expect.stringMatching(found),
      next: expect.stringMatching(next),
    })

  it('threshold that no text reaches, or that whole texts fail', async () => {
    await fails({ maths: { rules: { maths_broken: 2 } } }, /"a text for maths_broken" got through/)
    await fails({ maths: { minFormulas: 0, rules: { maths_few_words: 5000 } } }, /"a page with formulas" was dropped by maths_few_words/)
    await fails({ completeness: { linkLines: 0, minLines: 1 } }, /"ordinary page 1" was dropped by incomplete_links/)
    await fails({ completeness: { boilerplateLines: 0 } }, /"ordinary page 4" was dropped by incomplete_boilerplate/)
    await fails({ pii: { replacements: { emails: 'keeper@harbour-of-the-bay.org' } } }, /"a page with emails" was not edited/)
    await fails(
      { signals: { licences: { allow: ['MIT'], deny: ['*'], unstated: 'drop' } } },
      /"ordinary page 1" was dropped by licence; .*"ordinary page 4" was dropped by licence/,
    )
  })

  it('model, or threshold of a model', async () => {
    const classifier = (model: string, threshold: number) => ({ classifier: [{ model: path(model), threshold }] })
    await fails(classifier('sound.bin', 0), /none of \d+ different documents, good and bad, was dropped by quality/)
    await fails(classifier('sound.bin', 1), /every one of \d+ different documents was dropped by quality/)
    await fails(classifier('blind.bin', 0.49), /none of|every one of/)
    const fluency = (limits: object) => ({ fluency: { model: path('prose.bin'), ...limits } })
    await fails(fluency({ maxPerplexity: 1.001 }), /"ordinary page 1" was dropped by fluency_perplexity/)
    await fails(fluency({ maxPerplexity: 1e9 }), /"random letters" got through fluency_…/)
    await fails(fluency({ maxUnknown: 1 }), /"random letters" got through/)
  })

  it('list of bad words', async () => {
    await writeFile(path('all.txt'), 'the\nof\nfor\na\n')
    await fails(
      { badWords: { files: { en: path('all.txt') } } },
      /every one of 8 different documents was dropped by document_removed_with_badwords/,
    )
  })

  it('rule of the user’s', async () => {
    await fails({ expressions: [{ name: 'all', drop: '1 < 2' }] }, /every one of 8 different documents was dropped by all/)
    await fails(
      {
        expressions: [
          { name: 'first', drop: 'words > 0' },
          { name: 'few', drop: 'words < 9' },
        ],
      },
      /dropped by first$/,
    )
    await fails({ modules: [{ path: path('all.mjs') }] }, /every one of 8 different documents was dropped/)
    const skip = { canaries: { skip: ['expressions', 'modules'] } }
    expect(await plant({ ...skip, expressions: [{ name: 'all', drop: '1 < 2' }], modules: [{ path: path('all.mjs') }] })).toBe(true)
  })

  it('stage', async () => {
    const judge = filter.operations.at(-1) as (typeof filter.operations)[number]
    const passing = {
      ...judge,
      async run(ctx: Context<never>) {
        for await (const batch of ctx.batches('documents')) await (await ctx.writer('documents')).append(batch)
      },
    }
    const broken = { ...filter, operations: [...filter.operations.slice(0, -1), passing] } as unknown as Stage
    const found = (config: object) => plant(config, broken).catch(error => error.found as string)
    expect(await found({ signals: {} })).toMatch(/"a page with the opt-out tdm" got through opt_out_tdm; .*opt_out_noai/)
    expect(await found({ pii: {} })).toMatch(
      /"a page with emails" was not edited; "a page with ips" was not edited; "a source file with emails"/,
    )
    expect(await found({ completeness: {} })).toMatch(/incomplete_truncated; .*incomplete_links; .*incomplete_boilerplate/)
    expect(await found({ maths: {} })).toMatch(/maths_broken; .*maths_stray; .*maths_soup/)
  })

  it('section is said before the rest of the chain', async () => {
    await fails({ completeness: { linkLines: 0, minLines: 1 }, code: {} }, /incomplete_links/, /set the rule that is named/)
    expect(await plant({ completeness: { linkLines: 0, minLines: 1 }, canaries: { skip: ['completeness'] } })).toBe(true)
  })
})

describe('documents that a config plants', () => {
  const rule = { expressions: [{ name: 'thin', drop: 'words < 100' }] }
  const canaries = {
    plant: [
      { name: 'a thin page', text: 'Not much is said here.', kind: 'letter', expect: 'drop', rule: 'thin' },
      { name: 'a page of mine', path: 'page.txt', expect: 'keep' },
      { name: 'a page with an address', text: `${ordinary[0]} Write to jo@uni.edu for more.`, expect: 'edit' },
      { name: 'an opt-out', text: ordinary[1], meta: { robots: 'noai' }, expect: 'drop' },
    ],
  }
  const config = { ...rule, pii: {}, signals: {}, profiles: { letter: 'none' } }

  it('pass where the rules do as they say', async () => {
    await writeFile(path('page.txt'), ordinary[2] as string)
    const plants = canaries.plant.map(each => (each.path ? { ...each, path: path(each.path) } : each))
    expect(await plant({ ...config, canaries: { plant: plants } })).toBe(true)
  })

  it('fail where they do not', async () => {
    const one = (each: object) =>
      plant({ ...config, canaries: { plant: [{ name: 'mine', ...each }] } }).catch(error => error.found as string)
    expect(await one({ text: ordinary[0], expect: 'drop', rule: 'thin' })).toBe('"mine" got through thin')
    expect(await one({ text: ordinary[0], expect: 'edit' })).toBe('"mine" was not edited')
    expect(await one({ text: 'Short.', kind: 'letter', expect: 'keep' })).toBe('"mine" was dropped by thin')
    expect(await one({ text: 'Short.', kind: 'letter', expect: 'edit' })).toBe('"mine" was dropped by thin, not edited')
    expect(await one({ text: 'Short.', kind: 'letter', meta: { tdm: '1' }, expect: 'drop', rule: 'thin' })).toBe(
      '"mine" was dropped by opt_out_tdm, not by thin',
    )
  })

  it('are no part of what the stage makes', () => {
    const parsed = filter.config.parse({ canaries: { plant: [{ name: 'x', text: 'y', expect: 'keep' }] } })
    expect(filter.identity?.(parsed)).toEqual(filter.identity?.(filter.config.parse({})))
    const judge = filter.operations.find(({ name }) => name === 'judge')
    expect(judge?.config?.(parsed)).toEqual(judge?.config?.(filter.config.parse({})))
    expect(() => filter.config.parse({ canaries: { plant: [{ name: 'x', expect: 'keep' }] } })).toThrow(/one of text and path/)
  })
})

it('a chain that cannot be built is refused before a unit runs', async () => {
  await expect(plant({ expressions: [{ name: 'few', drop: 'wrods < 5' }] })).rejects.toMatchObject({ code: 'EXPRESSION' })
})
