/** Runs hf.py where a Python with `tokenizers` is: MILLRACE_PYTHON, else .venv. `missing` says why not, for tests that then skip. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const python = process.env.MILLRACE_PYTHON ?? fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url))
const script = fileURLToPath(new URL('./hf.py', import.meta.url))

const without = (name: string): string | undefined => {
  try {
    execFileSync(python, ['-c', `import ${name}`], { stdio: 'ignore' })
  } catch {
    return `no Python with the package ${name} at ${python}: set MILLRACE_PYTHON`
  }
}
export const missing: string | undefined = without('tokenizers')
export const missingTiktoken: string | undefined = without('tiktoken')

/** Calls a command; strings are file contents, and the last argument of the command is the file that it writes. */
function call<T>(command: string, ...contents: (string | number)[]): T {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-hf-'))
  try {
    const args = contents.map((content, i) => {
      if (typeof content === 'number') return String(content)
      writeFileSync(join(folder, `${i}.json`), content)
      return join(folder, `${i}.json`)
    })
    const out = join(folder, 'out.json')
    execFileSync(python, [script, command, ...args, out], { env: { ...process.env, TOKENIZERS_PARALLELISM: 'false' } })
    return JSON.parse(readFileSync(out, 'utf8')) as T
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const trained = (texts: readonly string[], setup: { pattern: string; names: readonly string[]; minimum: number }, size: number) =>
  call<{ vocab: string[]; merges: [string, string][] }>('train', JSON.stringify(texts), JSON.stringify(setup), size)
/** `asText`: with `encode_special_tokens`, so that added tokens are not looked for. */
export const encoded = (tokenizer: string, texts: readonly string[], options: { asText?: boolean } = {}) =>
  call<{ ids: number[][]; decoded: string[] }>(options.asText ? 'encode-as-text' : 'encode', tokenizer, JSON.stringify(texts))
/** Pieces by regular expressions of Oniguruma, each within the pieces of the one before. */
export const pieces = (texts: readonly string[], patterns: readonly string[]) =>
  call<string[][]>('split', JSON.stringify(texts), JSON.stringify(patterns))
/** Ids of tiktoken, whose regular expressions are those of fancy-regex; tokens by rank, as hexadecimal digits. */
export const ranked = (texts: readonly string[], setup: { pattern: string; tokens: readonly string[] }) =>
  call<number[][]>('tiktoken', JSON.stringify(texts), JSON.stringify(setup))
export const timed = (tokenizer: string, texts: readonly string[]) =>
  call<{ seconds: number; tokens: number }>('time', tokenizer, JSON.stringify(texts))
