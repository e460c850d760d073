/** The corpus on the page: the funnel as bars and as a table, kinds and sources from stage to stage, components, shards. */
import { html } from 'hono/html'
import { bar, type Html } from './chart.ts'
import { count, figure, plain, share, size, time } from './format.ts'
import type { FunnelRow, ReportFacts } from './types.ts'

export function funnelSection(facts: ReportFacts): Html {
  const rows = facts.funnel.filter(row => row.documents.in !== null || row.documents.out !== null)
  const whole = Math.max(1, ...rows.map(row => row.documents.in ?? row.documents.out ?? 0))
  return html`<h2>The funnel</h2>
<p class="note">Documents after each stage; what it dropped in ochre. Sizes are of uncompressed Arrow buffers.</p>
<div class="funnel">${rows
    .filter(row => row.documents.out !== null)
    .map(row => {
      const out = row.documents.out ?? 0
      const gone = row.dropped.reduce((sum, each) => sum + each.documents, 0)
      return html`<span>${row.node}</span>${bar(out, gone, whole)}<span class="n">${count(out)}</span>`
    })}</div>
<div class="scroll"><table><thead><tr><th>stage</th><th>documents in</th><th>out</th><th>size out</th><th>tokens out</th><th>units</th><th>CPU</th><th>documents/s</th></tr></thead>
<tbody>${rows.map(corpusRow)}${trainingRows(facts.funnel.filter(row => !rows.includes(row)))}</tbody></table></div>
${rows.some(hasReasons) ? html`<h3>Dropped, by reason</h3><dl>${rows.filter(hasReasons).map(row => html`<dt>${row.node}</dt><dd>${reasons(row)}</dd>`)}</dl>` : ''}`
}

const hasReasons = (row: FunnelRow): boolean => row.dropped.length + row.quarantined.length > 0

const corpusRow = (
  row: FunnelRow,
): Html => html`<tr><td>${row.node}</td><td>${count(row.documents.in)}</td><td>${count(row.documents.out)}</td>
<td>${size(row.bytes.out)}</td><td>${count(row.tokens.out)}</td><td>${unitsOf(row.state, row.units)}</td><td>${row.cost ? time(row.cost.cpuSeconds) : '–'}</td>
<td>${figure(row.cost?.documentsPerSecond)}</td></tr>`

const unitsOf = (state: string, { total, run, reused, failedAttempts }: FunnelRow['units']): Html =>
  state === 'missing'
    ? html`<span class="soft">not made</span>`
    : html`${count(total)}${run && reused ? html` <span class="soft">(${count(reused)} reused)</span>` : run ? '' : html` <span class="soft">reused</span>`}${failedAttempts ? html` <span class="soft">${count(failedAttempts)} failed</span>` : ''}`

function reasons(row: FunnelRow): Html {
  const whole = row.documents.in ?? 0
  return html`${row.dropped.map(({ rule, documents }) => html`<span class="reason">${plain(rule)} <i>${count(documents)}, ${share(documents, whole)}</i></span> `)}${row.quarantined.map(
    ({ code, records }) => html`<span class="reason">quarantined ${plain(code)} <i>${count(records)}</i></span> `,
  )}`
}

/** Steps of training by stage: a run has one of each per segment. */
function trainingRows(rows: readonly FunnelRow[]): Html[] {
  return [...Map.groupBy(rows, row => row.stage)].map(([stage, own]) => {
    const sum = (of: (row: FunnelRow) => number) => own.reduce((total, row) => total + of(row), 0)
    const units = {
      total: sum(row => row.units.total),
      run: sum(row => row.units.run),
      reused: sum(row => row.units.reused),
      failedAttempts: sum(row => row.units.failedAttempts),
    }
    const cpu = sum(row => row.cost?.cpuSeconds ?? 0)
    const state = own.every(row => row.state === 'missing') ? 'missing' : 'made'
    return html`<tr><td>${stage}${own.length > 1 ? html` <span class="soft">× ${own.length}</span>` : ''}</td><td>–</td><td>–</td><td>–</td><td>–</td><td>${unitsOf(state, units)}</td><td>${cpu ? time(cpu) : '–'}</td><td>–</td></tr>`
  })
}

