import { describe, expect, test } from 'vitest'
import { compileGlob } from '../../../pipelines/extract/glob.ts'
import { languageOf } from '../../../pipelines/extract/languages.ts'
import { repositoryOf } from '../../../pipelines/extract/readers/whole.ts'
import { descends, matches, sourceSchema } from '../../../pipelines/extract/source.ts'

const source = (entry: Record<string, unknown>) => sourceSchema.parse({ name: 's', path: '.', ...entry })

describe('which reader takes a key', () => {
  test.each([
    ['a/b.warc.gz', 'warc'],
    ['b.wet', 'warc'],
    ['b.arc.gz', 'warc'],
    ['c.epub', 'epub'],
    ['d/e.ipynb', 'notebook'],
    ['x.HTML', 'html'],
    ['x.jsonl.zst', 'jsonl'],
    ['x.parquet', 'parquet'],
    ['x.arrow', 'arrow'],
    ['x.md', 'markdown'],
    ['x.txt', 'text'],
    ['x.png', undefined],
    ['noextension', undefined],
  ])('%s: %s', (key, format) => expect(matches(source({}), key)).toBe(format))

  test('a named format takes every file but those of another reader', () => {
    expect(matches(source({ format: 'jsonl' }), 'part-0001')).toBe('jsonl')
    expect(matches(source({ format: 'jsonl' }), 'page.html')).toBeUndefined()
    expect(matches(source({ format: 'jsonl', include: ['*.html'] }), 'page.html')).toBe('jsonl')
  })

  test('exclude is stronger than include', () => {
    const entry = source({ include: ['**/*.md'], exclude: ['drafts/**'] })
    expect(matches(entry, 'a/b/c.md')).toBe('markdown')
    expect(matches(entry, 'c.md')).toBe('markdown')
    expect(matches(entry, 'drafts/c.md')).toBeUndefined()
    expect(matches(entry, 'c.html')).toBeUndefined()
  })

  test('trees: code by name and extension, closed folders and lock files never', () => {
    const tree = source({ kind: 'code' })
    expect(matches(tree, 'repo/src/a.py')).toBe('tree')
    expect(matches(tree, 'repo/Makefile')).toBe('tree')
    expect(matches(tree, 'repo/node_modules/x/index.js')).toBeUndefined()
    expect(matches(tree, 'repo/.git/config.py')).toBeUndefined()
    expect(matches(tree, 'repo/image.png')).toBeUndefined()
    expect(descends(tree, 'repo/node_modules')).toBe(false)
    expect(descends(source({}), 'repo/node_modules')).toBe(true)
    for (const lock of [
      'package-lock.json',
      'pnpm-lock.yaml',
      'poetry.lock',
      'Cargo.lock',
      'uv.lock',
      'a/go.sum',
      'Gemfile.lock',
      'bun.lockb',
    ])
      expect(languageOf(lock), lock).toBeUndefined()
    expect(languageOf('clock.py')).toBe('python')
    expect(languageOf('a/lock.c')).toBe('c')
  })

  test('an unknown option or a bad name is refused', () => {
    expect(() => source({ knd: 'web' })).toThrow(/knd/)
    expect(() => source({ name: 'Not Good' })).toThrow()
  })
})

test.each([
  ['*.md', 'a/b/c.md', true],
  ['a/*.md', 'a/b/c.md', false],
  ['a/**/*.md', 'a/c.md', true],
  ['a/**', 'a/b/c', true],
  ['**/*.{js,ts}', 'x/y.ts', true],
  ['file?.txt', 'file10.txt', false],
  ['a+b.(x)', 'a+b.(x)', true],
  ['a.c', 'abc', false],
])('pattern %s and key %s: %s', (pattern, key, expected) => expect(compileGlob(pattern).test(key)).toBe(expected))

test('a repository is the first folder, with its scope', () => {
  expect(repositoryOf('zod/src/index.ts', 's', 'folders')).toBe('zod')
  expect(repositoryOf('@types/node/fs.d.ts', 's', 'folders')).toBe('@types/node')
  expect(repositoryOf('setup.py', 's', 'folders')).toBe('s')
  expect(repositoryOf('src/a.py', 's', 'root')).toBe('s')
})
