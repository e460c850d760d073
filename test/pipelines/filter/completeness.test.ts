import { describe, expect, it } from 'vitest'
import { completenessNames } from '../../../native/addon/completeness.ts'
import { BatchBuilder } from '../../../pipelines/arrow/index.ts'
import { ordinary } from '../../../pipelines/canary.ts'
import { completenessSchema, completenessStep } from '../../../pipelines/filter/completeness.ts'
import { documents } from '../../../pipelines/schemas.ts'

interface Row {
  text: string
  kind?: string
}

async function run(fields: object, given: readonly Row[]) {
  const builder = new BatchBuilder(documents)
  for (const [i, row] of given.entries())
    builder.append({ id: String(i).padStart(32, '0'), source: 's', key: `k${i}`, kind: 'web', meta: {}, ...row })
  const step = completenessStep(completenessSchema.parse(fields))
  const { verdicts, measured } = await step.run(builder.finish(), { threads: 2, seed: 0 })
  return { reasons: given.map((_, i) => verdicts.get(i)?.reason), verdicts, measured, step }
}

const links = Array.from({ length: 12 }, (_, i) => `- [Story ${i}](https://example.org/${i})`).join('\n')
const whole = 'The minister left the city. Nobody knew why he did.'

/** Reason -> config that asks it, and texts that it drops. */
const vectors: Record<string, { config: object; texts: string[] }> = {
  incomplete_truncated: {
    config: {},
    texts: [
      `${whole} He had said that [...]`,
      `${whole} He had… [Read more](/a)`,
      `${whole}\n\nHe had said to everyone who asked that he would\n\nContinue reading`,
    ],
  },
  incomplete_links: {
    config: {},
    texts: [links, `${links}\n${links}`, links.replaceAll('- ', '* ').replaceAll('](', ' »](')],
  },
  incomplete_boilerplate: {
    config: {},
    texts: [
      'We use cookies to make this page better.\nAccept all cookies\nPrivacy policy',
      'Log in\nSubscribe\nMenu\nAll rights reserved.',
      'Skip to main content\nAlready have an account? Log in to go on.\nForgot password?\nTerms of service',
    ],
  },
  incomplete_link_bytes: {
    config: { linkBytes: 0.5 },
    texts: ['See [this](https://example.org/a-long-address).', 'At https://example.org/a/long/address now.', `Stories\n${links}`],
  },
  incomplete_fragments: {
    config: { fragmentLines: 0.8 },
    texts: ['Red shoes\n20 Euro\nIn stock', 'One\nTwo\nThree', 'A B\n\nC D\n\nE F\n\nG H\n\nA sentence of some words.'],
  },
  incomplete_end: {
    config: { cutEnd: true },
    texts: [
      `${whole} Then he went to the sea, to the mountains and`,
      'one two three four five six seven eight',
      'He said to her: “I will be back before the',
    ],
  },
  incomplete_start: { config: { cutStart: true }, texts: ['and then he left the city.', '... then he left.', ', he said.'] },
  incomplete_fence: { config: { openFence: true }, texts: ['Text.\n```\ncode', '~~~\ncode', 'Text.\n$$\nx'] },
  incomplete_brackets: { config: { openBrackets: 2 }, texts: ['a ((b', '(a [b', '{ { {'] },
}

describe('completeness', () => {
  it('drops nothing of whole texts, and code never', async () => {
    const { reasons } = await run({}, [
      { text: whole },
      ...ordinary.map(text => ({ text })),
      { text: `${whole} [...]`, kind: 'code' },
      { text: '' },
    ])
    expect(reasons.every(reason => reason === undefined)).toBe(true)
  })

  for (const [reason, { config, texts }] of Object.entries(vectors))
    it(`says ${reason}`, async () => {
      const { reasons, verdicts } = await run(
        config,
        [...texts, whole].map(text => ({ text })),
      )
      expect(reasons).toEqual([...texts.map(() => reason), undefined])
      for (const { value, threshold } of verdicts.values()) expect(value).toBeGreaterThanOrEqual(threshold)
    })

  it('measures without judging where rules are off', async () => {
    const off = { truncatedMark: null, linkLines: null, boilerplateLines: null }
    const texts = Object.values(vectors).flatMap(each => each.texts)
    const { verdicts, measured, step } = await run(
      off,
      [...texts, ''].map(text => ({ text })),
    )
    expect(verdicts.size).toBe(0)
    expect(step.fields.map(field => field.name)).toEqual([...completenessNames])
    expect(measured.map(column => column.value(texts.length))).toEqual(completenessNames.map(() => null))
    expect(measured.every(column => column.value(0) !== null)).toBe(true)
  })

  it('does not take a short list for a list of links', async () => {
    expect((await run({}, [{ text: links.split('\n').slice(0, 5).join('\n') }])).reasons).toEqual([undefined])
  })
})
