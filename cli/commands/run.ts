import type { Command } from 'commander'
import type { RunRequest } from '../../activities/run.ts'
import type { PretrainResult } from '../../workflows/pretrain.ts'
import { connect } from '../connect.ts'
import { json, out } from '../output.ts'

interface Options {
  from?: string
  only?: string
  force?: string[]
  json?: boolean
  detach?: boolean
}

export function add(program: Command): void {
  program
    .command('run')
    .description('Start the workflow `pretrain` and follow it; Ctrl-C detaches')
    .argument('<config>', 'a YAML file')
    .option('--from <stage>', 'start at this stage; what precedes it must be there')
    .option('--only <stage>', 'run this stage alone')
    .option(
      '--force <stage>',
      'do committed units of this stage again and compare; may be repeated',
      (value, all: string[] | undefined) => [...(all ?? []), value],
    )
    .option('--detach', 'do not follow')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  millrace run configs/quickstart.yaml --from dedup')
    .action(async (config: string, options: Options) => {
      const { loadConfig } = await import('../../activities/config.ts')
      const { name } = await loadConfig(config) // a bad config fails here, at once
      const { client, close } = await connect()
      try {
        const request: RunRequest = {
          config,
          ...(options.from ? { from: options.from } : {}),
          ...(options.only ? { only: options.only } : {}),
          ...(options.force ? { force: options.force } : {}),
        }
        const workflowId = `pretrain/${name}/${Date.now().toString(36)}`
        const handle = await client.workflow.start('pretrain', {
          taskQueue: 'millrace',
          workflowId,
          args: [request],
          staticSummary: config,
        })
        if (options.detach) return options.json ? json({ workflowId }) : out(workflowId)
        const result = (await handle.result()) as PretrainResult
        if (options.json) return json({ workflowId, ...result })
        for (const note of result.notes) out(note)
        out(`run ${result.run}: ${result.stages} stages, ${result.reused} reused`)
      } finally {
        await close()
      }
    })
}
