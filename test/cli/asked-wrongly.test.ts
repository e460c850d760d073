/** Exit code 2, at once, with what was expected, what was found and where: configs, options, commands; no server; never a stack trace. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../support/engine.ts'
import { millrace } from './support.ts'

let folder: string
let env: NodeJS.ProcessEnv
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-cli-'))
  const { TEMPORAL_ADDRESS: _address, TEMPORAL_PROFILE: _profile, ...rest } = process.env
  env = { ...rest, MILLRACE_HOME: join(folder, 'home'), MILLRACE_ROOTS: `${root}:${folder}` }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const source = `sources:\n  - { name: notes, path: ${root}/test/fixtures/tiny/notes }\n`

async function config(text: string): Promise<string> {
  const path = join(folder, 'run.yaml')
  await writeFile(path, text)
  return path
}

const model =
  'model: { hidden: 48, layers: 1, heads: 2, qRank: 24, kvRank: 16, nopeDim: 16, ropeDim: 8, valueDim: 16, denseWidth: 96, expertWidth: 32, experts: 8, zeroExperts: 4, topK: 4, expectedExperts: 2.6667 }\n'
const phase = (mixture: string, warmup: number) =>
  `phases:\n  - name: a\n    tokens: 10240\n    warmupTokens: ${warmup}\n    rowLength: 128\n    batchRows: 8\n    segmentSteps: 5\n    mixture: { ${mixture}: 1 }\n    learningRate: 0.001\n`

const filterOf = (section: string) => `name: x\n${source}stages:\n  filter:\n    ${section}\n`

test.each([
  ['an unknown key', `name: x\n${source}stages:\n  filter: { unitByte: 3 }\n`, ':5', 'unitByte'],
  ['a wrong type', `name: x\n${source}seed: seven\n`, ':4', 'seven'],
  ['a broken file', `name: [x\n`, 'run.yaml', 'YAML'],
  ['an impossible budget', `name: x\n${source}${model}${phase('all', 99_999)}`, 'run.yaml:8', '99999'],
  ['a component that there is not', `name: x\n${source}${model}${phase('sonnets', 0)}`, 'run.yaml:12', 'sonnets'],
  ['a rate of a component that there is not', `name: x\n${source}stages: { shard: { fim: { sonnets: 0.5 } } }\n`, 'run.yaml', 'sonnets'],
  ['a number out of range', `name: x\n${source}stages: { filter: { language: { threshold: 2 } } }\n`, ':4', 'threshold to be <=1, found 2'],
  ['an expression of no statistic', filterOf('expressions: [{ name: short, drop: "wrds < 3" }]'), ':6', 'found "wrds"'],
  ['a language that no model has', filterOf('language: { keep: [english] }'), ':6', 'UNKNOWN_LANGUAGE'],
  ['an address that can match nothing', filterOf('addresses: { domains: ["*.spam.example"] }'), ':6', '*.spam.example'],
  ['one name for two statistics', filterOf('scores: [{ path: s.jsonl, columns: { characters: n } }]'), ':6', 'STEP_FIELDS'],
  ['a missing source', `name: x\nsources:\n  - { name: notes, path: nowhere }\n`, 'notes', 'nowhere'],
])('%s in a config', async (_, text, where, found) => {
  const path = await config(text)
  const said = await millrace(['plan', path], env)
  expect(said.code).toBe(2)
  expect(said.stdout).toBe('')
  expect(said.stderr).toContain(where)
  expect(said.stderr).toContain(found)
  expect(said.stderr.trim().split('\n')).toHaveLength(1)
  // What needs no listing of inputs is found by `run` too, before any server is asked.
  if (where !== 'notes') expect((await millrace(['run', path], env)).stderr).toBe(said.stderr)
})

test('a config that is not there', async () => {
  const said = await millrace(['run', 'configs/nowhere.yaml'], env)
  expect(said).toMatchObject({ code: 2, stdout: '' })
  expect(said.stderr).toContain('configs/nowhere.yaml')
})

test('no server: one sentence with the command that starts one', async () => {
  for (const args of [
    ['run', 'configs/tiny.yaml'],
    ['cancel', 'tiny'],
  ]) {
    const said = await millrace(args, env)
    expect(said.code).toBe(2)
    expect(said.stderr.trim().split('\n')).toHaveLength(1)
    expect(said.stderr).toMatch(/NO_SERVER.*millrace up/)
  }
  const status = await millrace(['status'], env)
  expect(status.code).toBe(0)
  expect(status.stdout).toContain('no server running here: millrace up')
})

test.each([
  ['an unknown command', ['frobnicate']],
  ['an unknown option', ['status', '--frobnicate']],
  ['a missing argument', ['plan']],
  ['an unknown run', ['status', 'nothing-here']],
  ['an unknown stage to begin at', ['run', 'configs/tiny.yaml', '--from', 'frob']],
  ['an unknown stage', ['stage', 'frob', '--input', 'package.json', '--output', 'x.arrow']],
  ['an output of no known format', ['stage', 'extract', '--input', 'docs', '--output', 'x.txt']],
  ['an unknown setting', ['stage', 'extract', '--input', 'docs', '--output', 'x.arrow', '--set', 'frob=1']],
  ['a setting of a wrong type', ['stage', 'extract', '--input', 'docs', '--output', 'x.arrow', '--set', 'maxDepth=deep']],
  ['an input that is not there', ['stage', 'extract', '--input', 'nowhere', '--output', 'x.arrow']],
  ['an input that no reader takes', ['stage', 'extract', '--input', 'package.json', '--output', 'x.arrow']],
  ['settings that cannot work', ['stage', 'filter', '--input', 'docs', '--output', 'x.arrow', '--set', 'language.keep=[english]']],
  ['a role that the stage does not write', ['stage', 'extract', '--input', 'docs', '--output', 'x.arrow', '--decisions', 'y.jsonl']],
  ['no evaluation items', ['stage', 'decontaminate', '--input', 'docs', '--output', 'x.arrow']],
  ['a path of nothing', ['show', 'nothing/here']],
])('%s', async (_, args) => {
  const said = await millrace(args, env)
  expect(said.code).toBe(2)
  expect(said.stdout).toBe('')
  expect(said.stderr).not.toMatch(/^\s+at /m)
})

test('every command has help with an example', async () => {
  const help = await millrace(['--help'], env)
  expect(help.code).toBe(0)
  const names = [...help.stdout.matchAll(/^ {2}([a-z][a-z-]+)(?= )/gm)].map(([, name]) => name as string).filter(name => name !== 'help')
  expect(names).toEqual(
    expect.arrayContaining(['up', 'down', 'run', 'plan', 'status', 'cancel', 'logs', 'explain', 'show', 'verify', 'stage', 'worker']),
  )
  for (const [name, said] of await Promise.all(names.map(async each => [each, await millrace([each, '--help'], env)] as const))) {
    expect(said.code, name).toBe(0)
    expect(said.stdout, name).toMatch(/Examples?:\n {2}.*millrace/)
  }
})
