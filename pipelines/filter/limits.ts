/**
 * Limits: every rule of a config that compares one statistic with one number, whatever step asks it. `explain`, `sweep` and the report
 * read `statistics` with these; a rule that no comparison can say (a path, a licence, a module) has no limit.
 */
import { piiKinds } from '../../native/addon/pii.ts'
import { tables } from '../../native/addon/text.ts'
import { located } from '../files.ts'
import { badWordsReason } from './bad_words.ts'
import { codeRules } from './code.ts'
import { completenessRules } from './completeness.ts'
import { type FilterConfig, foreignName, profilesOf } from './config.ts'
import { parseExpression, simple } from './expressions.ts'
import { fineweb2Profiles } from './fineweb2.ts'
import { mathsRules } from './maths.ts'
import { rulesOf } from './pii.ts'
import { profileNames } from './profiles.ts'
import { type PublishedName, type PublishedRule, publishedNames, publishedRules } from './published.ts'
import { signalNames } from './signals.ts'

export interface Limit {
  step: string
  /** As the config names it. */
  rule: string
  /** As a decision names it. */
  reason: string
  statistic: string
  /** Statistics that are added to it, where a rule compares a sum; null counts as 0. */
  plus?: readonly string[]
  drops: 'below' | 'above'
  /** Whether a value that equals the threshold is dropped. */
  inclusive: boolean
  threshold: number
  /** Kinds of documents that it never judges, or the only ones that it does. */
  skips?: readonly string[]
  only?: readonly string[]
  /** Values of a stored name whose documents it judges by another threshold. */
  except?: { statistic: string; values: readonly string[] }
  /** A statistic below which a document is not judged. */
  where?: { statistic: string; atLeast: number }
}

export const judges = ({ skips, only }: Limit, kind: string): boolean => !skips?.includes(kind) && (only?.includes(kind) ?? true)

/** What a limit compares, of what was measured of a document; undefined where it is not asked. */
export function comparedIn({ statistic, plus = [], where }: Limit, measured: (name: string) => unknown): number | undefined {
  const number = (name: string) => {
    const value = measured(name)
    return typeof value === 'boolean' ? Number(value) : typeof value === 'number' ? value : undefined
  }
  if (where && (number(where.statistic) ?? where.atLeast) < where.atLeast) return undefined
  const first = number(statistic)
  return first === undefined ? undefined : plus.reduce((sum, name) => sum + (number(name) ?? 0), first)
}

/** Limits of definitions that stand in files, by the name of the definition. */
export type ForeignLimits = ReadonlyMap<string, readonly Limit[]>

/** Reads the files that a config names, as they were pinned; a file that is no longer so has no limits. */
export async function foreignLimits(config: FilterConfig): Promise<ForeignLimits> {
  const { fineweb2 } = located<FilterConfig>(config)
  if (!fineweb2) return new Map()
  const profiles = await fineweb2Profiles(fineweb2, language => config.files?.[`fineweb2.languages.${language}`]?.sha256)
  return new Map([...profiles].map(([language, { rules }]) => [foreignName(language), rules.map(each => ofPublished('fineweb2', each))]))
}

/** The rules that are on where a definition judges, in the order in which they are asked. */
export function limitsOf(config: FilterConfig, profile: string, foreign: ForeignLimits = new Map()): Limit[] {
  return [
    ...signalLimits(config),
    ...languageLimits(config),
    ...profileLimits(config, profile),
    ...publishedLimits(config, profile),
    ...(foreign.get(profile) ?? []),
    ...badWordLimits(config),
    ...personalLimits(config),
    ...modelLimits(config),
    ...expressionLimits(config),
  ]
}

function signalLimits({ signals }: FilterConfig): Limit[] {
  if (!signals) return []
  const rule = { step: 'signals', drops: 'above', inclusive: false, threshold: 0 } as const
  return signalNames
    .filter(name => signals[name] === 'drop')
    .map(name => ({ ...rule, rule: `opt_out_${name}`, reason: `opt_out_${name}`, statistic: `signal_${name}` }))
}

/** Where a share of documents stays, the rule is no comparison. */
function badWordLimits({ badWords }: FilterConfig): Limit[] {
  if (!badWords || badWords.keepFraction > 0) return []
  const rule = { step: 'badWords', rule: badWordsReason, reason: badWordsReason, statistic: 'bad_words' }
  return [{ ...rule, drops: 'above', inclusive: false, threshold: 0, skips: badWords.skipKinds }]
}

function personalLimits({ pii }: FilterConfig): Limit[] {
  if (!pii) return []
  const { prose, code } = rulesOf(pii)
  const codeKinds = ['code', 'repository']
  return [
    { rules: prose, kinds: { skips: codeKinds } },
    { rules: code, kinds: { only: codeKinds } },
  ].flatMap(({ rules: { actions, most }, kinds }): Limit[] => {
    const looked = piiKinds.filter(kind => actions[kind] !== 'off').map(kind => `pii_${kind}`)
    const [first, ...plus] = looked
    const limit = { step: 'pii', drops: 'above', inclusive: false, ...kinds } as const
    return [
      ...piiKinds
        .filter(kind => actions[kind] === 'drop')
        .map(kind => ({ ...limit, rule: `pii_${kind}`, reason: `pii_${kind}`, statistic: `pii_${kind}`, threshold: 0 })),
      ...(first !== undefined && most !== undefined
        ? [{ ...limit, rule: 'pii_many', reason: 'pii_many', statistic: first, plus, threshold: most }]
        : []),
    ]
  })
}

