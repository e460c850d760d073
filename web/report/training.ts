/** Training: the curves, the decisions, what the mixture was, and what evaluations found. One row a step, whatever the corpus. */

import { placeOf } from '../../activities/close-run.ts'
import { type MixtureLog, unskipped } from '../../pipelines/loader/index.ts'
import { countersOf, type Step } from './nodes.ts'
import type { Reading } from './read.ts'
import type { Decision, Evaluation, EvaluationFigures, PhaseFacts, Point, TrainingFacts } from './types.ts'

const mostPoints = 400

type Curves = Omit<TrainingFacts, 'checkpoint' | 'tokenizer' | 'generated' | 'notGenerated' | 'parameters' | 'vocabulary' | 'growth'>

export async function trainingOf(
  reading: Reading,
  corpus: readonly Step[],
  training: readonly Step[],
): Promise<Omit<TrainingFacts, 'generated' | 'notGenerated'> | null> {
  if (!training.some(step => step.manifest)) return null
  const curves = await curvesOf(reading, training)
  const last = training.findLast(({ manifest }) => manifest?.roles.weights)
  const weights = last?.manifest?.roles.weights?.[0]
  const tokenizer = corpus.findLast(({ manifest }) => manifest?.roles.file)?.manifest
  const file = tokenizer?.roles.file?.[0]
  const growth = growthOf(training)
  return {
    parameters: growth.at(-1)?.parameters ?? parametersOf(training.find(step => step.node.stage === 'initialize')) ?? 0,
    vocabulary: countersOf(tokenizer).get('vocabulary') ?? 0,
    ...curves,
    growth,
    checkpoint:
      last && weights
        ? {
            node: last.node.id,
            path: placeOf(reading.store, weights.location),
            sha256: weights.sha256,
            content: weights.content,
            bytes: weights.bytes,
          }
        : null,
    tokenizer: file ? { path: placeOf(reading.store, file.location), content: file.content } : null,
  }
}

const parametersOf = (step: Step | undefined): number | undefined => countersOf(step?.manifest).get('parameters')

/** Steps of the whole run that are done when a node of training begins, found over what it was made from. */
function growthOf(training: readonly Step[]): TrainingFacts['growth'] {
  const growth: TrainingFacts['growth'] = []
  let step = 0
  for (const each of training) {
    if (each.node.stage === 'train') step = segmentOf(each).to
    if (each.node.stage !== 'grow' || !each.manifest) continue
    growth.push({ step, factor: Number((each.node.config as { factor: number }).factor), parameters: parametersOf(each) ?? 0 })
  }
  return growth
}

interface Segment {
  phase: string
  rowLength: number
  from: number
  to: number
}

function segmentOf({ node }: Step): Segment {
  const config = node.config as { phase: { name: string; rowLength: number }; firstStep: number; fromStep: number; toStep: number }
  const { phase, firstStep, fromStep, toStep } = config
  return { phase: phase.name, rowLength: phase.rowLength, from: firstStep + fromStep, to: firstStep + toStep }
}

const figures = ['loss', 'learningRate', 'gradientNorm', 'meanExperts', 'balanceLoss', 'maxBias'] as const
type Row = Record<(typeof figures)[number] | 'step' | 'tokens', number> & { applied: boolean }

