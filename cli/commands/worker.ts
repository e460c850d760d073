import type { Command } from 'commander'

export function add(program: Command): void {
  program
    .command('worker')
    .description('Serve task queues in the foreground, on this machine or one of many')
    .option('--queues <names>', 'task queues, by comma', 'millrace,millrace-cpu')
    .option('--slots <n>', 'units at once (default: one per core)', Number)
    .addHelpText('after', '\nExample:\n  TEMPORAL_ADDRESS=temporal.lab:7233 millrace worker --queues millrace-cpu --slots 32')
    .action(async (options: { queues: string; slots?: number }) => {
      const { runWorker } = await import('../worker.ts')
      await runWorker({ queues: options.queues.split(',').filter(Boolean), ...(options.slots ? { slots: options.slots } : {}) })
    })
}
