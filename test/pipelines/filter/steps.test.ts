/** The chain: what reaches which step, what is remembered of what was dropped, and input that is no ordinary text. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { textsOf } from '../../../native/addon/text.ts'
import { BatchBuilder, f64 } from '../../../pipelines/arrow/index.ts'
import { fieldsOf, runChain } from '../../../pipelines/filter/chain.ts'
import { numberColumn } from '../../../pipelines/filter/columns.ts'
import type { Step } from '../../../pipelines/filter/step.ts'
import { documents } from '../../../pipelines/schemas.ts'
import { columnOf, type Doc, idOf, makeFolder, prose, runFilter } from './support.ts'

let folder: string
beforeAll(async () => {
  folder = await makeFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const batchOf = (texts: readonly string[]) => {
  const builder = new BatchBuilder(documents)
  for (const [i, text] of texts.entries()) builder.append({ id: idOf(String(i)), source: 's', key: String(i), kind: 'web', text, meta: {} })
  return builder.finish()
}

/** Measures lengths under a name, drops texts that hold `bad`, writes `edit` behind each that stays. */
function step(name: string, bad: string, edit = ''): Step & { saw: string[][] } {
  const saw: string[][] = []
  return {
    name,
    saw,
    fields: [{ name: `${name}_length`, type: f64(), nullable: true }],
    async run(batch) {
      const texts = Array.from({ length: batch.rows }, (_, i) => batch.column('text').text(i))
      saw.push(texts)
      const verdicts = new Map(
        texts.flatMap((text, i) => (text.includes(bad) ? [[i, { reason: `has_${bad}`, value: i, threshold: 0 }]] : [])),
      )
      return {
        verdicts,
        measured: [numberColumn(Float64Array.from(texts, text => text.length))],
        ...(edit
          ? {
              text: textsOf(texts.map((text, i) => (verdicts.has(i) ? '' : text + edit))),
              edited: texts.flatMap((_, i) => (verdicts.has(i) ? [] : [i])),
            }
          : {}),
      }
    },
  }
}

const options = { threads: 1, seed: 1, maxDocumentBytes: 100 }

describe('a chain', () => {
  it('gives each step what the earlier ones kept, as they left it, and remembers what all measured', async () => {
    const [first, second, third] = [step('a', 'x', '!'), step('b', 'y'), step('c', 'z')]
    const chained = await runChain(batchOf(['one', 'x', 'y two', 'z', 'five', 'b'.repeat(101)]), [first, second, third], options)
    expect(first.saw).toEqual([['one', 'x', 'y two', 'z', 'five']])
    expect(second.saw).toEqual([['one!', 'y two!', 'z!', 'five!']])
    expect(third.saw).toEqual([['one!', 'z!', 'five!']])
    expect([...chained.verdicts]).toEqual([
      [1, { reason: 'has_x', value: 1, threshold: 0 }],
      [2, { reason: 'has_y', value: 1, threshold: 0 }],
      [3, { reason: 'has_z', value: 1, threshold: 0 }],
    ])
    expect([...chained.refused]).toEqual([[5, { code: 'DOCUMENT_TOO_LARGE', found: 'more bytes than maxDocumentBytes' }]])
    expect(chained.measured.map(column => Array.from({ length: 6 }, (_, i) => column.value(i)))).toEqual([
      [3, 1, 5, 1, 4, null],
      [4, null, 6, 2, 5, null],
      [4, null, null, 2, 5, null],
    ])
    expect(Array.from({ length: chained.kept.rows }, (_, i) => chained.kept.column('text').text(i))).toEqual(['one!', 'five!'])
    expect(chained.edited).toBe(2)
    expect(chained.counts).toEqual([
      { step: 'a', in: 5, dropped: 1, edited: 4, refused: 0, cpuUs: expect.any(Number) },
      { step: 'b', in: 4, dropped: 1, edited: 0, refused: 0, cpuUs: expect.any(Number) },
      { step: 'c', in: 3, dropped: 1, edited: 0, refused: 0, cpuUs: expect.any(Number) },
    ])
  })

  it('lets a later step ask what earlier ones measured of the rows that are left', async () => {
    const asks: Step = {
      name: 'asks',
      fields: [],
      async run(batch, { measured }) {
        const column = measured?.column('a_length')
        expect(Array.from({ length: batch.rows }, (_, i) => column?.value(i))).toEqual([3, 4])
        expect(measured?.has('other')).toBe(false)
        expect(() => measured?.column('other')).toThrow(/no step before measures "other"/)
        return { verdicts: new Map(), measured: [] }
      },
    }
    await runChain(batchOf(['one', 'x', 'five']), [step('a', 'x'), asks], options)
  })

  it('survives a batch of which nothing is left, and one without rows', async () => {
    const chained = await runChain(batchOf(['x', 'xx']), [step('a', 'x'), step('b', 'y')], options)
    expect(chained.kept.rows).toBe(0)
    expect(chained.measured.map(column => column.value(1))).toEqual([2, null])
    expect((await runChain(batchOf([]), [step('a', 'x')], options)).measured[0]?.length).toBe(0)
  })

  it('refuses steps that measure under one name', () => {
    expect(() => fieldsOf([step('a', 'x'), step('a', 'y')], [])).toThrow(/"a_length" of a, which a has/)
    expect(() => fieldsOf([step('a', 'x')], ['a_length'])).toThrow(/which the table itself has/)
  })
})

