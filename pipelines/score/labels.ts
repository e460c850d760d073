/** Labels that component rules may ask for: where a document comes from and how it is written. Simple rules, no model. */
import type { Statistic } from './formula.ts'

/** Second-level names under which registries of two-letter countries sell: example.co.uk is one registration, not three. */
const registries = new Set(['ac', 'co', 'com', 'edu', 'go', 'gob', 'gouv', 'gov', 'ne', 'net', 'nom', 'or', 'org', 'sch'])

/**
 * The end of the address's host that names its owner (`docs.example.co.uk` -> `example.co.uk`), by a rule instead of a public-suffix list,
 * whose version would change labels. An address of numbers stays whole. Without an address: `source/kind`.
 */
export function domainOf(url: string | undefined, source: string, kind: string): string {
  const host = url ? hostOf(url) : ''
  if (!host) return `${source}/${kind}`
  if (/^[\d.]+$/.test(host) || host.startsWith('[')) return host
  const names = host.split('.')
  const registry = names.length > 2 && names.at(-1)?.length === 2 && registries.has(names.at(-2) as string)
  return names.slice(registry ? -3 : -2).join('.')
}

function hostOf(url: string): string {
  const [, host = ''] = /^(?:[a-z][a-z0-9+.-]*:)?\/\/(?:[^/?#@\\]*@)?(\[[^\]/]*\]|[^/?#:@\\]*)/i.exec(url) ?? []
  return host.toLowerCase().replace(/\.$/, '')
}

export const styles = ['code', 'fragment', 'list', 'outline', 'technical', 'prose', 'mixed', 'unmeasured'] as const
export type Style = (typeof styles)[number]

/** The first that fits, from the most telling statistic to the least. */
export function styleOf(of: Statistic, code: boolean): Style {
  if (Number.isNaN(of('characters'))) return 'unmeasured'
  if (code) return 'code'
  if (of('words') < 50) return 'fragment'
  if (of('bullet_lines') > 0.5) return 'list'
  if (of('short_lines') > 0.67) return 'outline'
  if (of('letter_share') < 0.65) return 'technical'
  if (of('terminal_lines') >= 0.3 || of('mean_line') >= 120) return 'prose'
  return 'mixed'
}