export function mixtureSection(facts: ReportFacts): Html {
  const { components, shards, reached } = facts
  return html`<h2>What it is made of</h2>
<h3>Documents of each kind, stage by stage</h3>${stageTable(
    'kind',
    facts.kinds.map(row => ({
      name: row.kind,
      documents: row.documents,
      more: [size(row.textBytes), count(row.tokens), perToken(row.textBytes, row.tokens)],
    })),
    ['text', 'tokens', 'bytes/token'],
  )}
<h3>Documents of each source</h3>${stageTable(
    'source',
    facts.sources.map(row => ({ name: row.source, documents: row.documents, more: [] })),
    [],
  )}
${
  components.length
    ? html`<h3>Components</h3><p class="note">What a mixture weight names. Tokens to read count every pass; held-out documents are never trained on.</p>
<div class="scroll"><table><thead><tr><th>component</th><th>documents</th><th>tokens</th><th>passes</th><th>tokens to read</th><th>budget</th><th>held-out documents</th><th>held-out tokens</th></tr></thead>
<tbody>${components.map(row => html`<tr><td>${row.component}</td><td>${count(row.documents)}</td><td>${count(row.tokens)}</td><td>${row.passes}</td><td>${count(row.readTokens)}</td><td>${count(row.budget)}</td><td class="${row.validationDocuments ? '' : 'zero'}">${count(row.validationDocuments)}</td><td>${count(row.validationTokens)}</td></tr>`)}</tbody></table></div>`
    : ''
}
${
  reached
    ? html`<h3>Shards</h3><p class="note">${count(reached.documents)} documents with ${count(reached.tokens)} tokens lie in the shards; all passes together give ${count(reached.readTokens)} tokens to train on. Every row length packs the components of its phases.</p>
<div class="scroll"><table><thead><tr><th>row length</th><th class="left">component</th><th>documents</th><th>tokens</th><th>passes</th><th>rows</th><th>padding</th></tr></thead>
<tbody>${shards.flatMap(shard => shard.components.map((row, i) => html`<tr><td>${i ? '' : count(shard.rowLength)}</td><td class="left">${row.component}${row.role === 'train' ? '' : html` <span class="soft">held out</span>`}</td><td>${count(row.documents)}</td><td>${count(row.readTokens)}</td><td>${row.passes}</td><td>${count(row.rows)}</td><td>${share(row.padding, row.padding + row.readTokens)}</td></tr>`))}</tbody></table></div>`
    : ''
}`
}

const perToken = (bytes: number | null, tokens: number | null) => (bytes !== null && tokens ? (bytes / tokens).toFixed(2) : '–')

interface StageRow {
  name: string
  documents: readonly { node: string; out: number }[]
  more: readonly string[]
}

function stageTable(what: string, rows: readonly StageRow[], more: readonly string[]): Html {
  const nodes = rows[0]?.documents.map(each => each.node) ?? []
  const shown = rows.slice(0, 40)
  return html`<div class="scroll"><table><thead><tr><th>${what}</th>${nodes.map(node => html`<th>${node}</th>`)}${more.map(name => html`<th>${name}</th>`)}</tr></thead>
<tbody>${shown.map(
    row =>
      html`<tr><td>${plain(row.name)}</td>${row.documents.map(({ out }) => html`<td>${out ? count(out) : html`<span class="soft">0</span>`}</td>`)}${row.more.map(each => html`<td>${each}</td>`)}</tr>`,
  )}</tbody></table></div>${rows.length > shown.length ? html`<p class="note">and ${rows.length - shown.length} more in the JSON</p>` : ''}`
}
