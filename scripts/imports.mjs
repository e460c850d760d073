#!/usr/bin/env node
/**
 * Imports run downward: cli, web -> workflows -> activities -> pipelines -> native, with storage beside pipelines (used by activities, cli
 * and web). Workflows import activities for types only, but for pure helpers; `native` knows no Node outside `native/addon`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { at, root } from './steps.mjs'

const mayImport = {
  cli: ['cli', 'web', 'workflows', 'activities', 'storage', 'pipelines', 'native', 'scripts'],
  web: ['web', 'activities', 'storage', 'pipelines', 'native'],
  workflows: ['workflows'],
  activities: ['activities', 'storage', 'pipelines', 'native'],
  storage: ['storage', 'pipelines'],
  pipelines: ['pipelines', 'native'],
  native: ['native'],
}
const typesOnly = { workflows: ['activities'] }
const problems = []

const files = folder =>
  readdirSync(at(folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))

for (const [folder, allowed] of Object.entries(mayImport)) {
  for (const file of files(folder).filter(name => name.endsWith('.ts'))) {
    const text = readFileSync(file, 'utf8')
    for (const [statement, kind, specifier] of text.matchAll(/^\s*(import|export)\b[^'"]*?from\s*['"](\.[^'"]+)['"]/gm)) {
      const target = relative(root, resolve(dirname(file), specifier)).split(sep)[0]
      const types = /^\s*(import|export)\s+type\b/.test(statement)
      if (allowed.includes(target) || (types && typesOnly[folder]?.includes(target))) continue
      problems.push(
        `${relative(root, file)}: ${kind}s from ${target}/, but ${folder}/ may use ${[...allowed, ...(typesOnly[folder] ?? []).map(name => `${name} (types only)`)].join(', ')}`,
      )
    }
    if (folder === 'workflows' && /from\s*['"]node:/.test(text))
      problems.push(`${relative(root, file)}: a workflow does no I/O: no node: imports`)
  }
}
for (const file of files('native').filter(name => /\.(cc|h)$/.test(name) && !name.includes(`${sep}addon${sep}`))) {
  if (/#include\s*[<"](napi|node_api|node)\.h[>"]/.test(readFileSync(file, 'utf8')))
    problems.push(`${relative(root, file)}: Node outside native/addon`)
}
for (const problem of problems) process.stderr.write(`${problem}\n`)
process.exit(problems.length ? 1 : 0)
