/** What a config says of filtering. Sections of steps that are off by default are absent, so that a new step renames no artifact that has none. */
import * as z from 'zod'
import { filesSchema, identityOf, type NamedFile } from '../files.ts'
import { MiB } from '../stage.ts'
import { addressFiles, addressSchema } from './addresses.ts'
import { badWordsFiles, badWordsSchema } from './bad_words.ts'
import { classifierFiles, classifierSchema } from './classifier.ts'
import { codeSchema } from './code.ts'
import { completenessSchema } from './completeness.ts'
import { expressionSchema } from './expressions.ts'
import { fineweb2Files, fineweb2Schema } from './fineweb2.ts'
import { fluencyFiles, fluencySchema } from './fluency.ts'
import { languageFiles, languageSchema } from './language.ts'
import { mathsSchema } from './maths.ts'
import { moduleDigest } from './module_source.ts'
import { moduleSchema } from './modules.ts'
import { piiSchema } from './pii.ts'
import { canariesSchema, canaryFiles } from './planted.ts'
import { overridden, overrideSchema, type Profile, type ProfileName, profileNames, profiles } from './profiles.ts'
import { type PublishedName, publishedNames, publishedSchema } from './published.ts'
import { wrongNames } from './reasons.ts'
import { scoresSchema } from './scores.ts'
import { signalsSchema } from './signals.ts'

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

/** No two rules of one reason; see reasons.ts. */
const named = (rules: readonly { name: string }[], context: z.core.$RefinementCtx<unknown>): void => {
  for (const each of wrongNames(rules)) context.addIssue({ code: 'custom', ...each })
}

export const filterConfig = z
  .strictObject({
    unitBytes: z
      .int()
      .positive()
      .default(64 * MiB)
      .describe('Bytes of documents that a unit aims at'),
    words: z
      .enum(['simple', 'spacy'])
      .default('simple')
      .describe(
        'How text is split into words for profiles that do not say it themselves: simple = at white space, marks at the ends apart; spacy = as spaCy 3.8 splits English',
      ),
    statistics: z
      .enum(['all', 'rules'])
      .optional()
      .describe(
        'Which of the statistics of texts that profiles can ask for are measured. Default all; rules = those that a profile’s rules compare, and all of them where modules or expressions may ask for others',
      ),
    profiles: z
      .record(z.string().regex(/^(\*|[a-z0-9_-]+(\/[a-z0-9_+-]+)?)$/), z.enum(profileNames))
      .default({})
      .describe('Kind, or kind/type, or * -> profile, where it differs from: web millrace, markdown markdown, book book, code code'),
    override: z.partialRecord(z.enum(profileNames), overrideSchema).default({}).describe('Profile -> thresholds that differ from it'),
    signals: signalsSchema.optional(),
    addresses: addressSchema.prefault({}),
    language: languageSchema.optional(),
    published: publishedSchema.optional(),
    fineweb2: fineweb2Schema.optional(),
    badWords: badWordsSchema.optional(),
    pii: piiSchema.optional(),
    classifier: z
      .array(classifierSchema)
      .refine(list => list.filter(({ train }) => train).length <= 1, { message: 'expected one classifier at most that is trained' })
      .superRefine(named)
      .optional()
      .describe('Classifiers, one after the other'),
    fluency: fluencySchema.optional(),
    completeness: completenessSchema.optional(),
    code: codeSchema.optional(),
    maths: mathsSchema.optional(),
    scores: z.array(scoresSchema).optional().describe('Numbers computed elsewhere, joined by id before modules and expressions'),
    modules: z.array(moduleSchema).optional().describe('Your own rules as ES modules; they see what scores and published rules measured'),
    expressions: z
      .array(expressionSchema)
      .superRefine(named)
      .optional()
      .describe('Rules over everything measured, without code; the first that is true drops'),
    maxDocumentBytes: z
      .int()
      .min(1)
      .max(2 ** 30)
      .default(64 * MiB)
      .describe('A longer document is quarantined before any rule sees it'),
    canaries: canariesSchema.optional(),
    files: filesSchema,
  })
  .describe('Which documents stay')

export type FilterConfig = z.output<typeof filterConfig>

/** Files that a config names; see pipelines/files.ts. */
export function filesOf(config: FilterConfig): NamedFile[] {
  return [
    ...addressFiles(config.addresses),
    ...(config.language ? languageFiles(config.language) : []),
    ...(config.classifier ?? []).flatMap((each, i) => classifierFiles(each, `classifier.${i}`)),
    ...(config.fineweb2 ? fineweb2Files(config.fineweb2) : []),
    ...(config.badWords ? badWordsFiles(config.badWords) : []),
    ...(config.fluency ? fluencyFiles(config.fluency) : []),
    ...(config.canaries ? canaryFiles(config.canaries) : []),
    ...(config.scores ?? []).map(({ path }, i) => ({ place: `scores.${i}.path`, path })),
    ...(config.modules ?? []).map(({ path }, i) => ({ place: `modules.${i}.path`, path, digest: moduleDigest })),
  ]
}

/** What of a config is identity: what canaries expect changes no byte. */
export function filterIdentity(config: FilterConfig): Partial<FilterConfig> {
  const { canaries: _, ...rest } = identityOf(config) as FilterConfig
  return rest
}

/** Profiles with what the config overrides, in the order of `profileNames`. */
export const profilesOf = ({ words, override }: Pick<FilterConfig, 'words' | 'override'>): Profile[] =>
  profileNames.map(name => ({ words, ...overridden(profiles[name], override[name]) }))

type ByKind = Pick<FilterConfig, 'profiles' | 'published'>

/** Of a table by kind/type, kind and `*` the nearest entry. Kinds come from rows: one may be called `constructor`. */
const nearestOf = <T>(table: Readonly<Record<string, T>>, kind: string, type: string | undefined): T | undefined =>
  table[[`${kind}/${type}`, kind].find(key => Object.hasOwn(table, key)) ?? '*']

/** Name of the profile that judges a kind and type: none where a published definition does and the config does not ask for both. */
export function profileFor({ profiles: given, published }: ByKind): (kind: string, type: string | undefined) => ProfileName {
  return (kind, type) => {
    const asked = nearestOf(given, kind, type)
    if (!asked && published && nearestOf(published.profiles, kind, type)) return 'none'
    return nearestOf({ ...profileOfKind, ...given }, kind, type) as ProfileName
  }
}

/** What `statistics` and reports call the definition that judges a kind and type. */
export const definitionNames: readonly string[] = [...profileNames, ...publishedNames]

/** The same of documents in a language that a file of FineWeb-2 judges, whatever their kind. */
export const foreignName = (language: string): string => `fineweb2:${language}`

/** Every name under which a config can judge. */
export const definitionNamesOf = ({ fineweb2 }: Pick<FilterConfig, 'fineweb2'>): string[] => [
  ...definitionNames,
  ...Object.keys(fineweb2?.languages ?? {})
    .sort()
    .map(foreignName),
]

export function definitionFor(config: ByKind): (kind: string, type: string | undefined) => ProfileName | PublishedName {
  const nameOf = profileFor(config)
  return (kind, type) => {
    const name = nameOf(kind, type)
    return (name === 'none' && config.published ? nearestOf(config.published.profiles, kind, type) : undefined) ?? name
  }
}
