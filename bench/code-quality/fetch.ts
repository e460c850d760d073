/**
 * Fetches the labelled files with each registry's own client (npm, pip, cargo, go), checks their SHA-256 and leaves them in
 * build/code-quality/files/. What is there already is not fetched again. Exits 1 and names what could not be had.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileOf, type Label, partsOf, readLabels, scratch } from './labels.ts'

const run = (command: string, args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}): string =>
  execFileSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
    ...(options.cwd ? { cwd: options.cwd } : {}),
    env: { ...process.env, ...options.env },
  })

/** The one entry of a folder, or the folder itself: archives put their files into a folder of their own, most of the time. */
function inner(folder: string): string {
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries.length === 1 && entries[0]?.isDirectory() ? `${folder}/${entries[0].name}` : folder
}

function unpacked(folder: string, suffix: string): string {
  const archive = readdirSync(folder).find(name => name.endsWith(suffix))
  if (!archive) throw new Error(`expected an archive *${suffix} in ${folder}, found none`)
  const to = `${folder}/files`
  mkdirSync(to)
  if (suffix === '.whl') run('unzip', ['-qq', `${folder}/${archive}`, '-d', to])
  else run('tar', ['xzf', `${folder}/${archive}`, '-C', to])
  return to
}

const python = process.env.PYTHON ?? 'python3'
const wheelsOf = ['--only-binary', ':all:', '--python-version', '3.11', '--implementation', 'cp', '--platform', 'manylinux_2_17_x86_64']

/** Downloads one package; gives the folder that its paths are relative to. */
const fetchers: Record<string, (name: string, version: string, folder: string) => string> = {
  npm(name, version, folder) {
    run('npm', ['pack', '--silent', `${name}@${version}`, '--pack-destination', folder])
    return inner(unpacked(folder, '.tgz'))
  },
  sdist(name, version, folder) {
    run(python, ['-m', 'pip', 'download', '-q', '--no-deps', '--no-binary', ':all:', '-d', folder, `${name}==${version}`])
    return inner(unpacked(folder, '.tar.gz'))
  },
  wheel(name, version, folder) {
    run(python, ['-m', 'pip', 'download', '-q', '--no-deps', ...wheelsOf, '-d', folder, `${name}==${version}`])
    return unpacked(folder, '.whl')
  },
  go(name, version, folder) {
    const answer = run('go', ['mod', 'download', '-modcacherw', '-json', `${name}@${version}`], {
      cwd: folder,
      env: { GOMODCACHE: `${folder}/cache` },
    })
    return (JSON.parse(answer) as { Dir: string }).Dir
  },
  crate(name, version, folder) {
    mkdirSync(`${folder}/src`)
    writeFileSync(`${folder}/src/main.rs`, 'fn main() {}\n')
    writeFileSync(
      `${folder}/Cargo.toml`,
      `[package]\nname = "labels"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nx = { package = "${name}", version = "=${version.replace(/\+.*/, '')}" }\n`,
    )
    run('cargo', ['vendor', '--versioned-dirs', 'vendor'], { cwd: folder })
    return `${folder}/vendor/${name}-${version}`
  },
}

function fetchPackage(labels: readonly Label[]): string[] {
  const { ecosystem, name, version } = partsOf(labels[0] as Label)
  const folder = `${scratch}${ecosystem}-${name.replaceAll('/', '+')}-${version}`
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  try {
    const root = fetchers[ecosystem]?.(name, version, folder)
    return labels.flatMap(label => {
      const bytes = readFileSync(`${root}/${label.path}`)
      const found = createHash('sha256').update(bytes).digest('hex')
      if (found !== label.sha256) return [`${label.package} ${label.path}: expected sha256 ${label.sha256}, found ${found}`]
      writeFileSync(fileOf(label), bytes)
      return []
    })
  } catch (error) {
    return [`${(labels[0] as Label).package}: ${(error as Error).message.split('\n').slice(0, 3).join(' ')}`]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const missing = readLabels().filter(label => !existsSync(fileOf(label)))
if (missing.length) mkdirSync(fileOf(missing[0] as Label).replace(/\/\w+$/, ''), { recursive: true })
const failures = [...Map.groupBy(missing, label => label.package)].flatMap(([name, labels]) => {
  const failed = fetchPackage(labels)
  console.error(`${failed.length ? 'failed' : 'fetched'} ${name}`)
  return failed
})
for (const failure of failures) console.error(failure)
console.log(`${missing.length - failures.length} fetched, ${failures.length} failed`)
process.exitCode = failures.length ? 1 : 0
