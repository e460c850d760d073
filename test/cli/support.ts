/** Runs the command as a user would, and says what came of it. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../support/engine.ts'

export interface Said {
  code: number
  stdout: string
  stderr: string
}

export function millrace(args: readonly string[], env: NodeJS.ProcessEnv = process.env, cwd = root): Promise<Said> {
  return new Promise(resolve => {
    const command = ['--disable-warning=ExperimentalWarning', join(root, 'cli', 'main.ts'), ...args]
    execFile(process.execPath, command, { cwd, env, maxBuffer: 2 ** 28, timeout: 120_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 255) : 0, stdout, stderr })
    })
  })
}

export const lines = <T = Record<string, unknown>>(text: string): T[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as T)