async function curvesOf(reading: Reading, training: readonly Step[]): Promise<Curves> {
  const rows: Row[] = []
  const phases: PhaseFacts[] = []
  let tokens = 0
  for (const step of training) {
    if (!step.manifest?.roles.metrics) continue
    const segment = segmentOf(step)
    let phase = phases.at(-1)
    if (phase?.name !== segment.phase) {
      const { phase: name, from: fromStep, to: toStep, rowLength } = segment
      phase = { name, fromStep, toStep, rowLength, tokens: 0, firstLoss: null, lastLoss: null, skippedUpdates: 0 }
      phases.push(phase)
    }
    phase.toStep = segment.to
    for await (const batch of reading.table(step.manifest.roles.metrics)) {
      const number = (name: string, i: number) => batch.column(name).number(i)
      for (let i = 0; i < batch.rows; i++) {
        tokens += number('tokens', i)
        phase.tokens += number('tokens', i)
        const values = Object.fromEntries(figures.map(name => [name, number(name, i)])) as Record<(typeof figures)[number], number>
        const applied = number('applied', i) === 1
        rows.push({ step: number('step', i) + 1, tokens, ...values, applied })
        if (!applied) phase.skippedUpdates++
        phase.firstLoss ??= finite(values.loss)
        phase.lastLoss = finite(values.loss) ?? phase.lastLoss
      }
    }
  }
  const every = Math.max(1, Math.ceil(rows.length / mostPoints))
  const points: Point[] = []
  for (let at = 0; at < rows.length; at += every) points.push(pointOf(rows.slice(at, at + every)))
  return {
    steps: rows.length,
    tokens,
    every,
    points,
    phases,
    decisions: await decisionsOf(reading, training),
    mixture: await mixtureOf(reading, training),
    evaluations: await evaluationsOf(reading, training),
  }
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

function pointOf(rows: readonly Row[]): Point {
  const last = rows.at(-1) as Row
  const mean = (name: (typeof figures)[number]) => {
    const values = rows.map(row => row[name]).filter(Number.isFinite)
    return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null
  }
  return {
    step: last.step,
    tokens: last.tokens,
    loss: mean('loss'),
    learningRate: last.learningRate,
    gradientNorm: mean('gradientNorm'),
    meanExperts: mean('meanExperts'),
    balanceLoss: mean('balanceLoss'),
    maxBias: mean('maxBias'),
  }
}

async function decisionsOf(reading: Reading, training: readonly Step[]): Promise<Decision[]> {
  const decisions: Decision[] = []
  for (const { node, manifest } of training) {
    const text = await reading.text(manifest, 'decision')
    if (text === undefined) continue
    const found = JSON.parse(text) as {
      phase: string
      step: number
      verdict: string
      reason: string
      share?: { components: string[]; before: number; after: number }
      guard: { component: string; lossPerToken: number; bound?: number; allows: boolean }[]
    }
    const { firstStep } = node.config as { firstStep: number }
    decisions.push({
      node: node.id,
      phase: found.phase,
      step: firstStep + found.step,
      verdict: found.verdict,
      reason: found.reason,
      share: found.share ? { components: found.share.components, before: found.share.before, after: found.share.after } : null,
      guard: found.guard.map(({ component, lossPerToken, bound, allows }) => ({ component, lossPerToken, bound: bound ?? null, allows })),
    })
  }
  return decisions
}

/** From the last log: every entry of weights, at the step of the segment that first read by it. */
async function mixtureOf(reading: Reading, training: readonly Step[]): Promise<TrainingFacts['mixture']> {
  const text = await reading.text(training.findLast(({ manifest }) => manifest?.roles.log)?.manifest, 'log')
  if (text === undefined) return []
  const log = JSON.parse(text) as MixtureLog
  let rows = 1
  let [step, position] = [0, 0]
  const mixture: TrainingFacts['mixture'] = []
  for (const entry of log) {
    step += unskipped(log, position, entry.at) / rows
    position = entry.at
    if (entry.kind === 'batch') rows = entry.rows
    if (entry.kind !== 'weights') continue
    const total = Object.values(entry.weights).reduce((sum, weight) => sum + weight, 0)
    const shares = Object.fromEntries(Object.entries(entry.weights).map(([name, weight]) => [name, weight / total]))
    mixture.push({ step: Math.round(step), phase: entry.phase, shares, reason: entry.reason })
  }
  return mixture
}

interface Sums {
  component: string
  domain: string
  documents: number
  targets: number
  bytes: number
  lossSum: number
  unigramLossSum: number
  expertMean: number
  expertStd: number
}

async function evaluationsOf(reading: Reading, training: readonly Step[]): Promise<Evaluation[]> {
  const segments = new Map(training.filter(step => step.node.stage === 'train').map(step => [step.node.fingerprint, segmentOf(step)]))
  const evaluations: Evaluation[] = []
  for (const { node, manifest } of training) {
    if (!manifest?.roles.evaluation) continue
    const rows: Sums[] = []
    for await (const batch of reading.table(manifest.roles.evaluation)) {
      const number = (name: string, i: number) => batch.column(name).number(i)
      for (let i = 0; i < batch.rows; i++)
        rows.push({
          component: batch.column('component').text(i),
          domain: batch.column('domain').text(i),
          documents: number('documents', i),
          targets: number('targets', i),
          bytes: number('bytes', i),
          lossSum: number('lossSum', i),
          unigramLossSum: number('unigramLossSum', i),
          expertMean: number('expertMean', i),
          expertStd: number('expertStd', i),
        })
    }
    if (!rows.length) continue
    const components = [...Map.groupBy(rows, row => row.component)]
    evaluations.push({
      node: node.id,
      step: segments.get(node.parents.weights?.[0]?.fingerprint ?? '')?.to ?? 0,
      final: (node.config as { final?: boolean }).final === true,
      all: figuresOf(rows),
      components: components.map(([component, own]) => ({ component, ...figuresOf(own) })),
      domains: rows.map(row => ({ component: row.component, domain: row.domain, ...figuresOf([row]) })),
    })
  }
  return evaluations.sort((a, b) => a.step - b.step || Number(a.final) - Number(b.final))
}

/** Figures of several rows together: sums are sums; experts weigh by targets, their spread with the spread between rows. */
function figuresOf(rows: readonly Sums[]): EvaluationFigures {
  const sum = (of: (row: Sums) => number) => rows.reduce((total, row) => total + of(row), 0)
  const targets = sum(row => row.targets)
  const bytes = sum(row => row.bytes)
  const loss = sum(row => row.lossSum)
  const perplexity = Math.exp(loss / targets)
  const unigramPerplexity = Math.exp(sum(row => row.unigramLossSum) / targets)
  const expertMean = sum(row => row.targets * row.expertMean) / targets
  const squares = sum(row => row.targets * (row.expertStd ** 2 + row.expertMean ** 2)) / targets
  return {
    documents: sum(row => row.documents),
    targets,
    bytes,
    perplexity,
    bitsPerByte: bytes ? loss / Math.LN2 / bytes : null,
    unigramPerplexity,
    ratio: perplexity / unigramPerplexity,
    expertMean,
    expertStd: Math.sqrt(Math.max(0, squares - expertMean ** 2)),
  }
}
