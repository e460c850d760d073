/** What filter must drop and keep: a page of prose and a source file stay; spam, a menu and a page without words go. */
import { type Canary, ordinary, type SideBatch } from '../canary.ts'
import { located } from '../files.ts'
import { MiB } from '../stage.ts'
import { badWordsBatch, modelBatches, plantedBatch, ruleBatches } from './canary_own.ts'
import { allowedLicence, sectionBatch } from './canary_sections.ts'
import type { FilterConfig } from './config.ts'
import { bare, type CanaryStep, finnish, marks, menu, minified, source, spam } from './planted.ts'
import { chainOf } from './steps.ts'

/** Batches of what is native, of steps that are on, of models, of rules of the user's, and of documents of the user's. */
export const canary: Canary<FilterConfig> = async ({ config }) => {
  chainOf(config)
  const here = located<FilterConfig>(config)
  const skip = new Set(here.canaries?.skip)
  // Sections first: what is wrong with one of them is said there in its own words.
  const batches = [sectionBatch(here, skip), usualBatch(here, skip), ...modelBatches(here, skip), ...ruleBatches(here, skip)]
  return [...batches, await badWordsBatch(here, skip), await plantedBatch(here)].filter(batch => batch !== undefined)
}

/**
 * Profiles and thresholds are somebody's choice: where a config makes one, nothing is certain of any page, and the defaults are planted
 * instead. They still hold the native rules and the profile of each kind to their word.
 */
function usualBatch(config: FilterConfig, skip: ReadonlySet<CanaryStep>): SideBatch {
  const {
    scores: _s,
    modules: _m,
    expressions: _e,
    classifier: _c,
    fluency: _l,
    fineweb2: _w,
    badWords: _b,
    canaries: _p,
    published,
    language,
    ...native
  } = config
  const choices = Object.keys(config.profiles).length + Object.keys(config.override).length
  const usual = !choices && !published && config.maxDocumentBytes >= MiB
  const certain = language && language.model === undefined && speaksEnglish(language) ? language : undefined
  const foreign = Array.isArray(certain?.keep) && !certain.keep.includes('fi') && !certain.skipKinds.includes(bare)
  const steps = { profiles: { [bare]: 'none' }, unitBytes: MiB, ...(certain ? { language: certain } : {}) }
  const code = config.code?.kinds.includes('code') && Object.keys(config.code.rules).length === 0
  const meta = config.signals ? allowedLicence(config.signals) : {}
  const documents = [
    { key: 'an ordinary page', text: ordinary[0] as string },
    { key: 'another ordinary page', text: ordinary[1] as string },
    { key: 'a source file', kind: 'code', type: 'typescript', text: source },
    { key: 'spam', text: spam },
    { key: 'a menu', text: menu },
    { key: 'a page without words', text: marks },
    ...(foreign ? [{ key: 'a page in Finnish', kind: bare, text: finnish }] : []),
    ...(code ? [{ key: 'a minified script', kind: 'code', type: 'javascript', text: minified }] : []),
  ]
  return {
    config: usual ? { ...Object.fromEntries(Object.entries(native).filter(([name]) => !skip.has(name as CanaryStep))), ...steps } : steps,
    documents: documents.map(each => ({ ...each, meta })),
    keeps: ['an ordinary page', 'another ordinary page', 'a source file'],
    drops: ['spam', 'a menu', 'a page without words', ...(foreign ? ['a page in Finnish'] : []), ...(code ? ['a minified script'] : [])],
    oneOf: [],
  }
}

/** Whether pages in English, which score above 0.8, must stay. */
function speaksEnglish({ keep, threshold, thresholds }: NonNullable<FilterConfig['language']>): boolean {
  return (keep === null || keep === 'any' || keep.includes('en')) && (thresholds.en ?? threshold) <= 0.8
}
