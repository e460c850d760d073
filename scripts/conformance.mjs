#!/usr/bin/env node
/**
 * `npm run conformance [-- NAME … | --prepare]`: our definitions beside the packages and papers that they are taken from.
 *
 * Makes a Python environment in build/conformance from test/requirements-conformance.txt, runs every program of bench/conformance (those whose
 * first lines say that they exit with 1 where a bar is missed), each with its own table, and ends with one of all. Exit code 1 where one failed.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { nodePath } from './parts.mjs'
import { setup } from './setup.mjs'
import { at, run, SetupError, say, sha256, stampIs, step, writeStamp } from './steps.mjs'

const folder = at('bench', 'conformance')
const environment = at('build', 'conformance')
const python = at('build', 'conformance', 'bin', 'python')

/** Python 3.11, as the oracles were published for it. */
async function interpreter() {
  for (const name of ['python3.11', 'python3']) {
    const version = await run(name, ['--version']).catch(() => '')
    if (/3\.11\./.test(version)) return name
  }
  throw new SetupError('conformance needs Python 3.11 as python3.11 or python3: apt-get install python3.11 python3.11-venv')
}

async function prepare() {
  const requirements = at('test', 'requirements-conformance.txt')
  const stamp = at('build', 'conformance', '.millrace-requirements')
  const digest = sha256(readFileSync(requirements))
  await step('packages of other projects', !stampIs(stamp, digest) || !existsSync(python), async () => {
    await run(await interpreter(), ['-m', 'venv', environment])
    await run(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--no-deps', '-r', requirements])
    writeStamp(stamp, digest)
  })
}

/** Of a pair `x.ts`, `x.py` the first asks the second. */
function programs(wanted) {
  const isProgram = file =>
    /exits? (with )?1\b/i.test(
      readFileSync(at('bench', 'conformance', file), 'utf8')
        .split('\n', 30)
        .join('\n'),
    )
  const all = readdirSync(folder)
    .filter(file => /\.(py|ts)$/.test(file) && isProgram(file))
    .filter((file, _, files) => !(file.endsWith('.py') && files.includes(file.replace(/py$/, 'ts'))))
    .sort()
  const unknown = wanted.find(name => !all.some(file => file.startsWith(`${name}.`)))
  if (unknown) throw new SetupError(`expected names of ${all.map(file => file.replace(/\..*/, '')).join(', ')}; found ${unknown}`)
  return all.filter(file => !wanted.length || wanted.includes(file.replace(/\..*/, '')))
}

function runProgram(file) {
  const [command, first] = file.endsWith('.py') ? [python, []] : [nodePath(), ['--disable-warning=ExperimentalWarning']]
  const env = { ...process.env, MILLRACE_PYTHON: python, MILLRACE_NODE: nodePath() }
  return new Promise(resolve => {
    const child = spawn(command, [...first, at('bench', 'conformance', file)], { cwd: at(), stdio: 'inherit', env })
    child.on('error', () => resolve(1))
    child.on('close', code => resolve(code ?? 1))
  })
}

try {
  const only = process.argv[2] === '--prepare'
  const files = only ? [] : programs(process.argv.slice(2))
  await setup()
  await prepare()
  if (only) process.exit(0)
  const rows = []
  for (const file of files) {
    say(`\n── ${file}`)
    const began = Date.now()
    const code = await runProgram(file)
    rows.push([file, code === 0 ? 'met' : `MISSED (exit ${code})`, `${((Date.now() - began) / 1000).toFixed(0)} s`])
  }
  const width = Math.max(...rows.map(([file]) => file.length))
  process.stdout.write(`\n${rows.map(([file, verdict, time]) => `${file.padEnd(width)}  ${verdict.padEnd(16)}  ${time}`).join('\n')}\n`)
  process.exitCode = rows.some(([, verdict]) => verdict !== 'met') ? 1 : 0
} catch (error) {
  say(error instanceof SetupError ? error.message : (error.stack ?? String(error)))
  process.exitCode = 1
}
