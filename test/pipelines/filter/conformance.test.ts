/**
 * Our rules against datatrove 0.10.1's own filters (oracle.py), over real and hostile texts: the same verdict of each filter alone and of
 * the chain, the same text after C4, every statistic within 1e-12. Skipped, with the reason, where no Python with datatrove is at hand.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { judge, type NativeProfile, statuses, tables, textsOf } from '../../../native/addon/text.ts'
import { profiles } from '../../../pipelines/filter/profiles.ts'
import { nativeProfile } from '../../../pipelines/filter/rules.ts'

const python = process.env.MILLRACE_PYTHON ?? '.venv/bin/python'
const probe = existsSync(python) ? spawnSync(python, ['-c', 'import datatrove']) : undefined
const missing = !probe ? `no ${python}` : probe.status ? `${python} has no datatrove` : undefined
if (missing) console.warn(`filter conformance skipped: ${missing}; set MILLRACE_PYTHON to a Python with datatrove==0.10.1`)

/** xorshift: the texts must be the same in every run. */
function random(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

function readmes(limit: number): string[] {
  const found: string[] = []
  const root = 'node_modules'
  for (const name of readdirSync(root).sort()) {
    const folders = name.startsWith('@') ? readdirSync(join(root, name)).map(each => join(name, each)) : [name]
    for (const folder of folders)
      for (const file of ['README.md', 'CHANGELOG.md', 'package.json']) {
        const path = join(root, folder, file)
        if (found.length < limit && existsSync(path)) found.push(readFileSync(path, 'utf8').slice(0, 40_000).toWellFormed())
      }
  }
  return found
}

const docstrings = (limit: number): string[] => {
  const program = `import json, pkgutil, pydoc, sys
for n in sorted(sys.stdlib_module_names)[:400]:
    if n in ("antigravity", "this", "idlelib"): continue
    try: m = __import__(n)
    except BaseException: continue
    for k in sorted(vars(m)):
        d = getattr(vars(m)[k], "__doc__", None)
        if isinstance(d, str) and len(d) > 600: print(json.dumps(d))`
  const lines = spawnSync(python, ['-c', program], { maxBuffer: 2 ** 28, encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean)
  return [...new Set(lines)].slice(0, limit).map(line => (JSON.parse(line) as string).toWellFormed())
}

function mutations(texts: readonly string[], count: number): string[] {
  const next = random(7)
  const pick = <T>(list: readonly T[]): T => list[next(list.length)] as T
  const marks = [
    '...',
    '…',
    '#',
    '•',
    '-',
    '[1]',
    '[edit]',
    '[citation needed]',
    '[１２]',
    '{',
    'Javascript',
    'lorem Ipsum',
    'use cooKies',
    '\0',
    '😀',
    '。',
    '！',
    '\u0085',
    '\u2028',
    '\u00a0',
    '\r\n',
    '\v',
    '\x1c',
    '\t',
    '\n\n',
    '\n \n',
    'İ',
    'ſ',
    'é',
    '中文',
    'x'.repeat(1001),
    '"',
    "'",
    '١٢',
    'Ⅻ',
    '\u3000',
    '\ufeff',
  ]
  return Array.from({ length: count }, () => {
    const words = pick(texts).slice(0, 6000).split(' ')
    for (let n = next(40); n > 0; n--) {
      const at = next(words.length + 1)
      if (next(4) === 0) words.splice(at, 0, ...words.slice(at, at + next(30)))
      else words.splice(at, 0, next(2) ? pick(marks) : `${words[at] ?? ''}${pick(marks)}${pick(marks)}`)
    }
    return words.join(pick([' ', ' ', '\n', '  ']))
  })
}

const hostile = [
  '',
  ' ',
  '\n',
  '\n\n',
  'a',
  '.',
  '...',
  '\0',
  '\u0085',
  '\u2029\u2029',
  '😀😀😀',
  '\r\n\r\n',
  'a\n\n\nb\n\n\n',
  '\n\na\n\na',
  'a b',
  'a b c',
  ' a \n a ',
  'ab c d e f ab c d e f',
  'a bc d e f ab c d e f',
  'x '.repeat(200),
  'the cat and the dog. '.repeat(60),
  '- item\n'.repeat(50),
  '• x y z...\n'.repeat(50),
  '中文。'.repeat(100),
  '[[1]1] [1][2] [] [12 ] [edit][edit',
  'One line. Two.\n'.repeat(3),
  'line of some words.\r'.repeat(9),
  'word '.repeat(49),
  'word '.repeat(60),
  `${'word and that the '.repeat(20)}#`,
  '# '.repeat(80),
  'the words and more of that which they have to be with us here and there...\n'.repeat(9),
  'the and of it '.repeat(25_001),
  '!?'.repeat(300),
  '"Well," he said, "that is (nearly) all." '.repeat(8),
  '=+/AZaz09\n'.repeat(40),
  'é'.repeat(50),
  '\ufeffbom the and',
  'ends on newline\n',
  'ＡＢＣ １ １１ the of and',
  'ﬁ Ⓐ ⅷ ǅ ª º the of',
]

interface Oracle {
  statistics: Record<string, number | null>
  repetition: string | null
  quality: string | null
  c4: string | null
  c4_text: string
  c4_fineweb: string | null
  c4_fineweb_text: string
  fineweb: string | null
  chain: string | null
  chain_text: string
}

function oracle(texts: readonly string[]): Oracle[] {
  const ran = spawnSync(python, ['test/pipelines/filter/oracle.py'], {
    input: texts.map(text => JSON.stringify({ text })).join('\n'),
    maxBuffer: 2 ** 30,
    encoding: 'utf8',
  })
  if (ran.status !== 0) throw new Error(ran.stderr)
  return ran.stdout
    .split('\n')
    .filter(Boolean)
    .slice(1)
    .map(line => JSON.parse(line) as Oracle)
}

/** datatrove's filters one by one, out of our profiles. */
function alone(): Record<'repetition' | 'quality' | 'c4' | 'c4_fineweb' | 'fineweb' | 'chain', NativeProfile> {
  const fineweb = nativeProfile(profiles.fineweb)
  const c4 = nativeProfile(profiles.c4)
  const named = (name: string) => tables().rules.findIndex(rule => rule.name === name)
  const quality = fineweb.before.findIndex(step => step.rule === named('gopher_short_doc'))
  return {
    repetition: { before: fineweb.before.slice(0, quality), after: [] },
    quality: { before: fineweb.before.slice(quality), after: [] },
    c4: { before: [], c4: c4.c4, after: [] },
    c4_fineweb: { before: [], c4: fineweb.c4, after: [] },
    fineweb: { before: [], after: fineweb.after },
    chain: fineweb,
  }
}

test.skipIf(missing !== undefined)('verdicts, edits and statistics are datatrove’s', { timeout: 600_000 }, async () => {
  const real = [...readmes(220), ...docstrings(200)]
  const texts = [...real, ...mutations(real, 320), ...hostile]
  const expected = oracle(texts)
  expect(expected.length).toBe(texts.length)
  const { rules } = tables()
  const all = new Uint8Array(texts.length)
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const tally: Record<string, number> = {}

  for (const [name, profile] of Object.entries(alone()) as [keyof ReturnType<typeof alone>, NativeProfile][]) {
    const judged = await judge(textsOf(texts), all, [profile], { threads: 2 })
    const keptAt = new Map(Array.from(judged.kept, (row, place) => [row, place]))
    for (const [i, row] of expected.entries()) {
      const rule = judged.rule[i] as number
      const reason = rule < 0 ? null : (rules[rule]?.reason ?? `rule ${rule}`)
      const about = `${name}, text ${i}: ${JSON.stringify(texts[i]?.slice(0, 60))}`
      expect(statuses[judged.status[i] as number], about).toBe('ok')
      expect(reason, about).toBe(row[name])
      tally[`${name}:${reason}`] = (tally[`${name}:${reason}`] ?? 0) + 1
      if ((name === 'c4' || name === 'c4_fineweb' || name === 'chain') && reason === null) {
        const place = keptAt.get(i) as number
        const text = judged.text
          ? decoder.decode(judged.text.bytes.subarray(judged.text.offsets[place], judged.text.offsets[place + 1]))
          : texts[i]
        expect(text, about).toBe(row[`${name}_text`])
      }
      if (name !== 'repetition') continue
      for (const [statistic, value] of Object.entries(row.statistics)) {
        const ours = judged.statistics[statistic]?.[i]
        if (value === null) expect(ours, `${statistic}, ${about}`).toBeNaN()
        else
          expect(Math.abs((ours as number) - value), `${statistic}: ${ours} for ${value}, ${about}`).toBeLessThanOrEqual(
            1e-12 * Math.max(1, value),
          )
      }
    }
  }
  console.log(
    `filter conformance: ${texts.length} texts\n${Object.entries(tally)
      .sort()
      .map(([key, n]) => `  ${key} ${n}`)
      .join('\n')}`,
  )
})
