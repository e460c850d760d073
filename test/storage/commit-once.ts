/** Commits one unit of two parts to the store in a folder, and says how it went: for tests that kill it at every system call. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FileStore } from '../../storage/file.ts'
import { commitUnit } from '../../storage/units.ts'

const [root = '', text = 'the content'] = process.argv.slice(2)
/** Beside the store where the disk of the store is to be full for the commit alone. */
const work = join(process.env.WORK ?? join(root, 'tmp'), `work-${process.pid}`)
mkdirSync(work, { recursive: true })
try {
  const parts = ['documents', 'decisions'].map(role => {
    const path = join(work, `${role}.arrow`)
    writeFileSync(path, `${role}: ${text}`.repeat(1000))
    const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex')
    return { role, path, extension: 'arrow', content: sha256, sha256, rows: 1, bytes: 1 }
  })
  const { outcome } = await commitUnit(
    new FileStore(root),
    { stage: 'test', operation: 'map', revision: 1, key: '0123456789abcdef0123456789abcdef' },
    { parts, counters: {}, quarantined: 0, documents: 1, bytesIn: 0 },
  )
  console.log(outcome)
} catch (error) {
  console.log((error as { code?: string }).code, (error as Error).message)
  process.exitCode = 1
} finally {
  rmSync(work, { recursive: true, force: true })
}
