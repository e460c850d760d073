/**
 * The S3 server of the tests: versitygw, built once into the user's cache folder where Go is present (about 4 minutes on two cores).
 * `node scripts/versitygw.mjs` builds it by itself.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { which } from './parts.mjs'
import { cacheFolder, run, SetupError, say } from './steps.mjs'

export const versitygwVersion = '1.8.0'
export const versitygwPath = () => process.env.VERSITYGW ?? join(cacheFolder(), `versitygw-${versitygwVersion}`, 'versitygw')
export const versitygwReady = () => existsSync(versitygwPath())

/** Why set-up will not build it; the tests that need it are then skipped with a line that says so. */
export const versitygwMissing = () => (which('go') ? undefined : 'no Go here: the tests of the store on S3 are skipped')

export async function installVersitygw() {
  if (!which('go')) throw new SetupError('versitygw needs Go (https://go.dev/doc/install)')
  const folder = join(cacheFolder(), `versitygw-${versitygwVersion}.${process.pid}`)
  try {
    mkdirSync(folder, { recursive: true })
    await run('go', ['install', '-trimpath', '-ldflags=-s -w', `github.com/versity/versitygw/cmd/versitygw@v${versitygwVersion}`], {
      env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' },
    })
    mkdirSync(join(cacheFolder(), `versitygw-${versitygwVersion}`), { recursive: true })
    renameSync(join(folder, 'versitygw'), versitygwPath())
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (versitygwReady()) say(`versitygw ${versitygwVersion} is at ${versitygwPath()}`)
  else await installVersitygw()
}
