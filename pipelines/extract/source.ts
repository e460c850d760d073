/**
 * One entry of `sources` in a run's config: which files belong to it and which reader takes each.
 *
 * A pure function of the entry and a key, so that whoever lists files (a folder, a bucket) and the stage that reads them agree. Keys are
 * relative to the source's root, `/`-separated, NFC. Choosing by extension never opens a file; a file whose content is something else is
 * the reader's to quarantine.
 */
import * as z from 'zod'
import { compileGlob } from './glob.ts'
import { languageOf } from './languages.ts'

export const kinds = ['web', 'markdown', 'code', 'book', 'auto'] as const
export const formats = ['auto', 'html', 'warc', 'jsonl', 'parquet', 'arrow', 'markdown', 'text', 'epub', 'notebook', 'tree'] as const
export type Format = Exclude<(typeof formats)[number], 'auto'>

const columns = ['text', 'html', 'url', 'title', 'author', 'date', 'language', 'kind', 'type', 'confidence'] as const

export const sourceSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
      .describe('Part of every document id: renaming a source makes new documents. Lower case, digits, `.`, `_`, `-`'),
    path: z
      .string()
      .min(1)
      .describe('Folder, file or pattern (`*`, `**`, `?`, `{a,b}`); keys are relative to its part before the first pattern'),
    kind: z
      .enum(kinds)
      .default('auto')
      .describe(
        'What the documents are: chooses filter profiles. auto: a row says so itself, else html and WARC are web, trees code, .md and .ipynb markdown, .txt and .epub book',
      ),
    format: z
      .enum(formats)
      .default('auto')
      .describe('Which reader. auto: by extension, each also with .gz or .zst; a source of kind code is read as a tree'),
    include: z.array(z.string().min(1)).default([]).describe('Patterns over keys; none given: every file that the reader takes'),
    exclude: z.array(z.string().min(1)).default([]).describe('Patterns over keys, stronger than include'),
    repositories: z
      .enum(['folders', 'root'])
      .default('folders')
      .describe('tree: folders = each first-level folder is a repository (`@scope/name` is one); root = the whole source is one'),
    optional: z.boolean().default(false).describe('Not there: a note instead of an error'),
    fields: z
      .partialRecord(z.enum(columns), z.string().min(1))
      .default({})
      .describe('jsonl, parquet, arrow: column of documents -> name that it has in the files, e.g. {text: content}'),
  })
  .describe('Raw input: pinned by (key, size, sha256) when a run begins')

export type Source = z.output<typeof sourceSchema>

/** The same entry as it arrives in a unit, where only what differs from the defaults need be present. */
export type PartialSource = Pick<Source, 'name'> & { [option: string]: unknown }

export const sourceOf = (entry: PartialSource): Source => sourceSchema.parse({ path: '.', ...entry })

const extensions: Record<string, Format> = {
  html: 'html',
  htm: 'html',
  xhtml: 'html',
  warc: 'warc',
  wet: 'warc',
  arc: 'warc',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  parquet: 'parquet',
  arrow: 'arrow',
  ipc: 'arrow',
  feather: 'arrow',
  md: 'markdown',
  markdown: 'markdown',
  txt: 'text',
  epub: 'epub',
  ipynb: 'notebook',
}

/** `gz`, `zst` or none, and the key without that ending. */
export function splitCompression(key: string): { bare: string; compression: 'none' | 'gzip' | 'zstd' } {
  if (/\.gz$/i.test(key)) return { bare: key.slice(0, -3), compression: 'gzip' }
  if (/\.zst$/i.test(key)) return { bare: key.slice(0, -4), compression: 'zstd' }
  return { bare: key, compression: 'none' }
}

const extensionOf = (key: string): string => /\.([^./]+)$/.exec(key)?.[1]?.toLowerCase() ?? ''

/** Folders that hold other people's code or no code at all, wherever they stand below the root. */
const closedFolders = new Set([
  '.git',
  '.hg',
  '.svn',
  'node_modules',
  'bower_components',
  '__pycache__',
  '.venv',
  'site-packages',
  '.tox',
  '.cache',
])

const globs = new Map<string, RegExp>()
function matchesGlob(pattern: string, key: string): boolean {
  const compiled = globs.get(pattern) ?? compileGlob(pattern)
  globs.set(pattern, compiled)
  return compiled.test(key)
}

/**
 * The reader of `key`, or undefined where the file does not belong to the source: excluded, not included, or of no known kind.
 * A folder can be left unlisted where `descends` says no.
 */
export function matches(source: Pick<Source, 'kind' | 'format' | 'include' | 'exclude'>, key: string): Format | undefined {
  if (source.exclude.some(pattern => matchesGlob(pattern, key))) return undefined
  if (source.include.length && !source.include.some(pattern => matchesGlob(pattern, key))) return undefined
  const folder = key.slice(0, key.lastIndexOf('/') + 1)
  if (source.format === 'tree' || (source.format === 'auto' && source.kind === 'code'))
    return descends(source, folder) && (source.include.length || languageOf(key)) ? 'tree' : undefined
  if (source.format !== 'auto') {
    // A named format takes every file it is given, unless the extension says that it is another one's.
    const other = extensions[extensionOf(splitCompression(key).bare)]
    const near =
      other === source.format ||
      !other ||
      (other === 'markdown' && source.format === 'text') ||
      (other === 'text' && source.format === 'markdown')
    return source.include.length || near ? source.format : undefined
  }
  return extensions[extensionOf(splitCompression(key).bare)]
}

/** Whether anything under `folder` (relative, with or without its last `/`) can belong to the source. */
export function descends(source: Pick<Source, 'kind' | 'format'>, folder: string): boolean {
  const tree = source.format === 'tree' || (source.format === 'auto' && source.kind === 'code')
  return !tree || !folder.split('/').some(name => closedFolders.has(name))
}

/** The kind of a source's documents where neither the entry nor the row says it. */
export function kindOf(format: Format): string {
  return {
    html: 'web',
    warc: 'web',
    jsonl: 'web',
    parquet: 'web',
    arrow: 'web',
    markdown: 'markdown',
    text: 'book',
    epub: 'book',
    notebook: 'markdown',
    tree: 'code',
  }[format]
}

/** Kinds that documents of a file can have; undefined where its rows may name any. */
export function kindsIn(source: Pick<Source, 'kind'>, format: Format): readonly string[] | undefined {
  if (format === 'tree') return [source.kind === 'auto' ? 'code' : source.kind, 'markdown'] // a README is prose
  if (source.kind !== 'auto') return [source.kind]
  return ['jsonl', 'parquet', 'arrow'].includes(format) ? undefined : [kindOf(format)]
}
