/**
 * `npm run docs`: writes the tables of docs/formats.md, between its markers, from the schemas and the stage table (`--check` only compares).
 * What a column means is said here beside its name; a name that a schema does not have is an error, so that no note outlives its column.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Field, formatType, type Schema } from '../pipelines/arrow/index.ts'
import * as schemas from '../pipelines/schemas.ts'
import type { Operation, Stage } from '../pipelines/stage.ts'
import { stageNames, stageOf } from '../pipelines/stages.ts'
import { byteOrder, firstByte, firstMerge, reservedNames } from '../pipelines/tokenizer/layout.ts'
import { between, settle } from './generated.ts'

/** What shared tables hold: one line for the table (`''`) and one a column. */
const shared: Record<string, Record<string, string>> = {
  documents: {
    '': 'One row a document, in the order of sources, files and records.',
    id: 'XXH3-128 of (source name, NUL, key), big-endian. For assembled documents of `longcontext`, NUL between',
    source: 'name of the source in the config',
    key: 'path or URL relative to the source’s root, `#` and record offset or row where a file holds many; `/`-separated, NFC',
    language: 'as the input says; nothing is guessed',
    kind: '`web`, `markdown`, `code`, `book`; `repository` and `long` from `longcontext`. Chooses filter profiles and components',
    type: 'inside the kind: page type (`article`, `forum`, `product`, `collection`, `listing`, `documentation`, `service`), language of a source file, length bucket of a long document, …',
    confidence:
      'of a page: probability that its text agrees with what a reader would take (word F1 of at least 0.8). Else as the input says, 0 to 1',
    text: 'of a page: its main content in the `format` of the config',
    meta: 'what has no column of its own. Of a page: `charset` (WHATWG name), `site`, `licence` (address or name), `robots` (directives), `tdm` (reservation of text and data mining: 1 or 0, and the policy’s address), `origin` (where text outside the markup came from: `json-ld`, `next-data`, `discourse`, `state`), `cuts` (limits at which something was left out), `crawled`. An assembled document has `files`: JSON list of [file document, offset, length]',
  },
  blocks: {
    '': 'One row a document that was a page: how extraction judged its blocks, the smallest pieces that are kept or dropped whole, in their order. The same furniture on pages of a site has the same `hash`.',
    blocks:
      '`hash`: of the text, case folded, white space and digits left out; `position`: byte of the decoded page where the block begins; `score`: how much of it is content; `reason`: why it was dropped, empty where it was kept',
  },
  decisions: {
    '': 'One row a verdict: why a document was dropped.',
    rule: 'reason string of the rule; a source’s own where the rule is published',
    value: 'what was measured',
    threshold: 'what it was held against',
    partner: 'duplicates: the document that stays',
    similarity: 'duplicates: true Jaccard of shingles, 1 for exact ones',
    unit: 'key of the unit that dropped it',
    row: 'row over the inputs of that unit, where the dropped text can be read again',
  },
  quarantine: {
    '': 'One row a record that could not be read. Every operation may write this role; it is part of the unit’s content.',
    offset: 'byte offset of the record in its file, or row',
    code: 'stable error code, or the signal that the record alone ended a fresh process with, twice',
  },
  tokens: {
    '': 'One row a document.',
    group: 'first folder of the key (`@scope/name` is one): package, site or series, which are held out together',
    bytes: 'of text',
    ids: 'without bos and eos; 256 or more',
  },
  scores: {
    '': 'One row a document.',
    quality: '0 to 1',
    domain: 'owner’s name of the address, else source',
    style: 'see pipelines/score/labels.ts',
  },
  clusters: { '': 'One row a member of a verified cluster of near duplicates.', cluster: 'the id that was kept' },
  counts: {
    '': 'One row a document: what `mix` decided.',
    role: '`train` or `validation`',
    count: 'how often it may be read in a run, at one row length',
  },
}

const columnsOf = (schema: Schema): string => schema.fields.map(field => `${field.name} \`${typeText(field)}\``).join(', ')
const typeText = (field: Field): string => `${formatType(field.type).replaceAll('"', '')}${field.nullable ? '?' : ''}`
const cell = (text: string): string => text.replaceAll('|', '\\|')

