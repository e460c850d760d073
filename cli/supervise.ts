/**
 * Keeps one worker running: restarts it with backoff; five deaths in a minute, and it stops and says why (MILLRACE_WORKER_RESTARTS allows
 * more, for tests that kill). `millrace up` starts this in the background, `millrace down` ends it with the server.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

export async function supervise(workerArguments: readonly string[], onReady?: () => void): Promise<number> {
  const log = pino({ base: { supervisor: process.pid } })
  const deaths: number[] = []
  let stopping = false
  let current: ReturnType<typeof spawn> | undefined
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      stopping = true
      current?.kill('SIGTERM')
    })
  }
  while (!stopping) {
    let last = ''
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'worker', ...workerArguments], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    })
    current = child
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      process.stderr.write(text)
      last = text.trim() || last
    })
    child.on('message', message => message === 'ready' && onReady?.())
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(resolve =>
      child.once('close', (c, s) => resolve([c, s])),
    )
    if (stopping) break
    const now = Date.now()
    deaths.push(now)
    const recent = deaths.filter(time => now - time < 60_000).length
    log.warn({ code, signal, recent, last }, 'worker ended')
    if (recent >= Number(process.env.MILLRACE_WORKER_RESTARTS ?? 5)) {
      log.error(
        `the worker ended five times within a minute; the last time with ${signal ?? `code ${code}`}: ${last}. Mend the cause, then: millrace up`,
      )
      return 1
    }
    if (recent > 1) await new Promise(resolve => setTimeout(resolve, Math.min(4000, 250 * 2 ** recent)))
  }
  return 0
}
