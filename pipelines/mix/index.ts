/**
 * Mix: which component every document belongs to, how often a run may read it, and which documents are held out.
 *
 * Counts shape a component from within (SampleMix, longcat-flash.md 7.2); what share of the run a component gets is the mixture log's
 * matter. Every operation sees metadata only, tokens are read once for their lengths, and the folds see histograms: memory does not grow
 * with the corpus. Held out are whole groups, by the draw of their key (holdout.ts), before counts are made.
 */
import { clusters, counts } from '../schemas.ts'
import { spread } from '../shard/spread.ts'
import { defineStage, MiB } from '../stage.ts'
import { config, type MixConfig } from './config.ts'
import { count, decideHeld, histogram, scale, summarise } from './decide.ts'
import { join, score, survey } from './join.ts'
import { bins, candidates, components, extents, held, joined, scales, scored, surveyed, totals } from './tables.ts'

const shuffle = {
  kind: 'shuffle',
  partitions: ({ partitions }: MixConfig) => partitions,
  unitBytes: () => 64 * MiB,
  config: ({ partitions }: MixConfig) => ({ partitions }),
} as const

export const mix = defineStage({
  name: 'mix',
  revision: 1,
  config,
  inputs: ['tokens', 'scores', 'clusters'],
  operations: [
    {
      ...shuffle,
      name: 'survey',
      reads: ['tokens'],
      writes: { documents: { schema: surveyed } },
      run: async ctx => spread(ctx, 'tokens', await ctx.writer('documents'), surveyed, survey),
    },
    {
      ...shuffle,
      name: 'scored',
      reads: ['scores'],
      writes: { scores: { schema: scored } },
      run: async ctx => spread(ctx, 'scores', await ctx.writer('scores'), scored, score),
    },
    {
      ...shuffle,
      name: 'clustered',
      reads: ['clusters'],
      writes: { clusters: { schema: clusters } },
      run: async ctx => spread(ctx, 'clusters', await ctx.writer('clusters'), clusters, batch => batch.select(['id', 'cluster'])),
    },
    {
      name: 'join',
      kind: 'reduce',
      reads: ['survey.documents', 'scored.scores', 'clustered.clusters'],
      writes: { documents: { schema: joined }, extents: { schema: extents }, candidates: { schema: candidates } },
      config: ({ phases, alpha, tau, missingQuality, headroom, ...rest }) => rest,
      run: join,
    },
    {
      name: 'held',
      kind: 'single',
      reads: ['join.extents', 'join.candidates'],
      writes: { held: { schema: held }, extents: { schema: extents } },
      config: ({ validation }) => ({ validation }),
      run: decideHeld,
    },
    {
      name: 'histogram',
      kind: 'map',
      reads: ['join.documents'],
      sides: ['held.held', 'held.extents'],
      writes: { bins: { schema: bins } },
      config: ({ alpha, tau, missingQuality }) => ({ alpha, tau, missingQuality }),
      run: histogram,
    },
    {
      name: 'scale',
      kind: 'single',
      reads: ['histogram.bins'],
      writes: { scales: { schema: scales } },
      config: ({ components, phases, headroom }) => ({ components, phases, headroom }),
      run: scale,
    },
    {
      name: 'count',
      kind: 'map',
      reads: ['join.documents'],
      sides: ['held.held', 'held.extents', 'scale.scales'],
      writes: { counts: { schema: counts }, totals: { schema: totals } },
      config: ({ components, alpha, tau, missingQuality }) => ({ components, alpha, tau, missingQuality }),
      run: count,
    },
    {
      name: 'components',
      kind: 'single',
      reads: ['count.totals'],
      sides: ['scale.scales'],
      writes: { components: { schema: components } },
      config: ({ components }) => ({ components }),
      run: summarise,
    },
  ],
  outputs: { counts: 'count.counts', components: 'components.components', held: 'held.held' },
})
