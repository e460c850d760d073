/** `millrace doctor`: what is there, what is missing, and the command that mends it. Needs nothing but Node, also in a bare clone. */
import { existsSync } from 'node:fs'
import * as parts from './parts.mjs'
import { at } from './steps.mjs'

export function examine() {
  const temporal = parts.temporalPath()
  const made = [
    {
      name: 'npm packages',
      ok: existsSync(at('node_modules')) && parts.packagesReady(),
      found: existsSync(at('node_modules')) ? 'node_modules' : 'not installed',
      mend: 'npm start (or node scripts/setup.mjs)',
    },
    {
      name: 'Node 24 (runs the TypeScript sources)',
      ok: Boolean(parts.nodePath()),
      found: parts.nodePath() ?? 'not installed',
      mend: 'node scripts/setup.mjs',
    },
    {
      name: 'native addon',
      ok: parts.addonReady(),
      found: existsSync(at('build', 'addon', 'millrace.node')) ? 'build/addon/millrace.node' : 'not built',
      mend: 'node scripts/setup.mjs',
    },
    { name: 'Temporal CLI and development server', ok: Boolean(temporal), found: temporal ?? 'not found', mend: 'node scripts/setup.mjs' },
  ]
  const forTests = [
    {
      name: 'Python packages (tests only)',
      ok: parts.pythonReady(),
      found: parts.pythonPath() ?? 'not installed',
      mend: 'node scripts/setup.mjs --test',
    },
    {
      name: 'GoogleTest (tests only)',
      ok: parts.gtestReady(),
      found: parts.gtestReady() ? 'libgtest-dev' : 'not found',
      mend: 'apt-get install libgtest-dev',
    },
  ]
  return { assumed: parts.assumed(), made, forTests }
}

/** Prints the table; the exit code says whether a run could start. */
export function doctor({ json = false } = {}) {
  const found = examine()
  const blocking = [...found.assumed, ...found.made].filter(part => !part.ok)
  if (json) process.stdout.write(`${JSON.stringify({ ready: blocking.length === 0, ...found }, null, 2)}\n`)
  else {
    for (const [title, list] of [
      ['Assumed on the machine', found.assumed],
      ['Made by the set-up', found.made],
      ['Only for npm test', found.forTests],
    ]) {
      process.stdout.write(`${title}\n`)
      for (const part of list)
        process.stdout.write(`  ${part.ok ? '✓' : '✗'} ${part.name}: ${part.found}${part.ok ? '' : `\n      mend: ${part.mend}`}\n`)
    }
    process.stdout.write(
      blocking.length ? `\n${blocking.length} missing. npm start sets up what is "made by the set-up".\n` : '\nReady: npm start\n',
    )
  }
  return blocking.length ? 1 : 0
}
