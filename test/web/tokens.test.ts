// Foreign texts on a page: every character is there, escaped, in spans that begin where the tokens do.
import { expect, test } from 'vitest'
import { countPieces, train } from '../../native/addon/tokenizer.ts'
import { openVocabulary, tokenOf, withLayout } from '../../pipelines/tokenizer/vocabulary.ts'
import { shownToken } from '../../web/report/tokenizer.ts'
import { tokensPage } from '../../web/report/tokenizer-section.ts'
import { column, realTexts } from '../native/tokenizer/texts.ts'

test('a text stands on the page token by token, and nothing of it is markup', async () => {
  const vocabulary = withLayout(await train(await countPieces(column(realTexts(1e5))), { vocabulary: 700, minCount: 0 }))
  const encoder = await openVocabulary(vocabulary)
  const text = '<script>alert("x")</script> the function & the rest 漢\u202e </pre>'
  const { ids } = await encoder.encode(column([text]))
  const pieces = Array.from(ids, id => ({ id, text: shownToken(tokenOf(vocabulary, id)) }))
  const page = await tokensPage('<b>title</b>', [{ name: 'one', kind: 'text', pieces }])
  expect(page).not.toContain('<script')
  expect(page).not.toContain('<b>title')
  expect(page.match(/<i class="t\d/g)).toHaveLength(ids.length)
  const shown = [...page.matchAll(/<i class="t\d[^>]*>([^<]*)<\/i>/g)].map(([, token]) => token).join('')
  expect(shown).toContain('&lt;script&gt;alert(&quot;x&quot;)')
  expect(shown).not.toContain('\u202e')
  expect(shownToken(Uint8Array.of(0xe6, 0xbc))).toBe('\\xe6\\xbc')
})
