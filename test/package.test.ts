// What `npm pack` makes works elsewhere: an import of the library, its types, a stage of one's own run on it, and `millrace doctor`.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'millrace-package-'))
const installed = join(folder, 'node_modules', 'millrace')
const npm = spawnSync('npm', ['--version']).status === 0
if (!npm) console.warn('skipped: no npm here')

const run = (command: string, args: string[], cwd = folder) => {
  const done = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { MILLRACE_ADDON: join(root, 'build/addon/millrace.node'), ...process.env, npm_config_loglevel: 'error' },
  })
  return { ...done, all: `${done.stdout}${done.stderr}` }
}

/** Installed as npm would, without a registry: the tarball's files, and every dependency as a link to ours. */
beforeAll(() => {
  if (!npm) return
  // A copy, so that two packs at once never share a dist/.
  const source = join(folder, 'source')
  for (const name of ['activities', 'cli', 'configs', 'docs', 'native', 'pipelines', 'scripts', 'storage', 'web', 'workflows'])
    cpSync(join(root, name), join(source, name), { recursive: true })
  for (const name of ['package.json', 'tsconfig.json', 'LICENSE', 'NOTICE', 'README.md']) cpSync(join(root, name), join(source, name))
  symlinkSync(join(root, 'node_modules'), join(source, 'node_modules'))
  const packed = run('npm', ['pack', '--pack-destination', folder], source)
  expect(packed.status, packed.all).toBe(0)
  mkdirSync(installed, { recursive: true })
  const tarball = join(folder, packed.stdout.trim().split('\n').at(-1) as string)
  const unpacked = run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'])
  expect(unpacked.status, unpacked.all).toBe(0)
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const program = `
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asPart, defineStage, MillraceError, runStage, schemas, stageOf } from 'millrace'
import { ArrowReader, ArrowWriter, BatchBuilder, schema, u32 } from 'millrace/arrow'
import * as z from 'zod'

const lengths = schema({ bytes: u32() })
const measure = defineStage({
  name: 'measure',
  revision: 1,
  config: z.strictObject({ factor: z.int().default(1) }),
  inputs: ['documents'],
  operations: [
    {
      name: 'measure',
      kind: 'map',
      reads: ['documents'],
      writes: { lengths: { schema: lengths } },
      async run(ctx) {
        const writer = await ctx.writer('lengths')
        for await (const batch of ctx.batches('documents')) {
          const builder = new BatchBuilder(lengths)
          for (let i = 0; i < batch.rows; i++) builder.append({ bytes: ctx.config.factor * batch.column('text').bytes(i).length })
          await writer.append(builder.finish())
        }
      },
    },
  ],
  outputs: { lengths: 'measure.lengths' },
})

const folder = mkdtempSync(join(tmpdir(), 'millrace-stage-'))
const path = join(folder, 'documents.arrow')
const writer = await ArrowWriter.open(path, schemas.documents)
const builder = new BatchBuilder(schemas.documents)
for (const text of ['one', 'three', 'été']) {
  builder.append({ id: new Uint8Array(16), source: 's', key: text, kind: 'web', text, meta: {} })
}
await writer.append(builder.finish())
await writer.close()
const done = await runStage({ stage: measure, config: { factor: 2 }, inputs: { documents: [await asPart('documents', path)] }, folder })
const reader = await ArrowReader.open(done.outputs.lengths?.[0]?.location ?? '')
const found: unknown[] = []
for await (const batch of reader) for (let i = 0; i < batch.rows; i++) found.push(batch.column('bytes').value(i))
await reader.close()
const extract = await stageOf('extract')
console.log(JSON.stringify({ found, stage: extract.name, error: new MillraceError({ code: 'A', kind: 'bug', expected: 'b', found: 'c' }).code }))
`

test.skipIf(!npm)('the packed library runs a stage of one’s own', () => {
  writeFileSync(join(folder, 'program.ts'), program)
  const done = run(process.execPath, ['--disable-warning=ExperimentalWarning', 'program.ts'])
  expect(done.status, done.all).toBe(0)
  expect(JSON.parse(done.stdout)).toEqual({ found: [6, 10, 10], stage: 'extract', error: 'A' })
})

const pages = `
import { type ExtractedPage, extract, extractTransform } from 'millrace/extract'
import { Readable } from 'node:stream'

const html = '<title>One</title><nav><a href="/">Home</a></nav><article><h1>One</h1><p>' + 'Some words that make a paragraph. '.repeat(20) + '</article>'
const page: ExtractedPage = extract(html, { format: 'text' })
const found: ExtractedPage[] = [page, extract(new TextEncoder().encode(html), { format: 'text' })]
for await (const each of extract([html, { html, url: 'https://a.example/b' }], { format: 'text' })) found.push(each)
for await (const each of Readable.from([html]).pipe(extractTransform({ format: 'text' }))) found.push(each)
console.log(JSON.stringify(found))
`

test.skipIf(!npm)('`millrace/extract` reads one page and streams of them', () => {
  writeFileSync(join(folder, 'pages.ts'), pages)
  const done = run(process.execPath, ['--disable-warning=ExperimentalWarning', 'pages.ts'])
  expect(done.status, done.all).toBe(0)
  const found = JSON.parse(done.stdout) as { title: string; text: string; url?: string }[]
  expect(found).toHaveLength(5)
  for (const { title, text } of found) {
    expect(title).toBe('One')
    expect(text).toContain('Some words that make a paragraph.')
    expect(text).toBe(found[0]?.text)
  }
  expect(found.map(({ url }) => url)).toEqual([undefined, undefined, undefined, 'https://a.example/b', undefined])
})

const tokens = `
import { type Ids, Tokenizer } from 'millrace/tokenizer'

const bytes = Array.from({ length: 256 }, (_, byte) => \`\${Buffer.of(byte).toString('base64')} \${byte}\`)
const tokenizer = await Tokenizer.fromRanks([...bytes, 'YWI= 256'].join('\\n'), { pattern: 'gpt2', specials: { '<|end|>': 300 } })
const ids: Uint32Array = await tokenizer.encode('ab <|end|>')
const many: Ids = await tokenizer.encodeColumn({ offsets: Int32Array.of(0, 2), bytes: new Uint8Array(Buffer.from('ab')) })
console.log(JSON.stringify({ ids: [...ids], many: [...many.ids], end: tokenizer.idOf('<|end|>'), text: await tokenizer.decode([256, 300]) }))
`

test.skipIf(!npm)('`millrace/tokenizer` encodes and decodes', () => {
  writeFileSync(join(folder, 'tokens.ts'), tokens)
  const done = run(process.execPath, ['--disable-warning=ExperimentalWarning', 'tokens.ts'])
  expect(done.status, done.all).toBe(0)
  const end = Array.from('<|end|>', letter => letter.charCodeAt(0))
  expect(JSON.parse(done.stdout)).toEqual({ ids: [256, 32, ...end], many: [256], end: 300, text: 'ab<|end|>' })
})

test.skipIf(!npm)('its types hold in a strict project', () => {
  writeFileSync(join(folder, 'typed-pages.ts'), pages)
  writeFileSync(join(folder, 'typed.ts'), program)
  writeFileSync(join(folder, 'wrong.ts'), `import { defineStage } from 'millrace'\nexport const x: number = defineStage\n`)
  const tsc = (file: string) =>
    run(process.execPath, [
      join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
      ...['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext', '--types', 'node', '--skipLibCheck', file],
    ])
  for (const file of ['typed.ts', 'typed-pages.ts', 'tokens.ts']) {
    const right = tsc(file)
    expect(right.status, right.all).toBe(0)
  }
  expect(tsc('wrong.ts').all).toContain('TS2322') // the types are there, not `any`
})

test.skipIf(!npm)('`millrace doctor` runs from the package', () => {
  const done = run('node', [join(installed, 'cli', 'millrace.mjs'), 'doctor', '--json'])
  expect([0, 1], done.all).toContain(done.status)
  const found = JSON.parse(done.stdout) as { assumed: { name: string }[]; made: { name: string }[] }
  expect(found.assumed.map(part => part.name)).toContain('AVX2 and FMA')
  expect(found.made.map(part => part.name)).toContain('native addon')
})

test.skipIf(!npm)('the package holds licence, notices and native sources, and no tests or sources in TypeScript', () => {
  const list = run('find', ['.', '-type', 'f'], installed).stdout.split('\n')
  for (const path of ['./LICENSE', './NOTICE', './README.md', './native/CMakeLists.txt', './configs/quickstart.yaml', './dist/cli/main.js'])
    expect(list).toContain(path)
  expect(list.filter(path => /(?<!\.d)\.ts$|_test\.cc$/.test(path))).toEqual([])
})
