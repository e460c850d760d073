/** The step of published rules: native code measures every statistic of a text at once, and each profile compares those that it names. */
import {
  type Extent,
  type Judgement,
  type JudgeOptions,
  judge,
  type NativeProfile,
  type Steps,
  statuses,
  tables,
} from '../../native/addon/text.ts'
import { type Batch, type Field, f64 } from '../arrow/index.ts'
import { numberColumn, textsIn } from './columns.ts'
import { editedIn, judgeProse } from './formulas.ts'
import { type Family, families, type Profile } from './profiles.ts'
import type { Outcome, Step, StepOptions, Verdict } from './step.ts'

/** A profile in the numbers of the native tables. */
export function nativeProfile(profile: Profile): NativeProfile {
  const numbers = new Map(tables().rules.map((rule, number) => [rule.name, number]))
  const steps = (order: readonly Family[]): Steps =>
    order.flatMap(family =>
      families[family].flatMap(name => {
        const threshold = profile.thresholds[name]
        return threshold === undefined ? [] : [{ rule: numbers.get(name) as number, threshold }]
      }),
    )
  return { words: profile.words, before: steps(profile.before), c4: profile.c4, after: steps(profile.after) }
}

/** Which profile, by its place in a list, judges a document of this kind and type. */
export type ProfileOf = (kind: string, type: string | undefined) => number

export interface RulesConfig {
  /** At most 256. */
  profiles: readonly Profile[]
  profileOf: ProfileOf
  maxDocumentBytes: number
  /** How much is measured; every statistic where it is not said. */
  extent?: Extent
  /** Kinds whose formulas are one word each to the rules (maths.ts). The text that stays keeps them. */
  formulas?: readonly string[]
  /** Rows that another step judges alone, with `none` as the place of a profile without rules. */
  elsewhere?: { none: number; rows: (batch: Batch, measured: StepOptions['measured']) => readonly number[] }
}

export function rulesStep(config: RulesConfig): Step {
  const native = config.profiles.map(nativeProfile)
  const { rules, statistics } = tables()
  return {
    name: 'rules',
    fields: statistics.map((name): Field => ({ name, type: f64(), nullable: true })),
    async run(batch, { threads, measured }) {
      const profileOf = profilesIn(batch, config.profileOf)
      for (const row of config.elsewhere?.rows(batch, measured) ?? []) profileOf[row] = config.elsewhere?.none as number
      const options = { maxDocumentBytes: config.maxDocumentBytes, threads, extent: config.extent ?? 'all' }
      const { judged, edited } = config.formulas
        ? await judgeProse(batch, config.formulas, profileOf, native, options)
        : await judgePlain(batch, profileOf, native, options)
      const verdicts = new Map<number, Verdict>()
      for (let i = 0; i < batch.rows; i++) {
        const rule = rules[judged.rule[i] as number]
        if (rule) verdicts.set(i, { reason: rule.reason, value: judged.value[i] as number, threshold: judged.threshold[i] as number })
      }
      return {
        verdicts,
        measured: statistics.map(name => numberColumn(judged.statistics[name] as Float64Array)),
        edited: edited.rows,
        refused: refusedIn(judged),
        ...(edited.text ? { text: edited.text } : {}),
      } satisfies Outcome
    },
  }
}

/** One place a row. */
export function profilesIn(batch: Batch, profileOf: ProfileOf): Uint8Array {
  const [kind, type] = [batch.column('kind'), batch.column('type')]
  return Uint8Array.from({ length: batch.rows }, (_, i) => profileOf(kind.text(i), type.isNull(i) ? undefined : type.text(i)))
}

async function judgePlain(batch: Batch, profileOf: Uint8Array, profiles: readonly NativeProfile[], options: JudgeOptions) {
  const judged = await judge(textsIn(batch.column('text')), profileOf, profiles, options)
  return { judged, edited: editedIn(judged, batch.rows) }
}

const found: Record<(typeof statuses)[number], string> = {
  ok: '',
  too_large: 'more bytes than maxDocumentBytes',
  not_utf8: 'bytes that are not UTF-8',
  too_many_words: 'more than 8,388,608 words',
  too_much_work: 'words made to collide in hash tables',
}

function refusedIn(judged: Judgement): NonNullable<Outcome['refused']> {
  const refused: NonNullable<Outcome['refused']> = new Map()
  for (const [i, number] of judged.status.entries()) {
    const status = statuses[number] ?? 'ok'
    if (status !== 'ok') refused.set(i, { code: `DOCUMENT_${status.toUpperCase()}`, found: found[status] })
  }
  return refused
}
