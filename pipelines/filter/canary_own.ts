/**
 * Canaries of what a user brings: models, modules, expressions, and documents that a config plants itself.
 *
 * Nobody but their owner knows what they are to say of a text of ours. Two things hold of any that is not broken: a rule does not drop every
 * one of very different good documents, and a model that drops at all does not let all of very bad ones through. What more a rule is to do,
 * a document in `canaries.plant` says. Models that the stage trains do not exist yet when canaries run: training tests them (train.ts).
 */
import { readFile } from 'node:fs/promises'
import { ordinary, type Planted, type SideBatch } from '../canary.ts'
import { MiB } from '../stage.ts'
import { badWordsReason, findableWord } from './bad_words.ts'
import { unjudged } from './canary_sections.ts'
import type { FilterConfig } from './config.ts'
import { namesIn, parseExpression } from './expressions.ts'
import { bad, bare, type CanaryStep, good, random } from './planted.ts'

const skipped = (what: string) => `canaries.skip: [${what}] expects nothing of it, canaries.plant documents of yours`

/** A batch for every model that drops. */
export function modelBatches({ classifier = [], fluency }: FilterConfig, skip: ReadonlySet<CanaryStep>): SideBatch[] {
  const batches: SideBatch[] = []
  for (const [i, each] of classifier.entries()) {
    if (skip.has('classifier') || each.model === undefined || each.threshold === null) continue
    const documents = [...good, ...bad].filter(({ kind = 'web' }) => !each.skipKinds.includes(kind))
    batches.push({
      config: { ...unjudged, classifier: [each] },
      about: {
        where: `filter.classifier.${i}`,
        next: `set a threshold between the scores of what is to stay and to go (millrace sweep ${each.name}), or see whether the model is the right one; ${skipped('classifier')}`,
      },
      documents,
      keeps: [],
      drops: [],
      oneOf: [],
      some: [{ by: each.name, of: documents.map(({ key }) => key), least: 1 }],
    })
  }
  const limited = fluency && (fluency.maxPerplexity !== null || fluency.maxUnknown !== null)
  if (limited && fluency.model !== undefined && !skip.has('fluency')) {
    const pages = ordinary.map((text, i): Planted => ({ key: `ordinary page ${i + 1}`, kind: bare, text }))
    batches.push({
      config: { ...unjudged, fluency },
      about: {
        where: 'filter.fluency',
        next: `set limits between the values of fluent and of broken text (millrace sweep perplexity --drops above), or see whether the model is the right one; ${skipped('fluency')}`,
      },
      documents: [...pages, { key: 'random letters', kind: bare, text: random(Math.max(120, fluency.minWords)) }],
      // A model that does not know its words says nothing of a page.
      keeps: pages.map(({ key }) => ({ key, where: { statistic: 'oov_share', atMost: 0.2 } })),
      drops: [{ key: 'random letters', by: 'fluency_*' }],
      oneOf: [],
    })
  }
  return batches
}

/** For each list of bad words a page that holds one of them. */
export async function badWordsBatch({ badWords }: FilterConfig, skip: ReadonlySet<CanaryStep>): Promise<SideBatch | undefined> {
  if (!badWords || badWords.keepFraction > 0 || skip.has('badWords')) return undefined
  const pages = await Promise.all(
    Object.entries(badWords.files).map(async ([language, path]): Promise<Planted[]> => {
      const word = findableWord(await readFile(path, 'utf8').catch(() => ''))
      const key = `a page with a word of the list for ${language}`
      return word === undefined ? [] : [{ key, kind: bare, language, text: `${ordinary[0]}\n\n${word}\n` }]
    }),
  )
  const planted = pages.flat()
  const ordinaryPages = good.map((each): Planted => ({ ...each, kind: bare, language: Object.keys(badWords.files)[0] as string }))
  return {
    config: { ...unjudged, badWords },
    about: { where: 'filter.badWords', next: `see what stands in the lists; ${skipped('badWords')}` },
    documents: [...planted, ...ordinaryPages],
    keeps: [],
    drops: planted.map(({ key }) => ({ key, by: badWordsReason })),
    oneOf: [],
    some: [{ by: badWordsReason, of: ordinaryPages.map(({ key }) => key), least: 0 }],
  }
}

/** A batch for each module, and one for all expressions. */
export function ruleBatches(config: FilterConfig, skip: ReadonlySet<CanaryStep>): SideBatch[] {
  const modules = skip.has('modules') || trainedNames(config).length ? [] : (config.modules ?? [])
  const batches = modules.map(
    (module): SideBatch => ({
      config: { ...measuring(config), ...tolerant(config), modules: [module] },
      about: {
        where: `filter.modules (${module.path})`,
        next: `see what the module says of an ordinary page; ${skipped('modules')}`,
      },
      documents: good,
      keeps: [],
      drops: [],
      oneOf: [],
      some: [{ by: '*', of: good.map(({ key }) => key), least: 0 }],
    }),
  )
  const expressions = skip.has('expressions') ? undefined : expressionsBatch(config)
  return expressions ? [...batches, expressions] : batches
}

