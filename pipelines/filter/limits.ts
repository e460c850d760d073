/**
 * Limits: every rule of a config that compares one statistic with one number, whatever step asks it. `explain`, `sweep` and the report
 * read `statistics` with these; a rule that no comparison can say (a path, a module) has no limit.
 */
import { tables } from '../../native/addon/text.ts'
import { codeRules } from './code.ts'
import { type FilterConfig, profilesOf } from './config.ts'
import { parseExpression, simple } from './expressions.ts'
import { mathsRules } from './maths.ts'
import { profileNames } from './profiles.ts'
import { type PublishedName, publishedNames, publishedRules } from './published.ts'

export interface Limit {
  step: string
  /** As the config names it. */
  rule: string
  /** As a decision names it. */
  reason: string
  statistic: string
  drops: 'below' | 'above'
  /** Whether a value that equals the threshold is dropped. */
  inclusive: boolean
  threshold: number
  /** Kinds of documents that it never judges, or the only ones that it does. */
  skips?: readonly string[]
  only?: readonly string[]
}

export const judges = ({ skips, only }: Limit, kind: string): boolean => !skips?.includes(kind) && (only?.includes(kind) ?? true)

/** The rules that are on where a definition judges, in the order in which they are asked. */
export function limitsOf(config: FilterConfig, profile: string): Limit[] {
  const own = [...profileLimits(config, profile), ...publishedLimits(config, profile)]
  return [...languageLimits(config), ...own, ...modelLimits(config), ...expressionLimits(config)]
}

function languageLimits({ language }: FilterConfig): Limit[] {
  if (!language?.keep) return []
  const { threshold, skipKinds: skips } = language
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

function publishedLimits({ published }: FilterConfig, name: string): Limit[] {
  if (!published || !publishedNames.includes(name as PublishedName)) return []
  return publishedRules(name as PublishedName, published.override[name as PublishedName]).rules.map(
    ({ name: rule, statistic, drops, threshold }): Limit => ({
      step: 'published',
      rule,
      reason: rule,
      statistic,
      drops: drops === 'below' || drops === 'at_most' ? 'below' : 'above',
      inclusive: drops.startsWith('at'),
      threshold,
    }),
  )
}

function modelLimits({ classifier = [], code, maths }: FilterConfig): Limit[] {
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
