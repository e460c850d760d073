/**
 * Closes a run: its report, then `end.json` that names it. The last word of a run is created once; a second attempt returns what the first wrote.
 *
 * A report that cannot be made costs the report: everything that it would tell is in the store, and `millrace report` makes it again.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readJson, type Store } from '../storage/store.ts'
import type { RunRef } from './run.ts'
import type { WorkerContext } from './worker-context.ts'

/** Given to the worker from above: what a report looks like is not the activities' matter. `summary` is what a terminal shows, as JSON. */
export type ReportMaker = (store: Store, run: string) => Promise<{ html: string; json: string; summary: object }>

/** `runs/<run>/end.json`. `report` and `facts` are keys of the store. */
export interface RunEnd {
  run: string
  trained: boolean
  report?: string
  facts?: string
  /** Why there is no report. */
  problem?: string
}

export interface Closed {
  /** A path where the store is a folder, else a URI. */
  report: string | undefined
  facts: string | undefined
  summary: object | undefined
}

export const endKey = (run: string): string => `runs/${run}/end.json`

export async function closeRun(
  context: WorkerContext,
  run: RunRef,
  how: { trained: boolean },
  makeReport: ReportMaker | undefined,
): Promise<Closed> {
  const store = await context.store(run.store)
  await context.journal.flush()
  let end = await readJson<RunEnd>(store, endKey(run.run))
  if (!end) {
    const written = makeReport ? await writeReport(context, store, run.run, makeReport) : {}
    await store.create(endKey(run.run), `${JSON.stringify({ run: run.run, trained: how.trained, ...written }, null, 1)}\n`)
    end = await readJson<RunEnd>(store, endKey(run.run))
  }
  const summary = end?.facts ? await readJson<object>(store, summaryKey(end.facts)) : undefined
  return { report: end?.report && placeOf(store, end.report), facts: end?.facts && placeOf(store, end.facts), summary }
}

/** `report-<digest>.json` -> `report-<digest>.summary.json`. */
export const summaryKey = (facts: string): string => facts.replace(/\.json$/, '.summary.json')

async function writeReport(
  context: WorkerContext,
  store: Store,
  run: string,
  makeReport: ReportMaker,
): Promise<Pick<RunEnd, 'report' | 'facts' | 'problem'>> {
  let made: Awaited<ReturnType<ReportMaker>>
  try {
    made = await makeReport(store, run)
  } catch (error) {
    context.log.error({ run, error: (error as Error).stack }, 'no report')
    return { problem: (error as Error).message }
  }
  const name = `runs/${run}/report-${createHash('sha256').update(made.json).digest('hex').slice(0, 16)}`
  const [report, facts] = [`${name}.html`, `${name}.json`]
  await store.create(facts, made.json)
  await store.create(summaryKey(facts), `${JSON.stringify(made.summary, null, 1)}\n`)
  await store.create(report, made.html)
  return { report, facts }
}

/** What a person can open: a path where the store is a folder, else a URI. */
export const placeOf = (store: Store, key: string): string =>
  store.uri.startsWith('file:') ? join(fileURLToPath(store.uri), key) : `${store.uri.replace(/\/$/, '')}/${key}`
