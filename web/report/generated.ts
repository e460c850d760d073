/**
 * A line of text from the final checkpoint, made in a process of its own: a model that does not fit, or a file that native code trips over,
 * costs the line and nothing else. The same checkpoint, prompts and seed give the same text.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { GenerateRequest } from '../../pipelines/generate.ts'

/** A document from its beginning, and one that somebody has begun. */
export const defaultPrompts: readonly string[] = ['', 'The']

/** Larger checkpoints are left to `millrace generate`. */
const mostBytes = 2 ** 29
const patience = 60_000

const child = fileURLToPath(new URL('./say.ts', import.meta.url))

export async function generatedOf(
  request: Pick<GenerateRequest, 'weights' | 'tokenizer' | 'ropeBase' | 'maxContext'> & { bytes: number; prompts?: readonly string[] },
): Promise<{ generated: { prompt: string; text: string }[]; notGenerated: string | null }> {
  const { bytes, prompts = defaultPrompts, ...rest } = request
  const none = (why: string) => ({ generated: [], notGenerated: why })
  if (bytes > mostBytes) return none(`the checkpoint has ${bytes} bytes, and a report loads ${mostBytes}; use millrace generate`)
  try {
    const requests = prompts.map((prompt): GenerateRequest => ({ ...rest, prompt, maxTokens: 48, temperature: 0.7, seed: 1 }))
    const args = ['--disable-warning=ExperimentalWarning', child, JSON.stringify(requests)]
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: patience, maxBuffer: 2 ** 20, env: withoutSecrets() })
    return { generated: JSON.parse(stdout) as { prompt: string; text: string }[], notGenerated: null }
  } catch (error) {
    const { killed, stderr } = error as { killed?: boolean; stderr?: string }
    return none(killed ? `nothing within ${patience / 1000} s` : (stderr?.trim().split('\n').at(-1) ?? (error as Error).message))
  }
}

/** What a child that reads two files needs. */
const withoutSecrets = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => name === 'PATH' || name === 'HOME' || name.startsWith('MILLRACE_')))
