/**
 * What a stage reads on the command line: files and folders as they are, Arrow files of documents as they are, and other tables by role
 * (`--input tokens=tokens.arrow`).
 */
import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type Pinned, pinInputs } from '../../activities/inputs.ts'
import { ArrowReader, sameFields } from '../../pipelines/arrow/index.ts'
import type { Config } from '../../pipelines/config.ts'
import { evaluationSchema } from '../../pipelines/config.ts'
import { matches, sourceSchema } from '../../pipelines/extract/source.ts'
import { asPart } from '../../pipelines/local.ts'
import { type Part, type Raw, rawRoles } from '../../pipelines/plan.ts'
import { documents } from '../../pipelines/schemas.ts'
import type { Stage } from '../../pipelines/stage.ts'
import { usage } from '../usage.ts'

export interface StageInputs {
  raw: Raw[]
  rawBytes: number
  documents: Part[]
  evaluation: Raw[]
  /** Other input roles. */
  roles: Record<string, Part[]>
}

export interface InputOptions {
  input: readonly string[]
  evaluation?: readonly string[]
  source?: string
  kind?: string
  format?: string
}

export async function readInputs(stage: Stage, options: InputOptions, folder: string): Promise<StageInputs> {
  const named = stage.inputs.filter(role => !rawRoles.includes(role))
  const roles: Record<string, Part[]> = {}
  const plain: string[] = []
  for (const given of options.input) {
    const [role = '', path = ''] = splitRole(given)
    if (!named.includes(role)) plain.push(given)
    else roles[role] = [...(roles[role] ?? []), await tablePart(role, path)]
  }
  if (plain.length && !stage.inputs.includes('raw') && !stage.inputs.includes('documents'))
    throw usage(`stage ${stage.name}`, named.map(role => `--input ${role}=FILE.arrow`).join(' '), plain[0] ?? '')
  const pinned = await pin(plain, options, folder)
  const found: StageInputs = { raw: [], rawBytes: 0, documents: roles.documents ?? [], evaluation: pinned.evaluation, roles }
  delete roles.documents
  for (const file of pinned.sources) {
    if (stage.name !== 'extract' && (await holdsDocuments(file.location))) found.documents.push(await asPart('documents', file.location))
    else {
      found.raw.push(file)
      found.rawBytes += file.size
    }
  }
  return found
}

const splitRole = (given: string): [string, string] => {
  const equals = given.indexOf('=')
  return equals < 0 ? ['', given] : [given.slice(0, equals), given.slice(equals + 1)]
}

/** A table that a role takes whole. */
export async function tablePart(role: string, path: string): Promise<Part> {
  await mustBe(path, `--input ${role}=`)
  return asPart(role, resolve(path))
}

async function mustBe(path: string, where: string) {
  const info = await stat(path).catch(() => undefined)
  if (!info) throw usage(where, 'a file or folder that exists', path)
  return info
}

/** Who names a file on the command line may read it: roots are for configs, which others may have written. */
async function pin(paths: readonly string[], options: InputOptions, folder: string): Promise<Pinned> {
  process.env.MILLRACE_ROOTS = '/'
  const sources = []
  for (const [i, path] of paths.entries()) {
    const info = await mustBe(path, '--input')
    const name = `${options.source ?? 'input'}${i ? `-${i + 1}` : ''}`
    const parsed = sourceSchema.safeParse({
      name,
      path: literal(resolve(path)),
      ...(options.kind ? { kind: options.kind } : {}),
      ...(options.format ? { format: options.format } : {}),
    })
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      throw usage(`--${issue?.path[0] === 'name' ? 'source' : String(issue?.path[0])}`, issue?.message ?? '', String(options.kind ?? name))
    }
    if (info.isFile() && !matches(parsed.data, basename(path)))
      throw usage('--input', 'HTML, WARC, JSONL, Parquet, Arrow, Markdown or text, each also .gz or .zst (--format names the reader)', path)
    sources.push(parsed.data)
  }
  const evaluation = []
  for (const path of options.evaluation ?? []) {
    await mustBe(path, '--evaluation')
    const name =
      basename(path)
        .toLowerCase()
        .replace(/\..*$/, '')
        .replace(/[^a-z0-9-]+/g, '-') || 'evaluation'
    evaluation.push(evaluationSchema.parse({ name, path: resolve(path) }))
  }
  return pinInputs({ sources, evaluation } as unknown as Config, join(resolve('.'), 'stage.yaml'), join(folder, 'hashes.json'))
}

/** A path in which pattern characters would be taken for a pattern cannot be said; everything else can. */
function literal(path: string): string {
  if (/\$\{[A-Z]/.test(path)) throw usage('--input', 'a path without a dollar sign and braces', path)
  return path
}

/** Whether a file is a documents table of ours: then it is read as it is, ids included. */
async function holdsDocuments(path: string): Promise<boolean> {
  if (!/\.(arrow|ipc|feather)$/.test(path)) return false
  const reader = await ArrowReader.open(path).catch(() => undefined)
  if (!reader) return false
  const same = sameFields(reader.schema, documents)
  await reader.close()
  return same
}
