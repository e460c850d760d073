// Oracle: runs of words as strings in a map, no hash.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { decontaminate } from '../../../pipelines/decontaminate/index.ts'
import type { Raw } from '../../../pipelines/plan.ts'
import { type Doc, inFolder, randomId, randomOf, randomWords, run } from '../dedup/support.ts'

const random = randomOf(21)
const items = Array.from({ length: 30 }, (_, i) => ({
  question: randomWords(random, 8 + (i % 20)).join(' '),
  answer: randomWords(random, 6).join(' '),
  id: i,
}))
const textOf = (item: { question: string; answer: string }) => `${item.question} ${item.answer}`

/** Clean documents, and ones with a stretch of an item inside: 12 words are too few, 13 are enough. */
function corpus(): Doc[] {
  return Array.from({ length: 120 }, (_, i) => {
    const words = randomWords(random, 60)
    const item = textOf(items[i % items.length] as (typeof items)[number]).split(' ')
    if (i % 3 === 1) words.splice(20, 0, ...item.slice(0, 12).map(word => word.toUpperCase()))
    if (i % 3 === 2) words.splice(random(50), 0, ...item.slice(item.length - 14 - (i % 5)), '!')
    return { id: randomId(random), text: words.join(i % 2 ? ' ' : ', ') }
  })
}

async function rawOf(
  folder: string,
  name: string,
  lines: readonly unknown[],
  options: { fields?: string[]; zipped?: boolean } = {},
): Promise<Raw> {
  const key = `${name}.jsonl${options.zipped ? '.gz' : ''}`
  const bytes = Buffer.from(lines.map(line => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'))
  await writeFile(join(folder, key), options.zipped ? gzipSync(bytes) : bytes)
  return {
    source: { name, kind: 'evaluation', fields: options.fields ?? [] },
    key,
    location: join(folder, key),
    size: bytes.length,
    sha256: name,
  }
}

describe('decontaminate', () => {
  const docs = corpus()

  it.each([
    { name: 'one unit', files: 1, rows: 1000, config: {}, threads: 1 },
    { name: 'many', files: 4, rows: 9, config: { unitBytes: 1 }, threads: 3 },
  ])('drops what shares 13 words with an item and names the first: $name', async ({ files, rows, config, threads }) => {
    const known = new Map<string, { item: number; word: number }>()
    for (const [item, each] of items.entries()) {
      const words = textOf(each).split(' ')
      for (let w = 0; w + 13 <= words.length; w++) {
        const run = words.slice(w, w + 13).join(' ')
        if (!known.has(run)) known.set(run, { item, word: w })
      }
    }
    const expected = docs.flatMap(({ id, text }) => {
      const words = text
        .toLowerCase()
        .split(/[ ,!]+/)
        .filter(Boolean)
      const hits = words.flatMap((_, at) => {
        const found = known.get(words.slice(at, at + 13).join(' '))
        return found ? [{ ...found, at }] : []
      })
      return hits.length ? [{ id, set: 'quiz', ...hits[0], hits: hits.length }] : []
    })
    expect(expected.length).toBe(40)

    await inFolder(async folder => {
      const evaluation = [await rawOf(folder, 'quiz', items, { fields: ['question', 'answer'], zipped: true })]
      await run({ stage: decontaminate, docs, evaluation, files, rows, config, threads }, async (result, rowsOf) => {
        const byId = (a: { id: unknown }, b: { id: unknown }) => (String(a.id) < String(b.id) ? -1 : 1)
        const matches = (await rowsOf('matches')).map(({ file, ...match }) => match as { id: unknown })
        expect(matches.sort(byId)).toEqual([...expected].sort(byId))
        const decisions = await rowsOf('decisions')
        expect(decisions.map(row => [row.id, row.value]).sort()).toEqual(expected.map(row => [row.id, row.hits]).sort())
        for (const decision of decisions)
          expect(decision).toMatchObject({ stage: 'decontaminate', rule: 'ngram_overlap', threshold: 1, partner: null, similarity: null })
        const gone = new Set(expected.map(row => row.id))
        const kept = (await rowsOf('documents')).map(row => String(row.id)).sort()
        expect(kept).toEqual(
          docs
            .map(doc => doc.id)
            .filter(id => !gone.has(id))
            .sort(),
        )
        expect(result.counters['quiz: items']).toBe(30)
      })
    })
  })

  it('reads every string of an item where no field is named', async () => {
    await inFolder(async folder => {
      const nested = { options: ['a b c d', { more: 'e f g h' }], n: 3, tail: 'i j k l m' }
      const evaluation = [await rawOf(folder, 'nested', [nested])]
      const dirty = { id: '01'.repeat(16), text: 'so a b c d e f g h i j k l m it is' }
      await run({ stage: decontaminate, docs: [dirty], evaluation }, async (_, rowsOf) => {
        expect(await rowsOf('matches')).toMatchObject([{ set: 'nested', file: 'nested.jsonl', item: 0, word: 0, at: 1, hits: 1 }])
      })
    })
  })

  it('passes everything on without evaluation sets', async () => {
    await run({ stage: decontaminate, docs }, async (_, rowsOf) => expect(await rowsOf('documents')).toHaveLength(docs.length))
  })

  it('fails where no item could ever be found', async () => {
    await inFolder(async folder => {
      const evaluation = [await rawOf(folder, 'tiny', [{ text: 'too short' }])]
      await expect(run({ stage: decontaminate, docs, evaluation }, async () => {})).rejects.toMatchObject({ code: 'EVALUATION_EMPTY' })
    })
  })

  it.each([['{"text": '], ['[1]'], ['null']])('fails at an item that it cannot read: %s', async line => {
    await inFolder(async folder => {
      const evaluation = [await rawOf(folder, 'broken', [{ text: randomWords(random, 20).join(' ') }, line])]
      await expect(run({ stage: decontaminate, docs, evaluation }, async () => {})).rejects.toMatchObject({
        code: 'EVALUATION_ITEM',
        where: 'evaluation set broken, broken.jsonl, line 2',
      })
    })
  })
})
