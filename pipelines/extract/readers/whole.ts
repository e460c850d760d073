/**
 * Files that are one document: HTML, Markdown, plain text, and the files of a source tree.
 *
 * A tree's file belongs to a repository (`meta.repository`), is skipped if binary or machine-written, and keeps its path for `longcontext`.
 */
import { contentOf, FileBytes } from '../bytes.ts'
import { languageOf } from '../languages.ts'
import {
  decodeUtf8,
  type Fields,
  type Input,
  InputError,
  type Item,
  invalidUtf8At,
  type Limits,
  unreadable,
  withoutBom,
} from '../records.ts'

export async function* readHtml(input: Input, limits: Limits): AsyncGenerator<Item, void, undefined> {
  const bytes = await wholeFile(input, limits)
  yield bytes instanceof InputError ? failed(input, bytes) : { record: { key: input.key, offset: 0, html: bytes, type: 'html', meta: {} } }
}

export async function* readMarkdown(input: Input, limits: Limits): AsyncGenerator<Item, void, undefined> {
  yield* readText(input, limits, bytes => {
    const { text, fields } = frontMatter(decodeUtf8(bytes))
    fields.title ??= firstHeading(text)
    return { text, fields: { type: 'md', ...fields } }
  })
}

export async function* readPlainText(input: Input, limits: Limits): AsyncGenerator<Item, void, undefined> {
  yield* readText(input, limits, bytes => ({ text: bytes, fields: { type: 'txt' } }))
}

async function* readText(
  input: Input,
  limits: Limits,
  made: (bytes: Uint8Array) => { text: string | Uint8Array; fields: Fields },
): AsyncGenerator<Item, void, undefined> {
  const bytes = await wholeFile(input, limits)
  if (bytes instanceof InputError) return yield failed(input, bytes)
  const bad = invalidUtf8At(bytes)
  if (bad >= 0) return yield invalid(input, bytes, bad)
  const { text, fields } = made(withoutBom(bytes))
  yield { record: { key: input.key, offset: 0, text, ...fields, meta: {} } }
}

export async function* readTree(input: Input, limits: Limits): AsyncGenerator<Item, void, undefined> {
  const language = languageOf(input.key)
  if (!language) return yield { skipped: 'extension' }
  if (input.size > limits.tree.maxBytes) return yield { skipped: 'large' }
  const bytes = await wholeFile(input, limits)
  if (bytes instanceof InputError) return yield failed(input, bytes)
  const content = withoutBom(bytes)
  if (content.subarray(0, 8192).includes(0)) return yield { skipped: 'binary' }
  if (isMinified(content, limits)) return yield { skipped: 'minified' }
  const bad = invalidUtf8At(bytes)
  if (bad >= 0) return yield invalid(input, bytes, bad)
  const name = input.key.slice(input.key.lastIndexOf('/') + 1)
  const readme = /^readme(?:[._-].*)?$/i.test(name) && language === 'markdown'
  const prose = language === 'markdown' || language === 'restructuredtext'
  yield {
    record: {
      key: input.key,
      offset: 0,
      text: content,
      title: name,
      kind: prose ? 'markdown' : 'code',
      type: readme ? 'readme' : language,
      meta: { repository: repositoryOf(input.key, input.source.name, input.source.repositories), path: input.key },
    },
  }
}

/** The first folder of a key, two of them where the first is a scope (`@scope/name`); the source's name for files at the root. */
export function repositoryOf(key: string, source: string, repositories: 'folders' | 'root'): string {
  const folders = key.split('/').slice(0, -1)
  const first = folders[0]
  if (repositories === 'root' || !first) return source
  return first.startsWith('@') && folders[1] ? `${first}/${folders[1]}` : first
}

/** The caps of The Stack's filters (Kocetkov et al. 2022): longest line and mean line, in bytes. */
function isMinified(bytes: Uint8Array, limits: Limits): boolean {
  let lines = 0
  let longest = 0
  let from = 0
  while (from < bytes.length) {
    const at = bytes.indexOf(10, from)
    const end = at < 0 ? bytes.length : at
    longest = Math.max(longest, end - from)
    lines += 1
    from = end + 1
  }
  return longest > limits.tree.maxLineBytes || (lines > 0 && bytes.length / lines > limits.tree.maxMeanLineBytes)
}

/** Text of the first `# heading` within 64 KiB. */
export function firstHeading(text: string): string | undefined {
  const line = /^ {0,3}#[ \t](.*)$/m.exec(text.slice(0, 1 << 16))?.[1]?.trim() ?? ''
  let end = line.length
  while (end > 0 && line[end - 1] === '#') end--
  return (end < line.length && end > 0 && line[end - 1] === ' ' ? line.slice(0, end).trim() : line) || undefined
}

/** YAML front matter is not prose: taken off, its plain `title`, `author`, `date` and `lang` lines kept. */
export function frontMatter(text: string): { text: string; fields: Fields } {
  const fields: Fields = {}
  const block = /^---[ \t]*\r?\n([\s\S]{0,16384}?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/.exec(text)
  if (!block || !/^[A-Za-z_-]+[ \t]*:/m.test(block[1] as string)) return { text, fields }
  for (const line of (block[1] as string).split('\n')) {
    const pair = /^(title|author|date|lang|language)[ \t]*:[ \t]*["']?(.+?)["']?[ \t]*\r?$/.exec(line)
    if (!pair) continue
    const name = pair[1] === 'lang' ? 'language' : (pair[1] as 'title' | 'author' | 'date' | 'language')
    fields[name] ??= pair[2]
  }
  return { text: text.slice(block[0].length), fields }
}

export async function wholeFile(input: Input, limits: Limits): Promise<Uint8Array | InputError> {
  const tooLarge = (found: number) =>
    new InputError('DOCUMENT_TOO_LARGE', 0, `expected at most ${limits.maxDocumentBytes} bytes (maxDocumentBytes), found ${found} or more`)
  if (input.compression === 'none' && input.size > limits.maxDocumentBytes) return tooLarge(input.size)
  const file = await FileBytes.open(input.path)
  try {
    const chunks: Uint8Array[] = []
    let total = 0
    for await (const chunk of contentOf(file, input.compression, limits.maxExpansion)) {
      total += chunk.length
      if (total > limits.maxDocumentBytes) return tooLarge(total)
      chunks.push(chunk)
    }
    return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  } finally {
    await file.close()
  }
}

const failed = (input: Input, error: InputError): Item => unreadable(input.key, error.offset, error.code, error.message)

const invalid = (input: Input, bytes: Uint8Array, at: number): Item =>
  unreadable(input.key, at, 'INVALID_UTF8', `expected UTF-8, found byte 0x${(bytes[at] as number).toString(16)} at ${at}`)
