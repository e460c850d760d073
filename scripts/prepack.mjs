#!/usr/bin/env node
/**
 * `npm pack` runs this first: the TypeScript sources with their types stripped, and their declarations, into `dist/`. The only build step
 * of JavaScript there is: a clone runs the sources themselves, but Node strips no types below `node_modules`.
 *
 * `dist/` mirrors the tree, so a specifier changes in its ending only; what is not TypeScript (scripts/, build/) lies one folder higher.
 * Stripping is Node's own and leaves every line and column where it was, so stack traces point into the sources.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { dirname, join, relative } from 'node:path'
import { nodePath } from './parts.mjs'
import { at, root, say } from './steps.mjs'

const folders = ['activities', 'cli', 'native/addon', 'pipelines', 'storage', 'web', 'workflows']
const strip = nodeModule.stripTypeScriptTypes

/** Relative specifiers in quotes: `./x.ts` becomes `./x.js`; a file that `dist/` does not hold is reached from one folder deeper. */
export const respecify = text =>
  text.replace(/(['"`])(\.\.?\/[^'"`\n]*)\.ts\1/g, '$1$2.js$1').replace(/(['"`])(\.\.\/[^'"`\n]*\.(?:mjs|json|node))\1/g, '$1../$2$1')

function javascript() {
  for (const folder of folders) {
    for (const entry of readdirSync(at(folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts')) continue
      const path = join(entry.parentPath, entry.name)
      const target = at('dist', `${relative(root, path).slice(0, -3)}.js`)
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, respecify(strip(readFileSync(path, 'utf8'))))
    }
  }
}

/** The public modules and what their types reach, by the TypeScript compiler. */
function declarations() {
  const compiler = at('node_modules', 'typescript', 'bin', 'tsc')
  const settings = {
    extends: '../tsconfig.json',
    compilerOptions: { noEmit: false, declaration: true, emitDeclarationOnly: true, rootDir: '..', outDir: '.', allowJs: false },
    files: ['../pipelines/index.ts', '../pipelines/arrow/index.ts', '../pipelines/extract/page.ts', '../pipelines/tokenizer/api.ts'],
    include: [],
  }
  writeFileSync(at('dist', 'tsconfig.json'), JSON.stringify(settings))
  const done = spawnSync(process.execPath, [compiler, '-p', at('dist', 'tsconfig.json')], { encoding: 'utf8', cwd: root })
  rmSync(at('dist', 'tsconfig.json'))
  if (done.status !== 0) throw new Error(`tsc made no declarations:\n${done.stdout}${done.stderr}`)
  for (const entry of readdirSync(at('dist'), { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.d.ts')) continue
    const path = join(entry.parentPath, entry.name)
    writeFileSync(path, respecify(readFileSync(path, 'utf8')))
  }
}

if (!strip) {
  // An older Node runs npm: the one from the packages can strip.
  const newer = nodePath()
  if (!newer) {
    say('prepack needs Node 24. Install the packages first: node scripts/setup.mjs')
    process.exit(1)
  }
  process.exit(spawnSync(newer, ['--disable-warning=ExperimentalWarning', at('scripts', 'prepack.mjs')], { stdio: 'inherit' }).status ?? 1)
}
rmSync(at('dist'), { recursive: true, force: true })
javascript()
declarations()
