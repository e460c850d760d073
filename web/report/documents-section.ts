/** Documents to read: dropped ones by reason, duplicates beside what they duplicate, and what stayed. All of it is foreign text. */
import { html } from 'hono/html'
import type { Html } from './chart.ts'
import { count, figure, plain } from './format.ts'
import type { ReportFacts, SampleDocument } from './types.ts'

export function documentsSection({ samples }: ReportFacts): Html {
  const { dropped, duplicates, kept, partial } = samples
  if (!dropped.length && !kept.length) return html``
  return html`<h2>Documents to read</h2>
<p class="note">Draws by document id${partial ? ', from a part of the files: this corpus is larger than a report reads' : ''}. Beside a verdict stand the value that failed and its threshold.</p>
${dropped.length ? html`<h3>Dropped</h3>` : ''}${dropped.map(
  ({
    node,
    rule,
    count: all,
    documents,
  }) => html`<details><summary><b>${plain(rule)}</b><span class="soft">${node}, ${count(all)}</span></summary>
${documents.map(each => documentView(each, html`value ${figure(each.value)}, threshold ${figure(each.threshold)}`))}</details>`,
)}
${duplicates.length ? html`<h3>Duplicates, beside what stays</h3>` : ''}${duplicates.map(
  pair => html`<details><summary><b>${pair.similarity.toFixed(3)}</b><span class="soft">${plain(pair.rule)}: ${plain(pair.dropped.title ?? pair.dropped.key)}</span></summary>
<div class="pair">${documentView(pair.dropped, 'dropped')}${documentView(pair.kept, 'stays')}</div></details>`,
)}
${kept.length ? html`<h3>Kept</h3>` : ''}${[...Map.groupBy(kept, document => document.kind)].map(
  ([kind, documents]) => html`<details><summary><b>${plain(kind)}</b></summary>${documents.map(each => documentView(each, ''))}</details>`,
)}`
}

function documentView(document: SampleDocument, said: Html | string): Html {
  const rest = (document.characters ?? 0) - (document.text?.length ?? 0)
  return html`<article class="doc"><header>${document.title ? html`<b>${plain(document.title)}</b> · ` : ''}${document.source ? html`${document.source}: ` : ''}${plain(document.key)}${
    said ? html` · ${said}` : ''
  }<br><code>${document.id}</code></header>
<pre dir="auto">${document.text === null ? '(not read: the report’s share of reading was used up)' : plain(document.text)}${rest > 0 ? '…' : ''}</pre></article>`
}
