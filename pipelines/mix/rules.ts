/** Which component a document belongs to: the first whose condition holds. */
import { MillraceError } from '../errors.ts'
import type { ComponentConfig, Condition } from './config.ts'

/** What a rule may ask. A field that a document lacks is the empty text. */
export interface Asked {
  source: string
  kind: string
  type: string
  domain: string
  language: string
}

const fields = ['source', 'kind', 'type', 'domain', 'language'] as const

/** The place of the component in the config. Throws MIX_NO_COMPONENT, with the document as the sample, where none takes it. */
export function componentOf(components: readonly ComponentConfig[], document: Asked, id: string): number {
  const found = components.findIndex(({ match }) => !match || match.some(condition => holds(condition, document)))
  if (found >= 0) return found
  throw new MillraceError({
    code: 'MIX_NO_COMPONENT',
    kind: 'config',
    expected: 'a component for every document',
    found: `document ${id} with ${fields.map(field => `${field} ${JSON.stringify(document[field])}`).join(', ')}`,
    where: `the rules of ${components.map(({ name }) => name).join(', ')}`,
    next: 'add a component that matches it, or close the list with one that has no conditions',
  })
}

function holds(condition: Condition, document: Asked): boolean {
  return fields.every(field => {
    const wanted = condition[field]
    if (wanted === undefined) return true
    return (typeof wanted === 'string' ? [wanted] : wanted).some(pattern => matchesGlob(pattern, document[field]))
  })
}

/** `*` is any text, `?` any one code point; everything else is itself. Linear in pattern × text, whatever the pattern. */
export function matchesGlob(pattern: string, text: string): boolean {
  const p = [...pattern]
  const t = [...text]
  let i = 0
  let star = -1
  let mark = 0
  for (let j = 0; j < t.length; ) {
    if (i < p.length && p[i] === '*') {
      star = i++
      mark = j
    } else if (i < p.length && (p[i] === '?' || p[i] === t[j])) {
      i++
      j++
    } else if (star >= 0) {
      i = star + 1
      j = ++mark
    } else return false
  }
  while (p[i] === '*') i++
  return i === p.length
}
