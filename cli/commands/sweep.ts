import type { Command } from 'commander'
import type { Sweep, SweepRequest } from '../sweep.ts'
import { usage } from '../usage.ts'

interface Options {
  at?: number[]
  from?: number
  to?: number
  steps?: number
  drops?: 'below' | 'above'
  profile?: string
  samples?: number
  run?: string
  store?: string
  json?: boolean
}

export function add(program: Command): void {
  program
    .command('sweep')
    .description('Documents and tokens kept as a threshold of filtering moves, from what it stored; nothing runs again')
    .argument('<rule>', 'a rule (gopher_short_doc) or a stored statistic (language_score)')
    .option('--at <list>', 'thresholds, with commas between', numbers)
    .option('--from <n>', 'lowest threshold (default: the 1st percentile)', number('--from'))
    .option('--to <n>', 'highest threshold (default: the 99th percentile)', number('--to'))
    .option('--steps <n>', 'how many', number('--steps'))
    .option('--drops <side>', 'below or above: which side goes, for a statistic that no rule reads', side)
    .option('--profile <name>', 'only documents that this profile judges')
    .option('--samples <n>', 'documents nearest to the line, on each side', number('--samples'), 3)
    .option('--run <run>', 'a run, or a name (default: the newest run)')
    .option('--store <uri>', 'another store than the project’s')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  millrace sweep gopher_short_doc\n  millrace sweep top_2_gram --at 0.15,0.2,0.3 --profile millrace',
    )
    .action(run)
}

function number(name: string): (text: string) => number {
  return text => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value)) throw usage(name, 'a number', JSON.stringify(text))
    return value
  }
}

const numbers = (text: string): number[] => text.split(',').map(number('--at'))

function side(text: string): 'below' | 'above' {
  if (text === 'below' || text === 'above') return text
  throw usage('--drops', 'below or above', JSON.stringify(text))
}

async function run(rule: string, options: Options): Promise<void> {
  const { findRun, openLocal } = await import('../runs.ts')
  const { withScratch } = await import('../artifacts.ts')
  const { sweepRun } = await import('../sweep-run.ts')
  const { json } = await import('../output.ts')
  const { run: name, store: uri, json: asJson, ...request } = options
  const store = await openLocal(uri)
  const record = await findRun(store, name)
  const { swept, documents } = await withScratch(folder => sweepRun(store, record, { rule, ...request } as SweepRequest, folder))
  if (asJson) return json({ run: record.run, ...swept, samples: Object.fromEntries(documents) })
  await print(swept, documents)
}

async function print(swept: Sweep, documents: ReadonlyMap<string, { name: string; text: string }>): Promise<void> {
  const { bold, dim, number: grouped, oneLine, out, percent, safe, table } = await import('../output.ts')
  const sign = swept.drops === 'below' ? '<' : '>'
  const now = Object.entries(swept.now)
  const left =
    swept.unjudged === null
      ? ', of kinds that the rule never judges too'
      : swept.unjudged
        ? `, ${grouped(swept.unjudged)} left out that the rule never judges`
        : ''
  out(
    `${bold(swept.rule)}  drops ${swept.statistic === swept.rule ? 'what is' : `${swept.statistic}`} ${sign} threshold${now.length ? `; now ${now.map(([profile, at]) => `${at} (${profile})`).join(', ')}` : ''}`,
  )
  out(
    dim(
      `  asked of ${grouped(swept.asked)} of ${grouped(swept.rows)} documents${left}${swept.unmeasured ? `, ${grouped(swept.unmeasured)} of them without a value` : ''}; looser than now is an upper bound\n`,
    ),
  )
  const here = new Set(now.map(([, at]) => at))
  const head = ['threshold', 'documents', 'kept', ...(swept.points[0]?.tokens === null ? [] : ['tokens ≈']), ''].map(dim)
  const rows = swept.points.map(({ threshold, documents: kept, share, tokens }) => [
    String(threshold),
    grouped(kept),
    percent(share),
    ...(tokens === null ? [] : [grouped(tokens)]),
    `${'█'.repeat(Math.round(share * 30))}${here.has(threshold) ? ' now' : ''}`,
  ])
  out(table([head, ...rows], '  '))
  for (const [what, list] of [
    [`goes at ${swept.line}`, swept.dropped],
    [`stays at ${swept.line}`, swept.kept],
  ] as const) {
    if (list.length) out(`\n  ${what}, the nearest:`)
    for (const { id, value } of list) {
      const found = documents.get(id)
      out(`    ${Number(value.toPrecision(4))}  ${dim(id)}  ${safe(found?.name ?? '')}`)
      if (found) out(dim(`      ${oneLine(found.text, 120)}`))
    }
  }
}
