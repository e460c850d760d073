/** One line a stage and one a phase of training. */
import type { Config } from '../pipelines/config.ts'
import type { Watched } from './follow.ts'
import { dim, duration, green, number, percent, yellow } from './output.ts'
import type { Line } from './progress.ts'
import type { PhaseFacts } from './training.ts'

const width = 18
const marks = { waiting: dim('·'), running: '▸', done: green('✓'), reused: green('=') }

export function stageLine(watched: Watched): Line {
  const { id, state } = watched
  const name = id.padEnd(width)
  if (state === 'waiting') return { id, text: `${marks.waiting} ${dim(`${name} waiting`)}` }
  if (state === 'running') {
    const again = watched.retried ? `; ${watched.retried}` : ''
    return { id, text: `${marks.running} ${name} ${running(watched)}${again}`, log: `${name} running${again}` }
  }
  const facts = [state, ...finished(watched)].join(', ')
  return { id, text: `${marks[state]} ${name} ${facts}`, log: `${name} ${facts}` }
}

function running({ progress, under, before, operationSince, place }: Watched): string {
  if (!progress?.operation) return 'planning'
  const { operation, units } = progress
  const done = Math.min(units, progress.done + under.units)
  const documents = progress.documents - before + under.documents
  const seconds = (performance.now() - operationSince) / 1000
  const pieces = [`${operation}${place} ${number(done)}/${number(units)} units`]
  if (documents) pieces.push(`${number(documents)} documents`)
  if (documents && seconds > 2) pieces.push(`${number(documents / seconds)}/s`)
  if (progress.quarantined) pieces.push(yellow(`${number(progress.quarantined)} quarantined`))
  if (done > 0 && done < units && seconds > 2) pieces.push(`${duration((seconds / done) * (units - done))} left`)
  return pieces.join(', ')
}

function finished({ units, documentsIn, documentsOut, dropped, quarantined, since, until }: Watched): string[] {
  const pieces: string[] = []
  if (units) pieces.push(`${number(units)} units`)
  if (documentsIn !== undefined && documentsOut !== undefined && documentsIn !== documentsOut)
    pieces.push(
      dropped
        ? `${number(documentsIn)} → ${number(documentsOut)} documents`
        : `${number(documentsOut)} of ${number(documentsIn)} documents`,
    )
  else if (documentsOut ?? documentsIn) pieces.push(`${number(documentsOut ?? documentsIn ?? 0)} documents`)
  if (dropped) pieces.push(`${percent(dropped)} dropped`)
  const read = documentsIn || documentsOut
  if (read && since !== undefined && until !== undefined && until - since > 500) pieces.push(`${number(read / ((until - since) / 1000))}/s`)
  if (quarantined) pieces.push(yellow(`${number(quarantined)} quarantined`))
  return pieces
}

/** `now`: the step under way, where it belongs to the phase. */
export function trainingLine(phase: PhaseFacts, now: Watched | undefined, config: Config['phases'][number] | undefined): Line {
  const id = `train ${phase.phase}`
  const name = id.padEnd(width)
  const quality = [
    ...(phase.perplexity === undefined ? [] : [`perplexity ${phase.perplexity.toFixed(1)}`]),
    ...(phase.bitsPerByte === undefined ? [] : [`${phase.bitsPerByte.toFixed(3)} bits/byte`]),
  ]
  const trained = now?.stage === 'train' && now.under.step !== undefined ? now.under : undefined
  const tokensPerStep = config ? config.rowLength * config.batchRows : 0
  if (!phase.segmentsDone && !now) return { id, text: `${marks.waiting} ${dim(`${name} waiting`)}` }
  const complete = phase.segmentsDone === phase.segments && !now
  const loss = trained?.loss ?? phase.loss
  const shared = [...(loss === undefined ? [] : [`loss ${loss.toFixed(3)}`]), ...quality]
  const committed = [
    `step ${number(phase.stepsDone)}/${number(phase.steps)}`,
    ...(phase.loss === undefined ? [] : [`loss ${phase.loss.toFixed(3)}`]),
    ...quality,
  ].join(', ')
  if (complete) return { id, text: `${marks.done} ${name} done, ${committed}`, log: `${name} done, ${committed}` }
  const seconds = now?.since === undefined ? 0 : (performance.now() - now.since) / 1000
  // Heartbeats count steps over the whole run.
  const within = trained ? Math.max(0, (trained.step ?? 0) - phase.firstStep - phase.stepsDone) : 0
  const pieces = [`step ${number(Math.min(phase.steps, phase.stepsDone + within))}/${number(phase.steps)}`, ...shared]
  if (within && seconds > 1) {
    const perStep = seconds / within
    pieces.push(`${number(tokensPerStep / perStep)} tokens/s`, `${duration(perStep * (phase.steps - phase.stepsDone - within))} left`)
  }
  if (now && now.stage !== 'train') pieces.push(now.stage)
  return {
    id,
    text: `${marks.running} ${name} ${pieces.join(', ')}`,
    ...(phase.segmentsDone && now?.stage !== 'evaluate' ? { log: `${name} ${committed}` } : {}),
  }
}
