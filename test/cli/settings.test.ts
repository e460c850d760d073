/** Settings of one stage that are wrong: the message names the option, the section that does not know a field, and one expectation. */
import { expect, it } from 'vitest'
import { settingsOf } from '../../cli/stage/settings.ts'
import { stageOf } from '../../pipelines/stages.ts'

it.each([
  ['override.millrace.rules.gopher_short_dok=1', /a known field in override\.millrace\.rules, found "gopher_short_dok"/],
  ['override.nope.rules.x=1', /a known field in override, found "nope"/],
  ['nope=1', /a setting of filter \(unitBytes,.*, found "nope"/],
  ['language.threshold=2', /language\.threshold to be <=1, found 2/],
  ['language.threshold=.nan', /language\.threshold to be number, found NaN/],
  ['language.keep=en', /language\.keep to be "any" or array, found "en"/],
  ['profiles.WEB=fineweb', /profiles\.WEB to be under another name/],
])('says what is wrong with --set %s', async (set, message) => {
  const settings = settingsOf(await stageOf('filter'), undefined, [set])
  await expect(settings).rejects.toMatchObject({ code: 'CONFIG', where: `--set ${set}`, message: expect.stringMatching(message) })
})
