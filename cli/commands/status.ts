import type { Command } from 'commander'
import type { RunRecord } from '../../activities/run.ts'
import type { NodeFacts, RunFacts } from '../facts.ts'
import { bold, bytes, dim, duration, green, json, number, out, percent, red, safe, table, yellow } from '../output.ts'
import { type Pending, retriedLine, runOrOpenings } from '../pending.ts'
import type { Services } from '../services.ts'
import type { PhaseFacts } from '../training.ts'

interface Options {
  store?: string
  json?: boolean
  follow?: boolean
}

export function add(program: Command): void {
  program
    .command('status')
    .description('Runs, or the stages of one: from the store alone; says whether server and worker are up')
    .argument('[run]', 'a run, or a name: then its newest run')
    .option('-f, --follow', 'follow a run that is under way')
    .option('--store <uri>', 'another store than the project’s')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  millrace status\n  millrace status tiny')
    .action(async (run: string | undefined, options: Options) => {
      const { findRun, listRuns, openLocal } = await import('../runs.ts')
      const { factsOf } = await import('../facts.ts')
      const { services } = await import('../services.ts')
      const store = await openLocal(options.store)
      if (options.follow) {
        const { followRun } = await import('../follow.ts')
        process.exitCode = await followRun(await findRun(store, run), store, options)
        return
      }
      const up = await services()
      if (run !== undefined) {
        const found = await runOrOpenings(store, run, up.openings)
        if ('openings' in found) {
          await up.close()
          return options.json ? json({ ...up.described, opening: found.openings }) : out(openingText(found.openings))
        }
        const { record } = found
        const facts = await factsOf(store, record)
        const workflow = await up.workflowOf(record)
        const pending = await up.pendingOf(record, workflow)
        await up.close()
        markUnderWay(facts, pending)
        if (!isLive(facts, workflow)) for (const node of facts.nodes) if (node.state === 'running') node.state = 'stopped'
        if (options.json)
          return json({ ...headOf(record, facts), ...up.described, workflow: workflow ?? null, pending, nodes: facts.nodes })
        const { Training } = await import('../training.ts')
        const { nodesOf } = await import('../runs.ts')
        const finished = new Set(facts.nodes.filter(isDone).map(node => node.id))
        const phases = await new Training(store, record.config).phases(await nodesOf(store, record), finished)
        return out(runText(record, facts, phases, workflow, pending, up))
      }
      const runs = []
      for (const record of (await listRuns(store)).slice(0, 20)) {
        const workflow = await up.workflowOf(record)
        runs.push({ record, facts: await factsOf(store, record), workflow, pending: await up.pendingOf(record, workflow) })
      }
      const opening = await up.openings()
      await up.close()
      if (options.json) {
        const heads = runs.map(({ record, facts, pending }) => ({ ...headOf(record, facts), pending }))
        return json({ store: store.uri, ...up.described, opening, runs: heads })
      }
      out(servicesText(up.described))
      if (opening.length) out(openingText(opening))
      if (!runs.length) return out(`no runs in ${safe(store.uri)}. Start one: millrace run CONFIG`)
      out(`store ${safe(store.uri)}\n`)
      const rows = runs.map(({ record, facts, workflow }) => {
        const done = facts.nodes.filter(isDone).length
        return [
          record.run,
          stateOf(facts, workflow),
          `${done} of ${facts.nodes.length} steps`,
          record.startedAt.slice(0, 19).replace('T', ' '),
          safe(record.configPath),
        ]
      })
      out(table([['run', 'state', 'steps', 'started (UTC)', 'config'].map(dim), ...rows]))
      for (const { record, pending } of runs) for (const line of retriedLines(pending)) out(`${record.run}  ${line}`)
      out(dim('\nmillrace status RUN shows its stages'))
    })
}

const isDone = (node: NodeFacts): boolean => node.state === 'done' || node.state === 'reused'

/** Activities of a stage by what they are called in its row. */
const doing: Record<string, string> = { checkCanary: 'canary', planOperation: 'plan', commitStage: 'commit' }

/** A stage of which the journal says nothing yet may be under way: its canary comes before its units. */
function markUnderWay(facts: RunFacts, pending: readonly Pending[]): void {
  for (const node of facts.nodes) {
    const activity = pending.find(({ fingerprint }) => fingerprint === node.fingerprint)?.activity
    if (node.state !== 'waiting' || activity === undefined) continue
    node.state = 'running'
    if (doing[activity] !== undefined) node.operation = doing[activity]
  }
}

const retriedLines = (pending: readonly Pending[]): string[] => pending.flatMap(each => retriedLine(each) ?? [])

/** Runs that are not in the store: their configs are read, their inputs hashed. */
const openingText = (opening: readonly Pending[]): string =>
  opening.map(each => `opening ${safe(each.workflowId)}: ${retriedLine(each) ?? 'reading the config, hashing inputs'}`).join('\n')

const headOf = (record: RunRecord, facts: RunFacts) => ({
  run: record.run,
  name: record.name,
  config: record.configPath,
  startedAt: record.startedAt,
  ended: facts.ended,
  lastWord: facts.lastWord === undefined ? null : new Date(facts.lastWord).toISOString(),
  steps: facts.nodes.length,
  stepsDone: facts.nodes.filter(isDone).length,
  cpuSeconds: Number(facts.nodes.reduce((sum, node) => sum + node.cpuSeconds, 0).toFixed(1)),
})

