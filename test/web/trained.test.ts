/** The report on models that filtering trained: that labels are weak stands there, and what held-back texts said. */
import { expect, it } from 'vitest'
import { filterSection } from '../../web/report/filter-section.ts'
import type { ReportFacts, TrainedModel } from '../../web/report/types.ts'

const section = async (trained: TrainedModel[]) => {
  const step = { step: 'rules', in: 10, dropped: 1, edited: 0, refused: 0, cpuSeconds: 1.5 }
  const filter = {
    node: 'filter',
    definitions: [],
    steps: [step, { ...step, step: 'pii', cpuSeconds: null }],
    trained,
    histograms: [],
    edits: [],
  }
  return String(await filterSection({ filter } as unknown as ReportFacts)).replaceAll(/<[^>]*>/g, '')
}

it('says whose labels a classifier learnt from, and how models did', async () => {
  const classifier = { model: 'classifier', texts: 900, held: 100, right: 91, perplexity: null, perplexityOutOfOrder: null } as const
  expect(await section([{ ...classifier, labels: 'weak' }])).toMatch(
    /trained here on 900 texts with weak labels: .* Nobody looked at them.* 91\.0 % rightly/s,
  )
  const given = await section([{ ...classifier, labels: 'given' }])
  expect(given).toContain('with labels that were given')
  expect(given).not.toContain('weak')
  const fluency = {
    model: 'fluency',
    labels: null,
    texts: 700,
    held: 80,
    right: null,
    perplexity: 388,
    perplexityOutOfOrder: 1709,
  } as const
  expect(await section([fluency])).toMatch(/Perplexity of 80 texts that were held back: 388; with their words out of order: 1,709/)
  expect(await section([])).not.toContain('trained here')
})
