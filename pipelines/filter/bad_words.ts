/**
 * C4's rule on bad words, as datatrove's C4BadWordsFilter (c4_filters.py, 0.10.1) has it: a document in which a listed word stands goes, but
 * for a share of such documents. Lists are the user's, one file a language, one word or phrase a line, in small letters; what C4 took is
 * LDNOOBW/List-of-Dirty-Naughty-Obscene-and-Otherwise-Bad-Words, commit 25e679f for English and 5faf2ba for the others.
 *
 * Off by default: the lists hit medical, legal and other ordinary pages, and dialects more than others (Dodge et al., arXiv 2104.08758).
 * Where it differs: the share that stays follows from hash(seed, document id), not from an order of documents, and an empty line is no word
 * (in datatrove it makes the rule drop nearly everything). Texts become JavaScript strings here: a word is looked for at every place where one
 * can begin, in a tree of the list's characters, so time is linear in the text.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { seededHash } from '../../native/addon/hash.ts'
import { f64 } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import type { NamedFile } from '../files.ts'
import { numberColumn } from './columns.ts'
import type { Step, StepOptions, Verdict } from './step.ts'

export const badWordsSchema = z
  .strictObject({
    files: z
      .record(z.string().min(1).max(40), z.string().min(1))
      .refine(files => Object.keys(files).length > 0, 'expected at least one language')
      .describe('Language, as the language step or the source names it -> a list of words, one a line, relative to the config'),
    keepFraction: z.number().min(0).max(1).default(0).describe('Share of the documents with such a word that stays, by hash(seed, id)'),
    defaultLanguage: z
      .string()
      .nullable()
      .default('en')
      .describe('Language of documents of which none is known; null = they are not judged'),
    missing: z
      .enum(['keep', 'fail'])
      .default('keep')
      .describe('Documents in a language without a list: keep as TensorFlow Datasets does, or fail as datatrove does'),
    skipKinds: z.array(z.string()).default(['code', 'repository']).describe('Kinds of documents that are not judged'),
  })
  .describe('C4’s rule on bad words, with lists that you give')

export type BadWordsConfig = z.output<typeof badWordsSchema>

/** Files that the section names, for pipelines/files.ts. */
export const badWordsFiles = ({ files }: BadWordsConfig, place = 'badWords'): NamedFile[] =>
  Object.entries(files).map(([language, path]) => ({ place: `${place}.files.${language}`, path }))

/** As a decision says it: datatrove's reason. */
export const badWordsReason = 'document_removed_with_badwords'

/** Of C4: common parts of words in languages without spaces. datatrove leaves them out of every list. */
const allowed = new Set(['sm', 'グロ', '女の子', '性'])
/** Languages in which a word stands anywhere. */
const unspaced = new Set(['ja', 'th', 'zh'])
const longestWord = 200
/** A word is a branch a character: a list of more is no list of words. */
const largestFile = 2 ** 20

interface Branch {
  next: Map<number, Branch>
  ends: boolean
}

export interface WordList {
  root: Branch
  /** Whether a word must stand between characters that are no word characters. */
  spaced: boolean
}

/** One a line, '' where it has none. */
const wordsIn = (text: string): string[] => text.split(/\r\n|\r|\n/).map(line => line.replace(whiteEnds, ''))

/** The first word of a list that can be found: what is not in small letters never is. */
export const findableWord = (text: string): string | undefined =>
  wordsIn(text).find(word => word !== '' && !allowed.has(word) && word === word.toLowerCase())

/** A list of lines as they stand in the file. MillraceError BAD_WORDS_FILE. */
export function wordList(language: string, text: string, where: string): WordList {
  const root: Branch = { next: new Map(), ends: false }
  let words = 0
  for (const [i, word] of wordsIn(text).entries()) {
    if (word === '' || allowed.has(word)) continue
    if (word.length > longestWord)
      throw wrong(
        `words of at most ${longestWord} characters`,
        `${word.length} (${JSON.stringify(word.slice(0, 30))}…)`,
        `${where}, line ${i + 1}`,
      )
    let at = root
    for (let k = 0; k < word.length; k++) {
      const code = word.charCodeAt(k)
      const next = at.next.get(code) ?? { next: new Map(), ends: false }
      at.next.set(code, next)
      at = next
    }
    at.ends = true
    words++
  }
  if (!words) throw wrong('a word on a line', 'none', where)
  return { root, spaced: !unspaced.has(language) }
}

/** What Python's str.strip takes for white space. */
const white = '\\s\\x1c-\\x1f\\x85'
const whiteEnds = new RegExp(`^(?!\\ufeff)[${white}]+|(?!\\ufeff)[${white}]+$`, 'g')

const wrong = (expected: string, found: string, where: string): MillraceError =>
  new MillraceError({
    code: 'BAD_WORDS_FILE',
    kind: 'config',
    expected,
    found,
    where,
    next: 'name a text file with one word or phrase a line',
  })

