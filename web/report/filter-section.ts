/** Filtering and costs on the page. Lines of documents are foreign text. */
import { html } from 'hono/html'
import type { Html } from './chart.ts'
import { count, figure, plain, share, short, size, time } from './format.ts'
import type { FunnelRow, Histogram, ReportFacts, TrainedModel } from './types.ts'

export function filterSection({ filter }: ReportFacts): Html {
  if (!filter) return html``
  const { definitions, steps, trained, histograms, edits } = filter
  return html`<h2>Filtering</h2>
<p class="note">Which definition judged which kind of document, what its steps did, and what it measured beside its thresholds.</p>
<div class="scroll"><table><thead><tr><th>kind</th><th class="left">definition</th><th>documents</th><th>rules</th><th class="left">changed by the config</th></tr></thead>
<tbody>${definitions.map(row => html`<tr><td>${plain(row.kind)}</td><td class="left">${row.profile}</td><td>${count(row.documents)}</td><td>${row.rules}</td><td class="words">${row.overridden.join(', ') || '–'}</td></tr>`)}</tbody></table></div>
<div class="scroll"><table><thead><tr><th>step</th><th>documents in</th><th>dropped</th><th>edited</th><th>quarantined</th><th>CPU</th></tr></thead>
<tbody>${steps.map(row => html`<tr><td>${row.step}</td><td>${count(row.in)}</td><td>${count(row.dropped)}</td><td>${count(row.edited)}</td><td>${count(row.refused)}</td><td>${row.cpuSeconds === null ? '–' : time(row.cpuSeconds)}</td></tr>`)}</tbody></table></div>
${trained.map(trainedView)}
${histograms.length ? html`<h3>Measured, with thresholds</h3><p class="note">Documents that ${histograms[0]?.profile} judges, from a sample; ochre is the side that goes. What would another threshold keep? <code>millrace sweep RULE</code></p><div class="multiples">${histograms.map(histogramView)}</div>` : ''}
${
  edits.length
    ? html`<h3>Edited</h3>${edits.map(
        edit => html`<details><summary><b>${plain(edit.key)}</b><span class="soft">${edit.source}, ${plain(edit.kind)}</span></summary>
<article class="doc"><header><code>${edit.id}</code></header><pre dir="auto">${edit.changes
          .map(({ before, after }) => `${before.map(line => `− ${line}\n`).join('')}${(after ?? []).map(line => `+ ${line}\n`).join('')}`)
          .map(plain)
          .join('⋯\n')}${edit.more ? `⋯ and ${edit.more} more\n` : ''}</pre></article></details>`,
      )}`
    : ''
}`
}

const trainedView = ({ model, labels, texts, held, right, perplexity, perplexityOutOfOrder }: TrainedModel): Html =>
  html`<p class="note">${
    model === 'classifier'
      ? html`The classifier was trained here on ${count(texts)} texts with ${labels === 'weak' ? html`<b>weak labels</b>: documents that the steps before it kept, and the same texts broken on purpose. Nobody looked at them, and they know no more than those steps` : 'labels that were given'}. Of ${count(held)} texts that were held back it labels ${right === null ? '–' : share(right, held)} rightly.`
      : html`The language model was trained here on ${count(texts)} texts that the steps before it kept. Perplexity of ${count(held)} texts that were held back: ${figure(perplexity ?? undefined)}; with their words out of order: ${figure(perplexityOutOfOrder ?? undefined)}.`
  }</p>`

const [width, height] = [1000, 300]
const round = (n: number) => Number(n.toFixed(2))

function histogramView({ rule, statistic, drops, threshold, from, to, bins, failing }: Histogram): Html {
  const most = Math.max(1, ...bins)
  const all = bins.reduce((sum, n) => sum + n, 0)
  const line = (threshold - from) / (to - from)
  const bars = bins.map((n, i) => {
    const goes = drops === 'below' ? (i + 1) / bins.length <= line + 1e-9 : i / bins.length >= line - 1e-9
    const tall = (n / most) * height
    return html`<rect class="${goes ? 'gone' : 'kept'}" x="${round((i / bins.length) * width)}" y="${round(height - tall)}" width="${round(width / bins.length - 2)}" height="${round(tall)}"/>`
  })
  const label = (at: number, text: string, end = '') => html`<span class="${end}" style="left:${round(100 * at)}%">${text}</span>`
  return html`<figure class="small"><figcaption>${rule} <span>${statistic === rule ? '' : `${statistic}, `}${share(failing, all)} ${drops} ${figure(threshold)}</span></figcaption>
<div class="plot"><div class="ys"><span style="top:0">${short(most)}</span></div>
<div class="area"><svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${rule}: histogram">${bars}<line class="mark" x1="${round(line * width)}" x2="${round(line * width)}" y1="0" y2="${height}"/></svg></div>
<div class="xs">${label(0, short(from), 'start')}${line > 0.15 && line < 0.85 ? label(line, short(threshold)) : ''}${label(1, short(to), 'end')}</div></div></figure>`
}

/** What every stage cost, whoever ran its units. */
export function ledgerSection({ funnel, pricePerCoreHour }: ReportFacts): Html {
  const rows = funnel.filter(row => row.ledger && (row.documents.in !== null || row.documents.out !== null))
  if (!rows.length) return html``
  const sum = rows.reduce((total, row) => total + (row.ledger?.cpuSeconds ?? 0), 0)
  const row = (each: FunnelRow) =>
    html`<tr><td>${each.node}</td><td>${time(each.ledger?.cpuSeconds ?? 0)}</td><td>${size(each.ledger?.bytesIn ?? null)}</td><td>${size(each.bytes.out)}</td><td>${figure(each.ledger?.coreHoursPerTerabyte)}</td><td>${figure(each.ledger?.dollarsPerTerabyte)}</td></tr>`
  return html`<h2>Cost</h2>
<p class="note">CPU of all threads of the attempts that were committed, reused ones included; bytes as read, uncompressed (of the first stage: the files). A core hour at $${pricePerCoreHour}: <code>millrace report --price</code>. Small inputs pay the start of every unit: the figures per terabyte fall with size.</p>
<div class="scroll"><table><thead><tr><th>stage</th><th>CPU</th><th>read</th><th>written</th><th>core hours/TB</th><th>$/TB</th></tr></thead>
<tbody>${rows.map(row)}<tr class="total"><td>all</td><td>${time(sum)}</td><td></td><td></td><td></td><td></td></tr></tbody></table></div>`
}
