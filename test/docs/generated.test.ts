// What is generated is what its sources say, every config is valid, and what the documentation shows can be read and found.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../activities/config.ts'
import { corpusNodes } from '../../pipelines/corpus.ts'
import { trainingNodes } from '../../pipelines/train/next.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** Valid, and a graph of corpus and training can be made of it; inputs need not be there. */
async function check(text: string, file: string) {
  const config = await parseConfig(text, file)
  const corpus = await corpusNodes(config, { sourcesDigest: '', evaluationDigest: '', sources: [] })
  return { config, nodes: [...corpus, ...trainingNodes(config, corpus)] }
}

describe('generated files', () => {
  test.each(['schema.ts', 'config-docs.ts', 'formats.ts'])('scripts/%s --check', script => {
    const done = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'scripts', script), '--check'], {
      encoding: 'utf8',
      cwd: root,
    })
    expect(done.status, done.stderr).toBe(0)
  })
})

describe('configs', () => {
  const files = readdirSync(join(root, 'configs')).filter(name => name.endsWith('.yaml'))

  test.each(files)('configs/%s is valid', async file => {
    const { nodes } = await check(read(`configs/${file}`), file)
    expect(nodes.length).toBeGreaterThan(10)
  })

  test('web.yaml trains the four phases of the report', async () => {
    const { config, nodes } = await check(read('configs/web.yaml'), 'web.yaml')
    expect(config.phases.map(phase => phase.rowLength)).toEqual([8192, 8192, 8192, 32768, 131072])
    expect(config.phases.filter(phase => phase.grow).length).toBe(1)
    expect(config.phases.find(phase => phase.ramp)?.ramp?.to).toBe(0.7)
    expect(nodes.map(node => node.id)).toContain('shard-131072')
  })
})

describe('documentation', () => {
  const pages = ['README.md', ...readdirSync(join(root, 'docs')).map(name => `docs/${name}`)].filter(name => name.endsWith('.md'))

  test.each(pages)('links of %s lead somewhere', page => {
    const links = [...read(page).matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)].map(match => match[1] as string)
    const dead = links.filter(link => !/^[a-z]+:/.test(link) && !existsSync(join(root, dirname(page), link)))
    expect(dead).toEqual([])
  })

  test.each(pages)('whole configs in %s are valid', async page => {
    const blocks = [...read(page).matchAll(/```yaml\n([\s\S]*?)```/g)].map(match => match[1] as string)
    for (const block of blocks.filter(text => /^name:/m.test(text))) await check(block, page)
  })
})
