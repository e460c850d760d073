import type { Command } from 'commander'
import { bold, dim, green, json, oneLine, out, red, safe, table, yellow } from '../output.ts'

const colours: Record<string, (text: string) => string> = {
  dropped: red,
  quarantined: red,
  excluded: yellow,
  'held out': yellow,
  kept: green,
  trained: green,
}

export function add(program: Command): void {
  program
    .command('explain')
    .description('A document’s whole life in a run: why it is in or out, and where it was read')
    .argument('<document>', 'its id (32 hex digits), source/key, or URL')
    .option('--run <run>', 'a run, or a name (default: the newest run)')
    .option('--store <uri>', 'another store than the project’s')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  millrace explain de5e1f61beaba1f957d9c3c991ffe366\n  millrace explain docs/letters.jsonl#0 --run tiny',
    )
    .action(async (document: string, options: { run?: string; store?: string; json?: boolean }) => {
      const { findRun, openLocal } = await import('../runs.ts')
      const { withScratch } = await import('../artifacts.ts')
      const { explain } = await import('../explain.ts')
      const store = await openLocal(options.store)
      const record = await findRun(store, options.run)
      const life = await withScratch(folder => explain(store, record, document, folder))
      if (options.json) return json(life)
      out(`${bold(life.id ?? 'no id')}  ${safe(`${life.source}/${life.key}`)}  ${dim(`run ${life.run}`)}\n`)
      const [wide, wider] = [
        Math.max(...life.events.map(({ stage }) => stage.length)),
        Math.max(...life.events.map(each => each.outcome.length)),
      ]
      for (const { stage, outcome, text, rows } of life.events) {
        out(`  ${stage.padEnd(wide)}  ${(colours[outcome] ?? dim)(outcome.padEnd(wider))}  ${oneLine(text, 400)}`)
        if (rows?.length)
          out(
            dim(
              table(
                rows.map(row => row.map(safe)),
                ' '.repeat(wide + wider + 6),
              ),
            ),
          )
      }
      out(`\n${safe(life.sentence)}`)
    })
}
