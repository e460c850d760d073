/** A stage that misbehaves on request: what a document's text says happens when it is read. Registered in the tests' own child only. */
import { existsSync, writeFileSync } from 'node:fs'
import * as z from 'zod'
import { BatchBuilder, schema, utf8 } from '../../pipelines/arrow/index.ts'
import { MillraceError } from '../../pipelines/errors.ts'
import { type Context, defineStage } from '../../pipelines/stage.ts'

export const table = schema({ source: utf8(), key: utf8(), text: utf8() })

const config = z.strictObject({
  /** A file that remembers what happens once only. */
  marker: z.string().default(''),
  suffix: z.string().default(''),
})

async function run(ctx: Context<z.output<typeof config>>): Promise<void> {
  const writer = await ctx.writer('documents')
  const builder = new BatchBuilder(table)
  for await (const batch of ctx.batches('documents')) {
    for (let row = 0; row < batch.rows; row++) {
      const text = String(batch.column('text').value(row))
      await act(text, ctx)
      builder.append({
        source: String(batch.column('source').value(row)),
        key: String(batch.column('key').value(row)),
        text: text + ctx.config.suffix,
      })
    }
  }
  if (builder.rows) await writer.append(builder.finish())
}

async function act(text: string, ctx: Context<z.output<typeof config>>): Promise<void> {
  const [what = '', detail = ''] = text.split(' ')
  const once = () => {
    if (existsSync(ctx.config.marker)) return false
    writeFileSync(ctx.config.marker, text)
    return true
  }
  if (/^SIG[A-Z]+$/.test(what) && (detail !== 'once' || once())) {
    process.kill(process.pid, what as NodeJS.Signals)
    await forever()
  }
  if (what === 'stall' && (detail !== 'once' || once())) await forever()
  if (what === 'input')
    throw new MillraceError({ code: detail || 'BAD_RECORD', kind: 'input', expected: 'a good record', found: 'a bad one', where: 'record' })
  if (what === 'memory') throw new MillraceError({ code: 'MEMORY', kind: 'resource', expected: 'memory', found: 'none' })
  if (what === 'full') throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  if (what === 'bug') throw new Error('an error of the code')
  if (what === 'many') for (let i = 0; i < 20_000; i++) ctx.count(`counter-${i}`)
  if (what === 'slow')
    for (let i = 0; i < 20; i++) {
      await new Promise(resolve => setTimeout(resolve, 250))
      ctx.progress({ documents: 1 })
    }
  if (what === 'secrets')
    ctx.count(
      Object.keys(process.env)
        .filter(name => /^(AWS_|TEMPORAL_|MILLRACE_S3_)/.test(name))
        .join(',') || 'none',
    )
}

const forever = () => new Promise<never>(() => setInterval(() => undefined, 1000))

export const trouble = defineStage({
  name: 'trouble',
  revision: 1,
  config,
  inputs: ['documents'],
  operations: [{ name: 'map', kind: 'map', reads: ['documents'], writes: { documents: { schema: table } }, run }],
  outputs: { documents: 'map.documents' },
})
