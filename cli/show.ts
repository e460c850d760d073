/** Looks into what a run left: tables as rows, checkpoints by their header, manifests as lists of roles. Nothing is read that is not shown. */
import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ArrowReader, formatField, rowsToJson } from '../pipelines/arrow/index.ts'
import { MillraceError } from '../pipelines/errors.ts'
import type { Manifest } from '../storage/artifacts.ts'
import type { Store } from '../storage/store.ts'
import { type Found, withScratch } from './artifacts.ts'
import { bold, bytes, dim, jsonText, number, oneLine, out, safe, table } from './output.ts'

export interface ShowOptions {
  rows: number
  offset: number
  columns?: string
  json?: boolean
  full?: boolean
}

export async function show(store: Store, found: Found, options: ShowOptions): Promise<void> {
  if (found.kind === 'folder') return showFolder(store, found.prefix, options)
  if (found.kind === 'file') return showFile(found.path, found.path, options)
  if (found.kind === 'key')
    return withScratch(async folder => showFile(await store.fetch(found.key, join(folder, 'object')), found.key, options))
  const { manifest, role } = found
  if (!role) return showManifest(manifest, options)
  const parts = manifest.roles[role]
  if (!parts) {
    throw new MillraceError({
      code: 'NO_ROLE',
      kind: 'config',
      expected: `a role of ${manifest.stage}/${manifest.fingerprint}: ${Object.keys(manifest.roles).join(', ')}`,
      found: JSON.stringify(role),
    })
  }
  await withScratch(async folder => {
    const paths = []
    for (const [i, part] of parts.entries()) paths.push(await store.fetch(part.location, join(folder, String(i))))
    const [first] = paths
    if (first === undefined) return out(dim('no parts: nothing was written under this role'))
    if (parts[0]?.schema) await showTables(paths, options)
    else await showFile(first, parts[0]?.location ?? '', options)
  })
}

function showManifest(manifest: Manifest, { json }: ShowOptions): void {
  if (json) {
    out(jsonText(manifest, 2))
    return
  }
  const { stage, fingerprint, node, revision, quarantined, parents } = manifest
  out(`${bold(`${stage}/${fingerprint}`)}  ${node}, revision ${revision}${quarantined ? `, ${number(quarantined)} quarantined` : ''}`)
  for (const [role, list] of Object.entries(parents)) out(dim(`  reads ${role}: ${list.join(', ')}`))
  const rows = Object.entries(manifest.roles).map(([role, parts]) => [
    role,
    number(parts.length),
    parts[0]?.schema ? number(parts.reduce((sum, part) => sum + part.rows, 0)) : '',
    bytes(parts.reduce((sum, part) => sum + part.bytes, 0)),
    parts[0]?.content.slice(0, 16) ?? '',
  ])
  out(table([['role', 'parts', 'rows', 'size', 'content'].map(dim), ...rows], '  '))
  const counters = manifest.operations.flatMap(operation =>
    Object.entries(operation.counters).map(([name, by]) => [operation.name, oneLine(name, 60), number(by)]),
  )
  if (counters.length) out(`${table([['operation', 'counter', ''].map(dim), ...counters], '  ')}`)
  out(dim(`millrace show ${stage}/${fingerprint}/ROLE shows rows`))
}

async function showFolder(store: Store, prefix: string, { rows, json }: ShowOptions): Promise<void> {
  const found: { key: string; size: number }[] = []
  for await (const { key, size } of store.list(prefix)) {
    found.push({ key, size })
    if (found.length >= Math.max(rows, 200)) break
  }
  out(json ? jsonText(found, 2) : table(found.map(({ key, size }) => [bytes(size), safe(key)])))
}

async function showFile(path: string, name: string, options: ShowOptions): Promise<void> {
  const start = await head(path, 8)
  if (start.toString('latin1', 0, 6) === 'ARROW1') return showTables([path], options)
  if (name.endsWith('.safetensors')) return showCheckpoint(path, options)
  const { size } = await stat(path)
  if (name.endsWith('.json') && size < 64 * 2 ** 20) return out(jsonText(JSON.parse(await readFile(path, 'utf8')), 2))
  const text = (await head(path, 64 * 1024)).toString('utf8')
  for (const line of text.split('\n').slice(options.offset, options.offset + options.rows)) out(oneLine(line, options.full ? 1e9 : 500))
}

