import type { Command } from 'commander'

export function add(program: Command): void {
  program
    .command('start', { hidden: true })
    .description('What `npm start` does after the set-up: server and worker up, the quickstart run and followed to its end')
    .argument('[config]', 'a YAML file', 'configs/quickstart.yaml')
    .action(async (config: string) => {
      const { bringUp } = await import('./up.ts')
      const { startRun } = await import('./run.ts')
      const { dim, out } = await import('../output.ts')
      const { up } = await bringUp()
      out(dim(`server ${up.address}${up.ui ? `, web UI ${up.ui}` : ''}`))
      try {
        process.exitCode = await startRun(config, {})
      } finally {
        out(`\nserver and worker stay up. Stop them: npx millrace down`)
      }
    })
}
