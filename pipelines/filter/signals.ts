/**
 * What a document's owner said of its use, as extraction recorded it in `meta`: `tdm` (the TDM Reservation Protocol's tdm-reservation),
 * `robots` (directives for robots, also those for one crawler) and the licence.
 *
 * By default what names text mining or training drops the document: tdm-reservation 1 (the machine-readable reservation of Article 4 of the
 * EU's Directive 2019/790), noai and noml. The rest is measured, so that a rule can be made of it later: noindex speaks of search results, noimageai
 * of images, a directive for one crawler of that crawler. Extraction reads pages and, of WARC, the headers of their transfer; what stands in
 * robots.txt or tdmrep.json alone it has not seen. Licences drop nothing until a config names some.
 */
import * as z from 'zod'
import { type Batch, BatchBuilder, bool, type Column, optional, schema, utf8 } from '../arrow/index.ts'
import { modelCrawlers } from '../extract/headers.ts'
import { licenceSchema, mayStay, readLicence, writtenOut } from './licences.ts'
import type { Step, Verdict } from './step.ts'

/** Signal -> what it does by default. */
const signals = {
  tdm: 'drop',
  noai: 'drop',
  noimageai: 'measure',
  noindex: 'measure',
  crawlers: 'measure',
} as const
type Signal = keyof typeof signals
export const signalNames = Object.keys(signals) as Signal[]

const meanings: Record<Signal, string> = {
  tdm: 'tdm-reservation: 1',
  noai: 'robots: noai or noml',
  noimageai: 'robots: noimageai',
  noindex: 'robots: noindex or none',
  crawlers: 'noindex, none or noai for a crawler that collects text for models (GPTBot, CCBot and the like)',
}
const action = (signal: Signal) => z.enum(['drop', 'measure']).default(signals[signal]).describe(meanings[signal])

export const signalsSchema = z
  .strictObject({
    tdm: action('tdm'),
    noai: action('noai'),
    noimageai: action('noimageai'),
    noindex: action('noindex'),
    crawlers: action('crawlers'),
    licences: licenceSchema.prefault({}),
  })
  .describe('What owners said of the use of their documents')

export type Signals = z.output<typeof signalsSchema>

/** Signal -> whether the owner said so; absent where nothing was said. */
type Said = Partial<Record<Signal, boolean>>

/** Reads `tdm` and `robots` as extraction records them: "1 https://…", "noindex, noai, gptbot: noindex". */
export function readSignals(tdm: string | undefined, robots: string | undefined): Said {
  const said: Said = {}
  const reservation = /^([01])(\s|$)/.exec(tdm ?? '')?.[1]
  if (reservation !== undefined) said.tdm = reservation === '1'
  if (!robots) return said
  for (const signal of ['noai', 'noimageai', 'noindex', 'crawlers'] as const) said[signal] = false
  for (const item of robots.toLowerCase().split(',')) {
    const [before = '', after] = item.split(':').map(part => part.trim())
    const crawler = after !== undefined && modelCrawlers.has(before)
    const directive = crawler ? (after as string) : before
    if (directive === 'noai' || directive === 'noml') said.noai = true
    if (directive === 'noimageai') said.noimageai = true
    if (crawler) said.crawlers ||= ['noindex', 'none', 'noai', 'noml'].includes(directive)
    else if (directive === 'noindex' || directive === 'none') said.noindex = true
  }
  return said
}

const fields = schema({
  ...Object.fromEntries(Object.keys(signals).map(signal => [`signal_${signal}`, optional(bool())])),
  licence: optional(utf8()),
})
const mostRemembered = 4096

/** Reasons: `opt_out_` and the signal, or `licence`. Measures `signal_…`, null where nothing was said, and `licence` as an SPDX expression. */
export function signalsStep(config: Signals): Step {
  const { allow, deny, unstated, keys } = config.licences
  const judges = allow !== undefined || deny !== undefined || unstated === 'drop'
  const remembered = new Map<string, { id: string; stays: boolean }>()
  const judge = (written: string) => {
    const before = remembered.get(written)
    if (before) return before
    const expression = readLicence(written)
    const judged = { id: writtenOut(expression), stays: mayStay(expression, config.licences) }
    if (remembered.size < mostRemembered) remembered.set(written, judged)
    return judged
  }
  return {
    name: 'signals',
    fields: fields.fields,
    async run(batch) {
      const verdicts = new Map<number, Verdict>()
      const builder = new BatchBuilder(fields)
      const find = finder(batch, ['tdm', 'robots', ...keys])
      for (let i = 0; i < batch.rows; i++) {
        const [tdm, robots, ...licences] = find(i)
        const said = readSignals(tdm, robots)
        const written = licences.find(value => value !== undefined && value !== '')
        const licence = written === undefined ? undefined : judge(written)
        const row: Record<string, boolean | string | undefined> = { licence: licence?.id }
        for (const signal of signalNames) row[`signal_${signal}`] = said[signal]
        builder.append(row)
        const signal = signalNames.find(each => said[each] && config[each] === 'drop')
        const dropped = judges && (licence ? !licence.stays : unstated === 'drop')
        if (signal || dropped) verdicts.set(i, { reason: signal ? `opt_out_${signal}` : 'licence', value: 1, threshold: 0 })
      }
      return { verdicts, measured: [...builder.finish().columns] }
    },
  }
}

/** Row -> values of these keys of `meta`, read without making objects of the others. */
function finder(batch: Batch, keys: readonly string[]): (row: number) => (string | undefined)[] {
  const meta = batch.column('meta')
  const [names, values] = meta.children as [Column, Column]
  const offsets = meta.offsets as Int32Array
  return row => {
    const found: (string | undefined)[] = keys.map(() => undefined)
    for (let j = offsets[row] as number; j < (offsets[row + 1] as number); j++) {
      const place = keys.indexOf(names.text(j))
      if (place >= 0) found[place] = values.isNull(j) ? undefined : values.text(j)
    }
    return found
  }
}
