/** The corpus of the tiny run with its store on a real S3 server: the content that files give. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { S3Store } from '../../storage/s3.ts'
import { type Digests, differences, digestsOf } from '../support/digests.ts'
import { Engine, root } from '../support/engine.ts'
import { noServer, startS3 } from '../support/versitygw.ts'

if (noServer) console.log(`the tiny run on S3 skipped: ${noServer}`)

it.skipIf(noServer)('gives the digests of test/golden/tiny.json on S3', async () => {
  const server = await startS3('store')
  const engine = await Engine.start({ env: { ...server.env, MILLRACE_STORE: 's3://store/a/prefix' } })
  try {
    const config = parse(readFileSync(join(root, 'configs', 'tiny.yaml'), 'utf8')) as {
      sources: { path: string }[]
      evaluation: { path: string }[]
      stages: { filter: { modules: { path: string }[] } }
    }
    for (const entry of [...config.sources, ...config.evaluation, ...config.stages.filter.modules]) entry.path = join(root, 'configs', entry.path)
    const path = join(engine.home, 'corpus.yaml')
    writeFileSync(path, stringify({ ...config, phases: [] }))
    const { run, store } = await engine.run({ config: path })
    expect(store).toBe('s3://store/a/prefix')
    expect(existsSync(join(engine.home, 'store'))).toBe(false)
    const found = await digestsOf(new S3Store(server.client, 'store', 'a/prefix/'), run)
    const golden = JSON.parse(readFileSync(join(root, 'test', 'golden', 'tiny.json'), 'utf8')) as Digests
    // Without phases nothing is packed, and what `mix` decides is another matter: the rest must be the same.
    const corpus = (all: Digests) => Object.fromEntries(Object.entries(all).filter(([id]) => /^(extract|filter|dedup|decontaminate|longcontext|tokenizer|tokenize|score)$/.test(id)))
    expect(Object.keys(corpus(found))).toHaveLength(8)
    expect(differences(corpus(golden), corpus(found))).toEqual([])
    const again = await engine.run({ config: path })
    expect(again.reused).toBe(again.stages)
  } finally {
    await engine.stop()
    await server.stop()
  }
}, 180_000)
