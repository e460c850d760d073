import type { Command } from 'commander'
import { alive, readUp, removeUp } from '../home.ts'
import { out } from '../output.ts'

export function add(program: Command): void {
  program
    .command('down')
    .description('Stop the worker and the embedded server; what was running goes on at the next up')
    .addHelpText('after', '\nExample:\n  millrace down')
    .action(async () => {
      const up = await readUp()
      if (!up) return out('nothing is running here')
      await stop(up.supervisorPid, 40_000)
      if (up.serverPid) await stop(up.serverPid, 15_000)
      await removeUp()
      out('stopped')
    })
}

async function stop(pid: number, patience: number): Promise<void> {
  if (!alive(pid)) return
  process.kill(pid, 'SIGTERM')
  for (let waited = 0; waited < patience && alive(pid); waited += 100) await new Promise(resolve => setTimeout(resolve, 100))
  if (alive(pid)) process.kill(pid, 'SIGKILL')
}
