/** Encoded sequences against the published expressions, run by JavaScript's engine over made texts. */
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { measureCode } from '../../../native/addon/code.ts'
import { textsOf } from '../../../native/addon/text.ts'

const built = existsSync(process.env.MILLRACE_ADDON ?? 'build/addon/millrace.node')

/** StarCoder2's (arXiv 2402.19173, section 3). */
const expressions = [/[a-zA-Z0-9+/\n=]{64,}/g, /(?:\b(?:0x|\\x)?[0-9a-fA-F]{2}(?:,|\b[ \t\n\v\f\r]*)){8,}/g, /(?:\\u[0-9a-fA-F]{4}){8,}/g]

const pieces = [
  '0x1f,',
  '\\xab',
  '3c ',
  'ff,',
  '  ',
  '\n',
  '\\u00e9',
  '\\u12',
  'QUJD',
  'zz',
  '9',
  '+/=',
  '"',
  'abcdefabcdefabcd',
  'x',
  '\\',
  ', ',
]

describe.skipIf(!built)('encoded sequences', () => {
  test('are what the expressions find', async () => {
    let seed = 7
    const random = (below: number) => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % 65521) % below
    const texts = Array.from({ length: 5000 }, () => {
      // A few pieces many times over, so that runs get long enough.
      const chosen = Array.from({ length: 1 + random(4) }, () => pieces[random(pieces.length)] as string)
      return Array.from({ length: 60 }, () => (random(30) === 0 ? pieces[random(pieces.length)] : chosen[random(chosen.length)])).join('')
    })
    const { code_encoded_run, code_encoded_share } = await measureCode(textsOf(texts), new Uint8Array(texts.length).fill(1))
    let found = 0
    for (const [i, text] of texts.entries()) {
      const lengths = expressions.flatMap(expression => [...text.matchAll(expression)].map(match => match[0].length))
      expect(code_encoded_run[i], JSON.stringify(text)).toBe(Math.max(0, ...lengths))
      expect(code_encoded_share[i], JSON.stringify(text)).toBeCloseTo(lengths.reduce((sum, length) => sum + length, 0) / text.length, 12)
      if (lengths.length) found++
    }
    expect(found).toBeGreaterThan(1000)
  })
})
