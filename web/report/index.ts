/** A run's report: facts as JSON, the page that shows them, and a summary for the terminal. */

import { placeOf } from '../../activities/close-run.ts'
import type { Store } from '../../storage/store.ts'
import { type FactsOptions, reportFacts } from './facts.ts'
import { reportPage } from './page.ts'
import { type ReportSummary, summaryOf } from './summary.ts'
import type { ReportFacts } from './types.ts'

export { reportFacts } from './facts.ts'
export type { ReportSummary } from './summary.ts'
export { summaryOf } from './summary.ts'
export type { ReportFacts } from './types.ts'

export interface Report {
  facts: ReportFacts
  html: string
  json: string
  summary: ReportSummary
}

/** Throws NO_RUN. */
export async function makeReport(store: Store, run: string, options?: FactsOptions): Promise<Report> {
  const facts = await reportFacts(store, run, options)
  return {
    facts,
    html: await reportPage(facts),
    json: `${JSON.stringify(facts, null, 1)}\n`,
    summary: summaryOf(facts, key => placeOf(store, key)),
  }
}
