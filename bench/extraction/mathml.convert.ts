/** The native converter on many formulas at once. */
import { spawnSync } from 'node:child_process'

export function convert(mathml: string[]): string[] {
  const tool = process.env['MILLRACE_FORMULAS'] ?? ''
  const { stdout } = spawnSync(tool, ['mathml'], { input: `${mathml.map(m => m.replace(/\s*\n\s*/g, ' ')).join('\n')}\n`, maxBuffer: 1 << 28 })
  return stdout.toString().split('\n').slice(0, mathml.length)
}
