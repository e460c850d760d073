/** Training on the page: one loss curve over steps and tokens, what moved beside it on the same axis, decisions, evaluations, a line of text. */
import { html } from 'hono/html'
import { type Html, lineChart, sharesChart } from './chart.ts'
import { count, figure, plain, share, short } from './format.ts'
import type { Evaluation, EvaluationFigures, Point, TrainingFacts } from './types.ts'

export function trainingSection(training: TrainingFacts | null): Html {
  if (!training) return html``
  const { steps, tokens, parameters, vocabulary, phases } = training
  return html`<h2>Training</h2>
<p>${count(steps)} steps over ${count(tokens)} tokens; ${count(parameters)} parameters, a vocabulary of ${count(vocabulary)}. A model that knows nothing would
start at ln(${count(vocabulary)}) = ${vocabulary ? Math.log(vocabulary).toFixed(2) : '–'} nats.</p>
${curves(training)}
<h3>Phases</h3><div class="scroll"><table><thead><tr><th>phase</th><th>steps</th><th>row length</th><th>tokens</th><th>loss at its start</th><th>at its end</th></tr></thead>
<tbody>${phases.map(phase => html`<tr><td>${phase.name}</td><td>${count(phase.fromStep)}–${count(phase.toStep)}</td><td>${count(phase.rowLength)}</td><td>${count(phase.tokens)}</td><td>${figure(phase.firstLoss)}</td><td>${figure(phase.lastLoss)}</td></tr>`)}</tbody></table></div>
${decisions(training)}
${evaluationSection(training)}
${generated(training)}`
}

function curves(training: TrainingFacts): Html {
  const { points, phases, growth, evaluations, mixture, steps } = training
  const x = { from: 0, to: steps, name: 'steps' }
  const of = (name: keyof Point) => points.map(point => [point.step, point[name]] as const)
  const tokensAt = (step: number) => (step === 0 ? '0' : short(points.find(point => point.step >= step)?.tokens ?? training.tokens))
  const marks = growth.map(each => ({ x: each.step, name: `grown ${each.factor} times` }))
  const bands = phases.map(phase => ({ from: phase.fromStep, to: phase.toStep, name: phase.name }))
  const held = evaluations.filter(each => !each.final).map(each => [each.step, Math.log(each.all.perplexity)] as const)
  const names = [...new Set(mixture.flatMap(each => Object.keys(each.shares)))].sort()
  const small = (title: string, name: keyof Point, unit = '', zero = false) =>
    lineChart({ title, unit, series: [{ name: title, points: of(name) }], x, marks, small: true, zero })
  return html`${lineChart({
    title: 'Loss',
    unit: `nats per token${training.every > 1 ? `, means of ${training.every} steps` : ''}${growth.length ? '; dashed: the model grows' : ''}`,
    series: [{ name: 'training', points: of('loss') }],
    dots: { name: 'held out', points: held },
    x,
    alsoX: { name: 'tokens', at: tokensAt },
    marks,
    bands,
  })}
<div class="multiples">${small('Learning rate', 'learningRate', '', true)}${small('Gradient norm', 'gradientNorm', 'before clipping', true)}${small('FFN experts', 'meanExperts', 'per token and layer')}${small('Balance', 'balanceLoss', '1 = even')}${small('Largest router bias', 'maxBias')}${sharesChart(
    { title: 'Mixture', unit: 'share of rows', names, steps: mixture.map(each => ({ x: each.step, shares: each.shares })), x },
  )}</div>`
}

function decisions({ decisions: all }: TrainingFacts): Html {
  if (!all.length) return html``
  return html`<h3>Decisions</h3><div class="scroll"><table><thead><tr><th>step</th><th class="words">phase</th><th class="words">verdict</th><th class="words">why</th></tr></thead>
<tbody>${all.map(each => html`<tr><td>${count(each.step)}</td><td class="words" style="min-width:0">${each.phase}</td><td class="words" style="min-width:0">${each.verdict}</td><td class="words">${each.reason}</td></tr>`)}</tbody></table></div>`
}

export const lastEvaluation = (training: TrainingFacts | null): Evaluation | undefined =>
  training?.evaluations.findLast(each => each.final) ?? training?.evaluations.at(-1)

function evaluationSection(training: TrainingFacts): Html {
  const last = lastEvaluation(training)
  if (!last) return html``
  const line = (name: Html | string, of: EvaluationFigures, total = false) =>
    html`<tr class="${total ? 'total' : ''}"><td>${name}</td><td>${count(of.documents)}</td><td>${count(of.targets)}</td><td>${figure(of.perplexity)}</td><td>${figure(of.unigramPerplexity)}</td><td>${share(of.ratio, 1)}</td><td>${figure(of.bitsPerByte)}</td><td>${figure(of.expertMean)} ± ${figure(of.expertStd)}</td></tr>`
  return html`<h3>Held-out text</h3>
<p class="note">Documents that no step has read, after step ${count(last.step)}. The unigram model knows only how often each token occurs in training; the ratio is what is left of its perplexity.</p>
<div class="scroll"><table><thead><tr><th>component and source</th><th>documents</th><th>tokens</th><th>perplexity</th><th>of unigrams</th><th>ratio</th><th>bits per byte</th><th>FFN experts</th></tr></thead>
<tbody>${last.components.flatMap(component => [
    line(html`<b>${component.component}</b>`, component),
    ...last.domains
      .filter(each => each.component === component.component)
      .map(each => line(html`<span class="soft">&emsp;${plain(each.domain)}</span>`, each)),
  ])}${line('all', last.all, true)}</tbody></table></div>
${lineChart({
  title: 'Held-out loss by component',
  unit: 'nats per token, between segments',
  small: true,
  series: last.components.map(({ component }) => ({
    name: component,
    points: training.evaluations
      .filter(each => !each.final)
      .map(each => {
        const own = each.components.find(other => other.component === component)
        return [each.step, own ? Math.log(own.perplexity) : null] as const
      }),
  })),
  x: { from: 0, to: training.steps, name: 'steps' },
})}`
}

function generated({ generated: all, notGenerated }: TrainingFacts): Html {
  return html`<h3>What it writes</h3>${notGenerated ? html`<p class="note">Nothing was generated: ${plain(notGenerated)}</p>` : ''}${all.map(
    ({ prompt, text }) => html`<blockquote>${prompt ? html`<b>${plain(prompt)}</b>` : ''}${plain(text)}</blockquote>`,
  )}`
}
