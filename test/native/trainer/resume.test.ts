/** A run of 12 steps equals 4 steps, a killed process, 4 more across a change of phase, a fresh process, and the last 4. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'millrace-resume-'))
afterAll(() => rmSync(folder, { recursive: true }))

function run(name: string, from: number, to: number, kill?: 'kill') {
  mkdirSync(join(folder, name), { recursive: true })
  const args = ['test/native/trainer/child.ts', join(folder, name), String(from), String(to), ...(kill ? [kill] : [])]
  return spawnSync(process.execPath, args, { encoding: 'utf8' })
}

test('a run that was killed and resumed has the bits of one that was not', () => {
  const straight = run('straight', 0, 12)
  expect(straight.stderr).toBe('')
  expect(straight.stdout).toMatch(/^[0-9a-f]{16}\n$/)
  expect(run('cut', 0, 4, 'kill').signal).toBe('SIGKILL')
  expect(run('cut', 4, 8).status).toBe(0)
  expect(run('cut', 8, 12).stdout).toBe(straight.stdout)
  for (const file of ['weights', 'moments'])
    expect(readFileSync(join(folder, 'cut', file)).equals(readFileSync(join(folder, 'straight', file)))).toBe(true)
}, 60_000)
