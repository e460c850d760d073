/**
 * Reasons: what decisions call the rule that dropped a document. Nobody can tell two rules of one reason apart afterwards, neither `explain`
 * nor `sweep` nor the report, so a config may not give a rule of its own a reason that another has.
 *
 * What a module answers is known when it answers, and is not checked here.
 */
import { piiKinds } from '../../native/addon/pii.ts'
import { tables } from '../../native/addon/text.ts'
import { urlReasons } from '../../native/addon/url.ts'
import { MillraceError } from '../errors.ts'
import { badWordsReason } from './bad_words.ts'
import { codeRules } from './code.ts'
import { completenessRules } from './completeness.ts'
import type { FilterConfig } from './config.ts'
import { mathsRules } from './maths.ts'
import { publishedNames, publishedRules } from './published.ts'
import { signalNames } from './signals.ts'

/** Steps whose reasons depend on what they read: what these begin with. */
const beginnings: readonly (readonly [start: string, step: string])[] = [
  ['fineweb2_', 'fineweb2'],
  ['code_path_', 'code'],
]

let known: Map<string, string> | undefined

/** The step that comes with the program and gives this reason, or has a rule of this name; on or off. undefined where none does. */
export function builtInReason(name: string): string | undefined {
  known ??= new Map(
    Object.entries({
      addresses: urlReasons,
      signals: [...signalNames.map(signal => `opt_out_${signal}`), 'licence'],
      language: ['language', 'language_score'],
      rules: tables().rules.flatMap(rule => [rule.name, rule.reason]),
      published: publishedNames.flatMap(definition => publishedRules(definition).rules.map(rule => rule.name)),
      badWords: [badWordsReason],
      pii: [...piiKinds.map(kind => `pii_${kind}`), 'pii_many'],
      fluency: ['fluency_perplexity', 'fluency_unknown'],
      completeness: completenessRules.map(rule => rule.reason),
      code: codeRules.map(rule => rule.name),
      maths: mathsRules.map(rule => rule.name),
    }).flatMap(([step, reasons]) => reasons.map((reason): [string, string] => [reason, step])),
  )
  return known.get(name) ?? beginnings.find(([start]) => name.startsWith(start))?.[1]
}

/** What is wrong with the names of a list of rules: for schemas. */
export function wrongNames(rules: readonly { name: string }[]): { path: [number, 'name']; message: string }[] {
  return rules.flatMap(({ name }, i) => {
    const step = builtInReason(name)
    const message = rules.slice(0, i).some(each => each.name === name)
      ? 'a name that no other of the list has: decisions give it as their reason'
      : step && `a name of its own: decisions of the step ${step} give this one as their reason`
    return message ? [{ path: [i, 'name'], message }] : []
  })
}

/** What no list can say alone. Throws EXPRESSION where an expression is named as a classifier. */
export function checkReasons({ classifier = [], expressions = [] }: Pick<FilterConfig, 'classifier' | 'expressions'>): void {
  const i = expressions.findIndex(({ name }) => classifier.some(each => each.name === name))
  const name = expressions[i]?.name
  if (name === undefined) return
  throw new MillraceError({
    code: 'EXPRESSION',
    kind: 'config',
    expected: 'a name of its own: decisions give it as their reason',
    found: `${JSON.stringify(name)}, which is the name of a classifier`,
    where: `filter.expressions[${i}].name`,
    next: 'name the expression after what it drops',
  })
}
