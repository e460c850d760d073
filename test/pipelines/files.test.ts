/** Files that a config names: what is no file is said when a run opens, by its place in the config. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { pinFiles } from '../../pipelines/files.ts'
import { filter } from '../../pipelines/filter/index.ts'

const base = mkdtempSync(join(tmpdir(), 'files-'))
afterAll(() => rmSync(base, { recursive: true }))
writeFileSync(join(base, 'model.bin'), 'x')

const pinned = (model: string, allowed?: (path: string) => Promise<string>) =>
  pinFiles(filter, filter.config.parse({ language: { model } }), { base, ...(allowed ? { allowed } : {}) })

it('pins a file by what is in it', async () => {
  expect(await pinned('model.bin')).toMatchObject({ 'language.model': { path: join(base, 'model.bin') } })
})

it.each([undefined, async (path: string) => path])(
  'refuses a folder and what is not there, whoever says what may be read',
  async allowed => {
    const where = expect.stringContaining('stages.filter.language.model')
    await expect(pinned('.', allowed)).rejects.toMatchObject({ code: 'CONFIG_FILE', kind: 'config', found: 'a folder', where })
    await expect(pinned('gone.bin', allowed)).rejects.toMatchObject({ code: 'CONFIG_FILE', found: 'nothing', where })
  },
)
