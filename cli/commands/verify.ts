import type { Command } from 'commander'
import { bytes, green, json, number, out, red, safe } from '../output.ts'
import { usage } from '../usage.ts'

interface Options {
  run?: string
  store?: string
  json?: boolean
}

export function add(program: Command): void {
  program
    .command('verify')
    .description('Read files again and compare them with their digests: an artifact, a unit, a run, or the whole store')
    .argument('[path]', 'stage/fingerprint, a step of a run, units/stage/KEY or runs/RUN; default: everything')
    .option('--run <run>', 'the run that a step is named in (default: the newest)')
    .option('--store <uri>', 'another store than the project’s')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  millrace verify\n  millrace verify runs/tiny-01a20d68c3')
    .action(async (path: string | undefined, options: Options) => {
      const { openLocal } = await import('../runs.ts')
      const { locate } = await import('../artifacts.ts')
      const { Verifier } = await import('../verify.ts')
      const store = await openLocal(options.store)
      const live = Boolean(process.stderr.isTTY)
      const verifier = new Verifier(store, done => {
        if (live && done % 50 === 0) process.stderr.write(`\r\x1b[K${number(done)} files read`)
      })
      const found = path === undefined ? undefined : await locate(store, path, options.run)
      if (found?.kind === 'folder') throw usage('verify', 'an artifact, a unit or a run', path ?? '')
      const verified = found ? await verifier.found(found) : await verifier.all()
      if (live) process.stderr.write('\r\x1b[K')
      process.exitCode = verified.problems.length ? 1 : 0
      if (options.json) return json(verified)
      for (const { key, problem } of verified.problems) out(`${red('✗')} ${safe(key)}: ${safe(problem)}`)
      const read = `${number(verified.files)} files, ${bytes(verified.bytes)}, of ${number(verified.manifests)} artifacts and ${number(verified.units)} units`
      if (verified.problems.length)
        out(
          `${red(`${number(verified.problems.length)} problems`)} in ${read}. A run with --force on the stage repairs what its units wrote`,
        )
      else out(`${green('✓')} ${read}: all as committed`)
    })
}
