/**
 * Rules over addresses: the user's lists, judged in datatrove's order and with its reasons (native/text/url.h). They run before any text
 * is measured, as the cheapest test of all.
 */
import * as z from 'zod'
import { judgeUrls, tables, type UrlHandle, urlRules } from '../../native/addon/text.ts'
import type { Batch } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import { textsIn } from './columns.ts'
import type { Step } from './step.ts'

const list = z.array(z.string().max(8192)).default([])

export const addressSchema = z
  .strictObject({
    domains: list.describe('Hosts such as example.com; each also stands for every host below it'),
    urls: list.describe('Whole addresses'),
    bannedWords: list.describe('One of them, between marks in the address, drops the document; written as in the address, small letters'),
    softWords: list.describe('`softThreshold` different ones drop the document'),
    bannedSubwords: list.describe('One of them anywhere in the address drops the document'),
    softThreshold: z.int().min(1).default(2),
  })
  .describe('Addresses whose documents are dropped. No list comes with the program; lines that are empty or begin with # are skipped')

export type Addresses = z.output<typeof addressSchema>

export interface AddressVerdict {
  reason: string
  value: number
  threshold: number
}

/** Judges a batch by its column `url`: row -> verdict, for the rows that are dropped. */
export type AddressJudge = (batch: Batch) => Promise<Map<number, AddressVerdict>>

/** MillraceError BAD_URL_LIST naming list and line, where an entry can match nothing or everything. */
export function addressJudge({ softThreshold, ...lists }: Addresses): AddressJudge {
  if (Object.values(lists).every(entries => entries.length === 0)) return async () => new Map()
  const handle = open(lists, softThreshold)
  const { urlReasons } = tables()
  return async batch => {
    const urls = batch.column('url')
    const { verdict, value } = await judgeUrls(handle, textsIn(urls))
    const dropped = new Map<number, AddressVerdict>()
    for (let i = 0; i < batch.rows; i++) {
      const reason = urlReasons[verdict[i] as number]
      if (reason === undefined || urls.isNull(i)) continue
      const soft = reason === 'soft_blacklisted'
      dropped.set(i, { reason, value: value[i] as number, threshold: soft ? softThreshold : 1 })
    }
    return dropped
  }
}

/** The step of a config's lists; undefined where they are empty. */
export function addressStep(config: Addresses): Step | undefined {
  const { softThreshold: _, ...lists } = config
  if (Object.values(lists).every(entries => entries.length === 0)) return undefined
  const judge = addressJudge(config)
  return { name: 'addresses', fields: [], run: async batch => ({ verdicts: await judge(batch), measured: [] }) }
}

function open(lists: Omit<Addresses, 'softThreshold'>, softThreshold: number): UrlHandle {
  try {
    return urlRules(lists, softThreshold)
  } catch (error) {
    const [, where, expected, found] = /^(list \w+, line \d+): expected (.*), found (.*)$/s.exec((error as Error).message) ?? []
    if (where === undefined || expected === undefined || found === undefined) throw error
    throw new MillraceError(
      { code: 'BAD_URL_LIST', kind: 'config', expected, found, where: `filter.addresses, ${where}` },
      { cause: error },
    )
  }
}
