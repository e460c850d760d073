import type { Command } from 'commander'

/** `cli/millrace.mjs` answers it by itself, so that it also works where nothing is installed; this is for the list of commands. */
export function add(program: Command): void {
  program
    .command('doctor')
    .description('What is there, what is missing, and the command that mends it')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  millrace doctor')
    .action(async (options: { json?: boolean }) => {
      const { doctor } = await import('../../scripts/doctor.mjs')
      process.exitCode = doctor({ json: options.json ?? false })
    })
}
