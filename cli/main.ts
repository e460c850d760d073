/** The `millrace` command: one file a command in `commands/`, loaded when it is asked for. Exit code 0 done, 1 failed, 2 asked wrongly. */
import { Command, CommanderError } from 'commander'
import { commands } from './commands/index.ts'
import { report } from './output.ts'

const program = new Command('millrace')
  .description('Raw pages to token shards to a trained checkpoint, by durable workflows')
  .version('0.1.0')
  .showHelpAfterError('(millrace --help lists the commands)')
  .configureHelp({ showGlobalOptions: false })
  .exitOverride()

for (const add of commands) add(program)

// Whoever reads our output may stop reading: `millrace show … | head` is no failure.
process.stdout.on('error', error => process.exit((error as NodeJS.ErrnoException).code === 'EPIPE' ? 0 : 1))

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else process.exitCode = report(error)
}
