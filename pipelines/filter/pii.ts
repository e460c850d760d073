/**
 * Personal data: found, counted, replaced, or the document dropped. Three definitions (native/text/pii.h): ours, datatrove's and Dolma's.
 *
 * By default emails are replaced everywhere, public IPv4 addresses in prose alone, and in code keys and tokens too. StarCoder2 (arXiv
 * 2402.19173) redacts names, emails, keys, passwords and addresses in code by a trained tagger, and keeps the files; without its tagger an
 * address in code cannot be told from a version such as 4.40.0.1, so there they are only counted. A file with a key is kept, for the same
 * reason as there: what is left of it is code like any other, and keys stand in tests of good repositories above all. Telephone and card
 * numbers are guesses from their form and off. Replacements are what RFC 2606, RFC 5737 and the North American plan reserve for examples, so
 * that a second run finds nothing; keys become StarCoder2's `<KEY>`.
 *
 * Where a published definition takes turns among several replacements, the turn begins at hash(seed, document id): datatrove counts on over
 * documents, so there the output depends on their order and on how many workers there are.
 */
import * as z from 'zod'
import { seededHash } from '../../native/addon/hash.ts'
import { type PiiAction, type PiiKind, type PiiRules, piiActions, piiDefinitions, piiKinds, redact } from '../../native/addon/pii.ts'
import { type Batch, Column, optional, schema, u32 } from '../arrow/index.ts'
import { textsIn } from './columns.ts'
import type { Step, Verdict } from './step.ts'

const actions = z
  .strictObject(
    Object.fromEntries(piiKinds.map(kind => [kind, z.enum(piiActions).optional()])) as Record<
      PiiKind,
      z.ZodOptional<z.ZodEnum<Record<PiiAction, PiiAction>>>
    >,
  )
  .optional()

const replacement = z.string().max(200)

export const piiSchema = z
  .strictObject({
    definition: z
      .enum(piiDefinitions)
      .default('millrace')
      .describe('Whose emails and addresses: ours, PIIFormatter of datatrove 0.10, or the tagger and mixer of Dolma 1.5'),
    prose: actions.describe(
      'Kind -> off, count, replace or drop, where it differs. millrace: emails and ips replace, the others off; datatrove: emails and ips replace; dolma: emails, phones and ips replace',
    ),
    code: actions.describe(
      'The same for documents of the kinds code and repository, where it differs. millrace: emails and secrets replace, ips count, the others off; datatrove and dolma: as in prose',
    ),
    most: z
      .int()
      .min(0)
      .nullable()
      .optional()
      .describe('A document with more, of all kinds together, is dropped; null for any number. Default: dolma 5, else any'),
    replacements: z
      .partialRecord(z.enum(piiKinds), z.union([replacement, z.array(replacement).min(1).max(64)]))
      .optional()
      .describe('Kind -> what stands in its place; several take turns'),
  })
  .superRefine(({ definition, prose, code }, context) => {
    const known: readonly PiiKind[] = knownTo[definition]
    for (const [section, given] of Object.entries({ prose, code }))
      for (const kind of piiKinds)
        if ((given?.[kind] ?? 'off') !== 'off' && !known.includes(kind))
          context.addIssue({ code: 'custom', path: [section, kind], message: `${definition} finds ${known.join(', ')} alone` })
  })
  .describe('Personal data in texts')

export type PiiConfig = z.input<typeof piiSchema>

type Actions = Record<PiiKind, PiiAction>

const knownTo = {
  millrace: piiKinds,
  'datatrove@0.10': ['emails', 'ips'],
  'dolma-1.5': ['emails', 'ips', 'phones'],
} as const

const off: Actions = { emails: 'off', ips: 'off', phones: 'off', cards: 'off', secrets: 'off' }
const defaults: Record<
  PiiRules['definition'],
  { prose: Actions; code: Actions; most?: number; replacements: Record<PiiKind, readonly string[]> }
