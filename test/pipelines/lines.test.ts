import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, expect, it } from 'vitest'
import { linesIn } from '../../pipelines/lines.ts'

const folder = mkdtempSync(join(tmpdir(), 'lines-'))
afterAll(() => rmSync(folder, { recursive: true }))

const text = `{"a":"one\u2028line"}\n\n{"b":"${'é'.repeat(70_000)}"}\nno feed at the end`
const files = { 'a.jsonl': Buffer.from(text), 'a.jsonl.gz': gzipSync(text), 'a.jsonl.zst': zstdCompressSync(text) }

async function all(path: string): Promise<string[]> {
  const lines: string[] = []
  for await (const line of linesIn(path)) lines.push(line)
  return lines
}

it.each(Object.entries(files))('splits %s at line feeds alone', async (name, bytes) => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  expect(await all(path)).toEqual(text.split('\n'))
})

it('throws for a file that is not there or cut short', async () => {
  await expect(all(join(folder, 'gone.gz'))).rejects.toMatchObject({ code: 'ENOENT' })
  const path = join(folder, 'cut.gz')
  writeFileSync(path, files['a.jsonl.gz'].subarray(0, 60))
  await expect(all(path)).rejects.toThrow(/unexpected end of file/)
})

it('reads a line of many chunks in time that grows with its length', async () => {
  const path = join(folder, 'long.txt')
  const long = 'x'.repeat(96 * 2 ** 20)
  writeFileSync(path, `first\n${long}\nlast`)
  const began = performance.now()
  const lines = await all(path)
  expect(lines.map(each => each.length)).toEqual([5, long.length, 4])
  expect(performance.now() - began).toBeLessThan(15_000) // searched anew at every chunk it takes minutes
}, 60_000)
