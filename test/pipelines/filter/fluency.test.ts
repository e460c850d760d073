import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeModel, loadModel, saveModel } from '../../../native/addon/ngram.ts'
import { type Batch, BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { fluencyFiles, fluencySchema, fluencyStep, perplexityBuckets, trainModel } from '../../../pipelines/filter/fluency.ts'
import { documents } from '../../../pipelines/schemas.ts'

const folder = mkdtempSync(join(tmpdir(), 'fluency-'))
afterAll(() => rmSync(folder, { recursive: true }))
const model = join(folder, 'model.bin')
const arpa = join(folder, 'model.arpa')
let sha256: string

interface Row {
  text: string
  kind?: string
}

function batch(rows: readonly Row[]): Batch {
  const builder = new BatchBuilder(documents)
  for (const [i, row] of rows.entries())
    builder.append({ id: String(i).padStart(32, '0'), source: 's', key: `k${i}`, kind: 'web', meta: {}, ...row })
  return builder.finish()
}

/** Sentences of a small grammar: who does what where, with words of very different frequency. */
function sentences(count: number): string[] {
  let state = 1
  const next = (below: number) => {
    state = (state * 48271) % 2147483647
    return Math.floor((state / 2147483647) ** 2 * below)
  }
  return Array.from({ length: count }, () => {
    const [who, what, whom, place] = [
      `Person${'abcdefghij'[next(10)]}${next(40)}`,
      `sees${next(25)}x`,
      `thing${next(300)}y`,
      `place${next(60)}z`,
    ]
    return next(3) ? `The ${who} ${what} a ${whom} in ${place}.` : `In ${place} the ${who} ${what} no ${whom}!`
  })
}

const prose = sentences(3000)
const rows: Row[] = Array.from({ length: 30 }, (_, i) => ({ text: prose.slice(i * 100, i * 100 + 100).join(i % 2 ? '\n' : ' ') }))

beforeAll(async () => {
  await trainModel([batch(rows)], { scratch: folder, binary: model, arpa, prune: [0], fallback: true })
  sha256 = createHash('sha256').update(readFileSync(model)).digest('hex')
})

const config = (fields: object = {}) => fluencySchema.parse({ model, ...fields })
async function run(fields: object, given: readonly Row[], options = { threads: 2, seed: 0 }) {
  const { verdicts, measured } = await fluencyStep(config(fields), sha256).run(batch(given), options)
  return { verdicts, values: measured.map(column => given.map((_, i) => column.value(i))) }
}

const fluent = sentences(3040).slice(3000).join(' ')
const broken = fluent.split(' ').reverse().join(' ')
const unknown = 'qwe rty uio '.repeat(20)

describe('fluency', () => {
  it('measures and drops nothing by default', async () => {
    const { verdicts, values } = await run({}, [{ text: fluent }, { text: broken }, { text: unknown }, { text: '' }])
    const [perplexity, oov] = values as [number[], number[]]
    expect(verdicts.size).toBe(0)
    expect(perplexity[1]).toBeGreaterThan((perplexity[0] as number) * 5)
    expect(oov[0]).toBeLessThan(0.05)
    expect(oov[2]).toBe(1)
    expect([perplexity[3], oov[3]]).toEqual([null, null])
  })

  it('drops what surprises the model, with value and threshold', async () => {
    const { verdicts, values } = await run({ maxPerplexity: 40 }, [{ text: fluent }, { text: broken }])
    expect([...verdicts]).toEqual([[1, { reason: 'fluency_perplexity', value: values[0]?.[1], threshold: 40 }]])
  })

  it('drops what the model has no words for', async () => {
    const { verdicts } = await run({ maxUnknown: 0.5 }, [{ text: fluent }, { text: unknown }])
    expect([...verdicts.values()]).toEqual([{ reason: 'fluency_unknown', value: 1, threshold: 0.5 }])
  })

  it('spares code and short texts', async () => {
    const { verdicts, values } = await run({ maxPerplexity: 1.5 }, [{ text: fluent, kind: 'code' }, { text: 'zyx wvu' }])
    expect(verdicts.size).toBe(0)
    expect(values[0]?.every(value => (value as number) > 1.5)).toBe(true)
  })

  it('does not care for case, digits, line breaks, threads or the order of rows', async () => {
    const given = [{ text: fluent }, { text: fluent.toUpperCase() }, { text: fluent.replaceAll('. ', '.\n\n') }, { text: broken }]
    const one = await run({}, given, { threads: 1, seed: 0 })
    const other = await run({}, given.toReversed(), { threads: 4, seed: 7 })
    expect(one.values).toEqual(other.values.map(column => column.toReversed()))
    expect(new Set(one.values[0]?.slice(0, 3)).size).toBe(1)
  })

  it('names buckets', async () => {
    const { values } = await run({ buckets: { head: 60, middle: 2000 } }, [
      { text: fluent },
      { text: broken },
      { text: unknown },
      { text: ' ' },
    ])
    expect(values[3]?.[0]).toBe('head')
    expect(values[3]?.[3]).toBe(null)
    expect(perplexityBuckets([5, 1, 4, Number.NaN, 2, 3, 10, 9, 8, 7, 6])).toEqual({ head: 3, middle: 6 })
    expect(perplexityBuckets([Number.NaN])).toBeUndefined()
    expect(fluencySchema.safeParse({ model, buckets: { head: 2, middle: 1 } }).success).toBe(false)
  })

  it('reads a model in ARPA alike, compressed or not', async () => {
    const given = [{ text: fluent }, { text: broken }]
    const ours = await run({}, given)
    const { measured } = await fluencyStep(config({ model: arpa })).run(batch(given), { threads: 1, seed: 0 })
    expect(measured.map(column => given.map((_, i) => column.value(i)))).toEqual(ours.values)
    await saveModel(await loadModel(arpa), join(folder, 'again.bin'))
    expect(readFileSync(join(folder, 'again.bin')).equals(readFileSync(model))).toBe(true)
  })

  it('says what is wrong with a model', async () => {
    const step = (path: string, digest?: string) => fluencyStep(config({ model: path }), digest).run(batch(rows), { threads: 1, seed: 0 })
    await expect(step(join(folder, 'absent'))).rejects.toMatchObject({ code: 'MODEL_FILE' })
    await expect(step(model, '0'.repeat(64))).rejects.toMatchObject({ code: 'MODEL_CHANGED' })
    const cut = join(folder, 'cut.bin')
    writeFileSync(cut, readFileSync(model).subarray(0, 5000))
    await expect(step(cut)).rejects.toMatchObject({ code: 'BAD_MODEL', found: expect.stringContaining('cut short') })
    const bad = join(folder, 'bad.arpa')
    writeFileSync(bad, readFileSync(arpa, 'utf8').replace('ngram 1=', 'ngram 1=x'))
    await expect(step(bad)).rejects.toMatchObject({ code: 'BAD_MODEL', expected: 'a count at line 3' })
    expect(fluencyFiles(config())).toEqual([{ place: 'fluency.model', path: model }])
  })
})

describe('training', () => {
  it('gives the same bytes in any memory and in any batches, and says what it did', async () => {
    const again = join(folder, 'small.arpa')
    const report = await trainModel(
      rows.map(row => batch([row])),
      { scratch: folder, arpa: again, prune: [0], fallback: true, maxMemory: 2 ** 20 },
    )
    expect(readFileSync(again).equals(readFileSync(arpa))).toBe(true)
    expect(report.sentences).toBe(3000)
    expect(report.orders).toHaveLength(5)
    const description = describeModel(await loadModel(model))
    expect(description).toMatchObject({
      order: 5,
      words: 'simple',
      vocabulary: report.vocabulary,
      counts: report.orders.map(order => order.count),
    })
    expect(readdirSync(folder).filter(name => name.startsWith('ngram-'))).toEqual([])
  })

  it('leaves out kinds that are not prose', async () => {
    const path = join(folder, 'prose.arpa')
    await trainModel([batch([...rows, { text: 'secret_word', kind: 'code' }])], { scratch: folder, arpa: path, prune: [0], fallback: true })
    expect(readFileSync(path).equals(readFileSync(arpa))).toBe(true)
  })

  it('refuses too little text and too little memory, and leaves no file', async () => {
    const path = join(folder, 'none.bin')
    await expect(trainModel([batch([{ text: 'a b' }])], { scratch: folder, binary: path })).rejects.toMatchObject({
      code: 'TOO_LITTLE_TEXT',
    })
    await expect(trainModel([], { scratch: folder, binary: path })).rejects.toMatchObject({ code: 'TOO_LITTLE_TEXT' })
    const many = Array.from({ length: 30_000 }, (_, i) => `w${(i * 7919).toString(36)}`.replaceAll(/\d/g, 'q')).join(' ')
    await expect(
      trainModel([batch([{ text: many }])], { scratch: folder, binary: path, fallback: true, maxMemory: 2 ** 20 }),
    ).rejects.toMatchObject({ code: 'MODEL_MEMORY', next: expect.stringContaining('give more memory') })
    expect(existsSync(path)).toBe(false)
  })
})
