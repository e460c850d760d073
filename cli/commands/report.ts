import type { Command } from 'commander'
import { usage } from '../usage.ts'

interface Options {
  out?: string
  store?: string
  price?: number
  json?: boolean
}

export function add(program: Command): void {
  program
    .command('report')
    .description('Make the report of a run anew: one HTML file, and its numbers as JSON beside it')
    .argument('[run]', 'a run, or a name: then its newest run; default: the newest of all')
    .option('--out <file>', 'where to write; default RUN.html here')
    .option('--store <uri>', 'another store than the project’s')
    .option('--price <dollars>', 'of an hour of one core, for the ledger (default: 0.04)', price)
    .option('--json', 'print the numbers and write no file')
    .addHelpText(
      'after',
      '\nExamples:\n  millrace report quickstart\n  millrace report tiny --json | jq .training.evaluations[-1].all.perplexity',
    )
    .action(async (run: string | undefined, options: Options) => {
      const { findRun, openLocal } = await import('../runs.ts')
      const { makeReport } = await import('../../web/report/index.ts')
      const { bytes, out, safe } = await import('../output.ts')
      const store = await openLocal(options.store)
      const record = await findRun(store, run)
      const report = await makeReport(store, record.run, options.price === undefined ? {} : { pricePerCoreHour: options.price })
      if (options.json) return void process.stdout.write(report.json)
      const { resolve } = await import('node:path')
      const page = resolve(options.out ?? `${record.run}.html`)
      const facts = page.replace(/(\.html?)?$/, '.json')
      await write(page, report.html)
      await write(facts, report.json)
      out(`${safe(page)} (${bytes(Buffer.byteLength(report.html))}), numbers in ${safe(facts)}`)
    })
}

function price(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && Number.isFinite(value)) return value
  throw usage('--price', 'dollars for an hour of one core, as 0.04', JSON.stringify(text))
}

/** A file of the user's: replaced whole. Throws REPORT_WRITE. */
async function write(path: string, content: string): Promise<void> {
  const { rename, writeFile } = await import('node:fs/promises')
  const { MillraceError } = await import('../../pipelines/errors.ts')
  const whole = `${path}.${process.pid}.new`
  try {
    await writeFile(whole, content)
    await rename(whole, path)
  } catch (error) {
    throw new MillraceError({
      code: 'REPORT_WRITE',
      kind: 'resource',
      expected: 'to write the report',
      found: String((error as NodeJS.ErrnoException).code ?? (error as Error).message),
      where: path,
      next: 'name another place with --out',
    })
  }
}
