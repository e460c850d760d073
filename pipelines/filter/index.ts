/**
 * Filter: drops documents by published rules and says why, one decision row per verdict; C4's rules also edit lines.
 *
 * Native code measures every statistic of a version of a text at once, whatever the rules: fifty rules cost what one does, and the
 * `statistics` role answers "what if the threshold were another" without a second run. A rule that must see other documents belongs in
 * `dedup`. Which rules judge follows from the document's kind: rules for web prose never judge code.
 */
import * as z from 'zod'
import { type Judgement, judge, type NativeProfile, statuses, tables } from '../../native/addon/text.ts'
import { type Batch, BatchBuilder, Batch as Table } from '../arrow/index.ts'
import { decisions, documents } from '../schemas.ts'
import { type Context, defineStage, MiB } from '../stage.ts'
import { type AddressJudge, type AddressVerdict, addressJudge, addressSchema } from './addresses.ts'
import { canary } from './canary.ts'
import { numberColumn, statisticsSchema, textColumn, textsIn } from './columns.ts'
import { overridden, overrideSchema, type ProfileName, profileNames, profiles } from './profiles.ts'
import { nativeProfile } from './rules.ts'

/** Profile by kind, or by kind and type. What is not named here is judged as `*`. */
export const profileOfKind: Record<string, ProfileName> = {
  web: 'millrace',
  markdown: 'markdown',
  book: 'book',
  code: 'code',
  'code/css': 'markup',
  'code/html': 'markup',
  'code/markdown': 'markup',
  'code/restructuredtext': 'markup',
  'code/tex': 'markup',
  'code/text': 'markup',
  'code/xml': 'markup',
  repository: 'none',
  '*': 'millrace',
}

const config = z
  .strictObject({
    unitBytes: z
      .int()
      .positive()
      .default(64 * MiB)
      .describe('Bytes of documents that a unit aims at'),
    words: z.enum(['simple']).default('simple').describe('How text is split into words: simple = at white space, marks at the ends apart'),
    profiles: z
      .record(z.string().regex(/^(\*|[a-z0-9_-]+(\/[a-z0-9_+-]+)?)$/), z.enum(profileNames))
      .default({})
      .describe('Kind, or kind/type, or * -> profile, where it differs from: web millrace, markdown markdown, book book, code code'),
    override: z.partialRecord(z.enum(profileNames), overrideSchema).default({}).describe('Profile -> thresholds that differ from it'),
    addresses: addressSchema.prefault({}),
    maxDocumentBytes: z
      .int()
      .min(1)
      .max(2 ** 30)
      .default(64 * MiB)
      .describe('A longer document is quarantined before any rule sees it'),
  })
  .describe('Which documents stay')

export type FilterConfig = z.output<typeof config>

interface Rules {
  profileOf: (kind: string, type: string | undefined) => number
  native: NativeProfile[]
  addresses: AddressJudge
}

function rulesOf(config: FilterConfig): Rules {
  const byKind = { ...profileOfKind, ...config.profiles }
  return {
    profileOf: (kind, type) => profileNames.indexOf(byKind[`${kind}/${type}`] ?? byKind[kind] ?? (byKind['*'] as ProfileName)),
    native: profileNames.map(name => nativeProfile(overridden(profiles[name], config.override[name]))),
    addresses: addressJudge(config.addresses),
  }
}

export const filter = defineStage({
  name: 'filter',
  revision: 1,
  config,
  inputs: ['documents'],
  canary,
  operations: [
    {
      name: 'judge',
      kind: 'map',
      reads: ['documents'],
      writes: {
        documents: { schema: documents },
        decisions: { schema: decisions },
        statistics: { schema: () => statisticsSchema(tables().statistics) },
      },
      unitBytes: ({ unitBytes }) => unitBytes,
      config: ({ unitBytes: _, ...rest }) => rest,
      run: judgeUnit,
    },
  ],
  outputs: { documents: 'judge.documents', decisions: 'judge.decisions', statistics: 'judge.statistics' },
})

