/** `npm run golden`: runs configs/tiny.yaml on an engine of its own and writes test/golden/tiny.json. For a change that is meant to alter content. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestsOf } from '../test/support/digests.ts'
import { Engine, root } from '../test/support/engine.ts'

const engine = await Engine.start()
try {
  const { run } = await engine.run({ config: 'configs/tiny.yaml' })
  const digests = await digestsOf(engine.store, run)
  writeFileSync(join(root, 'test', 'golden', 'tiny.json'), `${JSON.stringify(digests, null, 1)}\n`)
  process.stdout.write(`test/golden/tiny.json: ${Object.keys(digests).length} artifacts\n`)
} finally {
  await engine.stop()
}