/** Python's \w: letters, numbers and the underscore. By UTF-16 unit; 0 not known yet, 1 yes, 2 no. */
const classes = new Uint8Array(65536)
const wordCharacter = /[\p{L}\p{N}_]/u
const isWord = (text: string, at: number): boolean => {
  const unit = text.charCodeAt(at)
  if (unit >= 0xd800 && unit <= 0xdfff) {
    const first = unit >= 0xdc00 && at > 0 ? at - 1 : at
    return wordCharacter.test(String.fromCodePoint(text.codePointAt(first) as number))
  }
  if (!classes[unit]) classes[unit] = wordCharacter.test(String.fromCharCode(unit)) ? 1 : 2
  return classes[unit] === 1
}

/** How many places of a text hold the beginning of a listed word; of several that begin in one place one counts. */
export function countBadWords({ root, spaced }: WordList, given: string): number {
  const text = given.toLowerCase()
  let found = 0
  let before = false
  for (let i = 0; i < text.length; i++) {
    const open = !spaced || !before
    if (open) {
      let branch = root.next.get(text.charCodeAt(i))
      for (let end = i + 1; branch; branch = branch.next.get(text.charCodeAt(end++))) {
        if (!branch.ends || (spaced && end < text.length && isWord(text, end))) continue
        found++
        break
      }
    }
    if (spaced) before = isWord(text, i)
  }
  return found
}

/** Measures `bad_words`, null where a document is not judged. `digest` says what a language's file held when it was pinned. */
export function badWordsStep(config: BadWordsConfig, digest: (language: string) => string | undefined = () => undefined): Step {
  let opening: Promise<Map<string, WordList>> | undefined
  const open = async () =>
    new Map(
      await Promise.all(
        Object.entries(config.files).map(async ([language, path]) => [language, await read(language, path, digest(language))] as const),
      ),
    )
  return {
    name: 'badWords',
    fields: [{ name: 'bad_words', type: f64(), nullable: true }],
    async open() {
      await (opening ??= open())
    },
    async run(batch, { seed, measured }) {
      const lists = await (opening ??= open())
      const [kind, text, id] = [batch.column('kind'), batch.column('text'), batch.column('id')]
      const languageOf = languages(batch, measured, config.defaultLanguage)
      const kept = seededHash(seed, id.data as Uint8Array, 'bad-words')
      const counts = new Float64Array(batch.rows).fill(Number.NaN)
      const verdicts = new Map<number, Verdict>()
      for (let i = 0; i < batch.rows; i++) {
        const language = languageOf(i)
        if (language === undefined || config.skipKinds.includes(kind.text(i))) continue
        const list = lists.get(language)
        if (!list && config.missing === 'keep') continue
        if (!list)
          throw wrong(
            `a list for every language, or missing: keep (lists: ${[...lists.keys()].sort().join(', ')})`,
            `${JSON.stringify(language)}, the language of ${batch.column('source').text(i)}/${batch.column('key').text(i)}`,
            'filter.badWords.files',
          )
        const count = countBadWords(list, text.text(i))
        counts[i] = count
        if (count && !(Number(kept[i]) / 2 ** 64 < config.keepFraction))
          verdicts.set(i, { reason: badWordsReason, value: count, threshold: 0 })
      }
      return { verdicts, measured: [numberColumn(counts)] }
    },
  }
}

type BatchOf = Parameters<Step['run']>[0]

/** What the language step measured goes before what the source said. */
function languages(batch: BatchOf, measured: StepOptions['measured'], usual: string | null): (row: number) => string | undefined {
  const said = batch.column('language')
  const found = measured?.has('language') ? measured.column('language') : undefined
  return row => (found && !found.isNull(row) ? found.text(row) : said.isNull(row) ? (usual ?? undefined) : said.text(row))
}

async function read(language: string, path: string, sha256: string | undefined): Promise<WordList> {
  const where = `filter.badWords.files.${language} (${path})`
  const bytes = await readFile(path).catch(error => {
    throw wrong('a list that can be read', String((error as NodeJS.ErrnoException).code ?? error), where)
  })
  const found = createHash('sha256').update(bytes).digest('hex')
  if (sha256 !== undefined && found !== sha256)
    throw new MillraceError({
      code: 'BAD_WORDS_CHANGED',
      kind: 'config',
      expected: `the bytes that were pinned (sha256 ${sha256.slice(0, 16)}…)`,
      found: `${found.slice(0, 16)}…`,
      where,
      next: 'put the file back, or start the run again with the new one',
    })
  if (bytes.length > largestFile) throw wrong(`at most ${largestFile} bytes`, String(bytes.length), where)
  try {
    return wordList(language, new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), where)
  } catch (error) {
    if (error instanceof MillraceError) throw error
    throw wrong('UTF-8', 'other bytes', where)
  }
}
