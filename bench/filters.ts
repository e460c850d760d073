/**
 * Filters beside their peers, by name; each program says what it measures and which bar it holds, and exits 1 where it misses it.
 *
 *   npm run bench:filters [-- NAME [options of the program]]      datatrove (default), nemo, language, ngram, or all
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const programs: Record<string, string> = {
  datatrove: 'filters.datatrove.ts',
  nemo: 'nemo.ts',
  language: 'language.ts',
  ngram: 'ngram.ts',
}

const [name = 'datatrove', ...rest] = process.argv.slice(2)
const wanted = name === 'all' ? Object.keys(programs) : [name]
if (wanted.some(each => !(each in programs))) {
  console.error(`expected one of ${Object.keys(programs).join(', ')}, all; found ${name}`)
  process.exit(2)
}
// The peers' environment is that of `npm run conformance`, whatever Python the oracles of the tests are in.
const root = fileURLToPath(new URL('..', import.meta.url))
const prepared = spawnSync(process.execPath, [join(root, 'scripts/conformance.mjs'), '--prepare'], { stdio: 'inherit' })
if (prepared.status !== 0) process.exit(prepared.status ?? 1)
const env = { ...process.env, MILLRACE_PYTHON: join(root, 'build/conformance/bin/python') }

for (const each of wanted) {
  const path = fileURLToPath(new URL(programs[each] as string, import.meta.url))
  const { status } = spawnSync(process.execPath, [...process.execArgv, path, ...rest], { stdio: 'inherit', env })
  if (status !== 0) process.exitCode = status ?? 1
}
