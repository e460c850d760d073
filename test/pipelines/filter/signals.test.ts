import { describe, expect, it } from 'vitest'
import { BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { licenceId, mayStay, readLicence, writtenOut } from '../../../pipelines/filter/licences.ts'
import { readSignals, signalsSchema, signalsStep } from '../../../pipelines/filter/signals.ts'
import { documents } from '../../../pipelines/schemas.ts'

const batchOf = (metas: readonly Record<string, string>[]) => {
  const builder = new BatchBuilder(documents)
  for (const [i, meta] of metas.entries())
    builder.append({ id: i.toString(16).padStart(32, '0'), source: 'test', key: String(i), kind: 'web', text: 'x', meta })
  return builder.finish()
}

async function run(config: object, metas: readonly Record<string, string>[]) {
  const step = signalsStep(signalsSchema.parse(config))
  const { verdicts, measured } = await step.run(batchOf(metas), { threads: 1, seed: 1 })
  const columns = Object.fromEntries(step.fields.map(({ name }, i) => [name, metas.map((_, row) => measured[i]?.value(row))]))
  return { dropped: Object.fromEntries([...verdicts].map(([row, { reason }]) => [row, reason])), columns }
}

describe('licences', () => {
  it.each([
    ['https://creativecommons.org/licenses/by/4.0/', 'CC-BY-4.0'],
    ['http://www.creativecommons.org/licenses/by-nc-sa/3.0/us/deed.en', 'CC-BY-NC-SA-3.0'],
    ['//creativecommons.org/publicdomain/zero/1.0/', 'CC0-1.0'],
    ['https://creativecommons.org/publicdomain/mark/1.0/', 'CC-PDM-1.0'],
    ['CC BY 4.0', 'CC-BY-4.0'],
    ['cc-by-nc-nd-4.0', 'CC-BY-NC-ND-4.0'],
    ['Creative Commons Attribution-ShareAlike 4.0 International', 'CC-BY-SA-4.0'],
    ['Creative Commons Attribution 4.0 International', 'CC-BY-4.0'],
    ['Creative Commons Attribution-NonCommercial-NoDerivs 3.0', 'CC-BY-NC-ND-3.0'],
    ['MIT', 'MIT'],
    ['The MIT License', 'MIT'],
    ['https://opensource.org/licenses/MIT', 'MIT'],
    ['https://opensource.org/license/mit/', 'MIT'],
    ['https://spdx.org/licenses/BSD-3-Clause.html', 'BSD-3-Clause'],
    ['Apache License, Version 2.0', 'Apache-2.0'],
    ['apache-2.0', 'Apache-2.0'],
    ['https://www.apache.org/licenses/LICENSE-2.0', 'Apache-2.0'],
    ['https://www.gnu.org/licenses/gpl-3.0.en.html', 'GPL-3.0-only'],
    ['GPLv2+', 'GPL-2.0-or-later'],
    ['GPL-3.0', 'GPL-3.0-only'],
    ['GNU General Public License v3.0', 'GPL-3.0-only'],
    ['GNU Lesser General Public License v2.1 or later', 'LGPL-2.1-or-later'],
    ['AGPL-3.0-only', 'AGPL-3.0-only'],
    ['New BSD License', 'BSD-3-Clause'],
    ['© 2020 A. Company. All rights reserved.', 'LicenseRef-All-Rights-Reserved'],
    ['https://a.example/terms', 'https://a.example/terms'],
    ['Our house rules', 'Our house rules'],
  ])('%s is %s', (written, id) => expect(licenceId(written)).toBe(id))

  it.each([
    ['MIT OR GPL-3.0', ['MIT'], undefined, true],
    ['MIT AND GPL-3.0', ['MIT'], undefined, false],
    ['(MIT OR GPL-2.0) AND ISC', ['permissive'], undefined, true],
    ['MIT OR (GPL-2.0 AND ISC)', undefined, ['MIT'], true],
    ['MIT OR GPL-2.0 AND ISC', ['gpl-2.0', 'isc'], undefined, true],
    ['GPL-2.0-only WITH Classpath-exception-2.0', ['gpl-*'], undefined, true],
    ['["MIT","Apache-2.0"]', ['permissive'], undefined, true],
    ['["MIT","GPL-3.0"]', ['permissive'], undefined, false],
    ['https://creativecommons.org/licenses/by-nc/4.0/', undefined, ['CC-BY-NC*'], false],
    ['Use it, or leave it', ['permissive'], undefined, false],
    [')(', ['permissive'], undefined, false],
  ])('%s, allowed %j, denied %j: %s', (written, allow, deny, stays) => expect(mayStay(readLicence(written), { allow, deny })).toBe(stays))

  it('are written as SPDX writes expressions', () => {
    expect(writtenOut(readLicence('(mit OR gplv3) AND isc'))).toBe('(MIT OR GPL-3.0-only) AND ISC')
    expect(writtenOut(readLicence('["MIT"]'))).toBe('MIT')
  })
})

describe('signals', () => {
  it('are read as extraction records them', () => {
    expect(readSignals('1 https://a.example/p.json', undefined)).toEqual({ tdm: true })
    expect(readSignals('0', 'noindex, noimageai')).toEqual({ tdm: false, noai: false, noimageai: true, noindex: true, crawlers: false })
    expect(readSignals(undefined, 'gptbot: noindex')).toEqual({ noai: false, noimageai: false, noindex: false, crawlers: true })
    expect(readSignals('maybe', 'unavailable_after: 2020, NOAI')).toMatchObject({ noai: true, noindex: false })
    expect(readSignals(undefined, 'noml')).toMatchObject({ noai: true })
    expect(readSignals(undefined, undefined)).toEqual({})
  })

  it('drop what names text mining or training, and measure the rest', async () => {
    const metas = [
      {},
      { tdm: '1' },
      { robots: 'noai, noimageai' },
      { robots: 'noindex' },
      { robots: 'ccbot: none' },
      { tdm: '0', robots: 'noai' },
    ]
    const { dropped, columns } = await run({}, metas)
    expect(dropped).toEqual({ 1: 'opt_out_tdm', 2: 'opt_out_noai', 5: 'opt_out_noai' })
    expect(columns).toMatchObject({
      signal_tdm: [null, true, null, null, null, false],
      signal_noindex: [null, null, false, true, false, false],
      signal_crawlers: [null, null, false, false, true, false],
    })
    expect((await run({ tdm: 'measure', noindex: 'drop', crawlers: 'drop' }, metas)).dropped).toEqual({
      2: 'opt_out_noai',
      3: 'opt_out_noindex',
      4: 'opt_out_crawlers',
      5: 'opt_out_noai',
    })
  })

  it('judge licences where a config names some', async () => {
    const metas = [
      { licence: 'https://creativecommons.org/licenses/by-nc/4.0/' },
      { license: 'MIT' },
      { detected_licenses: '["GPL-3.0"]' },
      {},
    ]
    expect(await run({}, metas)).toEqual({
      dropped: {},
      columns: expect.objectContaining({ licence: ['CC-BY-NC-4.0', 'MIT', 'GPL-3.0-only', null] }),
    })
    expect((await run({ licences: { deny: ['CC-BY-NC*'] } }, metas)).dropped).toEqual({ 0: 'licence' })
    expect((await run({ licences: { allow: ['permissive'] } }, metas)).dropped).toEqual({ 0: 'licence', 2: 'licence' })
    expect((await run({ licences: { unstated: 'drop' } }, metas)).dropped).toEqual({ 3: 'licence' })
  })
})