function languageLimits({ language }: FilterConfig): Limit[] {
  if (!language?.keep) return []
  const { threshold, thresholds, skipKinds: skips } = language
  const values = Object.keys(thresholds)
  return [
    {
      step: 'language',
      rule: 'language_score',
      reason: 'language_score',
      statistic: 'language_score',
      drops: 'below',
      inclusive: true,
      threshold,
      skips,
      ...(values.length ? { except: { statistic: 'language', values } } : {}),
    },
  ]
}

function profileLimits(config: FilterConfig, profile: string): Limit[] {
  const own = profilesOf(config)[profileNames.indexOf(profile as never)]
  if (!own) return []
  const limits = tables().rules.flatMap(({ name, reason, statistic, drops }): Limit[] => {
    const threshold = (own.thresholds as Record<string, number | undefined>)[name]
    return threshold === undefined ? [] : [{ step: 'rules', rule: name, reason, statistic, drops, inclusive: false, threshold }]
  })
  const { minSentences } = own.c4 ?? {}
  if (typeof minSentences === 'number')
    limits.push({
      step: 'rules',
      rule: 'too_few_sentences',
      reason: 'too_few_sentences',
      statistic: 'c4_sentences',
      drops: 'below',
      inclusive: false,
      threshold: minSentences,
    })
  return limits
}

const ofPublished = (step: string, { name: rule, statistic, drops, threshold }: PublishedRule): Limit => ({
  step,
  rule,
  reason: rule,
  statistic,
  drops: drops === 'below' || drops === 'at_most' ? 'below' : 'above',
  inclusive: drops.startsWith('at'),
  threshold,
})

function publishedLimits({ published }: FilterConfig, name: string): Limit[] {
  if (!published || !publishedNames.includes(name as PublishedName)) return []
  const { rules } = publishedRules(name as PublishedName, published.override[name as PublishedName])
  return rules.map(each => ofPublished('published', each))
}

function fluencyLimits({ fluency }: FilterConfig): Limit[] {
  if (!fluency) return []
  const { maxPerplexity, maxUnknown, minWords, skipKinds: skips } = fluency
  return [
    { rule: 'fluency_perplexity', statistic: 'perplexity', threshold: maxPerplexity },
    { rule: 'fluency_unknown', statistic: 'oov_share', threshold: maxUnknown },
  ].flatMap(({ threshold, ...each }): Limit[] =>
    threshold === null
      ? []
      : [
          {
            ...each,
            step: 'fluency',
            reason: each.rule,
            drops: 'above',
            inclusive: false,
            threshold,
            skips,
            where: { statistic: 'fluency_words', atLeast: minWords },
          },
        ],
  )
}

function completenessLimits({ completeness }: FilterConfig): Limit[] {
  if (!completeness) return []
  return completenessRules.flatMap(({ reason, statistic, threshold }): Limit[] => {
    const limit = threshold(completeness)
    if (limit === null) return []
    return [
      {
        step: 'completeness',
        rule: reason,
        reason,
        statistic,
        drops: 'above',
        inclusive: true,
        threshold: limit,
        skips: completeness.skipKinds,
        ...(statistic === 'link_lines' ? { where: { statistic: 'content_lines', atLeast: completeness.minLines } } : {}),
      },
    ]
  })
}

function modelLimits(config: FilterConfig): Limit[] {
  const { classifier = [], code, maths } = config
  const models = classifier.flatMap(({ name, threshold, skipKinds: skips }): Limit[] =>
    threshold === null
      ? []
      : [{ step: `classifier.${name}`, rule: name, reason: name, statistic: name, drops: 'below', inclusive: true, threshold, skips }],
  )
  const own = (
    step: string,
    names: typeof codeRules | typeof mathsRules,
    given: Partial<Record<string, number | null>>,
    only: readonly string[],
  ) =>
    names.flatMap(({ name, statistic, drops, threshold }): Limit[] =>
      given[name] === null
        ? []
        : [{ step, rule: name, reason: name, statistic, drops, inclusive: false, threshold: given[name] ?? threshold, only }],
    )
  return [
    ...models,
    ...fluencyLimits(config),
    ...completenessLimits(config),
    ...(code ? own('code', codeRules, code.rules, code.kinds) : []),
    ...(maths ? own('maths', mathsRules, maths.rules, maths.kinds) : []),
  ]
}

function expressionLimits({ expressions = [] }: FilterConfig): Limit[] {
  return expressions.flatMap(({ name, drop, kinds }): Limit[] => {
    const comparison = simple(parseExpression(drop))
    if (!comparison || comparison.operator === '==' || comparison.operator === '!=') return []
    const { name: statistic, operator, threshold } = comparison
    const drops = operator.startsWith('<') ? 'below' : 'above'
    return [
      {
        step: 'expressions',
        rule: name,
        reason: name,
        statistic,
        drops,
        inclusive: operator.endsWith('='),
        threshold,
        ...(kinds ? { only: kinds } : {}),
      },
    ]
  })
}

export const fails = ({ drops, inclusive }: Pick<Limit, 'drops' | 'inclusive'>, value: number, threshold: number): boolean =>
  (inclusive && value === threshold) || (drops === 'below' ? value < threshold : value > threshold)

/** How far a value is inside its limit, as a share of the threshold (of 1 where that is 0); negative where it fails. A plain no is far: 1. */
export function margin({ drops, threshold }: Pick<Limit, 'drops' | 'threshold'>, value: number): number {
  if (threshold === 0 && value === 0 && drops === 'above') return 1
  const room = drops === 'below' ? value - threshold : threshold - value
  return room / (Math.abs(threshold) || 1)
}
