/** What filter must drop and keep: a page of prose and a source file stay; spam, a menu and a page without words go. */
import { type Canary, ordinary } from '../canary.ts'
import { located } from '../files.ts'
import { MiB } from '../stage.ts'
import type { FilterConfig } from './config.ts'
import { chainOf } from './steps.ts'

const spam = `${'Best cheap watches online, buy cheap watches now! '.repeat(40)}\n`
const menu = `${['Home', 'Shop', 'News', 'Cart', 'Log in', 'Contact'].join('\n')}\n`.repeat(12)
const marks = `${'### *** --- ||| === >>> '.repeat(60)}\n`

const source = `/** Sorts the lines of a text and leaves out those that occur twice. */
export function sortedLines(text: string): string[] {
  const lines = text.split('\\n').map(line => line.trimEnd())
  const seen = new Set<string>()
  for (const line of lines) {
    if (line.length > 0) seen.add(line)
  }
  return [...seen].sort((a, b) => a.localeCompare(b))
}

export function countWords(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) {
    for (const word of line.split(/\\s+/)) {
      counts.set(word, (counts.get(word) ?? 0) + 1)
    }
  }
  return counts
}
`

/** Every name is a letter and every space is gone, as a minifier leaves a program. */
const minified = `${Array.from({ length: 400 }, (_, i) => `var a${i}=function(b,c){return b+c*${i}},d${i}=a${i}(${i},${i + 1});`).join('')}\n`

/** Written for this file, in Finnish: prose that only its language tells from what is wanted. */
const finnish = `Lautta lähtee saarelle joka aamu seitsemältä, ja talvella se on usein ainoa ääni veden yllä. Useimmat matkustajat ovat kulkeneet sillä vuosia. He tietävät, missä tuuli on heikoin ja mikä penkeistä pysyy kuivana, kun meri tulee kaiteen yli. Kapteeni oppi reitin isältään, joka piti vihkoa jokaisen väylän syvyydestä ja veden väristä sen yllä.

Kun satama ruopattiin, puolet luvuista oli väärin kuukauden kuluessa. Hän mittasi ne uudelleen köydellä ja painolla, koska komentosillan laite oli tehty syvempiä paikkoja varten. Siihen meni suurin osa keväästä.
`

/** A kind that no rule on texts judges, so that a document of it goes by its language or not at all. */
const bare = 'canary'

/**
 * Profiles and thresholds are somebody's choice: where a config makes one, nothing is certain of any page, and the defaults are planted
 * instead. They still hold the native rules and the profile of each kind to their word. What a user's own model, module, expression or
 * scores say of a page of ours is never certain: those steps are left out, but a chain that cannot be built fails here.
 */
export const canary: Canary<FilterConfig> = async ({ config }) => {
  chainOf(config)
  const {
    scores: _s,
    modules: _m,
    expressions: _e,
    classifier: _c,
    fluency: _l,
    fineweb2: _w,
    published,
    language,
    ...native
  } = located<FilterConfig>(config)
  const choices = Object.keys(config.profiles).length + Object.keys(config.override).length
  const usual = !choices && !published && config.maxDocumentBytes >= MiB
  const certain = language && language.model === undefined && speaksEnglish(language) ? language : undefined
  const foreign = Array.isArray(certain?.keep) && !certain.keep.includes('fi') && !certain.skipKinds.includes(bare)
  const steps = { profiles: { [bare]: 'none' }, unitBytes: MiB, ...(certain ? { language: certain } : {}) }
  const code = config.code?.kinds.includes('code') && Object.keys(config.code.rules).length === 0
  return {
    config: usual ? { ...native, ...steps } : steps,
    documents: [
      { key: 'an ordinary page', text: ordinary[0] as string },
      { key: 'another ordinary page', text: ordinary[1] as string },
      { key: 'a source file', kind: 'code', type: 'typescript', text: source },
      { key: 'spam', text: spam },
      { key: 'a menu', text: menu },
      { key: 'a page without words', text: marks },
      ...(foreign ? [{ key: 'a page in Finnish', kind: bare, text: finnish }] : []),
      ...(code ? [{ key: 'a minified script', kind: 'code', type: 'javascript', text: minified }] : []),
    ],
    keeps: ['an ordinary page', 'another ordinary page', 'a source file'],
    drops: ['spam', 'a menu', 'a page without words', ...(foreign ? ['a page in Finnish'] : []), ...(code ? ['a minified script'] : [])],
    oneOf: [],
  }
}

/** Whether pages in English, which score above 0.8, must stay. */
function speaksEnglish({ keep, threshold, thresholds }: NonNullable<FilterConfig['language']>): boolean {
  return (keep === null || keep === 'any' || keep.includes('en')) && (thresholds.en ?? threshold) <= 0.8
}
