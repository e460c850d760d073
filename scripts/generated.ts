/** What generators end with: write the file, or with `--check` say whether it is what they would write. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { at } from './steps.mjs'

export function settle(path: string, text: string, command: string): void {
  const name = relative(at(), path)
  const found = existsSync(path) ? readFileSync(path, 'utf8') : ''
  if (!process.argv.includes('--check')) {
    if (found !== text) writeFileSync(path, text)
    process.stdout.write(`${name}: ${found === text ? 'unchanged' : 'written'}\n`)
  } else if (found !== text) {
    const lines = found.split('\n')
    const line = text.split('\n').findIndex((each, i) => each !== lines[i]) + 1
    process.stderr.write(`${name} is not what the sources say, from line ${line} on; run: ${command}\n`)
    process.exit(1)
  }
}

/** `text` with what stands between the two markers replaced. Throws where a marker is missing. */
export function between(text: string, name: string, body: string): string {
  const [begin, end] = [`<!-- begin: ${name} -->\n`, `<!-- end: ${name} -->`]
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`expected the markers ${begin.trim()} and ${end}`)
  return `${text.slice(0, from + begin.length)}\n${body.trim()}\n\n${text.slice(to)}`
}
