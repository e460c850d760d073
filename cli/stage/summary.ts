/** What a stage did to its documents, for people (standard error) and as JSON. */
import { ArrowReader } from '../../pipelines/arrow/index.ts'
import type { Part } from '../../pipelines/plan.ts'
import { bold, bytes, dim, duration, number, oneLine, percent, table, yellow } from '../output.ts'
import type { Ran } from './run.ts'

export interface Summary {
  stage: string
  /** Raw files (extract) or documents that came in. */
  in: number
  inUnit: 'files' | 'documents'
  out: number
  outUnit: string
  /** Rule -> documents that it dropped, most first. */
  dropped: Record<string, number>
  quarantined: number
  /** Reason -> records. */
  quarantine: Record<string, number>
  bytesIn: number
  seconds: number
  documentsPerSecond: number
  megabytesPerSecond: number
  units: number
  counters: Record<string, number>
  /** Role -> where it was written. */
  written: Record<string, string>
}

export async function summarise(
  stage: string,
  ran: Ran,
  input: { files: number; documents: number; bytes: number },
  main: { role: string; rows: number },
): Promise<Omit<Summary, 'written'>> {
  const raw = input.documents === 0 && input.files > 0
  const quarantined = Object.entries(ran.roles).flatMap(([role, parts]) => (role.endsWith('.quarantine') ? parts : []))
  const read = raw ? main.rows : input.documents
  return {
    stage,
    in: raw ? input.files : input.documents,
    inUnit: raw ? 'files' : 'documents',
    out: main.rows,
    outUnit: main.role === 'documents' ? 'documents' : `rows of ${main.role}`,
    dropped: await tally(ran.outputs.decisions ?? [], 'rule'),
    quarantined: ran.quarantined,
    quarantine: await tally(quarantined, 'code'),
    bytesIn: input.bytes,
    seconds: round(ran.seconds, 3),
    documentsPerSecond: round(read / ran.seconds, 1),
    megabytesPerSecond: round(input.bytes / 1e6 / ran.seconds, 2),
    units: ran.units,
    counters: ran.counters,
  }
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits))

/** How often each value of a text column occurs, most first. Reads that column alone. */
export async function tally(parts: readonly Pick<Part, 'location'>[], column: string): Promise<Record<string, number>> {
  const counts = new Map<string, number>()
  for (const part of parts) {
    const reader = await ArrowReader.open(part.location)
    for (let i = 0; i < reader.batches; i++) {
      const found = (await reader.read(i, [column])).column(column)
      for (let row = 0; row < found.length; row++) counts.set(found.text(row), (counts.get(found.text(row)) ?? 0) + 1)
    }
    await reader.close()
  }
  return Object.fromEntries([...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)))
}

export function summaryText(summary: Summary): string {
  const lines = [
    `${bold(summary.stage)}  in ${number(summary.in)} ${summary.inUnit}, ${bytes(summary.bytesIn)}  →  out ${number(summary.out)} ${summary.outUnit}`,
  ]
  const dropped = Object.values(summary.dropped).reduce((sum, count) => sum + count, 0)
  const share = (count: number) => (summary.inUnit === 'documents' && summary.in ? percent(count / summary.in) : '')
  if (dropped) {
    lines.push(`  dropped ${number(dropped)} (${share(dropped)})`)
    lines.push(
      table(
        Object.entries(summary.dropped).map(([rule, count]) => [number(count), share(count), oneLine(rule, 60)]),
        '    ',
      ),
    )
  }
  if (summary.quarantined) {
    lines.push(yellow(`  quarantined ${number(summary.quarantined)} records that could not be read`))
    lines.push(
      table(
        Object.entries(summary.quarantine).map(([code, count]) => [number(count), oneLine(code, 60)]),
        '    ',
      ),
    )
  }
  const { tokens, bytes: encoded } = summary.counters
  if (tokens && encoded) lines.push(`  ${number(tokens)} tokens, ${(encoded / tokens).toFixed(2)} bytes per token`)
  const units = `${number(summary.units)} ${summary.units === 1 ? 'unit' : 'units'}`
  lines.push(
    dim(
      `  ${duration(summary.seconds)}, ${number(summary.documentsPerSecond)} documents/s, ${summary.megabytesPerSecond.toFixed(1)} MB/s, ${units}`,
    ),
  )
  for (const [role, path] of Object.entries(summary.written)) lines.push(`  ${role} → ${oneLine(path)}`)
  return lines.join('\n')
}