async function head(path: string, length: number): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(length)
    const { bytesRead } = await file.read(buffer, 0, length, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Rows [offset, offset + rows) over all files, one record batch in memory. */
async function showTables(paths: readonly string[], options: ShowOptions): Promise<void> {
  const columns = options.columns?.split(',').map(name => name.trim())
  let [at, total, batches] = [0, 0, 0]
  let left = options.rows
  const shown: Record<string, unknown>[] = []
  let described = ''
  for (const path of paths) {
    const reader = await ArrowReader.open(path)
    try {
      described ||= reader.schema.fields.map(formatField).join(', ')
      const unknown = columns?.find(name => !reader.schema.fields.some(field => field.name === name))
      if (unknown !== undefined) {
        const names = reader.schema.fields.map(field => field.name).join(', ')
        throw new MillraceError({
          code: 'NO_COLUMN',
          kind: 'config',
          expected: `columns among ${names}`,
          found: JSON.stringify(unknown),
          where: '--columns',
        })
      }
      total += reader.rows
      batches += reader.batches
      for (let i = 0; i < reader.batches; i++) {
        const rows = reader.rowsIn(i)
        if (left > 0 && at + rows > options.offset) {
          const batch = await reader.read(i, columns)
          for (let row = Math.max(0, options.offset - at); row < rows && left > 0; row++, left--) shown.push(rowsToJson(batch, row))
        }
        at += rows
      }
    } finally {
      await reader.close()
    }
  }
  if (options.json) {
    for (const row of shown) out(jsonText(row))
    return
  }
  out(dim(`${number(total)} rows, ${number(batches)} record batches, ${number(paths.length)} ${paths.length === 1 ? 'file' : 'files'}`))
  out(dim(safe(described)))
  for (const [i, row] of shown.entries()) {
    out(`\n${bold(`row ${options.offset + i}`)}`)
    const width = Math.max(0, ...Object.keys(row).map(name => name.length))
    for (const [name, value] of Object.entries(row)) out(`  ${dim(safe(name).padEnd(width))}  ${readable(value, options.full)}`)
  }
}

function readable(value: unknown, full: boolean | undefined): string {
  const text = typeof value === 'string' ? value : jsonText(value)
  return full ? safe(text) : oneLine(text, 200)
}

/** The header of a safetensors file: names, shapes and types of its tensors, and what its writer said. */
async function showCheckpoint(path: string, { json }: ShowOptions): Promise<void> {
  const { size } = await stat(path)
  const length = Number((await head(path, 8)).readBigUInt64LE(0))
  if (!(length > 1 && length < Math.min(size, 256 * 2 ** 20)))
    throw new MillraceError({
      code: 'FORMAT',
      kind: 'input',
      expected: 'a safetensors header within the file',
      found: `a length of ${length}`,
      where: path,
    })
  const header = JSON.parse((await head(path, 8 + length)).toString('utf8', 8)) as Record<string, { dtype: string; shape: number[] }> & {
    __metadata__?: Record<string, string>
  }
  if (json) return out(jsonText(header, 2))
  const { __metadata__: metadata = {}, ...tensors } = header
  const count = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1)
  const parameters = Object.values(tensors).reduce((sum, tensor) => sum + count(tensor.shape), 0)
  out(`${bold('safetensors')}  ${number(Object.keys(tensors).length)} tensors, ${number(parameters)} numbers, ${bytes(size)}`)
  for (const [name, value] of Object.entries(metadata)) out(dim(`  ${safe(name)}  ${oneLine(value, 300)}`))
  out(
    table(
      Object.entries(tensors).map(([name, tensor]) => [safe(name), safe(tensor.dtype), tensor.shape.join(' × ')]),
      '  ',
    ),
  )
}
