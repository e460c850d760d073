import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { moduleDigest } from '../../../pipelines/filter/module_source.ts'
import { columnOf, idOf, makeFolder, prose, runFilter } from './support.ts'

let folder: string
beforeAll(async () => {
  folder = await makeFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let written = 0
/** A module of its own name, since a process loads each digest once. */
async function module(source: string, ending = 'mjs'): Promise<string> {
  const path = join(folder, `rule${written++}.${ending}`)
  await writeFile(path, source)
  return path
}

const docs = [
  { text: prose(0) },
  { text: `${prose(1)}\nForbidden words are in this line here.`, url: 'https://a.example/x' },
  { text: prose(2), kind: 'book' },
]
const run = (path: string, more: object = {}, others: object = {}) => runFilter(folder, docs, { modules: [{ path, ...more }], ...others })

describe('rule modules', () => {
  it('judge by text, url and kind; a verdict is a reason, or one with value and threshold', async () => {
    const path = await module(`
      import { marks } from './marks.ts'
      export default batch => batch.ids.map((id, i) => {
        if (batch.text(i).includes(marks.bad)) return 'forbidden'
        if (batch.kind(i) === batch.options.kind) return { reason: 'no_books', value: 3, threshold: 2 }
      })`)
    await writeFile(join(folder, 'marks.ts'), `export const marks: { bad: string } = { bad: 'Forbidden' }\n`)
    const result = await run(path, { options: { kind: 'book' } })
    expect(await columnOf(result, 'documents', 'key')).toEqual(['doc-0'])
    expect(await columnOf(result, 'decisions', 'rule')).toEqual(['forbidden', 'no_books'])
    expect(await columnOf(result, 'decisions', 'value')).toEqual([1, 3])
    expect(await columnOf(result, 'decisions', 'threshold')).toEqual([0, 2])
  })

  it('return numbers that become statistics, which expressions can ask for', async () => {
    const path = await module(`
      export default async batch => ({
        verdicts: batch.ids.map(() => null),
        statistics: { vowels: batch.ids.map((_, i) => (batch.text(i).match(/[aeiou]/g) ?? []).length), doubled: batch.statistic('characters').map(n => 2 * n) },
      })`)
    const expressions = [{ name: 'long', drop: `doubled >= ${2 * docs[1]!.text.length}` }]
    const result = await run(path, { statistics: ['vowels', 'doubled'] }, { expressions })
    expect(await columnOf(result, 'statistics', 'doubled')).toEqual(docs.map(({ text }) => 2 * text.length))
    expect(await columnOf(result, 'statistics', 'vowels')).toEqual(docs.map(({ text }) => text.match(/[aeiou]/g)?.length))
    expect(await columnOf(result, 'decisions', 'rule')).toEqual(['long'])
    expect(await columnOf(result, 'decisions', 'threshold')).toEqual([2 * docs[1]!.text.length])
  })

  it('that throw are an error with module, line and document', async () => {
    const path = await module(
      `export default batch =>\n  batch.ids.map((_, i) => {\n    if (batch.text(i).includes('Forbidden')) throw new Error('I give up')\n  })`,
    )
    await expect(run(path)).rejects.toMatchObject({
      code: 'MODULE_THREW',
      kind: 'config',
      found: 'Error: I give up',
      where: `${path}:3, document ${idOf('1')}, test/doc-1`,
    })
    const asked = await module(`export default batch => [batch.statistic('wrods')]`)
    await expect(run(asked)).rejects.toMatchObject({
      code: 'MODULE_THREW',
      found: expect.stringMatching(/no earlier step measures "wrods"/),
    })
  })

  it('that return something else are an error that says what', async () => {
    const wrong: [source: string, expected: RegExp, found: RegExp][] = [
      ['export default () => {}', /a list of verdicts/, /nothing/],
      ['export default () => [null]', /one verdict for each of 3 rows/, /1/],
      ['export default b => b.ids.map(() => 7)', /a verdict to be a reason/, /7/],
      ['export default b => b.ids.map((_, i) => (i === 2 ? { reason: "x", value: NaN } : null))', /finite numbers/, /null/],
      [
        'export default b => ({ verdicts: b.ids.map(() => null), statistics: { other: [1, 2, 3] } })',
        /as the config names them \(n\)/,
        /other/,
      ],
      ['export default b => ({ verdicts: b.ids.map(() => null), statistics: { n: [1, 2] } })', /3 numbers of n/, /2/],
      ['export default b => ({ verdicts: b.ids.map(() => null), statistics: { n: [1, "2", 3] } })', /n to be a number/, /"2"/],
    ]
    for (const [source, expected, found] of wrong) {
      const path = await module(`// a rule\n${source}`)
      await expect(run(path, { statistics: source.includes('statistics') ? ['n'] : [] }), source).rejects.toMatchObject({
        code: 'MODULE_SHAPE',
        expected: expect.stringMatching(expected),
        found: expect.stringMatching(found),
        where: expect.stringContaining(`${path}:2`),
      })
    }
    await expect(run(await module('export const rule = 1'))).rejects.toMatchObject({ code: 'MODULE_SHAPE', expected: /default export/ })
    await expect(run(await module('export default ('))).rejects.toMatchObject({ code: 'MODULE_LOAD' })
    await expect(run(join(folder, 'none.mjs'))).rejects.toMatchObject({ code: 'CONFIG_FILE', kind: 'config' })
  })

  it('that depend on order, chance or what came before are an error', async () => {
    const sources = [
      'export default b => b.ids.map((_, i) => (i === 0 ? "first" : null))',
      'let seen = 0\nexport default b => b.ids.map(() => (seen++ % 2 ? "odd" : null))',
      'export default b => b.ids.map(() => ({ reason: "luck", value: Math.random() }))',
    ]
    for (const source of sources)
      await expect(run(await module(source)), source).rejects.toMatchObject({
        code: 'MODULE_ORDER',
        where: expect.stringMatching(/document [0-9a-f]{32}, test\/doc-/),
      })
  })

  it('may import what their digest covers, and nothing else', async () => {
    const ok = await module(
      `import { createHash } from 'node:crypto'\nexport default b => b.ids.map(id => (createHash('sha1').update(id) ? null : null))`,
    )
    expect((await run(ok)).counters).toMatchObject({ 'step/rules/in': 3 })
    for (const source of [`import fs from 'node:fs'`, `import z from 'zod'`, `import './../../etc/passwd.mjs'`]) {
      const path = await module(`${source}\nexport default b => b.ids.map(() => null)`)
      await expect(run(path), source).rejects.toMatchObject({ code: 'MODULE_IMPORT', kind: 'config' })
    }
    const later = await module(`export default async b => { await import('node:fs'); return b.ids.map(() => null) }`)
    await expect(run(later)).rejects.toMatchObject({ code: 'MODULE_IMPORT' })
  })

  it('are named by their content and that of what they import, wherever they lie', async () => {
    const path = await module(`import './part.js'\nexport default b => b.ids.map(() => null)`)
    const digests = []
    for (const part of ['export const a = 1', 'export const a = 2', 'export const a = 1']) {
      await writeFile(join(folder, 'part.js'), part)
      digests.push(await moduleDigest(path))
    }
    expect(digests[0]).toBe(digests[2])
    expect(digests[0]).not.toBe(digests[1])
  })

  it('that changed since the run pinned them are refused', async () => {
    const path = await module('export default b => b.ids.map(() => null)')
    const files = { 'modules.0.path': { path, sha256: await moduleDigest(path) } }
    await writeFile(path, 'export default b => b.ids.map(() => "all")')
    await expect(runFilter(folder, docs, { modules: [{ path }], files })).rejects.toMatchObject({ code: 'INPUT_CHANGED', where: path })
  })
})