async function judgeUnit(ctx: Context<FilterConfig>): Promise<void> {
  const rules = rulesOf(ctx.config)
  const [kept, dropped, measured] = [await ctx.writer('documents'), await ctx.writer('decisions'), await ctx.writer('statistics')]
  let row = 0
  for await (const batch of ctx.batches('documents')) {
    const profileOf = profilesIn(batch, rules)
    const addresses = await rules.addresses(batch)
    const judged = await judge(textsIn(batch.column('text')), profileOf, rules.native, {
      maxDocumentBytes: ctx.config.maxDocumentBytes,
      threads: ctx.threads,
    })
    const verdicts = verdictsOf(judged, addresses)
    quarantine(ctx, batch, judged, verdicts, row)
    await kept.append(keptDocuments(batch, judged, addresses))
    await dropped.append(decisionRows(ctx, batch, verdicts, row))
    await measured.append(statisticRows(batch, profileOf, judged, verdicts))
    ctx.count('edited', judged.edited.filter(i => !addresses.has(i)).length)
    row += batch.rows
  }
}

function profilesIn(batch: Batch, rules: Rules): Uint8Array {
  const [kind, type] = [batch.column('kind'), batch.column('type')]
  return Uint8Array.from({ length: batch.rows }, (_, i) => rules.profileOf(kind.text(i), type.isNull(i) ? undefined : type.text(i)))
}

/** Row -> verdict, for the rows that are dropped; an address is asked before the text. */
function verdictsOf(judged: Judgement, addresses: Map<number, AddressVerdict>): Map<number, AddressVerdict> {
  const { rules } = tables()
  const verdicts = new Map<number, AddressVerdict>()
  for (let i = 0; i < judged.rule.length; i++) {
    const rule = rules[judged.rule[i] as number]
    const address = addresses.get(i)
    if (address) verdicts.set(i, address)
    else if (rule) verdicts.set(i, { reason: rule.reason, value: judged.value[i] as number, threshold: judged.threshold[i] as number })
  }
  return verdicts
}

function keptDocuments(batch: Batch, judged: Judgement, addresses: Map<number, unknown>): Batch {
  const documents = judged.kept.length === batch.rows ? batch : batch.take(judged.kept)
  const edited = judged.text ? documents.with('text', documentText, textColumn(judged.text)) : documents
  if (addresses.size === 0) return edited
  // Rows of the kept table, not of the batch.
  return edited.take(Uint32Array.from(judged.kept.keys()).filter(place => !addresses.has(judged.kept[place] as number)))
}

const documentText = documents.fields.find(field => field.name === 'text')!.type

function decisionRows(ctx: Context<FilterConfig>, batch: Batch, verdicts: Map<number, AddressVerdict>, firstRow: number): Batch {
  const builder = new BatchBuilder(decisions)
  const id = batch.column('id')
  for (const [i, { reason, value, threshold }] of verdicts) {
    builder.append({ id: id.bytes(i), stage: 'filter', rule: reason, value, threshold, unit: ctx.unit, row: firstRow + i })
    ctx.count(`dropped.${reason}`)
  }
  return builder.finish()
}

function statisticRows(batch: Batch, profileOf: Uint8Array, judged: Judgement, verdicts: Map<number, AddressVerdict>): Batch {
  const names = tables().statistics
  const labels = new BatchBuilder({ fields: statisticsSchema([]).fields.slice(1) })
  for (let i = 0; i < batch.rows; i++) labels.append({ profile: profileNames[profileOf[i] as number], rule: verdicts.get(i)?.reason })
  const columns = names.map(name => numberColumn(judged.statistics[name] as Float64Array))
  return new Table(statisticsSchema(names), [batch.column('id'), ...labels.finish().columns, ...columns], batch.rows)
}

const found: Record<(typeof statuses)[number], string> = {
  ok: '',
  too_large: 'more bytes than maxDocumentBytes',
  not_utf8: 'bytes that are not UTF-8',
  too_many_words: 'more than 8,388,608 words',
  too_much_work: 'words made to collide in hash tables',
}

function quarantine(ctx: Context<FilterConfig>, batch: Batch, judged: Judgement, verdicts: Map<number, unknown>, firstRow: number): void {
  const [source, key] = [batch.column('source'), batch.column('key')]
  for (const [i, number] of judged.status.entries()) {
    const status = statuses[number] ?? 'ok'
    if (status === 'ok' || verdicts.has(i)) continue
    ctx.quarantine({
      source: source.text(i),
      key: key.text(i),
      offset: firstRow + i,
      code: `DOCUMENT_${status.toUpperCase()}`,
      message: `expected a text that rules can read, found ${found[status]}`,
    })
  }
}
