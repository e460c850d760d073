import type { Command } from 'commander'
import type { ShowOptions } from '../show.ts'
import { positive } from '../usage.ts'

export function add(program: Command): void {
  program
    .command('show')
    .description('Look into an artifact, a table, a checkpoint, a run')
    .argument('<path>', 'stage/fingerprint[/role], a step of a run (filter/decisions), a key of the store, or a local file')
    .option('-n, --rows <n>', 'how many rows', positive('--rows'), 10)
    .option('--offset <n>', 'from which row', positive('--offset'), 0)
    .option('--columns <names>', 'these columns only, by comma')
    .option('--run <run>', 'the run that a step is named in (default: the newest)')
    .option('--store <uri>', 'another store than the project’s')
    .option('--full', 'values as long as they are')
    .option('--json', 'rows as JSON lines, everything else as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  millrace show filter/decisions\n  millrace show dedup/27d10508062cc4a6/documents --columns key,url -n 3\n  millrace show documents.arrow --json',
    )
    .action(async (path: string, options: ShowOptions & { run?: string; store?: string }) => {
      const { openLocal } = await import('../runs.ts')
      const { locate } = await import('../artifacts.ts')
      const { show } = await import('../show.ts')
      const store = await openLocal(options.store)
      await show(store, await locate(store, path, options.run), options)
    })
}
