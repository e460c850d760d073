/** Asked wrongly: exit code 2. What was expected, what was given, and how to ask. */
import { MillraceError } from '../pipelines/errors.ts'

export const usage = (where: string, expected: string, found: string, next?: string): MillraceError =>
  new MillraceError({ code: 'USAGE', kind: 'config', expected, found, where, next })

/** For options that count something. */
export function positive(name: string): (text: string) => number {
  return text => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < 0) throw usage(name, 'a whole number', JSON.stringify(text))
    return value
  }
}

export const collect = (value: string, all: string[] | undefined): string[] => [...(all ?? []), value]