const servicesText = ({ server, worker }: Services['described']): string =>
  server
    ? `${green('●')} server ${server}; ${worker ? 'worker up' : yellow('no worker: millrace up starts one')}`
    : `${dim('○')} no server running here: millrace up starts one`

/** Whether anybody may be working on the run: the server knows, or somebody said a word lately. */
const isLive = (facts: RunFacts, workflow: { status: string } | undefined): boolean =>
  !facts.ended && (workflow ? workflow.status === 'RUNNING' : facts.lastWord !== undefined && Date.now() - facts.lastWord < 10_000)

/** In a word: what the server says where it knows the run, else what the store lets one conclude. */
function stateOf(facts: RunFacts, workflow: { status: string } | undefined): string {
  if (facts.ended) return green('done')
  const status = workflow?.status
  if (status === 'RUNNING') return 'running'
  if (status && status !== 'COMPLETED') return red(status.toLowerCase())
  if (facts.nodes.some(node => node.state === 'failed')) return red('failed')
  if (isLive(facts, workflow)) return 'running'
  return yellow('not finished')
}

function runText(
  record: RunRecord,
  facts: RunFacts,
  phases: readonly PhaseFacts[],
  workflow: { status: string; failure?: string } | undefined,
  pending: readonly Pending[],
  up: Services,
): string {
  const lines = [
    `${bold(record.run)}  ${stateOf(facts, workflow)}  ${dim(`${safe(record.configPath)}, started ${record.startedAt.slice(0, 19)}Z`)}`,
  ]
  const word = facts.lastWord === undefined ? undefined : (Date.now() - facts.lastWord) / 1000
  if (!facts.ended && word !== undefined) lines.push(dim(`  last word from a worker ${duration(word)} ago`))
  lines.push(`  ${servicesText(up.described)}`, ...retriedLines(pending).map(line => `  ${line}`), '')
  const head = ['stage', 'state', 'units', 'in', 'out', 'dropped', 'docs/s', 'CPU', 'notes'].map(dim)
  const corpus = facts.nodes.filter(node => record.nodes.some(each => each.id === node.id))
  lines.push(table([head, ...corpus.map(nodeRow)], '  '))
  const training = facts.nodes.filter(node => !corpus.includes(node))
  if (training.length) {
    const named = ['training', 'state', 'steps', 'loss', 'perplexity', 'bits/byte', 'CPU', 'notes'].map(dim)
    lines.push('', table([named, ...phases.map(phase => phaseRow(phase, training))], '  '))
  }
  const cpu = facts.nodes.reduce((sum, node) => sum + node.cpuSeconds, 0)
  const peak = Math.max(0, ...facts.nodes.map(node => node.peakMemory))
  lines.push('', `  ${duration(cpu)} of CPU in this run${peak ? `, a unit held up to ${bytes(peak)}` : ''}`)
  if (workflow?.failure) lines.push('', `${red('failed')}: ${safe(workflow.failure)}`)
  return lines.join('\n')
}

/** All steps of a phase in one row: segments, their evaluations and decisions, growth. */
function phaseRow(phase: PhaseFacts, training: readonly NodeFacts[]): string[] {
  const own = training.filter(
    node => node.id === `grow-${phase.phase}` || /^(train|evaluate|decide)-(.+)-\d+$/.exec(node.id)?.[2] === phase.phase,
  )
  const now = own.find(node => node.state === 'running')
  const state = own.some(node => node.state === 'failed')
    ? red('failed')
    : own.every(isDone)
      ? own.every(node => node.state === 'reused')
        ? green('reused')
        : green('done')
      : now
        ? `running ${now.stage}`
        : own.some(isDone)
          ? 'begun'
          : dim('waiting')
  const notes = own.flatMap(node => Object.keys(node.failures))
  const fixed = (value: number | undefined, digits: number) => (value === undefined ? '' : value.toFixed(digits))
  const cpu = own.reduce((sum, node) => sum + node.cpuSeconds, 0)
  return [
    phase.phase,
    state,
    `${number(phase.stepsDone)}/${number(phase.steps)}`,
    fixed(phase.loss, 3),
    fixed(phase.perplexity, 1),
    fixed(phase.bitsPerByte, 3),
    cpu ? `${cpu.toFixed(1)} s` : '',
    [...new Set(notes)].map(red).join(', '),
  ]
}

function nodeRow(node: NodeFacts): string[] {
  const optional = (value: number | undefined) => (value === undefined ? '' : number(value))
  const states = {
    done: green('done'),
    reused: green('reused'),
    running: node.operation ? `running ${node.operation}` : 'running',
    stopped: yellow(node.operation ? `stopped at ${node.operation}` : 'stopped'),
    failed: red('failed'),
    waiting: dim('waiting'),
  }
  const notes = [
    ...(node.quarantined ? [yellow(`${number(node.quarantined)} quarantined`)] : []),
    ...Object.entries(node.failures).map(([code, count]) => red(`${code}${count > 1 ? ` ×${count}` : ''}`)),
    ...(node.unitsReused && node.state !== 'reused' ? [dim(`${number(node.unitsReused)} units reused`)] : []),
  ]
  return [
    node.id,
    states[node.state],
    node.state === 'waiting' ? '' : node.unitsDone === node.units ? number(node.units) : `${number(node.unitsDone)}/${number(node.units)}`,
    optional(node.documentsIn),
    optional(node.documentsOut),
    node.dropped === undefined ? '' : percent(node.dropped),
    optional(node.documentsPerSecond),
    node.cpuSeconds ? `${node.cpuSeconds.toFixed(1)} s` : '',
    notes.join(', '),
  ]
}
