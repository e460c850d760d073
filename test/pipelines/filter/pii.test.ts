import { expect, it } from 'vitest'
import { seededHash } from '../../../native/addon/hash.ts'
import { BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { piiSchema, piiStep } from '../../../pipelines/filter/pii.ts'
import { documents } from '../../../pipelines/schemas.ts'

interface Doc {
  text: string
  kind?: string
}

async function run(config: object, docs: readonly Doc[], { threads = 1, seed = 1 } = {}) {
  const step = piiStep(piiSchema.parse(config))
  if (!step) throw new Error('expected a step, found none')
  const builder = new BatchBuilder(documents)
  for (const [i, doc] of docs.entries())
    builder.append({ kind: 'web', ...doc, id: i.toString(16).padStart(32, '0'), source: 'test', key: String(i), meta: {} })
  const batch = builder.finish()
  const { verdicts, measured, text, edited = [] } = await step.run(batch, { threads, seed })
  const texts = docs.map(({ text: before }, i) =>
    text ? Buffer.from(text.bytes.subarray(text.offsets[i], text.offsets[i + 1])).toString() : before,
  )
  const columns = Object.fromEntries(step.fields.map(({ name }, i) => [name, docs.map((_, row) => measured[i]?.value(row))]))
  return { texts, edited, columns, verdicts: Object.fromEntries(verdicts), ids: batch.column('id').data as Uint8Array }
}

const token = `ghp_${'q7Xk2mZp9Lw4Rt8Vb3Nc6Hy1Jf5Gd0Sa7Uo2'}`
const docs: Doc[] = [
  { text: 'Write to jo@uni.edu from 93.184.216.34.' },
  { text: `// jo@uni.edu\nconst host = '93.184.216.34', token = '${token}'\n`, kind: 'code' },
  { text: 'Nothing here.' },
]

it('replaces emails, addresses in prose and keys in code', async () => {
  const { texts, edited, columns, verdicts } = await run({}, docs)
  expect(texts).toEqual([
    'Write to email@example.com from 192.0.2.1.',
    "// email@example.com\nconst host = '93.184.216.34', token = '<KEY>'\n",
    'Nothing here.',
  ])
  expect(edited).toEqual([0, 1])
  expect(verdicts).toEqual({})
  expect(columns).toEqual({ pii_emails: [1, 1, 0], pii_ips: [1, 1, 0], pii_secrets: [null, 1, null] })
})

it('finds nothing in what it replaced', async () => {
  const all = { emails: 'replace', ips: 'replace', phones: 'replace', cards: 'replace', secrets: 'replace' }
  const once = await run({ prose: all }, [{ text: `jo@uni.edu 93.184.216.34 (212) 555-0123 4111 1111 1111 1111 ${token}` }])
  expect(once.texts).toEqual(['email@example.com 192.0.2.1 555-0100 <CARD> <KEY>'])
  expect((await run({ prose: all }, [{ text: once.texts[0] as string }])).edited).toEqual([])
})

it('drops by kind and by number', async () => {
  expect((await run({ prose: { emails: 'drop' }, most: 1, code: { secrets: 'count' } }, docs)).verdicts).toEqual({
    0: { reason: 'pii_many', value: 2, threshold: 1 },
    1: { reason: 'pii_many', value: 3, threshold: 1 },
  })
  expect((await run({ prose: { emails: 'drop' } }, docs)).verdicts).toEqual({ 0: { reason: 'pii_emails', value: 1, threshold: 0 } })
  const six = 'a@b.co '.repeat(6)
  const dolma = await run({ definition: 'dolma-1.5' }, [{ text: `${six}\n` }, { text: `${six.slice(7)}\n` }])
  expect(dolma.verdicts).toEqual({ 0: { reason: 'pii_many', value: 6, threshold: 5 } })
  // Two blanks behind the last one: of a mark and white space both are taken.
  expect(dolma.texts[1]).toBe(' |||EMAIL_ADDRESS||| '.repeat(5))
  expect((await run({ definition: 'dolma-1.5', most: null }, [{ text: `${six}\n` }])).verdicts).toEqual({})
})

it('takes turns from the hash of the document id, whatever the order and the threads', async () => {
  const many = Array.from({ length: 40 }, (_, i) => ({ text: `a${i}@b.co and 8.8.8.8` }))
  const { texts, ids } = await run({ definition: 'datatrove@0.10' }, many)
  const starts = seededHash(1, ids, 'pii')
  const [emails, ips] = [
    ['email@example.com', 'firstname.lastname@example.org'],
    ['22.214.171.124', '126.96.36.199', '188.8.131.52', '184.108.40.206', '220.127.116.11', '18.104.22.168'],
  ]
  expect(texts).toEqual(
    many.map((_, i) => `${emails?.[Number((starts[i] as bigint) % 2n)]} and ${ips?.[Number((starts[i] as bigint) % 6n)]}`),
  )
  expect((await run({ definition: 'datatrove@0.10' }, many, { threads: 3 })).texts).toEqual(texts)
  expect((await run({ definition: 'datatrove@0.10' }, many, { seed: 2 })).texts).not.toEqual(texts)
})

it('refuses kinds that a definition has not, and is off where all are', () => {
  expect(() => piiSchema.parse({ definition: 'datatrove@0.10', prose: { phones: 'count' } })).toThrow('emails, ips alone')
  expect(() => piiSchema.parse({ prose: { names: 'replace' } })).toThrow()
  const off = { emails: 'off', ips: 'off', secrets: 'off' }
  expect(piiStep(piiSchema.parse({ prose: off, code: off }))).toBeUndefined()
})
