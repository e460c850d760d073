/**
 * The worker's log (pino lines) for people, and behind it what the server tries again: an attempt that a timeout ended leaves no line. The
 * file belongs to the machine that `up` ran on; other workers keep their own.
 */
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError } from '../pipelines/errors.ts'
import { home } from './home.ts'
import { dim, err, oneLine, out, red, safe, yellow } from './output.ts'
import { type Pending, retriedLine, runOrOpenings } from './pending.ts'
import { openLocal } from './runs.ts'
import { type Services, services } from './services.ts'

const tailBytes = 4 * 2 ** 20

export async function showLogs(run: string | undefined, options: { follow?: boolean; lines: number; json?: boolean }): Promise<void> {
  const path = join(home(), 'worker.log')
  if (!(await stat(path).catch(() => undefined)))
    throw new MillraceError({
      code: 'NO_LOG',
      kind: 'config',
      expected: 'the log of a worker that `up` started',
      found: 'none',
      where: path,
      next: 'millrace up',
    })
  const up = await services()
  try {
    await show(path, run, options, up)
  } finally {
    await up.close()
  }
}

async function show(
  path: string,
  run: string | undefined,
  options: { follow?: boolean; lines: number; json?: boolean },
  up: Services,
): Promise<void> {
  const { id, retried } = await about(run, up)
  const shownOf = (line: string) => {
    const shown = readable(line, id, options.json)
    return shown === undefined ? [] : [shown]
  }
  let at = Math.max(0, (await stat(path)).size - tailBytes)
  let rest = ''
  const more = async (): Promise<string[]> => {
    const size = (await stat(path)).size
    if (size < at) at = 0 // it was cut: begin again
    if (size === at) return []
    const file = await open(path, 'r')
    try {
      const buffer = Buffer.alloc(Math.min(size - at, tailBytes))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
      at += bytesRead
      const pieces = (rest + buffer.toString('utf8', 0, bytesRead)).split('\n')
      rest = pieces.pop() ?? ''
      return pieces
    } finally {
      await file.close()
    }
  }
  const first = (await more()).flatMap(shownOf).slice(-options.lines)
  for (const line of first) out(line)
  const said = new Set<string>()
  const again = async (): Promise<void> => {
    if (options.json) return
    for (const line of (await retried()).flatMap(each => retriedLine(each) ?? [])) {
      if (!said.has(line)) out(line)
      said.add(line)
    }
  }
  await again()
  if (!first.length && !said.size && !options.follow && !options.json) err(dim(silence(id, up)))
  for (let turn = 1; options.follow; turn++) {
    await new Promise(resolve => setTimeout(resolve, 500))
    for (const line of (await more()).flatMap(shownOf)) out(line)
    if (turn % 10 === 0) await again()
  }
}

function silence(id: string | undefined, { described }: Services): string {
  if (!id) return 'the log is empty'
  return `the log says nothing of run ${id}: ${described.server ? 'nothing went wrong' : 'no server is there to say whether something is tried again'}`
}

/** The run that is meant, and how to ask what of it is tried again; runs that are being opened where none is named. */
async function about(run: string | undefined, up: Services): Promise<{ id: string | undefined; retried: () => Promise<Pending[]> }> {
  if (run === undefined) return { id: undefined, retried: up.openings }
  const found = await runOrOpenings(await openLocal(), run, up.openings)
  if ('openings' in found) return { id: run, retried: async () => found.openings }
  const { record } = found
  return { id: record.run, retried: async () => up.pendingOf(record, await up.workflowOf(record)) }
}

const levels: Record<number, string> = {
  10: dim('trace'),
  20: dim('debug'),
  30: 'info ',
  40: yellow('warn '),
  50: red('error'),
  60: red('fatal'),
}
const hidden = new Set(['level', 'time', 'pid', 'msg', 'run', 'supervisor', 'hostname'])

/** undefined: not of this run. A line that is no JSON is shown as it is. */
export function readable(line: string, run: string | undefined, asJson = false): string | undefined {
  if (!line.trim()) return undefined
  let entry: Record<string, unknown>
  try {
    entry = JSON.parse(line) as Record<string, unknown>
  } catch {
    return run === undefined && !asJson ? oneLine(line, 500) : undefined
  }
  if (run !== undefined && entry.run !== run) return undefined
  if (asJson) return safe(line)
  const time = typeof entry.time === 'number' ? new Date(entry.time).toISOString().slice(11, 19) : ''
  const facts = Object.entries(entry)
    .filter(([name]) => !hidden.has(name))
    .map(
      ([name, value]) =>
        `${dim(`${oneLine(name, 40)}=`)}${oneLine(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''), 300)}`,
    )
  return `${dim(time)} ${levels[Number(entry.level)] ?? 'info '} ${oneLine(String(entry.msg ?? ''), 300)} ${facts.join(' ')}`.trimEnd()
}
