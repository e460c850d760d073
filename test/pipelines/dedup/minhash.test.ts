// Oracle: datatrove's signatures in numpy (candidates.py), for which documents share a band and which components they form.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { dedup } from '../../../pipelines/dedup/index.ts'
import { type Doc, planted, randomId, randomOf, run } from './support.ts'

const python = process.env.MILLRACE_PYTHON ?? fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url))
const script = fileURLToPath(new URL('candidates.py', import.meta.url))

function whyMissing(): string | undefined {
  if (!existsSync(python)) return `no Python at ${python}: set MILLRACE_PYTHON`
  const probe = spawnSync(python, ['-c', 'import numpy, xxhash, regex'], { encoding: 'utf8' })
  return probe.status === 0 ? undefined : `${python} lacks numpy, xxhash or regex (test/requirements.txt)`
}
const missing = whyMissing()
if (missing) console.warn(`skipped: candidates as datatrove finds them: ${missing}`)

/** Planted families, and the same with what normalisation must see through. */
function corpus(): Doc[] {
  const docs = planted(11, 25)
  const random = randomOf(12)
  const dressed = docs.slice(0, 60).map(({ text }) => ({
    id: randomId(random),
    text: text
      .split(' ')
      .map((word, i) =>
        i % 7 === 0
          ? `${word.toUpperCase()},`
          : i % 11 === 0
            ? `“${word}”`
            : i % 13 === 0
              ? `${i},5`
              : i % 17 === 0
                ? `café\u0301${word}`
                : word,
      )
      .join(random(2) ? '\n' : '  '),
  }))
  return [...docs, ...dressed, ...dressed.map(doc => ({ id: randomId(random), text: doc.text.normalize('NFD').replaceAll(',5', '.75') }))]
}

it.skipIf(missing)(
  'finds the candidates that datatrove finds',
  async () => {
    const docs = corpus()
    expect(docs.length).toBeGreaterThan(200)
    const answer = spawnSync(python, [script], {
      input: docs.map(doc => JSON.stringify(doc.text)).join('\n'),
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    })
    expect(answer.stderr).toBe('')
    const theirs = JSON.parse(answer.stdout) as [number, number][]
    expect(theirs.length).toBeGreaterThan(100)

    await run({ stage: dedup, docs, config: { exact: false, partitions: 3, unitBytes: 30_000 }, files: 2, rows: 50 }, async (_, rowsOf) => {
      const at = new Map(docs.map((doc, i) => [doc.id, i]))
      const buckets = new Map<string, number[]>()
      for (const { id, bands } of await rowsOf('sign.signatures'))
        for (const key of bands as bigint[]) buckets.set(String(key), [...(buckets.get(String(key)) ?? []), at.get(String(id)) as number])
      const ours = new Set([...buckets.values()].flatMap(members => members.flatMap(x => members.filter(y => x < y).map(y => `${x},${y}`))))
      expect([...ours].sort()).toEqual(theirs.map(([x, y]) => `${x},${y}`).sort())

      const component = docs.map((_, i) => i)
      for (let changed = true; changed; ) {
        changed = false
        for (const [x, y] of theirs) {
          const name = Math.min(component[x] as number, component[y] as number)
          if (component[x] !== name || component[y] !== name) changed = true
          component[x] = component[y] = name
        }
      }
      const groups = (of: Map<string, string>) =>
        [...Map.groupBy(of, ([, name]) => name).values()]
          .map(group =>
            group
              .map(([id]) => id)
              .sort()
              .join(),
          )
          .sort()
      const paired = new Set(theirs.flat())
      const expected = new Map(docs.flatMap((doc, i) => (paired.has(i) ? [[doc.id, String(component[i])] as const] : [])))
      const found = new Map((await rowsOf('connect.components')).map(row => [String(row.id), String(row.component)]))
      expect(groups(found)).toEqual(groups(expected))
    })
  },
  120_000,
)
