/**
 * Canonical encoding: one byte string for one value, on any machine and in any release. Every key and fingerprint is a hash of it.
 *
 * A value without a stable form (a function, a class instance, a NaN) is refused: a silent fallback would fork identities from run to run.
 */
import { createHash } from 'node:crypto'

export class IdentityError extends Error {
  readonly code = 'IDENTITY'
  constructor(where: string, found: string) {
    super(
      `${where || 'value'}: expected a plain JSON value, found ${found}. Only strings, finite numbers, booleans, null, arrays and plain objects have a stable identity.`,
    )
    this.name = 'IdentityError'
  }
}

/** Deeper is refused: no config is, and a cycle would never end. */
const maxDepth = 200

/**
 * JSON with sorted keys and no white space; strings and keys in NFC. `undefined` members are left out, as in JSON; a bigint is its digits
 * and an `n`, without quotes. Throws IdentityError for anything else, naming the path inside the value.
 */
export function canonical(value: unknown, where = '', depth = 0): string {
  if (depth > maxDepth) throw new IdentityError(where.slice(0, 80), `a value that is nested more than ${maxDepth} deep`)
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return JSON.stringify(value.normalize('NFC'))
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new IdentityError(where, String(value))
    return JSON.stringify(value)
  }
  if (typeof value === 'bigint') return `${value}n`
  if (Array.isArray(value)) return `[${Array.from(value, (item, i) => canonical(item, `${where}[${i}]`, depth + 1)).join(',')}]`
  if (typeof value === 'object') {
    const prototype = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null)
      throw new IdentityError(where, `an instance of ${value.constructor?.name ?? 'a class'}`)
    if (Object.getOwnPropertySymbols(value).length) throw new IdentityError(where, 'a member named by a symbol')
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key.normalize('NFC'), member] as const)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    const twin = members.find(([key], i) => key === members[i + 1]?.[0])
    if (twin) throw new IdentityError(where, `two members that are one name in NFC: ${JSON.stringify(twin[0])}`)
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member, where ? `${where}.${key}` : key, depth + 1)}`).join(',')}}`
  }
  throw new IdentityError(where, typeof value)
}

/** sha256 of the canonical form, in hexadecimal, cut to `digits`. */
export const digestOf = (value: unknown, digits = 64): string =>
  createHash('sha256').update(canonical(value)).digest('hex').slice(0, digits)

/** Names an artifact before it runs: 16 hex digits over stage, revision, parsed config and the parents' fingerprints. */
export function fingerprint(identity: {
  stage: string
  revision: number
  config: unknown
  parents: Record<string, readonly string[]>
}): string {
  return digestOf(identity, 16)
}

/** Names a unit's work wherever it recurs: 32 hex digits over the operation and the content of what it reads. */
export function unitKey(identity: {
  stage: string
  operation: string
  revision: number
  config: unknown
  seed: number
  partition: number | undefined
  inputs: readonly { role: string; content: string }[]
  sides: readonly { role: string; content: string }[]
  epoch?: number | undefined
}): string {
  return digestOf(identity, 32)
}

/** A uniform number in [0, 1) from a key: for cutting and sampling that must not depend on order. */
export function fractionOf(key: string): number {
  return createHash('sha256').update(key).digest().readUIntBE(0, 6) / 2 ** 48
}
