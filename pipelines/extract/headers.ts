/**
 * What an owner says of a page's use in the headers of its transfer, in the words in which pages say it (`robots`, `tdm`, `licence` of `meta`):
 * X-Robots-Tag (directives for all crawlers, or for one that collects text for models), TDM-Reservation and TDM-Policy (the TDM Reservation
 * Protocol), and Link with rel=license (RFC 8288).
 *
 * Where header and page disagree, what reserves more holds: directives of both count, a reservation counts wherever it stands. A page's own
 * licence goes before that of the header.
 */
import type { Said } from './records.ts'

/** Crawlers that collect text for models: directives for these are recorded with their name (native/extract/metadata_signals.cc has the same). */
export const modelCrawlers: ReadonlySet<string> = new Set(
  'ccbot gptbot google-extended applebot-extended anthropic-ai claudebot facebookbot meta-externalagent bytespider amazonbot omgilibot perplexitybot'.split(
    ' ',
  ),
)

/** As native/warc/documents.h gives them: several of a name one a line. */
export interface SignalHeaders {
  robots: string
  reservation: string
  policy: string
  links: string
}

const mostDirectives = 64
const longestField = 2000

/** undefined where no header says anything. `url`: of the page, for addresses that are relative to it. */
export function saidIn({ robots, reservation, policy, links }: SignalHeaders, url: string): Said | undefined {
  if (!robots && !reservation && !links) return undefined
  const said: Said = { robots: directives(robots), tdm: reserved(reservation, policy, url), licence: linkedLicence(links, url) }
  return said.robots || said.tdm || said.licence ? said : undefined
}

/** What page and transfer say together; the keys of `meta`, undefined where nothing is said. */
export function withSaid(page: Said, header: Said | undefined): Said {
  if (!header) return page
  const both = [...(header.robots?.split(', ') ?? []), ...(page.robots?.split(', ') ?? [])]
  return {
    licence: page.licence ?? header.licence,
    robots: [...new Set(both)].join(', ') || undefined,
    tdm: [header.tdm, page.tdm].find(tdm => tdm?.startsWith('1')) ?? header.tdm ?? page.tdm,
  }
}

/** Directives that have a value behind a colon: their name is no crawler's. */
const valued = new Set(['unavailable_after', 'max-snippet', 'max-image-preview', 'max-video-preview'])

/** `noindex, noai, gptbot: noindex`. A crawler's name holds for the rest of its line; directives for others than those above are left out. */
function directives(lines: string): string | undefined {
  const found: string[] = []
  for (const line of lines.toLowerCase().split('\n')) {
    let agent = ''
    for (const part of line.split(',')) {
      const item = part.trim().replace(/\s+/g, ' ').slice(0, 128)
      const colon = item.indexOf(':')
      const name = colon < 0 ? '' : item.slice(0, colon).trim()
      const named = /^[a-z][a-z0-9_-]*$|^\*$/.test(name) && !valued.has(name)
      if (named) agent = name === '*' || name === 'robots' ? '' : name
      const directive = named ? item.slice(colon + 1).trim() : item
      if (!/^[a-z]/.test(directive) || (agent && !modelCrawlers.has(agent))) continue
      found.push(agent ? `${agent}: ${directive}` : directive)
    }
  }
  return [...new Set(found)].slice(0, mostDirectives).join(', ') || undefined
}

function reserved(reservation: string, policy: string, url: string): string | undefined {
  if (reservation !== '0' && reservation !== '1') return undefined
  const address = policy ? absolute(policy, url) : undefined
  return address ? `${reservation} ${address}` : reservation
}

function absolute(address: string, base: string): string | undefined {
  const found = URL.canParse(address, base) ? new URL(address, base).href : URL.canParse(address) ? new URL(address).href : undefined
  return found && /^https?:/.test(found) && found.length <= longestField ? found : undefined
}

/** The first link that is the page's licence: `<address>; rel="license"`. One with an anchor speaks of something else. */
function linkedLicence(lines: string, url: string): string | undefined {
  for (const line of lines.split('\n'))
    for (const { address, parameters } of linksIn(line)) {
      const rel = parameters.get('rel')?.toLowerCase().split(/\s+/) ?? []
      if (!rel.includes('license') || parameters.has('anchor')) continue
      const found = absolute(address, url)
      if (found) return found
    }
  return undefined
}

/** Links of a header. What is no link ends the reading: what stands behind it cannot be told apart. */
function* linksIn(line: string): Generator<{ address: string; parameters: Map<string, string> }> {
  let at = 0
  const skip = (of: string) => {
    while (at < line.length && of.includes(line[at] as string)) at++
  }
  for (skip(' \t,'); line[at] === '<'; skip(' \t,')) {
    const end = line.indexOf('>', at)
    if (end < 0) return
    const address = line.slice(at + 1, end).trim()
    const parameters = new Map<string, string>()
    at = end + 1
    for (skip(' \t'); line[at] === ';'; skip(' \t')) {
      at++
      const from = at
      while (at < line.length && !'=;,'.includes(line[at] as string)) at++
      const name = line.slice(from, at).trim().toLowerCase()
      let value = ''
      if (line[at] === '=') {
        at++
        skip(' \t')
        if (line[at] === '"') {
          for (at++; at < line.length && line[at] !== '"'; at++) {
            if (line[at] === '\\') at++
            value += line[at] ?? ''
          }
          at++
        } else {
          const start = at
          while (at < line.length && !';,'.includes(line[at] as string)) at++
          value = line.slice(start, at).trim()
        }
      }
      if (!parameters.has(name)) parameters.set(name, value)
    }
    yield { address, parameters }
  }
}
