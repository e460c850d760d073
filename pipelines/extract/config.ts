/** Config of extract. Every budget counts work (bytes, records, nodes), never time, so it is part of identity. */
import * as z from 'zod'
import { modes, outputFormats } from '../../native/addon/extract.ts'
import { MiB } from '../stage.ts'

const bytes = z.int().positive()

export const extractConfig = z.strictObject({
  unitBytes: bytes.default(64 * MiB).describe('Raw bytes that a unit aims at; at most twice as much'),
  mode: z
    .enum(modes)
    .default('balanced')
    .describe('HTML: what counts as content. `precision` drops what is unsure, `recall` keeps it, `union` keeps what any view keeps'),
  format: z
    .enum(outputFormats)
    .default('markdown')
    .describe(
      'HTML: what the text is written as. `text` has no marks but those of lists, tables and formulas; `html` is a cleaned fragment',
    ),
  links: z.boolean().default(false).describe('HTML: keep the addresses of links, not only their text'),
  images: z.boolean().default(false).describe('HTML: keep images with their addresses'),
  blocks: z
    .enum(['all', 'kept', 'none'])
    .default('all')
    .describe('HTML: of which blocks the role `blocks` tells hash and verdict; templates need the kept ones, `explain` all'),
  maxDocumentBytes: bytes
    .max(256 * MiB)
    .default(64 * MiB)
    .describe('A larger document is quarantined'),
  maxRecords: z.int().positive().default(100_000_000).describe('Records of one file; the rest of it is quarantined as one'),
  maxExpansion: z.int().positive().default(2000).describe('Bytes out for each compressed byte in, above 64 MiB: cuts bombs'),
  maxDepth: z
    .int()
    .min(16)
    .max(4096)
    .default(512)
    .describe('Open elements of a page (what is nested deeper is written beside), levels of a JSON value'),
  maxNodes: z.int().positive().max(4_194_304).default(1_000_000).describe('Nodes of a page; it is cut there'),
  tree: z
    .strictObject({
      maxBytes: bytes.default(MiB).describe('A larger file of a source tree is skipped'),
      maxLineBytes: bytes.default(1000).describe('Longest line: above it a file is taken for minified or data (The Stack)'),
      maxMeanLineBytes: bytes.default(100).describe('Mean line, alike'),
    })
    .prefault({}),
})

export type ExtractConfig = z.output<typeof extractConfig>
