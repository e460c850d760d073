#!/usr/bin/env node
/** Runs a TypeScript file with the right Node, after the set-up: `node scripts/with-node.mjs FILE [arguments]`. */
import { spawn } from 'node:child_process'
import { nodePath, pythonPath, temporalPath } from './parts.mjs'
import { setup } from './setup.mjs'
import { at, SetupError, say } from './steps.mjs'

const [file, ...args] = process.argv.slice(2)
try {
  await setup({ test: file.startsWith('test/') || file.startsWith('bench/') })
} catch (error) {
  say(error instanceof SetupError ? error.message : (error.stack ?? String(error)))
  process.exit(1)
}
const env = {
  ...process.env,
  ...(temporalPath() ? { TEMPORAL_CLI_PATH: temporalPath() } : {}),
  ...(pythonPath() ? { MILLRACE_PYTHON: pythonPath() } : {}),
}
const child = spawn(nodePath(), ['--disable-warning=ExperimentalWarning', at(file), ...args], { stdio: 'inherit', cwd: at(), env })
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', code => process.exit(code ?? 1))
