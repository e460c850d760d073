/** A stage whose history grows too long continues as new: no unit is lost or done twice, and counts go on. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findManifest } from '../../storage/artifacts.ts'
import { digestsOf } from '../support/digests.ts'
import { Engine } from '../support/engine.ts'
import { committed, corpus, states, temporal } from './support.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.start({ server: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=40'] })
})
afterAll(() => engine?.stop())

it('continues as new where the server suggests it', async () => {
  const { config } = corpus(engine, { files: 40, unitBytes: 4000, run: { window: 3, canaries: false } })
  const { run } = (await (await engine.start({ config, only: 'extract' })).result()) as { run: string }
  const fingerprint = (await digestsOf(engine.store, run)).extract?.fingerprint ?? ''
  const manifest = await findManifest(engine.store, 'extract', fingerprint)
  const units = manifest?.operations[0]?.units ?? 0
  expect(units).toBeGreaterThan(25)
  expect(manifest?.operations[0]?.documents).toBe(40 * 8)
  expect((await committed(engine)).size).toBe(units)
  for (const list of (await states(engine, run)).values()) expect(list.filter(state => state === 'committed')).toHaveLength(1)

  const found = JSON.parse(
    await temporal(engine, 'workflow', 'list', '--query', `WorkflowId = "stage/extract/${fingerprint}"`, '--output', 'json'),
  ) as { status: string }[]
  const continued = found.filter(({ status }) => /CONTINUED_AS_NEW/i.test(status))
  expect(continued.length).toBeGreaterThanOrEqual(2)
  expect(found.length).toBe(continued.length + 1)
  const details = await temporal(engine, 'workflow', 'metadata', '--workflow-id', `stage/extract/${fingerprint}`)
  expect(details).toContain(`${units} of ${units} units`)
}, 120_000)
