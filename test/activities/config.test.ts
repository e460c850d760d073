/** What is wrong with a config, in one sentence with its line: fields, values, and what a stage says of its section and of the files it names. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig, parseConfig } from '../../activities/config.ts'
import { pinInputs } from '../../activities/inputs.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-config-'))
  mkdirSync(join(folder, 'source'))
  writeFileSync(join(folder, 'source', 'a.txt'), 'some text')
  writeFileSync(join(folder, 'hosts.txt'), 'good.example\n*.spam.example\n')
  writeFileSync(join(folder, 'model.bin'), 'no model at all')
  writeFileSync(join(folder, 'labels.jsonl'), '{"text": "no label"}\n')
  writeFileSync(join(folder, 'scores.jsonl'), '{"id": "12", "score": 1}\n')
  writeFileSync(join(folder, 'fr.yml'), 'dup_line_frac: 2\n')
  writeFileSync(join(folder, 'words.txt'), '\n\n')
  writeFileSync(join(folder, 'rule.mjs'), 'export const rule = () => []\n')
  process.env.MILLRACE_ROOTS = folder
})
afterAll(() => {
  delete process.env.MILLRACE_ROOTS
  rmSync(folder, { recursive: true, force: true })
})

const text = (filter: string) => `name: test
sources: [{ name: notes, path: source }]
stages:
  filter:
    ${filter}
`

it.each([
  ['language: { threshold: 2 }', 'stages.filter.language.threshold to be <=1', '2'],
  ['language: { keep: en }', 'stages.filter.language.keep to be "any" or array', '"en"'],
  ['language: { keep: [3] }', 'stages.filter.language.keep[0] to be string', '3'],
  ['classifier: [{ name: good }]', 'stages.filter.classifier[0] to be one of model and train', '{"name":"good"}'],
  ['addresses: { softThreshold: 0 }', 'stages.filter.addresses.softThreshold to be >=1', '0'],
  ['profiles: { WEB: fineweb }', 'stages.filter.profiles.WEB to be under another name: of small letters, digits, - and _', '"fineweb"'],
])('says once what it expects of %s', async (filter, expected, found) => {
  await expect(parseConfig(text(filter), 'run.yaml')).rejects.toMatchObject({ code: 'CONFIG', where: 'run.yaml:5', expected, found })
})

describe('before anything is read, a run says', () => {
  const pin = async (filter: string) => {
    const path = join(folder, 'run.yaml')
    // A source that is not there: it would be an error of its own, were it looked for first.
    writeFileSync(path, text(filter).replace('path: source', 'path: nowhere'))
    return pinInputs(await loadConfig(path), path, join(folder, 'cache.json'))
  }

  it.each([
    ['expressions: [{ name: short, drop: "words <" }]', 'EXPRESSION', /run\.yaml:5, filter\.expressions\[0\]\.drop \(short\)/],
    ['addresses: { files: [{ list: domains, path: hosts.txt }] }', 'BAD_URL_LIST', /run\.yaml:5, filter\.addresses\.files\.0 .*line 2$/],
    ['language: { model: model.bin }', 'BAD_MODEL', /run\.yaml:5, filter\.language\.model/],
    ['classifier: [{ model: model.bin }]', 'BAD_MODEL', /run\.yaml:5, filter\.classifier\.model/],
    ['classifier: [{ train: { labels: labels.jsonl } }]', 'CLASSIFIER_LABELS', /run\.yaml:4, .*labels\.jsonl, row 1/],
    ['fluency: { model: model.bin }', 'BAD_MODEL', /run\.yaml:5, filter\.fluency\.model/],
    ['fineweb2: { languages: { fr: fr.yml } }', 'FINEWEB2_FILE', /run\.yaml:5, filter\.fineweb2\.languages\.fr/],
    ['badWords: { files: { en: words.txt } }', 'BAD_WORDS_FILE', /run\.yaml:5, filter\.badWords\.files\.en/],
    ['scores: [{ path: scores.jsonl, columns: { score: score } }]', 'SCORES_JOIN', /run\.yaml:4, .*scores\.jsonl, row 0/],
    ['modules: [{ path: rule.mjs }]', 'MODULE_SHAPE', /run\.yaml:4, .*rule\.mjs/],
    ['modules: [{ path: gone.mjs }]', 'CONFIG', /modules\.0\.path/],
  ])('what is wrong with %s', async (filter, code, where) => {
    await expect(pin(filter)).rejects.toMatchObject({ code, kind: 'config', where: expect.stringMatching(where) })
  })

  it('nothing of a section that is right, and goes on to its sources', async () => {
    writeFileSync(join(folder, 'good.txt'), 'spam.example\n')
    const right = 'addresses: { files: [{ list: domains, path: good.txt }] }\n    language: { keep: [en] }\n    classifier: [{ train: {} }]'
    await expect(pin(right)).rejects.toMatchObject({ where: 'sources.notes.path' })
  })
})
