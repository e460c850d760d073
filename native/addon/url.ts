/** A user's lists of addresses; definitions stand in native/text/url.h. Errors carry `code`. */
import { domain } from './load.ts'
import type { Texts } from './text.ts'

export const urlLists = ['domains', 'urls', 'bannedWords', 'softWords', 'bannedSubwords'] as const
export type UrlList = (typeof urlLists)[number]

/** How `domains` are read: each host stands for all below it, or letter by letter as datatrove's filter looks them up. */
export const urlDefinitions = ['millrace', 'datatrove@0.10'] as const
export type UrlDefinition = (typeof urlDefinitions)[number]

/** Verdicts, in the order in which they are asked. */
export const urlReasons = ['domain', 'subdomain', 'url', 'hard_blacklisted', 'soft_blacklisted', 'blacklisted_subword'] as const

type Handle = { readonly urls: unique symbol }

interface Native {
  openUrls(definition: number, softThreshold: number): Handle
  addUrls(handle: Handle, list: number, bytes: Uint8Array, last: boolean): void
  finishUrls(handle: Handle): void
  judgeUrls(handle: Handle, offsets: Int32Array, bytes: Uint8Array): Promise<UrlJudgement>
}

export interface UrlJudgement {
  /** Place in `urlReasons`, -1 if kept. An address that is empty is kept. */
  verdict: Int8Array
  /** Soft words found, else 1. */
  value: Float64Array
}

const native = () => domain<Native>('text')

export class UrlRules {
  readonly #handle: Handle

  constructor(definition: UrlDefinition, softThreshold: number) {
    this.#handle = native().openUrls(urlDefinitions.indexOf(definition), softThreshold)
  }

  /**
   * Reads lines of a list: one entry each; empty ones and those that begin with # are none. A chunk may be cut anywhere; `last` ends its
   * last line. FORMAT `line N: expected …, found …` where an entry can match nothing or everything; MEMORY.
   */
  add(list: UrlList, chunk: Uint8Array, last: boolean): void {
    native().addUrls(this.#handle, urlLists.indexOf(list), chunk, last)
  }

  /** Ends the lists: `judge` from now on, `add` no more. */
  finish(): void {
    native().finishUrls(this.#handle)
  }

  judge(urls: Texts): Promise<UrlJudgement> {
    return native().judgeUrls(this.#handle, urls.offsets, urls.bytes)
  }
}
