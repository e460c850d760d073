/** `npm run schema`: writes configs/schema.json from the zod schemas (`--check` only compares). */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { configSchema } from '../pipelines/config.ts'

const path = fileURLToPath(new URL('../configs/schema.json', import.meta.url))
const schema = z.toJSONSchema(await configSchema(), { io: 'input', unrepresentable: 'any' })
const text = `${JSON.stringify({ title: 'Millrace config', ...schema }, null, 2)}\n`
if (process.argv.includes('--check')) {
  if (readFileSync(path, 'utf8') !== text) {
    process.stderr.write('configs/schema.json is not what the schemas say; run: npm run schema\n')
    process.exit(1)
  }
} else writeFileSync(path, text)
