/** Closes a run: `end.json` beside `run.json`. */
import { createSame } from '../storage/store.ts'
import type { RunRef } from './run.ts'
import type { WorkerContext } from './worker-context.ts'

export async function closeRun(context: WorkerContext, run: RunRef, how: { trained: boolean }): Promise<{ report: string | undefined }> {
  const store = await context.store(run.store)
  await context.journal.flush()
  await createSame(store, `runs/${run.run}/end.json`, `${JSON.stringify({ run: run.run, trained: how.trained })}\n`)
  return { report: undefined }
}
