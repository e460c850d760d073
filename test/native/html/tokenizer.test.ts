/** The html5lib tokenizer tests. Parse errors are not compared: the tokenizer makes none. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Content, tokens } from '../../../native/addon/html.ts'
import { data, missing, withoutAddon } from './oracle.ts'

interface Case {
  description: string
  input: string
  output: unknown[][]
  initialStates?: string[]
  lastStartTag?: string
  doubleEscaped?: boolean
}

const states: Record<string, Content> = {
  'Data state': 'data',
  'PLAINTEXT state': 'plaintext',
  'RCDATA state': 'rcdata',
  'RAWTEXT state': 'rawtext',
  'Script data state': 'script',
  'CDATA section state': 'cdata',
}

const unescaped = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value).replace(/\\\\u([0-9a-fA-F]{4})/g, (_, hex) =>
      JSON.stringify(String.fromCharCode(parseInt(hex, 16))).slice(1, -1),
    ),
  ) as T

function joined(list: unknown[][]): unknown[][] {
  const out: unknown[][] = []
  for (const token of list) {
    const last = out.at(-1)
    if (token[0] === 'Character' && last?.[0] === 'Character') last[1] = `${last[1]}${token[1]}`
    else out.push([...token])
  }
  return out
}

const folder = 'html5lib-tests/tokenizer'
const absent = missing(folder) ?? withoutAddon()
if (absent) console.log(`tokenizer tests of html5lib are skipped: ${absent}`)

describe.skipIf(absent !== undefined)('html5lib tokenizer tests', () => {
  const files = absent ? [] : readdirSync(join(data, folder)).filter(name => name.endsWith('.test'))
  // xmlViolation asks for the coercion of an XML infoset, which this parser has no use for.
  for (const file of files.filter(name => name !== 'xmlViolation.test'))
    test(file, () => {
      const { tests } = JSON.parse(readFileSync(join(data, folder, file), 'utf8')) as { tests: Case[] }
      const failures: unknown[] = []
      let run = 0
      for (const raw of tests) {
        const input = raw.doubleEscaped ? unescaped(raw.input) : raw.input
        const output = raw.doubleEscaped ? unescaped(raw.output) : raw.output
        // UTF-8 has no lone surrogates: input that holds one cannot reach the tokenizer.
        if (!input.isWellFormed()) continue
        for (const state of raw.initialStates ?? ['Data state']) {
          run++
          const found = joined(tokens(Buffer.from(input), states[state], raw.lastStartTag ?? ''))
          const expected = joined(
            output.map(token => (token[0] === 'DOCTYPE' ? [...token.slice(0, 1), token[1] ?? '', ...token.slice(2)] : token)),
          )
          if (JSON.stringify(found) !== JSON.stringify(expected))
            failures.push({ description: raw.description, input, state, expected, found })
        }
      }
      expect(failures.slice(0, 5), `${failures.length} of ${run}`).toEqual([])
    })
})
