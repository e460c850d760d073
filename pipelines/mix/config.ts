/** What `mix` is told: components, how their counts are made, and what is held out. Defaults: longcat-flash.md 7.2 and SampleMix (arXiv 2503.01506). */
import * as z from 'zod'

const patterns = z.union([z.string(), z.array(z.string()).min(1)])

const condition = z
  .strictObject({
    source: patterns.optional(),
    kind: patterns.optional(),
    type: patterns.optional(),
    domain: patterns.optional(),
    language: patterns.optional(),
  })
  .describe(
    'All fields that are given must match; each an exact text or a glob (* and ?), or a list of them. A field that a document lacks is the empty text',
  )

const component = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'a component name has lower-case letters, digits, ".", "_" and "-"')
    .describe('What mixture weights name'),
  match: z
    .array(condition)
    .min(1)
    .optional()
    .describe('A document belongs here if one of these holds and no component before it took it; without it, all that are left'),
  counts: z.enum(['samplemix', 'uniform']).default('samplemix').describe('uniform: every document once'),
  budget: z
    .int()
    .positive()
    .optional()
    .describe(
      'Tokens that the run shall be able to read from it, all passes together; default: what the phases can read of it, else its own size',
    ),
  maxCount: z.int().min(1).max(64).default(4).describe('A document is read at most so often'),
})

const validation = z.strictObject({
  share: z.number().min(0).max(0.5).default(0.005).describe('Chance that a group is held out'),
  groupBy: z
    .enum(['cluster', 'group'])
    .default('cluster')
    .describe(
      'What is held out together: near duplicates; or all documents of a group (the first component of their key: package, site, book series)',
    ),
  minimum: z.int().min(0).default(0).describe('Documents of each component at least, where it has so many'),
  maximum: z.int().min(1).max(65_536).default(4096).describe('No further group of a component once it has so many documents held out'),
  atMost: z
    .number()
    .gt(0)
    .max(1)
    .default(0.25)
    .describe('Never more than this share of the documents of a component; a group that would pass it is trained on'),
})

const components = z
  .array(component)
  .min(1)
  .superRefine((list, issue) => {
    const seen = new Set<string>()
    for (const [i, { name, match }] of list.entries()) {
      if (seen.has(name))
        issue.addIssue({
          code: 'custom',
          path: [i, 'name'],
          message: `the name ${name} is taken; give a component several conditions instead`,
        })
      seen.add(name)
      if (!match && i < list.length - 1)
        issue.addIssue({ code: 'custom', path: [i], message: `${name} takes all that is left, so it must come last` })
    }
  })

/** What a budget needs to know of a phase of training; other fields of the config's phases are dropped, so that they cannot redo a mix. */
const phase = z.object({
  name: z.string(),
  tokens: z.number(),
  rowLength: z.number(),
  mixture: z.record(z.string(), z.number().min(0)),
  ramp: z.object({ components: z.array(z.string()), to: z.number() }).optional(),
})

export const config = z.strictObject({
  components: components
    .default([{ name: 'all', counts: 'samplemix', maxCount: 4 }])
    .describe('In order: the first that matches a document has it'),
  alpha: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe('p = alpha · diversity + (1 − alpha) · quality, both scaled to 0–1; without diversity p is quality'),
  tau: z.number().min(0.01).max(100).default(0.2).describe('Temperature of softmax(p / tau)'),
  domainWeights: z
    .record(z.string(), z.number().min(0).max(1000))
    .default({})
    .describe('Multiplies counts by the domain that score gave; 0 reads none'),
  styleWeights: z.record(z.string(), z.number().min(0).max(1000)).default({}).describe('The same by writing style'),
  missingQuality: z.number().min(0).max(1).default(0.5).describe('Scaled quality of a document without a score'),
  headroom: z.number().min(0).max(1).default(0.05).describe('Tokens beyond what phases ask for, as a share: counts are rounded by chance'),
  validation: validation.prefault({}),
  partitions: z.int().min(1).max(4096).default(8).describe('By document id; the metadata of one partition is in memory at a time'),
  phases: z.array(phase).default([]).describe('Phases of training, from which budgets follow where a component names none'),
})

export type MixConfig = z.output<typeof config>
export type ComponentConfig = z.output<typeof component>
export type Condition = z.output<typeof condition>
export type MixPhase = z.output<typeof phase>
