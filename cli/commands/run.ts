import type { Command } from 'commander'
import type { RunRequest } from '../../activities/run.ts'
import { dim, err, json, out } from '../output.ts'
import { collect, positive } from '../usage.ts'

export interface RunOptions {
  from?: string
  only?: string
  force?: string[]
  json?: boolean
  detach?: boolean
  retryQuarantined?: number
}

export function add(program: Command): void {
  program
    .command('run')
    .description('Start the workflow `pretrain` and follow it; Ctrl-C detaches')
    .argument('<config>', 'a YAML file')
    .option('--from <stage>', 'start at this stage; what precedes it must be there')
    .option('--only <stage>', 'run this stage alone')
    .option('--force <stage>', 'do committed units of this stage again and compare; may be repeated', collect)
    .option(
      '--retry-quarantined <n>',
      'do the units that quarantined records again; n tells one retry from the next',
      positive('--retry-quarantined'),
    )
    .option('--detach', 'do not follow')
    .option('--json', 'print the result as JSON; progress goes to standard error')
    .addHelpText('after', '\nExamples:\n  millrace run configs/quickstart.yaml\n  millrace run configs/quickstart.yaml --from dedup')
    .action(async (path: string, options: RunOptions) => {
      process.exitCode = await startRun(path, options)
    })
}

/** Starts the workflow and follows it to its end; the exit code. Throws what the run failed with. */
export async function startRun(path: string, options: RunOptions): Promise<number> {
  const { readConfig } = await import('../config.ts')
  const config = await readConfig(path)
  await checkStages(options)
  const { connect } = await import('../connect.ts')
  const { follow, showResult } = await import('../follow.ts')
  const { hasWorker } = await import('../services.ts')
  const { openLocal } = await import('../runs.ts')
  const { client, address, namespace, close } = await connect()
  try {
    const request: RunRequest = {
      config: await asWorkerSeesIt(path),
      ...(options.from ? { from: options.from } : {}),
      ...(options.only ? { only: options.only } : {}),
      ...(options.force ? { force: options.force } : {}),
      ...(options.retryQuarantined ? { retryQuarantined: options.retryQuarantined } : {}),
    }
    const workflowId = `pretrain/${config.name}/${Date.now().toString(36)}`
    if (!(await hasWorker(client, namespace))) err(dim('no worker answers yet: the run waits for one (millrace up, or millrace worker)'))
    const handle = await client.workflow.start('pretrain', { taskQueue: 'millrace', workflowId, args: [request], staticSummary: path })
    if (options.detach) {
      if (options.json) json({ workflowId })
      else out(workflowId)
      return 0
    }
    const store = await openLocal(config.run.store)
    const { code, result } = await follow(client, handle, store, options)
    if (result) showResult(options.json ? result : { ...result, report: undefined }, options)
    if (result && !options.json) {
      const { showSummary } = await import('../summary.ts') // names the report among the places
      await showSummary(store, result, { address, namespace, config: request.config, workflowId })
    }
    return code
  } finally {
    await close()
  }
}

async function checkStages({ from, only, force }: RunOptions): Promise<void> {
  const { stageNames } = await import('../../pipelines/stages.ts')
  const { usage } = await import('../usage.ts')
  for (const [option, stage] of [['--from', from], ['--only', only], ...(force ?? []).map(name => ['--force', name])] as const) {
    if (stage !== undefined && !stageNames.includes(stage)) throw usage(option ?? '', `a stage (${stageNames.join(', ')})`, stage)
  }
}

/** The worker that `up` started may have been started in another folder; to a cluster's workers only the name as given means something. */
async function asWorkerSeesIt(path: string): Promise<string> {
  const { isAbsolute, relative, resolve } = await import('node:path')
  const { readUp } = await import('../home.ts')
  if (process.env.TEMPORAL_ADDRESS || isAbsolute(path)) return path
  const cwd = (await readUp())?.cwd
  return cwd === undefined ? path : cwd === process.cwd() ? path : relative(cwd, resolve(path))
}
