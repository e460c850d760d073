/** Columns of English through the addon; what words are is pinned in native/text/english_test.cc and bench/conformance/tokens.ts. */
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { splitEnglish } from '../../../native/addon/english.ts'
import { statuses, textsOf } from '../../../native/addon/text.ts'

const built = existsSync(process.env.MILLRACE_ADDON ?? 'build/addon/millrace.node')

async function split(strings: readonly string[]) {
  const { status, words, sentences } = await splitEnglish(textsOf(strings))
  const cut = ({ counts, bounds }: typeof words) => {
    let at = 0
    return strings.map((text, i) =>
      Array.from({ length: counts[i] as number }, () => {
        const [first, length] = [bounds[at++] as number, bounds[at++] as number]
        return Buffer.from(text).toString('utf8', first, first + length)
      }),
    )
  }
  return { status: [...status].map(each => statuses[each]), words: cut(words), sentences: cut(sentences) }
}

describe.skipIf(!built)('splitEnglish', () => {
  test('words and sentences of each text', async () => {
    const { status, words, sentences } = await split(['Dr. Zoë can’t come. Why? ', '', 'état…\n\nfin'])
    expect(status).toEqual(['ok', 'ok', 'ok'])
    expect(words).toEqual([['Dr.', 'Zoë', 'ca', 'n’t', 'come', '.', 'Why', '?'], [], ['état', '…', 'fin']])
    expect(sentences).toEqual([['Dr. Zoë can’t come.', 'Why?'], [], ['état…\n\nfin']])
  })

  test('a text that is no UTF-8 has none, and its neighbours keep theirs', async () => {
    const { status, words } = await splitEnglish({ offsets: Int32Array.of(0, 2, 4, 6), bytes: Uint8Array.of(97, 98, 0xc3, 0x28, 99, 46) })
    expect([...status].map(each => statuses[each])).toEqual(['ok', 'not_utf8', 'ok'])
    expect([...words.counts]).toEqual([1, 0, 1])
    expect([...words.bounds]).toEqual([0, 2, 0, 2])
  })

  test('offsets beyond the bytes are an error', async () => {
    await expect(splitEnglish({ offsets: Int32Array.of(0, 9), bytes: new Uint8Array(2) })).rejects.toMatchObject({ code: 'SHAPE' })
  })
})
