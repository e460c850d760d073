/** Kinds that a config speaks of and no document can have. */
import { expect, it } from 'vitest'
import { checkKinds } from '../../activities/kinds.ts'
import { filterConfig, profileFor } from '../../pipelines/filter/config.ts'

const file = (key: string, source: object = {}) => ({ source: { name: 'pages', kind: 'auto', ...source }, key })
const check = (filter: object, ...files: ReturnType<typeof file>[]) => checkKinds({ stages: { filter } as never }, files, 'run.yaml')

it('refuses one that no file can give, with what they can and the nearest that is known', () => {
  const webb = { profiles: { webb: 'none' } }
  expect(() => check(webb, file('a.warc.gz'), file('b.md'))).toThrow(
    /^run\.yaml: stages\.filter\.profiles\.webb: expected a kind that documents of the sources can have \(markdown, web\).*found "webb"; the nearest that is known is web/,
  )
  expect(() => check({ profiles: { 'webb/html': 'none' } }, file('a.html'))).toThrow(/profiles\.webb\/html/)
  expect(() => check({ published: { profiles: { webb: 'dclm' } } }, file('a.html'))).toThrow(/stages\.filter\.published\.profiles\.webb/)
  expect(() => check({ expressions: [{ name: 'few', kinds: ['webb'] }] }, file('a.html'))).toThrow(/stages\.filter\.expressions \(few\)/)
  expect(() => check(webb, file('a.jsonl', { kind: 'web' }))).toThrow(/\(web\)/) // the source says it, whatever the rows say
  expect(() => check(webb, file('src/a.ts', { kind: 'code' }))).toThrow(/\(code, markdown\)/)
})

it('notes it where rows may name any kind', () => {
  expect(check({ profiles: { letter: 'none' } }, file('a.jsonl'), file('b.html'))).toEqual([
    'stages.filter.profiles.letter: no source is of kind letter, so it judges only rows that call themselves so',
  ])
  expect(check({ profiles: { webb: 'none' } }, file('a.parquet'))).toEqual([expect.stringMatching(/the nearest that is known is web$/)])
})

it('says nothing of kinds that the program knows, nor of a config without a filter', () => {
  const profiles = { web: 'none', book: 'none', repository: 'none', 'code/css': 'none', '*': 'none' }
  expect(check({ profiles, expressions: [{ name: 'few' }, { name: 'short', kinds: ['web', 'code'] }] }, file('a.md'))).toEqual([])
  expect(checkKinds({ stages: {} }, [file('a.md')], 'run.yaml')).toEqual([])
})

it('a document of a kind that objects have by birth is judged as any other', () => {
  const profile = profileFor(filterConfig.parse({}))
  for (const kind of ['constructor', '__proto__', 'toString']) expect([kind, profile(kind, undefined)]).toEqual([kind, 'millrace'])
})
