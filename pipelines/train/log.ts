/** The mixture log as a file role, and how a phase enters it. */
import { readFile, writeFile } from 'node:fs/promises'
import * as z from 'zod'
import { beginPhase, checkLog, type MixtureLog } from '../loader/index.ts'
import type { Context } from '../stage.ts'

/** What the log needs to know of a phase to begin it. */
export const beginSchema = z.strictObject({
  name: z.string(),
  rowLength: z.int().min(2),
  batchRows: z.int().min(1),
  mixture: z.record(z.string(), z.number().min(0)),
})
export type Begin = z.output<typeof beginSchema>

/** The log with the first entries of a phase that begins at position `at`. */
export const begin = (log: MixtureLog, { name, rowLength, batchRows, mixture }: Begin, at: number): MixtureLog =>
  beginPhase(log, { phase: name, at, rowLength, batch: batchRows, weights: mixture })

export async function readLog(ctx: Context<unknown>): Promise<MixtureLog> {
  const log = JSON.parse(await readFile(ctx.files('log')[0] as string, 'utf8')) as MixtureLog
  checkLog(log)
  return log
}

export const writeLog = (ctx: Context<unknown>, log: MixtureLog): Promise<void> =>
  writeFile(ctx.file('log'), `${JSON.stringify(log, null, 1)}\n`)