> = {
  millrace: {
    prose: { ...off, emails: 'replace', ips: 'replace' },
    code: { ...off, emails: 'replace', ips: 'count', secrets: 'replace' },
    replacements: { emails: ['email@example.com'], ips: ['192.0.2.1'], phones: ['555-0100'], cards: ['<CARD>'], secrets: ['<KEY>'] },
  },
  'datatrove@0.10': {
    prose: { ...off, emails: 'replace', ips: 'replace' },
    code: { ...off, emails: 'replace', ips: 'replace' },
    replacements: {
      emails: ['email@example.com', 'firstname.lastname@example.org'],
      ips: ['22.214.171.124', '126.96.36.199', '188.8.131.52', '184.108.40.206', '220.127.116.11', '18.104.22.168'],
      phones: [],
      cards: [],
      secrets: [],
    },
  },
  'dolma-1.5': {
    prose: { ...off, emails: 'replace', ips: 'replace', phones: 'replace' },
    code: { ...off, emails: 'replace', ips: 'replace', phones: 'replace' },
    most: 5,
    replacements: {
      emails: [' |||EMAIL_ADDRESS||| '],
      ips: [' |||IP_ADDRESS||| '],
      phones: [' |||PHONE_NUMBER||| '],
      cards: [],
      secrets: [],
    },
  },
}

/** Rules for prose and for code that a config means; what it does not say stands in the definition's defaults. */
export function rulesOf(config: PiiConfig): { prose: PiiRules; code: PiiRules } {
  const { definition, prose = {}, code = {}, most, replacements = {} } = piiSchema.parse(config)
  const usual = defaults[definition]
  const said = Object.fromEntries(Object.entries(replacements).map(([kind, one]) => [kind, typeof one === 'string' ? [one] : one]))
  const rules = (defaultActions: Actions, given: Partial<Record<PiiKind, PiiAction | undefined>>): PiiRules => ({
    definition,
    actions: { ...defaultActions, ...defined(given) },
    most: (most === undefined ? usual.most : most) ?? undefined,
    replacements: { ...usual.replacements, ...said },
  })
  return { prose: rules(usual.prose, prose), code: rules(usual.code, code) }
}

const defined = (given: Partial<Record<PiiKind, PiiAction | undefined>>): Partial<Actions> =>
  Object.fromEntries(Object.entries(given).filter(([, action]) => action !== undefined))

/** The columns that it measures, null where the kind of document is not looked through for them. */
const columnOf = (kind: PiiKind): string => `pii_${kind}`

/** undefined where every kind is off. Reasons: `pii_` and the kind that drops, or `pii_many`. */
export function piiStep(config: PiiConfig): Step | undefined {
  const { prose, code } = rulesOf(config)
  const rules = [prose, code] as const
  const looked = piiKinds.filter(kind => rules.some(each => each.actions[kind] !== 'off'))
  if (!looked.length) return undefined
  return {
    name: 'pii',
    fields: schema(Object.fromEntries(looked.map(kind => [columnOf(kind), optional(u32())]))).fields,
    async run(batch, { threads, seed }) {
      const rulesOfRow = kindsIn(batch)
      const starts = seededHash(seed, batch.column('id').data as Uint8Array, 'pii')
      const { counts, verdict, edited, text: texts } = await redact(textsIn(batch.column('text')), rulesOfRow, starts, rules, threads)
      const verdicts = new Map<number, Verdict>()
      for (const [i, number] of verdict.entries()) {
        if (number < 0) continue
        const kind = piiKinds[number]
        const many = counts.reduce((sum, count) => sum + (count[i] as number), 0)
        if (kind) verdicts.set(i, { reason: columnOf(kind), value: counts[number]?.[i] as number, threshold: 0 })
        else verdicts.set(i, { reason: 'pii_many', value: many, threshold: rules[rulesOfRow[i] as 0 | 1].most as number })
      }
      const measured = looked.map(kind =>
        countColumn(counts[piiKinds.indexOf(kind)] as Uint32Array, i => rules[rulesOfRow[i] as 0 | 1].actions[kind] !== 'off'),
      )
      return { verdicts, measured, ...(texts ? { text: texts, edited: [...edited] } : {}) }
    },
  }
}

/** Row -> 1 where the document is code. */
function kindsIn(batch: Batch): Uint8Array {
  const kind = batch.column('kind')
  return Uint8Array.from({ length: batch.rows }, (_, i) => Number(['code', 'repository'].includes(kind.text(i))))
}

function countColumn(values: Uint32Array, has: (row: number) => boolean): Column {
  const validity = new Uint8Array((values.length + 7) >>> 3)
  for (let i = 0; i < values.length; i++) if (has(i)) validity[i >>> 3] = (validity[i >>> 3] as number) | (1 << (i & 7))
  return new Column({ type: u32(), length: values.length, validity, offsets: undefined, data: values })
}
