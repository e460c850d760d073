#!/usr/bin/env node
/** `npm start`: set up what is missing, then run the main job from real pages to a trained checkpoint. */
import { spawn } from 'node:child_process'
import { nodePath } from './parts.mjs'
import { setup } from './setup.mjs'
import { at, SetupError, say } from './steps.mjs'

try {
  await setup()
} catch (error) {
  say(error instanceof SetupError ? error.message : (error.stack ?? String(error)))
  process.exit(1)
}
const child = spawn(nodePath(), ['--disable-warning=ExperimentalWarning', at('cli', 'main.ts'), 'start', ...process.argv.slice(2)], {
  stdio: 'inherit',
  cwd: at(),
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
