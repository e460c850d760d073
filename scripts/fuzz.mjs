#!/usr/bin/env node
/**
 * Runs the libFuzzer targets of native/fuzz under the address and undefined-behaviour sanitizers, one at a time.
 *
 *   npm run test:fuzz                            60 CPU-seconds each
 *   npm run test:fuzz -- --minutes 30            30 CPU-minutes each
 *   npm run test:fuzz -- --targets html,charset  only these
 *   npm run test:fuzz -- --require               fail where clang++ is absent, instead of skipping
 *
 * CPU time is counted, not the clock's: a busy machine fuzzes as much. The corpus stays in build/fuzz/corpus and grows from run to run; a
 * finding stays in build/fuzz/findings with the command that shows it again. Exit code: 0 without a finding, 1 with one, 2 asked wrongly.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { targets, writeSeeds } from '../native/fuzz/seeds.mjs'
import { which } from './parts.mjs'
import { at, run, SetupError, say } from './steps.mjs'

const folder = at('build', 'fuzz')
/** Bytes of an input at most: enough for every rule, few enough for thousands of runs a second. */
const longest = { html: 16_384, charset: 4096, mathml: 8192, warc: 16_384, extract: 16_384, fasttext: 4096 }
/** A target is built where this header is there. */
const needs = {
  html: 'html/tree.h',
  charset: 'html/charset.h',
  mathml: 'extract/math.h',
  warc: 'warc/documents.h',
  extract: 'extract/extract.h',
  fasttext: 'fasttext/model.h',
}

function asked(args) {
  const options = { seconds: 60, targets, require: false, build: false }
  for (let i = 0; i < args.length; i++) {
    const number = () => {
      const value = Number(args[++i])
      if (!(value > 0)) throw new SetupError(`${args[i - 1]}: expected a number above 0, found ${args[i] ?? 'nothing'}`)
      return value
    }
    if (args[i] === '--minutes') options.seconds = 60 * number()
    else if (args[i] === '--seconds') options.seconds = number()
    else if (args[i] === '--require') options.require = true
    else if (args[i] === '--build') options.build = true
    else if (args[i] === '--targets') {
      options.targets = (args[++i] ?? '').split(',')
      const unknown = options.targets.find(name => !targets.includes(name))
      if (unknown !== undefined) throw new SetupError(`--targets: expected some of ${targets.join(', ')}, found "${unknown}"`)
    } else throw new SetupError(`expected --minutes N, --seconds N, --targets a,b, --require or --build, found ${args[i]}`)
  }
  return options
}

async function build(clang, names) {
  const wanted = ['warc', 'extract', 'fasttext'].filter(domain => names.some(name => needs[name].startsWith(`${domain}/`)))
  const domains = ['hash', 'html', ...wanted]
  say(`building ${names.join(', ')} with ${clang} (address and undefined-behaviour sanitizers)`)
  const list = values => values.join(';')
  await run('cmake', [
    ...['-S', 'native/fuzz', '-B', folder, '-DCMAKE_BUILD_TYPE=Release', `-DCMAKE_CXX_COMPILER=${clang}`],
    ...[`-DMILLRACE_DOMAINS=${list(domains)}`, `-DMILLRACE_FUZZ_TARGETS=${list(names)}`],
    ...(which('ninja') ? ['-G', 'Ninja'] : []),
  ])
  await run('cmake', ['--build', folder, '--parallel', '2'])
}

const ticks = 100 // USER_HZ of every Linux on x86-64
/** CPU-seconds of a process so far; undefined when it has ended. */
function cpuSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) / ticks
  } catch {
    return undefined
  }
}

const interrupted = 72
function fuzz(name, seconds) {
  const seeds = at('build', 'fuzz', 'seeds', name)
  const dictionary = at('build', 'fuzz', `${name}.dict`)
  const count = writeSeeds(name, seeds, dictionary)
  const corpus = at('build', 'fuzz', 'corpus', name)
  const findings = at('build', 'fuzz', 'findings')
  for (const path of [corpus, findings]) mkdirSync(path, { recursive: true })
  const program = at('build', 'fuzz', `${name}_fuzz`)
  const args = [
    ...[`-max_len=${longest[name]}`, `-dict=${dictionary}`, `-artifact_prefix=${findings}/${name}-`, '-rss_limit_mb=2048', '-timeout=300'],
    ...['-print_final_stats=1', '-verbosity=0', corpus, seeds],
  ]
  return new Promise(resolve => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, UBSAN_OPTIONS: 'print_stacktrace=1' } })
    let output = ''
    let spent = 0
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', chunk => {
        output = (output + chunk).slice(-20_000)
      })
    const timer = setInterval(() => {
      spent = cpuSeconds(child.pid) ?? spent
      if (spent >= seconds) child.kill('SIGINT')
    }, 250)
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill('SIGINT'))
    child.on('close', code => {
      clearInterval(timer)
      const runs = /number_of_executed_units:\s*(\d+)/.exec(output)?.[1] ?? '?'
      const ok = code === interrupted || code === 0
      say(
        `${ok ? 'ok  ' : 'FAIL'} ${name}: ${(spent / 60).toFixed(2)} CPU-minutes, ${runs} runs, ${count} seeds, ${readdirSync(corpus).length} in the corpus`,
      )
      if (!ok) say(`${output.trim().slice(-6000)}\nagain: ${program} ${findings}/${name}-…`)
      resolve(ok)
    })
  })
}

let options
try {
  options = asked(process.argv.slice(2))
} catch (error) {
  say(error.message)
  process.exit(2)
}
const clang = which(process.env.CLANGXX ?? 'clang++')
if (!clang) {
  say('skipped: fuzzing needs clang++ with libFuzzer, which is not installed (apt-get install clang)')
  process.exit(options.require ? 1 : 0)
}
const names = options.targets.filter(name => existsSync(at('native', needs[name])))
for (const name of options.targets) if (!names.includes(name)) say(`skipped ${name}: native/${needs[name]} is absent`)
try {
  await build(clang, names)
} catch (error) {
  say(error.message)
  process.exit(1)
}
let failed = 0
if (!options.build) for (const name of names) failed += (await fuzz(name, options.seconds)) ? 0 : 1
if (!options.build) say(`${names.length - failed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
