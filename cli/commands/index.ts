/** The command list. A command registers its words here and loads its code when it runs. */
import type { Command } from 'commander'
import * as catalog from './catalog.ts'
import * as down from './down.ts'
import * as run from './run.ts'
import * as stage from './stage.ts'
import * as status from './status.ts'
import * as up from './up.ts'
import * as worker from './worker.ts'

export const commands: readonly ((program: Command) => void)[] = [up.add, down.add, run.add, status.add, stage.add, catalog.add, worker.add]
