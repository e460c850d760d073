/**
 * The report as one file: no script, nothing fetched, all text of others escaped by the template. What it shows are the facts beside it as JSON.
 */
import { html, raw } from 'hono/html'
import type { Html } from './chart.ts'
import { funnelSection, mixtureSection } from './corpus-section.ts'
import { documentsSection } from './documents-section.ts'
import { filterSection, ledgerSection } from './filter-section.ts'
import { count, figure, plain, share, short, size, time } from './format.ts'
import { style } from './style.ts'
import { tokenizerSection, tokenStyle } from './tokenizer-section.ts'
import { lastEvaluation, trainingSection } from './training-section.ts'
import type { ReportFacts } from './types.ts'

/** Whatever of the page's own could be turned against its reader is off, should the escaping ever fail. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

export async function reportPage(facts: ReportFacts): Promise<string> {
  const { run } = facts
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${run.name}: report of ${run.id}</title>
<style>${raw(style + tokenStyle)}</style></head>
<body><main>
<header><div class="eyebrow">Millrace · run report</div><h1>${run.name}</h1>
<p class="lede">${lede(facts)}</p>
<p class="note">Run ${run.id}, begun ${run.startedAt.slice(0, 16).replace('T', ' ')} UTC${facts.times.wallSeconds === null ? '' : `, ${time(facts.times.wallSeconds)} long`}; ${
    run.unitsRun
      ? `${count(run.unitsRun)} units run, ${count(run.unitsReused)} reused`
      : `0 units run: all ${count(run.unitsReused)} were there already`
  }. Seed ${run.seed}, config <code>${plain(run.config)}</code> (${run.configDigest}).</p></header>
${tiles(facts)}${warnings(facts)}
${funnelSection(facts)}
${filterSection(facts)}
${mixtureSection(facts)}
${tokenizerSection(facts)}
${trainingSection(facts.training)}
${documentsSection(facts)}
${ledgerSection(facts)}
${placesSection(facts)}
<footer>Written by Millrace. The same numbers are in the JSON beside this file.</footer>
</main></body></html>
`
  return String(await page)
}

function lede({ run, funnel, reached, training }: ReportFacts): string {
  const read = funnel.find(row => row.documents.out !== null)?.documents.out ?? 0
  const last = lastEvaluation(training)?.all
  const corpus = `${count(run.inputFiles)} files (${size(run.inputBytes)}) gave ${count(read)} documents`
  const shards = reached ? `, of which ${count(reached.documents)} with ${count(reached.tokens)} tokens lie in the shards` : ''
  const model = training?.steps ? ` A model of ${count(training.parameters)} parameters read ${count(training.tokens)} tokens of them` : ''
  const held = model ? (last ? ` and leaves ${share(last.ratio, 1)} of a unigram model’s perplexity on held-out text.` : '.') : ''
  return `${corpus}${shards}.${model}${held}`
}

function tiles({ funnel, reached, training }: ReportFacts): Html {
  const last = lastEvaluation(training)?.all
  const read = funnel.find(row => row.documents.out !== null)?.documents.out ?? null
  const tile = (value: string, name: string) => html`<div><b>${value}</b><span>${name}</span></div>`
  return html`<div class="tiles">${tile(count(read), 'documents read')}${reached ? tile(count(reached.documents), 'documents in the shards') : ''}${reached ? tile(reached.tokens < 1e9 ? count(reached.tokens) : short(reached.tokens), 'tokens in the shards') : ''}${
    last ? tile(figure(last.perplexity), 'held-out perplexity') : ''
  }${last ? tile(figure(last.bitsPerByte), 'bits per byte') : ''}${last ? tile(share(last.ratio, 1), 'of the unigram model’s') : ''}</div>`
}

const warnings = ({ warnings: all }: ReportFacts): Html =>
  all.length ? html`<div class="warn"><b>Look at this</b><ul>${all.map(each => html`<li>${plain(each.message)}</li>`)}</ul></div>` : html``

function placesSection({ run, shards, training, funnel }: ReportFacts): Html {
  return html`<h2>Where it lies</h2><dl>
<dt>store</dt><dd><code>${plain(run.store)}</code></dd>
${shards.map(
  shard =>
    html`<dt>shards, rows of ${count(shard.rowLength)}</dt><dd>${shard.files.slice(0, 8).map(file => html`<code>${plain(file)}</code><br>`)}${shard.files.length > 8 ? `and ${shard.files.length - 8} more` : ''}</dd>`,
)}
${training?.checkpoint ? html`<dt>checkpoint</dt><dd><code>${plain(training.checkpoint.path)}</code><br><span class="soft">${size(training.checkpoint.bytes)}, sha256 ${training.checkpoint.sha256}</span></dd>` : ''}
${training?.tokenizer ? html`<dt>tokenizer</dt><dd><code>${plain(training.tokenizer.path)}</code></dd>` : ''}
</dl>
<details><summary><b>Steps</b><span class="soft">names of all ${funnel.length} artifacts</span></summary><div class="scroll"><table><thead><tr><th>step</th><th>artifact</th><th>units</th><th>seconds</th><th>peak memory</th></tr></thead>
<tbody>${funnel.map(row => html`<tr><td>${row.node}</td><td><code>${row.state === 'missing' ? 'not made' : `artifacts/${row.stage}/${row.fingerprint}`}</code></td><td>${count(row.units.total)}</td><td>${row.cost ? figure(row.cost.wallSeconds) : '–'}</td><td>${row.cost ? size(row.cost.peakRss) : '–'}</td></tr>`)}</tbody></table></div></details>`
}