/** Each expression judges documents of a kind of its own, so that none hides what another would do. */
function expressionsBatch(config: FilterConfig): SideBatch | undefined {
  const unknown = new Set([
    ...trainedNames(config),
    ...(config.scores ?? []).flatMap(({ columns }) => Object.keys(columns)),
    ...(config.modules ?? []).flatMap(({ statistics }) => statistics),
  ])
  const asked = (config.expressions ?? []).flatMap(each => {
    const names = namesIn(parseExpression(each.drop))
    const own = good.filter(({ kind = 'web' }) => each.kinds?.includes(kind) ?? true)
    const documents = own.length || !each.kinds?.length ? own : good.filter(({ kind }) => kind === undefined)
    return names.some(name => unknown.has(name)) || documents.length < 3 ? [] : [{ ...each, names, documents }]
  })
  if (!asked.length) return undefined
  const names = new Set(asked.flatMap(each => each.names))
  const models = {
    ...(['perplexity', 'oov_share', 'fluency_words'].some(name => names.has(name)) ? { fluency: measured(config).fluency } : {}),
    ...(config.classifier?.some(({ name }) => names.has(name)) ? { classifier: measured(config).classifier } : {}),
  }
  const keyOf = (name: string, { key }: Planted) => `${key}, for ${name}`
  return {
    config: { ...measuring(config), ...models, expressions: asked.map(({ name, drop }, i) => ({ name, drop, kinds: [`${bare}-${i}`] })) },
    about: {
      where: 'filter.expressions',
      next: `mend the expression (millrace sweep shows what a threshold keeps); ${skipped('expressions')}`,
    },
    documents: asked.flatMap(({ name, documents }, i) =>
      documents.map(each => ({ ...each, key: keyOf(name, each), kind: `${bare}-${i}` })),
    ),
    keeps: [],
    drops: [],
    oneOf: [],
    some: asked.map(({ name, documents }) => ({ by: name, of: documents.map(each => keyOf(name, each)), least: 0 })),
  }
}

/** What the config plants, through all of its steps but models that are not trained yet. */
export async function plantedBatch(config: FilterConfig): Promise<SideBatch | undefined> {
  const { canaries, ...rest } = config
  if (!canaries?.plant.length) return undefined
  const trained = new Set(trainedNames(config))
  const { classifier, fluency, modules, expressions, ...others } = rest
  const known = (expressions ?? []).filter(({ drop }) => !namesIn(parseExpression(drop)).some(name => trained.has(name)))
  const given = (classifier ?? []).filter(({ model }) => model !== undefined)
  const documents = await Promise.all(
    canaries.plant.map(async ({ name, text, path, expect: _e, rule: _r, ...each }): Promise<Planted> => {
      const { type, url, language, kind, meta } = each
      return {
        key: name,
        text: text ?? (await readFile(path as string, 'utf8')),
        kind,
        meta,
        ...(type === undefined ? {} : { type }),
        ...(url === undefined ? {} : { url }),
        ...(language === undefined ? {} : { language }),
      }
    }),
  )
  const expecting = (what: string) => canaries.plant.filter(({ expect }) => expect === what)
  return {
    config: {
      ...others,
      ...tolerant(config),
      ...(given.length ? { classifier: given } : {}),
      ...(fluency?.model === undefined ? {} : { fluency }),
      ...(modules && !trained.size ? { modules } : {}),
      ...(known.length ? { expressions: known } : {}),
      unitBytes: MiB,
    },
    about: { where: 'filter.canaries.plant', next: 'mend the rule, or say in canaries.plant what it is to do' },
    documents,
    keeps: expecting('keep').map(({ name }) => name),
    drops: expecting('drop').map(({ name, rule }) => ({ key: name, by: rule ?? '*' })),
    edits: expecting('edit').map(({ name }) => ({ key: name })),
    oneOf: [],
  }
}

/** Statistics of models that the stage trains. */
function trainedNames({ classifier = [], fluency }: FilterConfig): string[] {
  const own = classifier.flatMap(({ name, model }) => (model === undefined ? [name] : []))
  return fluency && fluency.model === undefined ? [...own, 'perplexity', 'oov_share', 'fluency_words'] : own
}

/** Planted documents have no scores. */
const tolerant = ({ scores }: FilterConfig) => (scores ? { scores: scores.map(each => ({ ...each, allowMissing: true })) } : {})

function measured({ classifier, fluency }: FilterConfig) {
  return {
    ...(fluency ? { fluency: { ...fluency, maxPerplexity: null, maxUnknown: null } } : {}),
    ...(classifier
      ? { classifier: classifier.filter(({ model }) => model !== undefined).map(each => ({ ...each, threshold: null })) }
      : {}),
  }
}

/** Steps that measure what rules of a user may ask for, and that need no model but that of languages, judging as little as they can. */
function measuring({ signals, language, published, fineweb2, badWords, pii, completeness, code, maths }: FilterConfig): object {
  const said = { tdm: 'measure', noai: 'measure', noimageai: 'measure', noindex: 'measure', crawlers: 'measure' }
  const whole = { truncatedMark: null, linkLines: null, boilerplateLines: null, linkBytes: null, fragmentLines: null, openBrackets: null }
  return {
    ...unjudged,
    ...(signals ? { signals: { ...said, licences: { keys: signals.licences.keys } } } : {}),
    ...(language ? { language: { ...language, keep: null } } : {}),
    ...(published ? { published } : {}),
    ...(fineweb2 ? { fineweb2 } : {}),
    ...(badWords ? { badWords: { ...badWords, missing: 'keep' } } : {}),
    ...(pii ? { pii } : {}),
    ...(completeness ? { completeness: whole } : {}),
    ...(code ? { code } : {}),
    ...(maths ? { maths } : {}),
  }
}
