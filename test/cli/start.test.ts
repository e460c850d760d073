import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nameNpm, npmFolder } from '../../cli/npm.ts'
import { temporalCommands, workflowPage } from '../../cli/temporal-commands.ts'

const before = { ...process.env }
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-npm-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
  for (const name of ['npm_execpath', 'MILLRACE_NPM', 'MILLRACE_ROOTS', 'PATH', 'MILLRACE_HOME']) {
    if (before[name] === undefined) delete process.env[name]
    else process.env[name] = before[name]
  }
})

it('finds the npm that runs us, else the one on the PATH, else none', () => {
  mkdirSync(join(folder, 'npm', 'bin'), { recursive: true })
  process.env.npm_execpath = join(folder, 'npm', 'bin', 'npm-cli.js')
  expect(npmFolder()).toBe(join(folder, 'npm'))
  process.env.npm_execpath = join(folder, 'yarn', 'bin', 'yarn.js')
  expect(npmFolder()).toBe(join(execFileSync('npm', ['root', '-g'], { encoding: 'utf8' }).trim(), 'npm'))
  process.env.PATH = folder
  expect(npmFolder()).toBeUndefined()
})

it('names npm for the worker and lets sources lie there; a name that was given stays', () => {
  mkdirSync(join(folder, 'npm', 'bin'), { recursive: true })
  process.env.npm_execpath = join(folder, 'npm', 'bin', 'npm-cli.js')
  process.env.MILLRACE_ROOTS = '/data'
  delete process.env.MILLRACE_NPM
  nameNpm()
  expect([process.env.MILLRACE_NPM, process.env.MILLRACE_ROOTS]).toEqual([join(folder, 'npm'), `/data:${join(folder, 'npm')}`])
  process.env.MILLRACE_NPM = '/other'
  nameNpm()
  expect([process.env.MILLRACE_NPM, process.env.MILLRACE_ROOTS]).toEqual(['/other', `/data:${join(folder, 'npm')}`])
  delete process.env.MILLRACE_NPM
  delete process.env.npm_execpath
  process.env.PATH = folder
  process.env.MILLRACE_HOME = folder
  nameNpm()
  expect(process.env.MILLRACE_NPM).toBe(join(folder, 'no-npm'))
})

it('quotes commands as a shell reads them', () => {
  const config = "con figs/it's $HOME.yaml"
  const { again, show, replay } = temporalCommands({
    address: '127.0.0.1:7233',
    namespace: 'lab',
    config,
    workflowId: 'pretrain/a b/c',
    stage: 'dedup',
  })
  const words = (command: string) =>
    execFileSync('sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .slice(1)
  const where = ['--address', '127.0.0.1:7233', '--namespace', 'lab']
  const start = ['workflow', 'start', ...where, '--task-queue', 'millrace', '--type', 'pretrain', '--input']
  expect(words(again)).toEqual([...start, JSON.stringify({ config })])
  expect(words(replay)).toEqual([...start, JSON.stringify({ config, only: 'dedup', force: ['dedup'] })])
  expect(words(show)).toEqual(['workflow', 'show', ...where, '--workflow-id', 'pretrain/a b/c'])
  expect(workflowPage('http://127.0.0.1:8233', { namespace: 'lab', workflowId: 'pretrain/a b/c' })).toBe(
    'http://127.0.0.1:8233/namespaces/lab/workflows/pretrain%2Fa%20b%2Fc',
  )
})