function sharedTables(): string {
  const isTable = (value: unknown): value is Schema =>
    typeof value === 'object' && value !== null && 'fields' in value && !('kind' in value)
  const tables = Object.entries(schemas).filter((entry): entry is [string, Schema] => isTable(entry[1]))
  const silent = tables.find(([name]) => !shared[name])
  if (silent) throw new Error(`scripts/formats.ts says nothing about the table ${silent[0]}`)
  return Object.entries(shared)
    .map(([name, notes]) => {
      const schema = tables.find(([other]) => other === name)?.[1]
      const gone = Object.keys(notes).find(column => column && !schema?.fields.some(field => field.name === column))
      if (!schema || gone)
        throw new Error(`scripts/formats.ts speaks of ${name}${gone ? `.${gone}` : ''}, which is not in pipelines/schemas.ts`)
      const rows = schema.fields.map(field => `| \`${field.name}\` | \`${typeText(field)}\` | ${cell(notes[field.name] ?? '')} |`)
      return `**\`${name}\`** ${notes['']}\n\n| column | type | |\n|---|---|---|\n${rows.join('\n')}`
    })
    .join('\n\n')
}

/** A role's columns: a shared table by its name, else spelled out. */
function roleText(stage: Stage, role: Operation<unknown>['writes'][string]): string {
  if ('extension' in role) return `\`.${role.extension}\` file`
  const schema = typeof role.schema === 'function' ? role.schema(stage.config.parse({})) : role.schema
  const known = Object.entries(schemas).find(([, each]) => (each as unknown) === schema)?.[0]
  const plain = role.compression === 'none' ? ', not compressed' : ''
  if (known) return `table \`${known}\`${plain}`
  if (schema.fields.length > 24)
    return `${columnsOf({ fields: schema.fields.slice(0, 3) })}, and ${schema.fields.length - 3} columns \`float64?\`, one a statistic${plain}`
  return `${columnsOf(schema)}${plain}`
}

const names = (list: readonly string[] | undefined): string => (list?.length ? list.map(name => `\`${name}\``).join(', ') : '—')

async function stageTables(): Promise<string> {
  const parts: string[] = []
  for (const name of stageNames) {
    const stage = await stageOf(name)
    const outputs = Object.entries(stage.outputs).map(([role, from]) => `\`${role}\` (\`${from}\`)`)
    parts.push(
      `#### ${name}`,
      '',
      `Revision ${stage.revision}. Reads ${stage.inputs.length ? names(stage.inputs) : 'nothing'}; its artifact has the roles ${outputs.join(', ')}.`,
      '',
    )
    parts.push('| operation | kind | reads | sides | writes |', '|---|---|---|---|---|')
    for (const { name: operation, kind, reads, sides, writes } of stage.operations)
      parts.push(`| ${operation} | ${kind} | ${names(reads)} | ${names(sides)} | ${names(Object.keys(writes))} |`)
    const roles = stage.operations.flatMap(operation =>
      Object.entries(operation.writes).map(([role, of]) => `| \`${operation.name}.${role}\` | ${cell(roleText(stage, of))} |`),
    )
    parts.push('', '| role | holds |', '|---|---|', ...roles, '')
  }
  return parts.join('\n')
}

function idTable(): string {
  const named = reservedNames.findIndex(name => name.startsWith('<longcat_reserved_'))
  const hex = (byte: number | undefined) => `0x${(byte ?? 0).toString(16).padStart(2, '0')}`
  const stretches: string[] = []
  for (let i = 0, from = 0; i < byteOrder.length; i++) {
    if (byteOrder[i + 1] === (byteOrder[i] as number) + 1) continue
    const [first, last] = [firstByte + from, firstByte + i]
    stretches.push(
      `| ${first === last ? first : `${first}–${last}`} | ${first === last ? `byte ${hex(byteOrder[i])}` : `bytes ${hex(byteOrder[from])}–${hex(byteOrder[i])}`} |`,
    )
    from = i + 1
  }
  return [
    '| id | is |',
    '|---|---|',
    ...reservedNames.slice(0, named).map((name, id) => `| ${id} | \`${name}\` |`),
    `| ${named}–${firstByte - 1} | \`${reservedNames[named]}\` … \`${reservedNames[firstByte - 1]}\` |`,
    ...stretches,
    `| ${firstMerge}– | merges, by rank |`,
  ].join('\n')
}

const path = fileURLToPath(new URL('../docs/formats.md', import.meta.url))
let text = readFileSync(path, 'utf8')
text = between(text, 'shared tables', sharedTables())
text = between(text, 'stages', await stageTables())
text = between(text, 'ids', idTable())
settle(path, text, 'npm run docs')
