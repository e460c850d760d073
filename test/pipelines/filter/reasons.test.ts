/** No two rules of one reason: what a config may call its own. */
import { expect, it } from 'vitest'
import { parseConfig } from '../../../activities/config.ts'
import { filterConfig } from '../../../pipelines/filter/config.ts'
import { builtInReason } from '../../../pipelines/filter/reasons.ts'
import { chainOf } from '../../../pipelines/filter/steps.ts'

const words = (name: string) => ({ name, drop: 'words < 5' })
const issues = (config: object) => filterConfig.safeParse(config).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)

it('knows the reasons of every step, of any definition, on or off', () => {
  const steps: Record<string, string> = {
    gopher_short_doc: 'rules',
    domain: 'addresses',
    opt_out_noai: 'signals',
    language: 'language',
    c4_long_page: 'published',
    fineweb2_no_words: 'fineweb2',
    pii_many: 'pii',
    fluency_unknown: 'fluency',
    incomplete_end: 'completeness',
    code_minified: 'code',
    code_path_vendored: 'code',
    maths_soup: 'maths',
  }
  for (const [name, step] of Object.entries(steps)) expect([name, builtInReason(name)]).toEqual([name, step])
  for (const name of ['low_edu', 'constructor', 'words']) expect([name, builtInReason(name)]).toEqual([name, undefined])
})

it('refuses two expressions of one name, and one named as a rule that comes with the program', () => {
  expect(issues({ expressions: [words('few'), words('short')] })).toBeUndefined()
  expect(issues({ expressions: [words('few'), words('short'), words('few')] })).toEqual([
    'expressions.2.name: a name that no other of the list has: decisions give it as their reason',
  ])
  expect(issues({ expressions: [words('code_minified')] })).toEqual([
    'expressions.0.name: a name of its own: decisions of the step code give this one as their reason',
  ])
  const classifiers = [{ model: 'a.bin' }, { model: 'b.bin' }, { model: 'c.bin', name: 'pii_many' }]
  expect(issues({ classifier: classifiers })).toHaveLength(2)
})

it('says so with the line of the config', async () => {
  const text = `name: x
sources: [{ name: a, path: . }]
stages:
  filter:
    expressions:
      - { name: few, drop: "words < 5" }
      - { name: few, drop: "words < 9" }
`
  await expect(parseConfig(text, 'run.yaml')).rejects.toMatchObject({
    code: 'CONFIG',
    message: expect.stringMatching(/^run\.yaml:7: expected stages\.filter\.expressions\[1\]\.name to be a name that no other.*found "few"/),
  })
})

it('refuses an expression named as a classifier', () => {
  const config = filterConfig.parse({ classifier: [{ model: 'a.bin' }], expressions: [words('quality')] })
  expect(() => chainOf(config)).toThrow(/filter\.expressions\[0\]\.name: .*found "quality", which is the name of a classifier/)
})
