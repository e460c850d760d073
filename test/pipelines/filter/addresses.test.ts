import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { addressFiles, addressSchema, addressStep } from '../../../pipelines/filter/addresses.ts'
import { documents } from '../../../pipelines/schemas.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'addresses-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const urls = [
  'https://www.spam.example/a',
  'https://SPAM.example/',
  'https://fine.example/cheap-pills',
  undefined,
  'https://fine.example/casinos',
  'https://a.b.co.uk/x',
  'https://b.co.uk/',
]

async function run(config: object, digest?: (file: number) => string | undefined) {
  const step = addressStep(addressSchema.parse(config), digest)
  const builder = new BatchBuilder(documents)
  for (const [i, url] of urls.entries())
    builder.append({
      id: i.toString(16).padStart(32, '0'),
      source: 'test',
      key: String(i),
      kind: 'web',
      text: 'x',
      meta: {},
      ...(url ? { url } : {}),
    })
  const { verdicts } = (await step?.run(builder.finish(), { threads: 1, seed: 1 })) ?? { verdicts: new Map() }
  return Object.fromEntries([...verdicts].map(([row, verdict]) => [row, verdict.reason]))
}

it('does nothing without lists', () => {
  expect(addressStep(addressSchema.parse({}))).toBeUndefined()
  expect(addressSchema.parse({})).not.toHaveProperty('files')
})

it('takes a host for all below it; as datatrove does, letter by letter', async () => {
  const lists = { domains: ['spam.example', 'b.co.uk'], softWords: ['cheap', 'pills'], bannedSubwords: ['casino'] }
  expect(await run(lists)).toEqual({ 0: 'domain', 1: 'domain', 2: 'soft_blacklisted', 4: 'blacklisted_subword', 5: 'domain', 6: 'domain' })
  // tldextract: `example` is no public suffix, so www.spam.example has no registered domain.
  expect(await run({ ...lists, definition: 'datatrove@0.10' })).toEqual({
    2: 'soft_blacklisted',
    4: 'blacklisted_subword',
    5: 'domain',
    6: 'domain',
  })
  expect(await run({ domains: ['a.b.co.uk'], definition: 'datatrove@0.10' })).toEqual({ 5: 'subdomain' })
})

it('reads lists from files, plain or gzip, and holds them to their digests', async () => {
  const [plain, zipped] = [join(folder, 'hosts'), join(folder, 'more')]
  await writeFile(plain, '# hosts\r\n\r\nspam.example\r\n')
  const bytes = gzipSync(`${Array.from({ length: 200_000 }, (_, i) => `host${i}.example`).join('\n')}\nb.co.uk`)
  await writeFile(zipped, bytes)
  const files = [
    { list: 'domains', path: plain },
    { list: 'domains', path: zipped },
  ]
  expect(await run({ files })).toEqual({ 0: 'domain', 1: 'domain', 5: 'domain', 6: 'domain' })
  expect(addressFiles(addressSchema.parse({ files }))).toEqual([
    { place: 'addresses.files.0.path', path: plain },
    { place: 'addresses.files.1.path', path: zipped },
  ])
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  expect(await run({ files }, file => (file === 1 ? sha256 : undefined))).toHaveProperty('6')
  await expect(run({ files }, () => sha256)).rejects.toMatchObject({
    code: 'URL_LIST_CHANGED',
    where: `filter.addresses.files.0 (${plain})`,
  })
})

it('names what is broken', async () => {
  await expect(run({ domains: ['ok.example', 'https://bad/'] })).rejects.toMatchObject({
    code: 'BAD_URL_LIST',
    kind: 'config',
    found: '"https://bad/"',
    where: 'filter.addresses, list domains, line 2',
  })
  const path = join(folder, 'broken')
  await writeFile(path, gzipSync('ok\n\n--\n'))
  const files = [{ list: 'bannedWords', path }]
  await expect(run({ files })).rejects.toMatchObject({ code: 'BAD_URL_LIST', where: `filter.addresses.files.0 (${path}), line 3` })
  await writeFile(path, gzipSync('ok\n'.repeat(1000)).subarray(0, 20))
  await expect(run({ files })).rejects.toMatchObject({ code: 'URL_LIST_FILE' })
  await expect(run({ files: [{ list: 'urls', path: join(folder, 'absent') }] })).rejects.toMatchObject({
    code: 'URL_LIST_FILE',
    found: 'ENOENT',
  })
})
