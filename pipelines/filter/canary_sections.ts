/**
 * Canaries of steps that a config switches on: for each trait that a step is to drop or to replace, a document that shows it in full, and
 * ordinary ones that must stay. They are of a kind that no profile judges, so that what happens to them is the step's doing.
 *
 * A threshold of the user's is asked too: one that no text can reach, or that a whole text already fails, is found out here.
 */
import { ordinary, type Planted, type SideBatch } from '../canary.ts'
import { MiB } from '../stage.ts'
import { completenessRules } from './completeness.ts'
import { type FilterConfig, profileOfKind } from './config.ts'
import { mayStay, readLicence } from './licences.ts'
import { mathsRules } from './maths.ts'
import { rulesOf } from './pii.ts'
import { badFormulas, bare, type CanaryStep, codeWithPersonal, formulas, incomplete, personal, withPersonal } from './planted.ts'

type Expected = Pick<SideBatch, 'keeps' | 'drops'> & { documents: Planted[]; edits: NonNullable<SideBatch['edits']> }

/** A config in which no profile judges anything. */
export const unjudged = { profiles: Object.fromEntries(Object.keys(profileOfKind).map(kind => [kind, 'none'])), unitBytes: MiB } as const

/** Lines, brackets or formulas of a planted text at most: a limit beyond is not asked. */
const most = 5000

/** undefined where none of these steps is on. */
export function sectionBatch(config: FilterConfig, skip: ReadonlySet<CanaryStep>): SideBatch | undefined {
  const { signals, pii, completeness, maths } = config
  const on = {
    ...(signals && !skip.has('signals') ? { signals } : {}),
    ...(pii && !skip.has('pii') ? { pii } : {}),
    ...(completeness && !skip.has('completeness') ? { completeness } : {}),
    ...(maths && !skip.has('maths') ? { maths: { ...maths, kinds: [...maths.kinds, bare] } } : {}),
  }
  const names = Object.keys(on)
  if (!names.length) return undefined
  const expected: Expected[] = [
    {
      documents: ordinary.map((text, i) => ({ key: `ordinary page ${i + 1}`, text })),
      keeps: ordinary.map((_, i) => `ordinary page ${i + 1}`),
      drops: [],
      edits: [],
    },
    ...(on.signals ? [signalsExpected(on.signals)] : []),
    ...(on.pii ? [personalExpected(on.pii)] : []),
    ...(on.completeness ? [completenessExpected(on.completeness)] : []),
    ...(on.maths ? [mathsExpected(on.maths)] : []),
  ]
  const licence = on.signals ? allowedLicence(on.signals) : {}
  return {
    config: { ...unjudged, ...on },
    about: {
      where: `filter.${names.join(', filter.')}`,
      next: 'set the rule that is named so that it can drop and keep something, or to null; canaries.skip leaves a step out',
    },
    documents: expected.flatMap(({ documents }) => documents.map(each => ({ kind: bare, ...each, meta: each.meta ?? licence }))),
    keeps: expected.flatMap(({ keeps }) => keeps),
    drops: expected.flatMap(({ drops }) => drops),
    edits: expected.flatMap(({ edits }) => edits),
    oneOf: [],
  }
}

type Section<K extends keyof FilterConfig> = NonNullable<FilterConfig[K]>

const opening = {
  tdm: { tdm: '1' },
  noai: { robots: 'noai' },
  noimageai: { robots: 'noimageai' },
  noindex: { robots: 'noindex' },
  crawlers: { robots: 'gptbot: noindex' },
} as const

