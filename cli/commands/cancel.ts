import type { Command } from 'commander'
import { MillraceError } from '../../pipelines/errors.ts'
import { json, out } from '../output.ts'

export function add(program: Command): void {
  program
    .command('cancel')
    .description('Cancel a run; everything committed is kept, and starting it again goes on from there')
    .argument('<run>', 'a run, a name (its newest run), or the id of a workflow')
    .option('--store <uri>', 'another store than the project’s')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  millrace cancel tiny')
    .action(async (run: string, options: { store?: string; json?: boolean }) => {
      const { connect } = await import('../connect.ts')
      const { findRun, openLocal } = await import('../runs.ts')
      const { workflowOf } = await import('../services.ts')
      const { client, close } = await connect()
      try {
        const byId = run.includes('/') ? { workflowId: run, status: 'RUNNING' } : undefined
        const found = byId ?? (await workflowOf(client, await findRun(await openLocal(options.store), run)))
        if (!found) {
          throw new MillraceError({
            code: 'NO_WORKFLOW',
            kind: 'config',
            expected: `a workflow of run ${run} on this server`,
            found: 'none',
            next: 'millrace status',
          })
        }
        if (found.status !== 'RUNNING') {
          if (options.json) json({ ...found, cancelled: false })
          else out(`nothing to cancel: ${found.workflowId} is ${found.status.toLowerCase()}`)
          return
        }
        await client.workflow.getHandle(found.workflowId).cancel()
        if (options.json) json({ workflowId: found.workflowId, cancelled: true })
        else out(`asked ${found.workflowId} to stop; what is committed is kept`)
      } finally {
        await close()
      }
    })
}
