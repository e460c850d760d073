#!/usr/bin/env node
/**
 * `npm run size`: lines of what git tracks, per folder, with the change since a commit (`npm run size -- HEAD~20`; default: the last one), and
 * files that are longer than 500 lines. So growth is seen in review. Generated tables, data and lockfiles are not counted.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { at, say } from './steps.mjs'

const smell = 500
const counted = /\.(ts|mts|mjs|cc|cu|h|py|yaml|md|txt)$/
const skipped = /^(test\/fixtures\/|docs\/config\.md|package-lock\.json)/

const git = (...args) => execFileSync('git', args, { cwd: at(), encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'ignore'] })
const linesOf = text => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
const folderOf = path => {
  const parts = path.split('/')
  return parts.length === 1
    ? '.'
    : ['native', 'pipelines', 'test', 'web', 'cli'].includes(parts[0]) && parts.length > 2
      ? `${parts[0]}/${parts[1]}`
      : parts[0]
}
const isTest = path => path.startsWith('test/') || /_test\.cc$/.test(path)
const isDocumentation = path => /\.(md|txt|yaml)$/.test(path)

const since = process.argv[2] ?? 'HEAD'
const files = git('ls-files')
  .split('\n')
  .filter(path => counted.test(path) && !skipped.test(path) && existsSync(at(path)))
  .map(path => ({ path, lines: linesOf(readFileSync(at(path), 'utf8')) }))

/** Folder -> lines added less lines removed, in the working tree since the commit. */
const change = new Map()
try {
  for (const line of git('diff', '--numstat', '--no-renames', since).split('\n')) {
    const [added, removed, path] = line.split('\t')
    if (path && counted.test(path) && !skipped.test(path))
      change.set(folderOf(path), (change.get(folderOf(path)) ?? 0) + Number(added) - Number(removed))
  }
} catch {
  say(`no commit ${since} here: changes are left out`)
}

const folders = new Map()
for (const { path, lines } of files) {
  const sum = folders.get(folderOf(path)) ?? { files: 0, lines: 0, longest: 0 }
  folders.set(folderOf(path), { files: sum.files + 1, lines: sum.lines + lines, longest: Math.max(sum.longest, lines) })
}
const row = (name, files, lines, longest, by) =>
  `${name.padEnd(24)}${String(files).padStart(6)}${String(lines).padStart(9)}${String(longest).padStart(9)}${(by ? `${by > 0 ? '+' : ''}${by}` : '').padStart(9)}`
const out = [row('folder', 'files', 'lines', 'longest', '')]
for (const [name, { files, lines, longest }] of [...folders].sort(([a], [b]) => (a < b ? -1 : 1)))
  out.push(row(name, files, lines, longest, change.get(name)))

const total = accept => files.filter(({ path }) => accept(path)).reduce((sum, { lines }) => sum + lines, 0)
const documentation = total(path => isDocumentation(path))
const tests = total(path => isTest(path) && !isDocumentation(path))
const code = total(path => !isTest(path) && !isDocumentation(path))
const grown = [...change.values()].reduce((sum, by) => sum + by, 0)
out.push('', `code ${code}, tests ${tests}, documentation and configs ${documentation}; ${grown >= 0 ? '+' : ''}${grown} since ${since}`)

const long = files.filter(({ lines, path }) => lines > smell && !isDocumentation(path)).sort((a, b) => b.lines - a.lines)
if (long.length) out.push('', `longer than ${smell} lines:`, ...long.map(({ path, lines }) => `${String(lines).padStart(8)}  ${path}`))
const most = files.filter(({ path }) => !isDocumentation(path)).sort((a, b) => b.lines - a.lines)
out.push('', 'longest files:', ...most.slice(0, 10).map(({ path, lines }) => `${String(lines).padStart(8)}  ${path}`))
process.stdout.write(`${out.join('\n')}\n`)
