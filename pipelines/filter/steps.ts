/**
 * The chain of a config: every step that it switches on, in one order. Cheap ones that need no text come first; rules over what others
 * measured come last, and scores before modules before expressions, so that each can ask for what the one before it found.
 */
import { notJudged } from '../../native/addon/profiles.ts'
import { tables } from '../../native/addon/text.ts'
import type { Batch, Field } from '../arrow/index.ts'
import { located } from '../files.ts'
import { addressStep } from './addresses.ts'
import { badWordsStep } from './bad_words.ts'
import { fieldsOf } from './chain.ts'
import { classifierStep } from './classifier.ts'
import { codeStep } from './code.ts'
import { labels } from './columns.ts'
import { completenessStep } from './completeness.ts'
import { definitionFor, definitionNames, type FilterConfig, profileFor, profilesOf } from './config.ts'
import { expressionsStep, namesIn, parseExpression } from './expressions.ts'
import { type Fineweb2Config, fineweb2Step, languagesOf } from './fineweb2.ts'
import { fluencyStep } from './fluency.ts'
import { languageStep } from './language.ts'
import { mathsStep } from './maths.ts'
import { moduleStep } from './modules.ts'
import { piiStep } from './pii.ts'
import { profileNames } from './profiles.ts'
import { publishedStep } from './published.ts'
import { checkReasons } from './reasons.ts'
import { type ProfileOf, rulesStep } from './rules.ts'
import { scoresStep } from './scores.ts'
import { signalsStep } from './signals.ts'
import type { Step, StepOptions } from './step.ts'

/** Models that the stage trained: a local path, and what is in the file. */
export type Trained = Partial<Record<'classifier' | 'fluency', { path: string; sha256: string }>>

export interface Chain {
  steps: readonly Step[]
  /** What they measure, in order: columns of `statistics` behind its own. */
  fields: readonly Field[]
  /** Place in `definitionNames` of the definition that judges a document. */
  definitionOf: ProfileOf
}

const chains = new WeakMap<FilterConfig, Chain>()

/**
 * One chain a config object: steps may hold models. Throws what is wrong with the config that its schema cannot say. Without `trained`, models
 * that the stage trains are steps that cannot run.
 */
export function chainOf(config: FilterConfig, trained?: Trained): Chain {
  const before = trained ? undefined : chains.get(config)
  if (before) return before
  checkReasons(config)
  const { files = {} } = config
  const here = located<FilterConfig>(config)
  const [profile, definition] = [profileFor(config), definitionFor(config)]
  const profileOf: ProfileOf = (kind, type) => profileNames.indexOf(profile(kind, type))
  const definitionOf: ProfileOf = (kind, type) => definitionNames.indexOf(definition(kind, type))
  const steps: Step[] = []
  const add = (step: Step | undefined) => step && steps.push(step)
  const digest = (place: string) => files[place]?.sha256

  if (here.signals) add(signalsStep(here.signals))
  add(addressStep(here.addresses, i => digest(`addresses.files.${i}.path`)))
  if (here.language) add(languageStep(here.language, digest('language.model')))
  const { fineweb2 } = here
  add(
    rulesStep({
      ...(fineweb2 ? { elsewhere: { none: profileNames.indexOf('none'), rows: foreignRows(fineweb2) } } : {}),
      profiles: profilesOf(config),
      extent: extentOf(config),
      profileOf,
      maxDocumentBytes: config.maxDocumentBytes,
      ...(here.maths ? { formulas: here.maths.kinds } : {}),
    }),
  )
  if (here.published) add(publishedStep({ ...here.published, maxDocumentBytes: config.maxDocumentBytes }))
  if (here.fineweb2) add(fineweb2Step(here.fineweb2, language => digest(`fineweb2.languages.${language}`)))
  if (here.badWords) add(badWordsStep(here.badWords, language => digest(`badWords.files.${language}`)))
  if (here.pii) add(piiStep(here.pii))
  for (const [i, each] of (here.classifier ?? []).entries()) {
    const { path, sha256 = digest(`classifier.${i}.model`) } = (each.train && trained?.classifier) || {}
    add(classifierStep(path === undefined ? each : { ...each, model: path }, sha256))
  }
  if (here.fluency) {
    const { path, sha256 = digest('fluency.model') } = (here.fluency.train && trained?.fluency) || {}
    add(fluencyStep(path === undefined ? here.fluency : { ...here.fluency, model: path }, sha256))
  }
  if (here.completeness) add(completenessStep(here.completeness))
  if (here.code) add(codeStep(here.code))
  if (here.maths) add(mathsStep(here.maths))
  for (const scores of here.scores ?? []) add(scoresStep(scores))
  for (const [i, module] of (here.modules ?? []).entries()) add(moduleStep(module, digest(`modules.${i}.path`)))
  if (here.expressions?.length) add(expressionsStep(here.expressions, numericNames(steps)))

  const chain = { steps, fields: fieldsOf(steps, Object.keys(labels)), definitionOf }
  chains.set(config, chain)
  return chain
}

const numericNames = (steps: readonly Step[]): string[] =>
  steps.flatMap(step => step.fields.filter(({ type }) => ['float', 'int', 'bool'].includes(type.kind)).map(({ name }) => name))

/** What native code is to measure: it cannot measure single statistics beside those of rules. */
function extentOf({ statistics, modules = [], expressions = [] }: FilterConfig): 'all' | 'rules' {
  if (statistics !== 'rules' || modules.length) return 'all'
  const native = new Set(tables().statistics)
  return expressions.some(({ drop }) => namesIn(parseExpression(drop)).some(name => native.has(name))) ? 'all' : 'rules'
}

/** Rows in a language that FineWeb-2's files judge. */
function foreignRows(config: Fineweb2Config): (batch: Batch, measured: StepOptions['measured']) => number[] {
  const [languages, skipped] = [Object.keys(config.languages), new Set(config.skipKinds)]
  return (batch, measured) => {
    const places = languagesOf(batch, measured, languages, skipped)
    return Array.from(places.keys()).filter(row => places[row] !== notJudged)
  }
}
