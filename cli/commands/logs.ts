import type { Command } from 'commander'
import { positive } from '../usage.ts'

interface Options {
  follow?: boolean
  lines: number
  all?: boolean
  json?: boolean
}

export function add(program: Command): void {
  program
    .command('logs')
    .description('What the worker that `up` started said, readable; of one run where it is named')
    .argument('[run]', 'a run, or a name (its newest run)')
    .option('-f, --follow', 'go on as more is said')
    .option('-n, --lines <n>', 'how many lines from the end', positive('--lines'), 50)
    .option('--json', 'print the lines as they are: JSON, one a line')
    .addHelpText('after', '\nExample:\n  millrace logs tiny -f')
    .action(async (run: string | undefined, options: Options) => {
      const { showLogs } = await import('../logs.ts')
      await showLogs(run, options)
    })
}
