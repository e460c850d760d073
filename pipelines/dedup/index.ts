/**
 * Dedup: exact duplicates by the hash of the text, near duplicates by MinHash LSH as datatrove defines it (curation.md 2.6), each verified by
 * true Jaccard similarity before it is dropped. The smallest id of its kind stays, and every decision names it.
 *
 * Signatures read the text once; everything between works on keys; only documents that have a candidate are read again for their shingles.
 * The price of verification is that second read, and its gain that no threshold on bands alone ever removes a document.
 */
import { clusters, decisions, documents } from '../schemas.ts'
import { defineStage } from '../stage.ts'
import { canary } from './canary.ts'
import { bands, connect, exact, groups, link, sign } from './candidates.ts'
import { config, type DedupConfig } from './config.ts'
import { bandKeys, components, members, pairs, signatures, textKeys, verdicts } from './tables.ts'
import { apply, collect, verify } from './verify.ts'

const unitBytes = ({ unitBytes }: DedupConfig) => unitBytes
const partitions = ({ partitions }: DedupConfig) => partitions
const none = () => ({})

export const dedup = defineStage({
  name: 'dedup',
  revision: 1,
  config,
  inputs: ['documents'],
  canary,
  operations: [
    {
      name: 'sign',
      kind: 'map',
      reads: ['documents'],
      writes: { signatures: { schema: signatures } },
      unitBytes,
      config: ({ minhash }) => ({ minhash }),
      run: sign,
    },
    {
      name: 'exact',
      kind: 'shuffle',
      reads: ['sign.signatures'],
      writes: { keys: { schema: textKeys } },
      unitBytes,
      partitions,
      config: none,
      run: exact,
    },
    {
      name: 'groups',
      kind: 'reduce',
      reads: ['exact.keys'],
      writes: { verdicts: { schema: pairs } },
      config: ({ exact }) => ({ exact }),
      run: groups,
    },
    {
      name: 'bands',
      kind: 'shuffle',
      reads: ['sign.signatures'],
      sides: ['groups.verdicts'],
      writes: { keys: { schema: bandKeys } },
      unitBytes,
      partitions,
      config: none,
      run: bands,
    },
    { name: 'link', kind: 'reduce', reads: ['bands.keys'], writes: { edges: { schema: pairs } }, config: none, run: link },
    {
      name: 'connect',
      kind: 'single',
      reads: ['link.edges'],
      writes: { components: { schema: components } },
      config: ({ maxComponent }) => ({ maxComponent }),
      run: connect,
    },
    {
      name: 'collect',
      kind: 'shuffle',
      reads: ['documents'],
      sides: ['connect.components'],
      writes: { members: { schema: members } },
      unitBytes,
      partitions,
      config: ({ minhash }) => ({ minhash }),
      run: collect,
    },
    {
      name: 'verify',
      kind: 'reduce',
      reads: ['collect.members'],
      writes: { verdicts: { schema: verdicts }, clusters: { schema: clusters } },
      config: ({ threshold, maxComparisons }) => ({ threshold, maxComparisons }),
      run: verify,
    },
    {
      name: 'apply',
      kind: 'map',
      reads: ['documents'],
      sides: ['groups.verdicts', 'verify.verdicts'],
      writes: { documents: { schema: documents }, decisions: { schema: decisions } },
      unitBytes,
      config: ({ threshold }) => ({ threshold }),
      run: apply,
    },
  ],
  outputs: { documents: 'apply.documents', decisions: 'apply.decisions', clusters: 'verify.clusters', signatures: 'sign.signatures' },
})
