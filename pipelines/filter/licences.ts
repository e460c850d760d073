/**
 * Licences as sources write them, brought to identifiers of the SPDX list, and a policy over expressions of them.
 *
 * Known are addresses of Creative Commons (ports to a country count as the version they port), opensource.org, spdx.org, choosealicense.com,
 * gnu.org and apache.org, and the usual names of common licences. What is not known stays as it is written, so that a list can still name it.
 */
import * as z from 'zod'

const patterns = z
  .array(z.string().min(1).max(100))
  .min(1)
  .describe('SPDX identifiers, in any case; `*` at the end stands for any rest; `permissive` for licences without terms for derived works')

export const licenceSchema = z
  .strictObject({
    allow: patterns.optional().describe('Every other licence that is stated drops the document'),
    deny: patterns.optional().describe('One of these drops the document, also where `allow` names it'),
    unstated: z.enum(['keep', 'drop']).default('keep').describe('Documents that state no licence: nearly all web pages'),
    keys: z
      .array(z.string().min(1).max(100))
      .min(1)
      .default(['licence', 'license', 'max_stars_repo_licenses', 'detected_licenses'])
      .describe('Keys of `meta`, the first that is there: what extraction records, and what data sets of code have'),
  })
  .describe('Which licences stay. Without lists they are only recorded')

export type LicencePolicy = z.output<typeof licenceSchema>

const permissive = new Set(
  (
    '0bsd afl-3.0 apache-1.1 apache-2.0 artistic-2.0 blueoak-1.0.0 bsd-1-clause bsd-2-clause bsd-2-clause-patent bsd-3-clause bsd-3-clause-clear ' +
    'bsl-1.0 cc-by-3.0 cc-by-4.0 cc-pddc cc-pdm-1.0 cc0-1.0 ecl-2.0 isc libpng libpng-2.0 mit mit-0 ms-pl mulanpsl-2.0 ncsa odc-by-1.0 pddl-1.0 ' +
    'postgresql psf-2.0 python-2.0 unicode-3.0 unicode-dfs-2016 unlicense upl-1.0 w3c wtfpl x11 zlib zpl-2.1'
  ).split(' '),
)

/** Lower case -> as SPDX writes it, where that is not upper case throughout. */
const spellings = new Map(
  (
    'Apache-1.1 Apache-2.0 Artistic-2.0 BlueOak-1.0.0 BSD-1-Clause BSD-2-Clause BSD-2-Clause-Patent BSD-3-Clause BSD-3-Clause-Clear BSD-4-Clause ' +
    'ISC Libpng MulanPSL-2.0 Python-2.0 Unicode-3.0 Unicode-DFS-2016 Unlicense PostgreSQL Zlib GPL-1.0-only GPL-1.0-or-later GPL-2.0-only ' +
    'GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only ' +
    'LGPL-3.0-or-later AGPL-3.0-only AGPL-3.0-or-later GFDL-1.3-only GFDL-1.3-or-later'
  )
    .split(' ')
    .map(id => [id.toLowerCase(), id]),
)

const names: readonly (readonly [RegExp, string])[] = [
  [/^(the )?mit( license| licence)?( \(mit\))?$/, 'MIT'],
  [/^(the )?apache([ -]?software)?([ -]?licen[cs]e)?,?[ -]*(v(ersion)?)?[ .-]*2(\.0)?$/, 'Apache-2.0'],
  [/^(the )?(bsd[ -]3([ -]clause)?|new bsd|modified bsd|3-clause bsd|bsd 3-clause "new" or "revised")( licen[cs]e)?$/, 'BSD-3-Clause'],
  [/^(the )?(bsd[ -]2([ -]clause)?|simplified bsd|freebsd|2-clause bsd|bsd 2-clause "simplified")( licen[cs]e)?$/, 'BSD-2-Clause'],
  [/^(mozilla public licen[cs]e|mpl)[ -]*(v(ersion)?)?[ .]*2(\.0)?$/, 'MPL-2.0'],
  [/^(the )?isc( licen[cs]e)?$/, 'ISC'],
  [/^(the )?unlicense$/, 'Unlicense'],
  [/^public domain( \(cc0\))?$/, 'CC-PDDC'],
  [/^(cc0|cc[ -]?zero|creative commons (cc0|zero))([ -]1\.0)?( universal)?( \(cc0 1\.0\))?$/, 'CC0-1.0'],
  [/^(©.{0,80})?all rights reserved\.?$/, 'LicenseRef-All-Rights-Reserved'],
]