/** Texts that break rules made for pages; each must get a verdict that has a name, or stay. */
const strange: Record<string, string> = {
  empty: '',
  'one character': 'a',
  'white space': ' \n\t\n',
  emoji: '😀🎉👩‍👩‍👧‍👦🏳️‍🌈'.repeat(300),
  'mixed scripts': 'Hello мир 世界 שלום مرحبا नमस्ते สวัสดี '.repeat(60),
  'no words': '--- *** ||| ### ... '.repeat(200),
  combining: 'e\u0301\u0302\u0303'.repeat(4000),
  'NUL and controls': '\0\x01\x02\x7f\u2028\u2029\ufeff'.repeat(50),
  'one long line': 'word '.repeat(200_000),
  'line ends': '\r\n\r\u0085\u2028'.repeat(2000),
}

describe('strange texts', () => {
  it('get a named verdict or stay, under every step that needs no file', async () => {
    const docs: Doc[] = Object.entries(strange).flatMap(([, text]) => [
      { text },
      { text, kind: 'code', type: 'python' },
      { text, kind: 'book' },
    ])
    const config = {
      language: { keep: ['en'] },
      code: {},
      pii: {},
      expressions: [{ name: 'few_words', drop: 'words < 5 || letter_share < 0.1' }],
    }
    const result = await runFilter(folder, docs, config)
    const rules = (await columnOf(result, 'decisions', 'rule')) as string[]
    expect(rules.every(rule => /^[a-z0-9_.]+$/.test(rule))).toBe(true)
    expect((await columnOf(result, 'statistics', 'rule')).filter(rule => rule !== null)).toEqual(rules)
    expect(rules.length + (await columnOf(result, 'documents', 'id')).length + result.quarantined).toBe(docs.length)
    for (const [i, name] of Object.keys(strange).entries())
      if (['empty', 'white space', 'no words', 'emoji'].includes(name)) expect(rules.length, `${name} ${i}`).toBeGreaterThan(0)
  }, 60_000)

  it('do not depend on their neighbours, their order or the number of threads', async () => {
    const docs: Doc[] = [...Object.values(strange).map(text => ({ text })), ...Array.from({ length: 7 }, (_, i) => ({ text: prose(i) }))]
    const config = { expressions: [{ name: 'shouting', drop: 'upper_share > 0.5' }], language: {} }
    const verdicts = async (order: number[], threads: number) => {
      const result = await runFilter(folder, docs, config, { order, threads })
      const [ids, rules] = [await columnOf(result, 'statistics', 'id'), await columnOf(result, 'statistics', 'rule')]
      return Object.fromEntries(ids.map((id, i) => [id, rules[i]]))
    }
    const order = docs.map((_, i) => i)
    expect(await verdicts(order.toReversed(), 3)).toEqual(await verdicts(order, 1))
  }, 60_000)

  it('of more than maxDocumentBytes are quarantined before any step: 64 MiB and one byte on one line', async () => {
    const result = await runFilter(folder, [{ text: prose() }, { text: 'x'.repeat(64 * 2 ** 20 + 1) }], { language: {} })
    expect(result.quarantined).toBe(1)
    expect(await columnOf(result, 'quarantine', 'code')).toEqual(['DOCUMENT_TOO_LARGE'])
    expect((await columnOf(result, 'statistics', 'language_score'))[1]).toBeNull()
    expect(await columnOf(result, 'documents', 'key')).toEqual(['doc-0'])
  }, 60_000)
})

describe('formulas', () => {
  const formula = String.raw`$$\frac{a_1}{b_2} = \sum_{i=0}^{n} c_i x^i + \int_0^1 f(t) \, dt$$`
  const maths = Array.from({ length: 12 }, (_, i) => `${prose(i).split('\n')[0]}\n\n${formula.replace('c_i', `c_{${i}}`)}`).join('\n\n')

  it('are a word each to the rules for prose, and stay in the text', async () => {
    expect(await columnOf(await runFilter(folder, [{ text: maths }]), 'decisions', 'rule')).toEqual(['duplicated_5_n_grams'])
    const kept = await runFilter(folder, [{ text: prose() }, { text: maths }, { text: `Home\n${maths}` }], { maths: {} })
    expect(await columnOf(kept, 'documents', 'text')).toEqual([prose(), maths, maths])
    expect(kept.counters).toMatchObject({ edited: 1 })
    expect((await columnOf(kept, 'statistics', 'maths_formulas')) as number[]).toEqual([0, 12, 12])
  })
})

describe('files that a config names', () => {
  it('of another kind, or cut short, are an error that names them', async () => {
    await writeFile(join(folder, 'model.bin'), 'not a model at all, whatever its name says')
    await expect(runFilter(folder, [{ text: prose() }], { language: { model: 'model.bin' } })).rejects.toMatchObject({
      code: 'BAD_MODEL',
      kind: 'config',
    })
    await expect(runFilter(folder, [{ text: prose() }], { language: { model: 'gone.bin' } })).rejects.toMatchObject({
      code: 'CONFIG_FILE',
      kind: 'config',
    })
  })

  it('name what the stage makes by their content and not by where they lie', async () => {
    const unit = async (path: string, source: string) => {
      await mkdir(join(folder, path), { recursive: true })
      await writeFile(join(folder, path, 'rule.mjs'), source)
      const result = await runFilter(folder, [{ text: prose() }, { text: 'x' }], { modules: [{ path: `${path}/rule.mjs` }] })
      return (await columnOf(result, 'decisions', 'unit'))[0]
    }
    const one = await unit('here', 'export default batch => batch.ids.map(() => null)')
    expect(await unit('there', 'export default batch => batch.ids.map(() => null)')).toBe(one)
    expect(await unit('there', 'export default batch => batch.ids.map(() => undefined)')).not.toBe(one)
  })
})
