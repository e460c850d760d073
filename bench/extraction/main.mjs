/**
 * `npm run bench:extract [-- NAME …]`: what extraction is measured by, beside the peers, in one run.
 *
 *   wcxb      main content of web pages: F1, snippets, confidence, five-fold where build/extraction/folds.jsonl holds its texts
 *   modes     the same with the modes precision, recall and union
 *   metadata, formulas, code, tables, mathml, charset, cjk, warc     each its own scorer
 *   speed, memory                                                    minutes of both cores' quiet
 *   lock-box  the pages that nobody looks at; once a day, and only by name
 *
 * Without a name: all but speed, memory, warc and lock-box. Every scorer prints its bars as "met" or "MISSED"; they stand together at the end, and the
 * exit code is 1 where one is missed. Peers come from bench/extraction/requirements.txt, installed into build/bench-venv; their texts are kept
 * under build/extraction/peers by version. Pages are read from ../shared/data, which the repository does not hold: absent, they are skipped.
 */
import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { at, digestOf, run, sha256, stampIs, step, writeStamp } from '../../scripts/steps.mjs'

const here = join('bench', 'extraction')
const made = join('build', 'extraction')
const python = at('build', 'bench-venv', 'bin', 'python')
const node = process.execPath
const quiet = '--disable-warning=ExperimentalWarning'

async function environment() {
  const requirements = at(here, 'requirements.txt')
  const stamp = at('build', 'bench-venv', '.millrace-requirements')
  const digest = sha256(readFileSync(requirements))
  await step('Python packages for the bench', !stampIs(stamp, digest), async () => {
    await run('python3', ['-m', 'venv', '--clear', at('build', 'bench-venv')])
    await run(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', requirements])
    writeStamp(stamp, digest)
  })
}

/** Runs a command; its output is shown and kept, or goes into a file. */
function command(program, args, into) {
  return new Promise(resolve => {
    const child = spawn(program, args, { cwd: at(), stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    if (into) child.stdout.pipe(createWriteStream(at(into)))
    else
      child.stdout.on('data', data => {
        output += data
        process.stdout.write(data)
      })
    child.on('error', error => resolve({ code: 1, output: String(error) }))
    child.on('close', code => resolve({ code: code ?? 1, output }))
  })
}

const py = (script, ...args) => command(python, [join(here, `${script}.py`), ...args])
const listed = (script, args, into) => command(python, [join(here, `${script}.py`), ...args], into)
const dump = (list, into, mode = 'balanced', format = 'text') =>
  command(node, [quiet, join(here, 'dump.ts'), list, '--mode', mode, '--format', format], into)
const path = name => join(made, name)

/** Texts of our extraction for the pages outside the lock box, made once a run. */
const dumps = new Map()
async function ours(mode) {
  if (!dumps.has(mode)) {
    await listed('pages', [], path('pages.jsonl'))
    await dump(path('pages.jsonl'), path(`${mode}.jsonl`), mode)
    dumps.set(mode, path(`${mode}.jsonl`))
  }
  return dumps.get(mode)
}

const folds = mode => (mode === 'balanced' ? path('folds.jsonl') : path(`folds-${mode}.jsonl`))
async function texts(mode) {
  if (existsSync(at(folds(mode)))) return { file: folds(mode), name: 'ours, five-fold' }
  process.stdout.write(
    `${folds(mode)} is not there (${here}/train.py makes it): texts of the shipped model, which was trained on these pages\n`,
  )
  return { file: await ours(mode), name: 'ours, shipped model' }
}

const web = () => existsSync(at('..', 'shared', 'data', 'wcxb-dev', 'ground-truth.jsonl.gz'))
const benches = {
  async wcxb() {
    const { file, name } = await texts('balanced')
    return py('score', file, '--name', name)
  },
  async modes() {
    const { file, name } = await texts('balanced')
    const rest = []
    for (const mode of ['precision', 'recall', 'union']) rest.push('--mode', `${mode}=${(await texts(mode)).file}`)
    return py('score', file, '--name', name, '--peers', '', ...rest)
  },
  metadata: () => py('metadata'),
  async formulas() {
    await command(node, [quiet, join(here, 'formulas.ts')], path('formulas.jsonl'))
    return py('formulas', path('formulas.jsonl'))
  },
  code: () => py('code_blocks'),
  tables: () => py('tables'),
  async mathml() {
    await listed('tex', [], path('tex.jsonl'))
    const page = join('..', 'shared', 'data', 'stem-pages', 'ccmath', 'wikipedia_1_math_annotation.html')
    const pages = existsSync(at(page)) ? ['--page', page] : []
    return command(node, [quiet, join(here, 'mathml.ts'), '--formulas', path('tex.jsonl'), ...pages])
  },
  charset: () => py('charset'),
  async cjk() {
    await listed('cjk', ['list'], path('cjk-pages.jsonl'))
    await dump(path('cjk-pages.jsonl'), path('cjk.jsonl'))
    return py('cjk', 'score', path('cjk.jsonl'))
  },
  speed: () => py('speed', '--node', node),
  async warc() {
    const records = await py('warc', 'records')
    const speed = await py('warc', 'speed')
    return { code: records.code || speed.code, output: records.output + speed.output }
  },
  memory: () => py('memory', '--node', node),
  'lock-box': () => py('score', '--lock-box', '--node', node),
}
const needWeb = new Set(['wcxb', 'modes', 'metadata', 'speed', 'memory', 'lock-box'])
const byName = new Set(['speed', 'warc', 'memory', 'lock-box'])

const asked = process.argv.slice(2)
const unknown = asked.filter(name => !benches[name])
if (unknown.length) {
  process.stderr.write(`no bench ${unknown.join(', ')}: expected some of ${Object.keys(benches).join(', ')}\n`)
  process.exit(2)
}
mkdirSync(at(made, 'peers'), { recursive: true })
await environment()
const summary = []
let missed = false
for (const name of asked.length ? asked : Object.keys(benches).filter(name => !byName.has(name))) {
  process.stdout.write(`\n=== ${name}\n`)
  if (needWeb.has(name) && !web()) {
    process.stdout.write('skipped: ../shared/data/wcxb-dev is not there\n')
    continue
  }
  const began = Date.now()
  const { code, output } = await benches[name]()
  missed ||= code !== 0
  const bars = output.split('\n').filter(line => /^\s*(met|MISSED)\b|\bbars?\b.|^recall|equal \(/.test(line))
  summary.push(`${code === 0 ? '✓' : '✗'} ${name} (${((Date.now() - began) / 1000).toFixed(0)} s)`, ...bars.map(line => `  ${line.trim()}`))
}
process.stdout.write(
  `\n=== summary, native sources ${digestOf(['native'], file => /\.(cc|h|inc)$/.test(file)).slice(0, 12)}\n${summary.join('\n')}\n`,
)
process.exit(missed ? 1 : 0)
