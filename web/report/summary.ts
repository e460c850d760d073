/** What the terminal says at the end of a run: the report in a page of text. Small enough for a workflow's result. */
import { sparkline } from './format.ts'
import { lastEvaluation } from './training-section.ts'
import type { ReportFacts } from './types.ts'

export interface ReportSummary {
  run: string
  unitsRun: number
  unitsReused: number
  /** Training has one line for each of its stages. */
  funnel: {
    stage: string
    in: number | null
    out: number | null
    dropped: number
    quarantined: number
    units: number
    run: number
    seconds: number | null
  }[]
  warnings: string[]
  documents: number | null
  tokens: number | null
  loss: { first: number; last: number; steps: number; sparkline: string } | null
  perplexity: number | null
  unigramPerplexity: number | null
  ratio: number | null
  bitsPerByte: number | null
  shards: { rowLength: number; files: number; manifest: string }[]
  checkpoint: string | null
  text: string | null
}

/** `placeOf`: what a user can open of a key of the store. */
export function summaryOf(facts: ReportFacts, placeOf: (key: string) => string): ReportSummary {
  const { run, funnel, reached, training, shards } = facts
  const held = lastEvaluation(training)?.all
  const points = training?.points.filter(point => point.loss !== null) ?? []
  const said = training?.generated.find(each => each.prompt) ?? training?.generated[0]
  return {
    run: run.id,
    unitsRun: run.unitsRun,
    unitsReused: run.unitsReused,
    funnel: linesOf(funnel),
    warnings: facts.warnings.map(warning => warning.message),
    documents: reached?.documents ?? null,
    tokens: reached?.tokens ?? null,
    loss: points.length
      ? {
          first: training?.phases.find(phase => phase.firstLoss !== null)?.firstLoss ?? (points[0]?.loss as number),
          last: training?.phases.findLast(phase => phase.lastLoss !== null)?.lastLoss ?? (points.at(-1)?.loss as number),
          steps: training?.steps ?? 0,
          sparkline: sparkline(points.map(point => point.loss)),
        }
      : null,
    perplexity: held?.perplexity ?? null,
    unigramPerplexity: held?.unigramPerplexity ?? null,
    ratio: held?.ratio ?? null,
    bitsPerByte: held?.bitsPerByte ?? null,
    shards: shards.map(shard => ({
      rowLength: shard.rowLength,
      files: shard.files.length,
      manifest: placeOf(`artifacts/shard/${shard.fingerprint}/manifest.json`),
    })),
    checkpoint: training?.checkpoint?.path ?? null,
    text: said ? said.prompt + said.text : null,
  }
}

function linesOf(funnel: ReportFacts['funnel']): ReportSummary['funnel'] {
  const grouped = Map.groupBy(funnel, row => (row.documents.in === null && row.documents.out === null ? row.stage : row.node))
  return [...grouped].map(([stage, own]) => {
    const first = own[0] as ReportFacts['funnel'][number]
    const sum = (of: (row: ReportFacts['funnel'][number]) => number) => own.reduce((total, row) => total + of(row), 0)
    return {
      stage,
      in: first.documents.in,
      out: first.documents.out,
      dropped: sum(row => row.dropped.reduce((total, each) => total + each.documents, 0)),
      quarantined: sum(row => row.quarantined.reduce((total, each) => total + each.records, 0)),
      units: sum(row => row.units.total),
      run: sum(row => row.units.run),
      seconds: own.some(row => row.cost) ? sum(row => row.cost?.wallSeconds ?? 0) : null,
    }
  })
}
