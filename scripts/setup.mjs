#!/usr/bin/env node
/** Makes a fresh clone ready to run (`node scripts/setup.mjs`) or to test (`--test`). Does only what is missing; safe to repeat. */
import * as parts from './parts.mjs'
import { run, SetupError, say, step } from './steps.mjs'
import * as s3 from './versitygw.mjs'

export async function setup({ test = false } = {}) {
  const absent = parts.assumed().filter(part => !part.ok)
  if (absent.length) {
    throw new SetupError(
      `This machine lacks what Millrace assumes:\n${absent.map(part => `  ✗ ${part.name} (found: ${part.found}). Mend it: ${part.mend}`).join('\n')}`,
    )
  }
  const began = Date.now()
  let did = false
  const once = async (name, needed, body) => {
    did = (await step(name, needed, body)) || did
  }
  await once('npm packages', !parts.packagesReady(), parts.installPackages)
  await once('native addon', !parts.addonReady(), parts.buildAddon)
  await once(`Temporal CLI ${parts.temporalVersion}`, !parts.temporalPath(), parts.installTemporal)
  if (test) {
    await once('Python packages for tests', !parts.pythonReady(), parts.installPython)
    await once('GoogleTest', !parts.gtestReady(), parts.installGtest)
    const apt = process.getuid?.() === 0 && parts.which('apt-get')
    await once('strace (for kills at system calls)', apt && !parts.which('strace'), () =>
      run('apt-get', ['install', '-y', 'strace']).catch(() => say('    (not installed: the tests that need it are skipped)')),
    )
    if (s3.versitygwMissing() && !s3.versitygwReady()) say(`    (${s3.versitygwMissing()})`)
    else
      await once(`S3 server for tests (versitygw ${s3.versitygwVersion}, built with Go)`, !s3.versitygwReady(), () =>
        s3
          .installVersitygw()
          .catch(error => say(`    (not built, so the tests of the store on S3 are skipped: ${error.message.split('\n').at(-1)})`)),
      )
  }
  if (did) say(`  set-up done in ${((Date.now() - began) / 1000).toFixed(0)} s`)
}

if (import.meta.filename === process.argv[1] || process.argv[1]?.endsWith('scripts/setup.mjs')) {
  setup({ test: process.argv.includes('--test') }).catch(error => {
    say(error instanceof SetupError ? error.message : (error.stack ?? String(error)))
    process.exit(1)
  })
}
