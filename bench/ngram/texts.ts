/** Sentences for the language model's comparisons: lines of prose from the package documentation that is installed, split by file. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Lines with at least four words, each once, marks apart from words. A tenth of the files, by digest, is held out. */
export function sentencesOf(root: string, limit = 200_000): { train: string[]; held: string[] } {
  const result = { train: [] as string[], held: [] as string[] }
  const seen = new Set<string>()
  const paths = readdirSync(join(root, 'node_modules'), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.md'))
    .sort()
  for (const path of paths) {
    const held = (createHash('sha256').update(path).digest()[0] as number) < 26
    for (const line of readFileSync(join(root, 'node_modules', path), 'utf8').split('\n')) {
      const words = line.toLowerCase().match(/[\p{L}\p{N}'’_-]+|[^\s\p{L}\p{N}]/gu) ?? []
      const sentence = words.join(' ')
      if (words.length < 4 || words.length > 400 || seen.has(sentence)) continue
      seen.add(sentence)
      if (result.train.length < limit) result[held ? 'held' : 'train'].push(sentence)
    }
  }
  return result
}

/** Sentences that a scorer may get wrong: empty, unknown words only, other spaces, special words, very long ones, words in another order. */
export function hostileSentences(sentences: readonly string[]): string[] {
  const some = sentences.slice(0, 500)
  return [
    '',
    ' ',
    '\t\n',
    'xqzzy',
    'xqzzy qqqqq zzzzz',
    '中文 词 语',
    '<unk>',
    '<unk> the <unk>',
    'the </s> of',
    'a\u00a0b',
    'é',
    'the\tof\nand\rto\va\fin',
    'the '.repeat(300),
    'xqzzy '.repeat(1000),
    some.join(' '),
    'w'.repeat(100_000),
    ...some.map(each => each.split(' ').reverse().join(' ')),
    ...some.map(each => `xqzzy ${each} xqzzy`),
    ...some.map(each =>
      each
        .split(' ')
        .map((word, i) => (i % 3 === 2 ? `${word}q` : word))
        .join(' '),
    ),
    ...some.map(each => ` ${each.replaceAll(' ', '  ')} `),
  ]
}
