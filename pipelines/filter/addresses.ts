/**
 * Rules over addresses: the user's lists, judged in datatrove's order and with its reasons (native/text/url.h). The cheapest step of all,
 * so it stands before anything that reads a text. A document without an address stays; datatrove stops there with an error.
 *
 * Lists stand in the config or in files, plain or gzip, read as a stream: a list of millions is held once a process, its entries' bytes and
 * about eight more each. No list comes with the program.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import * as z from 'zod'
import { type UrlList, UrlRules, urlDefinitions, urlLists, urlReasons } from '../../native/addon/url.ts'
import { MillraceError } from '../errors.ts'
import type { NamedFile } from '../files.ts'
import { textsIn } from './columns.ts'
import type { Step, Verdict } from './step.ts'

const list = z.array(z.string().max(8192)).default([])

export const addressSchema = z
  .strictObject({
    definition: z
      .enum(urlDefinitions)
      .default('millrace')
      .describe(
        'millrace: a listed host stands for all hosts below it, in any case. datatrove@0.10: its registered domain or whole host must be listed letter by letter',
      ),
    domains: list.describe('Hosts such as example.com'),
    urls: list.describe('Whole addresses'),
    bannedWords: list.describe('One of them, between marks in the address, drops the document; written as in the address, small letters'),
    softWords: list.describe('`softThreshold` different ones drop the document'),
    bannedSubwords: list.describe('One of them anywhere in the address drops the document'),
    softThreshold: z.int().min(1).default(2),
    files: z
      .array(
        z.strictObject({
          list: z.enum(urlLists).describe('Which list it adds to'),
          path: z.string().min(1).describe('Plain text or gzip, one entry a line; relative to the config'),
        }),
      )
      .optional()
      .describe('Lists in files, of any length. What is in them is identity, not where they lie'),
  })
  .describe('Addresses whose documents are dropped. No list comes with the program; lines that are empty or begin with # are skipped')

export type Addresses = z.output<typeof addressSchema>

/** Files that the section names, for pipelines/files.ts. */
export const addressFiles = ({ files = [] }: Addresses): NamedFile[] =>
  files.map(({ path }, i) => ({ place: `addresses.files.${i}.path`, path }))

/**
 * The step of a config's lists; undefined where it has none. `digest` says what a file held when it was pinned, by its place in `files`.
 * Lists are read with the first batch, and once before by `check`. MillraceError BAD_URL_LIST naming list or file and line, where an entry can
 * match nothing or everything; URL_LIST_FILE, URL_LIST_CHANGED.
 */
export function addressStep(config: Addresses, digest: (file: number) => string | undefined = () => undefined): Step | undefined {
  if (!config.files?.length && urlLists.every(name => config[name].length === 0)) return undefined
  let opening: Promise<UrlRules> | undefined
  return {
    name: 'addresses',
    fields: [],
    async check() {
      await open(config, digest)
    },
    async run(batch) {
      opening ??= open(config, digest)
      const rules = await opening
      const urls = batch.column('url')
      const { verdict, value } = await rules.judge(textsIn(urls))
      const verdicts = new Map<number, Verdict>()
      for (let i = 0; i < batch.rows; i++) {
        const reason = urlReasons[verdict[i] as number]
        if (reason === undefined || urls.isNull(i)) continue
        verdicts.set(i, { reason, value: value[i] as number, threshold: reason === 'soft_blacklisted' ? config.softThreshold : 1 })
      }
      return { verdicts, measured: [] }
    },
  }
}

async function open(config: Addresses, digest: (file: number) => string | undefined): Promise<UrlRules> {
  const rules = new UrlRules(config.definition, config.softThreshold)
  for (const name of urlLists)
    said(`filter.addresses, list ${name}`, () => rules.add(name, Buffer.from(config[name].map(oneLine).join('\n'), 'utf8'), true))
  for (const [i, { list: name, path }] of (config.files ?? []).entries())
    await readList(rules, name, path, `filter.addresses.files.${i} (${path})`, digest(i))
  rules.finish()
  return rules
}

/** An entry of a config that holds line breaks would move the numbers of those behind it. */
const oneLine = (entry: string): string => entry.replace(/[\r\n]+/g, ' ')

async function readList(rules: UrlRules, name: UrlList, path: string, where: string, sha256: string | undefined): Promise<void> {
  const wrong = (code: string, expected: string, found: string) =>
    new MillraceError({ code, kind: 'config', expected, found, where, next: 'name a text file, plain or gzip, with one entry a line' })
  const hash = createHash('sha256')
  const chunks = async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      hash.update(chunk)
      yield chunk
    }
  }
  const lines = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) said(where, () => rules.add(name, chunk, false))
    said(where, () => rules.add(name, new Uint8Array(), true))
  }
  try {
    const zipped = await isGzip(path)
    const file = createReadStream(path, { highWaterMark: 1 << 18 })
    if (zipped) await pipeline(file, chunks, createGunzip(), lines)
    else await pipeline(file, chunks, lines)
  } catch (error) {
    if (error instanceof MillraceError) throw error
    throw wrong('URL_LIST_FILE', 'a list that can be read', String((error as NodeJS.ErrnoException).code ?? error))
  }
  const found = hash.digest('hex')
  if (sha256 !== undefined && found !== sha256)
    throw wrong('URL_LIST_CHANGED', `the bytes that were pinned (sha256 ${sha256.slice(0, 16)}…)`, `${found.slice(0, 16)}…`)
}

async function isGzip(path: string): Promise<boolean> {
  for await (const head of createReadStream(path, { end: 1 })) return head[0] === 0x1f && head[1] === 0x8b
  return false
}

function said(where: string, add: () => void): void {
  try {
    add()
  } catch (error) {
    const [, line, expected, found] = /^(line \d+): expected (.*), found (.*)$/s.exec((error as Error).message) ?? []
    if (line === undefined || expected === undefined || found === undefined) throw error
    // In its place: it has a code of its own, and of a chain of causes a command shows the deepest.
    throw new MillraceError({
      code: 'BAD_URL_LIST',
      kind: 'config',
      expected,
      found,
      where: `${where}, ${line}`,
      next: 'correct the line or take it out',
    })
  }
}
