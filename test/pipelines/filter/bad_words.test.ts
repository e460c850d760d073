/** C4's rule on bad words: by hand, and against datatrove's own class over the same lists. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countBadWords, wordList } from '../../../pipelines/filter/bad_words.ts'
import { columnOf, makeFolder, prose, runFilter } from './support.ts'

const python = process.env.MILLRACE_PYTHON ?? '.venv/bin/python'
const usable = existsSync(python) && spawnSync(python, ['-c', 'import datatrove']).status === 0

/** In the form of the published lists, with words that nobody minds. */
const lists: Record<string, string> = {
  en: 'gadfly\nsour milk\n  turnip \r\nsm\nXXX\nöl\n c++ \na.b\nwar-horse\n🖕\ni̇stanbul\nσοφός\nx\n',
  de: 'rübe\nsaure milch\nstraße\nəgə\n٣\n',
  ja: 'グロ\nかぶ\nすっぱい 牛乳\nab\n',
  zh: '性\n蕪菁\n',
}

let folder: string
beforeAll(async () => {
  folder = await makeFolder()
  for (const [language, list] of Object.entries(lists)) await writeFile(join(folder, `${language}.txt`), list)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const counted = (language: string, text: string) => countBadWords(wordList(language, lists[language] as string, 'here'), text)

describe('a list', () => {
  it.each([
    ['en', 'A gadfly, a Gadfly and gadflies.', 2],
    ['en', 'gadfly_', 0],
    ['en', '_gadfly', 0],
    ['en', 'gadfly', 1],
    ['en', '\ngadfly\n', 1],
    ['en', 'sour  milk, sour milk', 1],
    ['en', 'soursour milk', 0],
    ['en', 'turnip2 2turnip turnip-2', 1],
    ['en', 'sm XXX xxx', 0], // sm is allowed in every language; capitals in a list match nothing
    ['en', 'I write c++.', 1],
    ['en', 'c+++', 1],
    ['en', 'axb a.b', 1],
    ['en', 'a war-horse, a warhorse', 1],
    ['en', 'So 🖕🖕!', 2],
    ['en', 'Öl, rohöl, O\u0308l', 1],
    ['en', 'İstanbul', 1],
    ['en', 'ΣΟΦΌΣ.', 1], // the last sigma is a final one in small letters
    ['en', 'y x́ z', 1], // a combining mark is no word character
    ['en', '𝐱x 𐐀 x', 1],
    ['de', 'Die STRASSE und die Straße', 1],
    ['de', 'um ٣ Uhr, ٣٣', 1],
    ['ja', '大きいかぶとABと', 2],
    ['ja', 'グロ', 0],
    ['zh', '性蕪菁', 1],
  ] as const)('%s finds in %j: %i', (language, text, found) => expect(counted(language, text)).toBe(found))

  it('is refused where it holds no word, or one without end', () => {
    expect(() => wordList('en', '\n \nsm\n', 'en.txt')).toThrow(expect.objectContaining({ code: 'BAD_WORDS_FILE', found: 'none' }))
    expect(() => wordList('en', `a\n${'b'.repeat(201)}\n`, 'en.txt')).toThrow(/en.txt, line 2/)
  })

  it('takes time that is linear in the text', () => {
    const list = wordList('ja', `${'a'.repeat(199)}b\n`, 'here')
    const began = process.cpuUsage().user
    expect(countBadWords(list, 'a'.repeat(200_000))).toBe(0)
    expect(process.cpuUsage().user - began).toBeLessThan(10e6)
  })
})

const docs = [
  { text: `${prose()}\nThat gadfly.`, language: 'en' },
  { text: prose(20), language: 'en' },
  { text: `${prose(40)}\nThat turnip.` },
  { text: `${prose(60)}\nThat gadfly.`, language: 'de' },
  { text: `${prose(80)}\nThat gadfly.`, language: 'fi' },
  { text: 'gadfly', language: 'en', kind: 'code' },
]
const files = () => Object.fromEntries(Object.keys(lists).map(language => [language, join(folder, `${language}.txt`)]))
const none = { profiles: { web: 'none', code: 'none' } }

describe('the step', () => {
  it('drops by the list of the document’s language, and tells how many it found', async () => {
    const result = await runFilter(folder, docs, { ...none, badWords: { files: files() } })
    expect(await columnOf(result, 'statistics', 'rule')).toEqual([
      'document_removed_with_badwords',
      null,
      'document_removed_with_badwords',
      null,
      null,
      null,
    ])
    expect(await columnOf(result, 'statistics', 'bad_words')).toEqual([1, 0, 1, 0, null, null])
    const unsaid = await runFilter(folder, docs, { ...none, badWords: { files: files(), defaultLanguage: null } })
    expect((await columnOf(unsaid, 'statistics', 'bad_words'))[2]).toBeNull()
  })

  it('keeps a share by the hash of the id, whatever the order', async () => {
    const many = Array.from({ length: 400 }, (_, i) => ({ text: `A gadfly, the ${i}th.` }))
    const config = { ...none, badWords: { files: files(), keepFraction: 0.25 } }
    const kept = await columnOf(await runFilter(folder, many, config), 'documents', 'key')
    expect(kept.length).toBeGreaterThan(70)
    expect(kept.length).toBeLessThan(130)
    const order = many.map((_, i) => (i * 7) % many.length)
    expect((await columnOf(await runFilter(folder, many, config, { order }), 'documents', 'key')).toSorted()).toEqual(kept.toSorted())
  })

  it('fails for a language without a list where it is told to, and for a file that is none or that changed', async () => {
    const fails = (config: object) => runFilter(folder, docs, { ...none, ...config })
    await expect(fails({ badWords: { files: files(), missing: 'fail' } })).rejects.toMatchObject({
      code: 'BAD_WORDS_FILE',
      found: '"fi", the language of test/doc-4',
    })
    await writeFile(join(folder, 'latin1.txt'), Buffer.from([0x72, 0xfc, 0x62, 0x65, 0x0a]))
    await expect(fails({ badWords: { files: { de: 'latin1.txt' } } })).rejects.toMatchObject({ code: 'BAD_WORDS_FILE', expected: 'UTF-8' })
    await expect(fails({ badWords: { files: { de: 'nowhere.txt' } } })).rejects.toMatchObject({ code: 'CONFIG_FILE' })
    const pinned = { 'badWords.files.en': { path: join(folder, 'en.txt'), sha256: 'f'.repeat(64) } }
    await expect(fails({ badWords: { files: { en: 'en.txt' } }, files: pinned })).rejects.toMatchObject({ code: 'BAD_WORDS_CHANGED' })
  })
})

it.skipIf(!usable)('verdicts are those of datatrove’s C4BadWordsFilter over the same lists', () => {
  let state = 11
  const next = (below: number) => {
    state = (state * 48271) % 2147483647
    return state % below
  }
  const wordsOf = (texts: readonly string[]) =>
    texts
      .flatMap(list => list.split(/\r?\n/))
      .map(word => word.trim())
      .filter(Boolean)
  const all = wordsOf(Object.values(lists))
  const marks = [
    ' ',
    ' ',
    ' ',
    '\n',
    '.',
    '_',
    '-',
    '\u0301',
    '2',
    '٣',
    'é',
    'ß',
    '\u00a0',
    '\u200b',
    '𝐱',
    '😀',
    '中',
    'Ⅻ',
    '²',
    'ª',
    '',
    'x',
  ]
  const cased = [
    (word: string) => word,
    (word: string) => word.toUpperCase(),
    (word: string) => Array.from(word).slice(1).join(''),
    (word: string) => `${word}s`,
  ]
  const rows = Array.from({ length: 20_000 }, () => {
    const language = [null, 'en', 'de', 'ja', 'zh', 'xx'][next(6)] as string | null
    const words = next(3) ? wordsOf([lists[language ?? 'en'] ?? 'xx']) : all
    const text = Array.from({ length: 1 + next(6) }, () => {
      const word = next(2) ? 'plain' : (cased[next(4)] as (word: string) => string)(words[next(words.length)] as string)
      return marks[next(marks.length)] + word + marks[next(marks.length)]
    }).join('')
    return { text, language }
  })
  const program = spawnSync(python, ['test/pipelines/filter/bad_words_oracle.py', folder], {
    input: rows.map(row => JSON.stringify(row)).join('\n'),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  expect(program.stderr).toBe('')
  const theirs = program.stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as string | null)
  const known = new Map(Object.entries(lists).map(([language, list]) => [language, wordList(language, list, 'here')]))
  const ours = rows.map(({ text, language }) => {
    const list = known.get(language ?? 'en')
    return list && countBadWords(list, text) ? 'document_removed_with_badwords' : null
  })
  const differing = rows.flatMap((row, i) => (ours[i] === theirs[i] ? [] : [{ ...row, theirs: theirs[i], ours: ours[i] }]))
  expect(differing.slice(0, 5)).toEqual([])
  expect(theirs.filter(Boolean).length).toBeGreaterThan(2000)
  expect(theirs.filter(reason => reason === null).length).toBeGreaterThan(2000)
})