function signalsExpected(config: Section<'signals'>): Expected {
  const licence = allowedLicence(config)
  const said = Object.entries(opening).map(([signal, meta]) => ({
    signal,
    key: `a page with the opt-out ${signal}`,
    meta: { ...licence, ...meta },
  }))
  const drops = ({ signal }: (typeof said)[number]) => config[signal as keyof typeof opening] === 'drop'
  const denied = deniedLicence(config)
  const text = ordinary[0] as string
  return {
    documents: [
      ...said.map(({ key, meta }) => ({ key, text, meta })),
      { key: 'a page without a licence', text, meta: {} },
      ...(denied ? [{ key: `a page under ${denied}`, text, meta: { [config.licences.keys[0] as string]: denied } }] : []),
    ],
    keeps: [
      ...said.filter(each => !drops(each)).map(({ key }) => key),
      ...(config.licences.unstated === 'keep' ? ['a page without a licence'] : []),
    ],
    drops: [
      ...said.filter(drops).map(({ signal, key }) => ({ key, by: `opt_out_${signal}` })),
      ...(config.licences.unstated === 'drop' ? [{ key: 'a page without a licence', by: 'licence' }] : []),
      ...(denied ? [{ key: `a page under ${denied}`, by: 'licence' }] : []),
    ],
    edits: [],
  }
}

const concrete = (pattern: string): string => (pattern === 'permissive' ? 'MIT' : pattern.replace(/\*$/, ''))

/** `meta` of a page whose licence stays under the config; nothing where pages need none. */
export function allowedLicence({ licences }: Section<'signals'>): Record<string, string> {
  if (licences.unstated === 'keep') return {}
  const candidates = [...(licences.allow ?? []).map(concrete), 'CC-BY-4.0', 'MIT', 'CC0-1.0', 'GPL-3.0-only']
  const found = candidates.find(each => mayStay(readLicence(each), licences))
  return found === undefined ? {} : { [licences.keys[0] as string]: found }
}

function deniedLicence({ licences }: Section<'signals'>): string | undefined {
  if (!licences.allow && !licences.deny) return undefined
  const candidates = [...(licences.deny ?? []).map(concrete), 'LicenseRef-Canary', 'GPL-3.0-only', 'CC-BY-NC-ND-4.0']
  return candidates.find(each => !mayStay(readLicence(each), licences))
}

function personalExpected(config: Section<'pii'>): Expected {
  const { prose, code } = rulesOf(config)
  const expected: Expected & { keeps: string[]; drops: { key: string; by: string }[]; edits: { key: string; without: string }[] } = {
    documents: [],
    keeps: [],
    drops: [],
    edits: [],
  }
  for (const [where, rules, kind, text] of [
    ['a page', prose, bare, withPersonal],
    ['a source file', code, 'repository', codeWithPersonal],
  ] as const)
    for (const [what, example] of Object.entries(personal)) {
      const action = rules.actions[what as keyof typeof rules.actions]
      if (action === 'off' || (rules.most ?? most) < 4) continue
      const key = `${where} with ${what}`
      expected.documents.push({ key, kind, text: text(example) })
      if (action === 'drop') expected.drops.push({ key, by: `pii_${what}` })
      else if (action === 'replace') expected.edits.push({ key, without: example })
      else expected.keeps.push(key)
    }
  return expected
}

function completenessExpected(config: Section<'completeness'>): Expected {
  const asked = completenessRules.flatMap(({ reason, statistic, threshold }) => {
    const limit = threshold(config)
    const count = statistic === 'open_brackets' ? (limit ?? 0) : config.minLines
    return limit === null || count > most ? [] : [{ reason, text: (incomplete[reason] as (count: number) => string)(count) }]
  })
  return {
    documents: asked.map(({ reason, text }) => ({ key: `a text for ${reason}`, text })),
    keeps: [],
    drops: asked.map(({ reason }) => ({ key: `a text for ${reason}`, by: reason })),
    edits: [],
  }
}

function mathsExpected(config: Section<'maths'>): Expected {
  if (config.minFormulas > most) return { documents: [], keeps: [], drops: [], edits: [] }
  const asked = mathsRules.flatMap(({ name }) => {
    const make = badFormulas[name]
    return config.rules[name] === null || !make ? [] : [{ name, text: make(config.minFormulas) }]
  })
  return {
    documents: [{ key: 'a page with formulas', text: formulas }, ...asked.map(({ name, text }) => ({ key: `a text for ${name}`, text }))],
    keeps: ['a page with formulas'],
    drops: asked.map(({ name }) => ({ key: `a text for ${name}`, by: name })),
    edits: [],
  }
}
