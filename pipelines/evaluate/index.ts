/**
 * Evaluate: what a checkpoint makes of held-out rows, per component and source.
 *
 * Which rows, what a unigram model makes of them and where they come from does not depend on a checkpoint; those are operations of their
 * own, so every later evaluation of a run reuses their units and pays for one forward pass. A piece of a document is evaluated in a row of
 * its own: attention never crosses a document anyway, and so a loss belongs to a document, not to whatever was packed beside it.
 */
import { defineStage, MiB } from '../stage.ts'
import { config, rowsOf } from './config.ts'
import { holdOut } from './held.ts'
import { measure } from './measure.ts'
import { findSources } from './sources.ts'
import { documents, evaluation, pieces, sources } from './tables.ts'

export const evaluate = defineStage({
  name: 'evaluate',
  revision: 1,
  config,
  inputs: ['weights', 'rows', 'index', 'tokens', 'tokenizer'],
  operations: [
    {
      name: 'held',
      kind: 'single',
      reads: ['index'],
      sides: ['rows', 'tokenizer'],
      writes: { pieces: { schema: pieces }, documents: { schema: documents } },
      config: all => ({ rows: rowsOf(all), unigramRows: all.unigramRows, vocabulary: all.vocabulary, rowLength: all.phase.rowLength }),
      run: holdOut,
    },
    {
      name: 'sources',
      kind: 'map',
      reads: ['tokens'],
      sides: ['held.documents'],
      writes: { sources: { schema: sources } },
      unitBytes: () => 256 * MiB,
      config: () => ({}),
      run: findSources,
    },
    {
      name: 'measure',
      kind: 'single',
      reads: ['weights'],
      sides: ['held.pieces', 'sources.sources'],
      writes: { evaluation: { schema: evaluation } },
      config: ({ phase }) => ({ phase }),
      run: measure,
    },
  ],
  outputs: { evaluation: 'measure.evaluation' },
})
