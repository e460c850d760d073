/** The command list. A command registers its words here and loads its code when it runs. */
import type { Command } from 'commander'
import * as cancel from './cancel.ts'
import * as catalog from './catalog.ts'
import * as doctor from './doctor.ts'
import * as down from './down.ts'
import * as explain from './explain.ts'
import * as exportCommand from './export.ts'
import * as generate from './generate.ts'
import * as logs from './logs.ts'
import * as plan from './plan.ts'
import * as report from './report.ts'
import * as run from './run.ts'
import * as show from './show.ts'
import * as stage from './stage.ts'
import * as start from './start.ts'
import * as status from './status.ts'
import * as sweep from './sweep.ts'
import * as tokens from './tokens.ts'
import * as up from './up.ts'
import * as verify from './verify.ts'
import * as whichDocuments from './which-documents.ts'
import * as worker from './worker.ts'

export const commands: readonly ((program: Command) => void)[] = [
  up,
  down,
  run,
  plan,
  status,
  report,
  cancel,
  logs,
  explain,
  sweep,
  whichDocuments,
  show,
  verify,
  stage,
  generate,
  exportCommand,
  tokens,
  catalog,
  worker,
  doctor,
  start,
].map(command => command.add)