const gnu =
  /^(?:gnu )?(?:(affero|lesser|library) )?(?:(?:general public (?:licen[cs]e)?)|(l|a)?gpl)[ -]*(?:,? ?v(?:ersion)?)?[ .-]*(1|2|3)(\.[01])?( ?\+|[ -]or[ -]later|,? or later|-only| only)?$/
const commons =
  /^(?:cc|creative commons|attribution)?[ -]*(attribution|by)?((?:[ -](?:nc|non-?commercial|sa|share-?alike|nd|no-?deriv(?:ative)?s?))*)[ ,-]*(?:v(?:ersion)? ?)?([1-4]\.[0-9])/

/** One licence, not an expression. */
export function licenceId(written: string): string {
  const text = written.trim().replace(/\s+/g, ' ').slice(0, 300)
  const lower = text.toLowerCase()
  if (/^(https?:)?\/\//.test(lower)) return fromAddress(lower) ?? text
  const named = names.find(([form]) => form.test(lower))?.[1]
  if (named) return named
  const free = gnu.exec(lower)
  if (free) return gnuId(free)
  if (/^(cc|creative commons|attribution)/.test(lower)) return fromCommons(lower) ?? text
  return spellings.get(lower) ?? (permissive.has(lower) ? lower.toUpperCase() : text)
}

function gnuId([, kind, letter, major, minor, later]: readonly (string | undefined)[]): string {
  const family = kind === 'affero' || letter === 'a' ? 'AGPL' : kind || letter === 'l' ? 'LGPL' : 'GPL'
  return `${family}-${major}${minor ?? '.0'}-${later && !later.includes('only') ? 'or-later' : 'only'}`
}

function fromCommons(lower: string): string | undefined {
  const short = lower
    .replace(/creative commons( attribution)?/, 'cc by')
    .replace(/^cc[ -]+by[ -]+by/, 'cc by')
    .replace(/^attribution/, 'cc by')
  const found = commons.exec(short.replace(/^cc-/, 'cc '))
  if (!found) return undefined
  const [, , terms = '', version] = found
  return commonsId(
    ['nc', 'sa', 'nd'].filter(term => new RegExp({ nc: 'nc|non', sa: 'sa|share', nd: 'nd|no-?deriv' }[term] as string).test(terms)),
    version as string,
  )
}

const commonsId = (terms: readonly string[], version: string): string =>
  `CC-BY${terms.map(term => `-${term.toUpperCase()}`).join('')}-${version}`

function fromAddress(address: string): string | undefined {
  const [host = '', ...path] = address.replace(/^(https?:)?\/\/(www\.)?/, '').split(/[/?#]/)
  const [first = '', second = '', third = ''] = path
  if (host === 'creativecommons.org') {
    if (first === 'publicdomain') return { zero: 'CC0-1.0', mark: 'CC-PDM-1.0' }[second]
    if (first !== 'licenses') return undefined
    if (second === 'publicdomain') return 'CC-PDDC'
    if (!/^by(-nc)?(-sa|-nd)?$/.test(second) || !/^[1-4]\.[0-9]$/.test(third)) return undefined
    return commonsId(second.split('-').slice(1), third)
  }
  const page = (second || first).replace(/\.(html?|php|txt|en\.html)$/, '').replace(/\.html$/, '')
  if (['opensource.org', 'spdx.org', 'choosealicense.com'].includes(host) && second) {
    const known = licenceId(page.replace(/-license$/, ''))
    return known.startsWith('http') ? undefined : known
  }
  if (host === 'apache.org' && /^license-2\.0/.test(second)) return 'Apache-2.0'
  if (host === 'gnu.org') return gnuPage(page, path)
  if (host === 'unlicense.org') return 'Unlicense'
  if (host === 'mit-license.org' || host.endsWith('.mit-license.org')) return 'MIT'
  if (host === 'mozilla.org' && path.includes('2.0')) return 'MPL-2.0'
  return undefined
}

function gnuPage(page: string, path: readonly string[]): string | undefined {
  const found = gnu.exec((path.at(-1) === '' ? page : (path.at(-1) ?? page)).replace(/\.(en\.)?(html|txt)$/, ''))
  return found ? gnuId(found) : undefined
}

/** Identifiers, and AND, OR, WITH, ( and ) between them. */
export type Expression = readonly string[]

/** What a field says: an address, a name, an SPDX expression, or a JSON list of these, of which all hold. */
export function readLicence(value: string): Expression {
  if (!value.startsWith('[')) return expressionOf(value)
  try {
    const list: unknown = JSON.parse(value)
    if (Array.isArray(list)) {
      const parts = list.filter(each => typeof each === 'string').slice(0, mostTokens)
      return parts.flatMap((part, i) => [...(i ? ['AND'] : []), '(', ...expressionOf(part), ')'])
    }
  } catch {
    // Not JSON: a name in brackets.
  }
  return expressionOf(value)
}

const mostTokens = 64
const isOperator = (token: string): boolean => /^(AND|OR|WITH|\(|\))$/.test(token)

function expressionOf(text: string): Expression {
  const whole = licenceId(text)
  if (!/ (AND|OR|WITH) /.test(text) || text.length > 1000) return [whole]
  const tokens = text.split(/\s+(AND|OR|WITH)\s+|([()])/).flatMap(part => part?.trim() || [])
  // A sentence is no expression.
  const ids = tokens.map(token => (isOperator(token) ? token : licenceId(token)))
  return tokens.length > mostTokens || ids.some(id => /\s/.test(id)) ? [whole] : ids
}

/** As SPDX writes it. */
export const writtenOut = (expression: Expression): string =>
  (expression.length === 3 && expression[0] === '(' ? expression.slice(1, 2) : expression)
    .join(' ')
    .replace(/\( | \)/g, bracket => bracket.trim())

const matches = (patterns: readonly string[], id: string): boolean => {
  const lower = id.toLowerCase()
  return patterns.some(pattern => {
    const wanted = pattern.toLowerCase()
    if (wanted === 'permissive') return permissive.has(lower)
    return wanted.endsWith('*') ? lower.startsWith(wanted.slice(0, -1)) : lower === wanted || lower === licenceId(pattern).toLowerCase()
  })
}

/** Whether an expression as `readLicence` gives it may stay: of alternatives (OR) one must, of what holds together (AND) all. */
export function mayStay(expression: Expression, { allow, deny }: Pick<LicencePolicy, 'allow' | 'deny'>): boolean {
  const one = (id: string) => !(deny && matches(deny, id)) && (!allow || matches(allow, id))
  const values: boolean[] = []
  const waiting: string[] = []
  const settle = () => {
    const operator = waiting.pop()
    const [right = false, left = false] = [values.pop(), values.pop()]
    values.push(operator === 'AND' ? left && right : left || right)
  }
  for (let i = 0; i < expression.length; i++) {
    const token = expression[i] as string
    if (token === '(') waiting.push(token)
    else if (token === ')') {
      while (waiting.length && waiting.at(-1) !== '(') settle()
      waiting.pop()
    } else if (token === 'WITH') i++
    else if (token === 'AND' || token === 'OR') {
      while (waiting.at(-1) === 'AND') settle()
      waiting.push(token)
    } else values.push(one(token))
  }
  while (waiting.length) settle()
  return values.pop() ?? false
}
