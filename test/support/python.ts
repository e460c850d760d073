/** The Python of the oracles: MILLRACE_PYTHON, else the virtual environment that the set-up makes; undefined where there is none. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const made = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url))

export const python: string | undefined = process.env.MILLRACE_PYTHON ?? (existsSync(made) ? made : undefined)
