/** The end of a run on the terminal: the funnel, the loss, where everything lies, a line of text, and how to go on with Temporal's CLI. */
import { endKey, type RunEnd, summaryKey } from '../activities/close-run.ts'
import { readJson, type Store } from '../storage/store.ts'
import type { ReportSummary } from '../web/report/summary.ts'
import type { PretrainResult } from '../workflows/pretrain.ts'
import { readUp } from './home.ts'
import { bold, dim, duration, green, number, out, percent, safe, table, yellow } from './output.ts'
import { type Started, temporalCommands, workflowPage } from './temporal-commands.ts'

/** Prints nothing but what the store has: a run without a report says why. */
export async function showSummary(store: Store, result: PretrainResult, started: Omit<Started, 'stage'>): Promise<void> {
  const end = await readJson<RunEnd>(store, endKey(result.run))
  const summary = end?.facts ? await readJson<ReportSummary>(store, summaryKey(end.facts)) : undefined
  if (summary) for (const line of summaryLines(summary)) out(line)
  if (end?.problem) out(yellow(`no report: ${safe(end.problem)}. Again: millrace report ${result.run}`))
  const ui = (await readUp())?.ui
  const commands = temporalCommands({ ...started, stage: 'dedup' })
  out()
  out(
    table([
      ...(result.report ? [[dim('report'), safe(result.report)]] : []),
      ...(summary ? placesOf(summary) : []),
      ...(ui ? [[dim('Temporal'), workflowPage(ui, started)]] : []),
      [dim('run again'), commands.again],
      [dim('look at it'), commands.show],
      [dim('replay a stage'), commands.replay],
    ]),
  )
}

const placesOf = ({ shards, checkpoint }: ReportSummary): string[][] => [
  ...shards.map(({ rowLength, files, manifest }) => [
    dim('shards'),
    `${safe(manifest)} ${dim(`(${number(files)} ${files === 1 ? 'file' : 'files'}, rows of ${number(rowLength)})`)}`,
  ]),
  ...(checkpoint ? [[dim('checkpoint'), safe(checkpoint)]] : []),
]

export function summaryLines(summary: ReportSummary): string[] {
  const { loss, perplexity, unigramPerplexity, ratio, bitsPerByte, text } = summary
  const lines = ['', funnelTable(summary), '']
  lines.push(
    summary.unitsRun
      ? `${number(summary.unitsRun)} units run, ${number(summary.unitsReused)} reused`
      : green(`0 units run: all ${number(summary.unitsReused)} were there already, nothing was done again`),
  )
  if (summary.documents !== null && summary.tokens !== null)
    lines.push(`${bold(number(summary.documents))} documents with ${bold(number(summary.tokens))} tokens lie in the shards`)
  if (loss)
    lines.push(
      `loss ${loss.first.toFixed(2)} ${green(loss.sparkline)} ${bold(loss.last.toFixed(2))}  ${dim(`${number(loss.steps)} steps`)}`,
    )
  if (perplexity !== null && unigramPerplexity !== null && ratio !== null)
    lines.push(
      `held-out perplexity ${bold(figure(perplexity))}, ${percent(ratio)} of a unigram model’s ${figure(unigramPerplexity)}${bitsPerByte === null ? '' : `; ${bitsPerByte.toFixed(3)} bits per byte`}`,
    )
  if (text !== null) lines.push(`it writes: ${dim('“')}${oneLine(text)}${dim('”')}`)
  for (const warning of summary.warnings) lines.push(yellow(`! ${safe(warning)}`))
  return lines
}

function funnelTable({ funnel }: ReportSummary): string {
  const head = ['stage', 'documents in', 'out', 'dropped', 'quarantined', 'units', 'run', 'time'].map(dim)
  const count = (n: number | null) => (n === null ? '' : number(n))
  const rows = funnel.map(line => [
    line.stage,
    count(line.in),
    count(line.out),
    line.dropped && line.in ? percent(line.dropped / line.in) : '',
    line.quarantined ? number(line.quarantined) : '',
    number(line.units),
    line.units && !line.run ? dim('reused') : number(line.run),
    line.seconds === null ? '' : duration(line.seconds),
  ])
  return table([head, ...rows])
}

const figure = (n: number): string => (n < 1000 ? n.toFixed(1) : number(n))

/** Generated text is foreign: no control characters, one line, not too long. */
function oneLine(text: string): string {
  const line = safe(text.replace(/\s+/g, ' ').trim())
  const letters = [...line]
  return letters.length > 110 ? `${letters.slice(0, 109).join('')}…` : line
}
