import type { Command } from 'commander'
import { MillraceError } from '../../pipelines/errors.ts'
import { dim, json, number, oneLine, out, table } from '../output.ts'
import { positive, usage } from '../usage.ts'

export function add(program: Command): void {
  program
    .command('which-documents')
    .description('Which documents a training step read')
    .requiredOption('--step <n>', 'the step, counted over the whole run from 0', positive('--step'))
    .option('--run <run>', 'a run, or a name (default: the newest run)')
    .option('--store <uri>', 'another store than the project’s')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  millrace which-documents --run tiny --step 12')
    .action(async (options: { step: number; run?: string; store?: string; json?: boolean }) => {
      const { findRun, nodesOf, openLocal } = await import('../runs.ts')
      const { withScratch } = await import('../artifacts.ts')
      const { Lookup } = await import('../lookup.ts')
      const { Reading } = await import('../reading.ts')
      const { findManifest } = await import('../../storage/artifacts.ts')
      if (!Number.isInteger(options.step)) throw usage('--step', 'a whole number', String(options.step))
      const store = await openLocal(options.store)
      const record = await findRun(store, options.run)
      await withScratch(async folder => {
        const nodes = await nodesOf(store, record)
        const lookup = new Lookup(store, folder)
        const reading = await Reading.open(store, nodes, lookup)
        if (!reading)
          throw new MillraceError({
            code: 'NO_TRAINING',
            kind: 'config',
            expected: `a trained segment in run ${record.run}`,
            found: 'none',
            next: `millrace status ${record.run}`,
          })
        const segment = reading.segmentAt(options.step)
        const loader = await reading.loader(segment)
        const { from, to } = reading.range(options.step)
        const read = await loader.documentsOf(from, to)
        const ids = new Set(read.map(({ document }) => document))
        const names = new Map<string, string>()
        for (const id of ['extract', 'longcontext']) {
          const node = nodes.find(each => each.id === id)
          const manifest = node ? await findManifest(store, node.stage, node.fingerprint) : undefined
          for (const [document, { source, key }] of await lookup.many(manifest, 'documents', ids, ['source', 'key']))
            names.set(document, `${source}/${key}`)
        }
        const documents = read.map(each => ({ ...each, name: names.get(each.document) ?? null }))
        if (options.json)
          return json({ run: record.run, step: options.step, phase: segment.phase, rowLength: segment.rowLength, from, to, documents })
        out(`step ${options.step}, phase ${segment.phase}: rows ${from} to ${to - 1}, ${number(ids.size)} documents`)
        const rows = documents.map(({ position, component, pass, document, offset, length, name }) => [
          String(position),
          component,
          String(pass),
          document,
          String(offset),
          String(length),
          oneLine(name ?? '', 120),
        ])
        out(table([['row', 'component', 'pass', 'document', 'offset', 'length', 'source/key'].map(dim), ...rows]))
      })
    })
}
