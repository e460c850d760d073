/** Reading one file made by a test: what came out, by kind of item. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import { extractConfig } from '../../../pipelines/extract/config.ts'
import { extractRecords, type KindRecord, type TextRecord } from '../../../pipelines/extract/pages.ts'
import { readRaw } from '../../../pipelines/extract/read.ts'
import type { Unreadable } from '../../../pipelines/extract/records.ts'

export const folder = mkdtempSync(join(tmpdir(), 'millrace-extract-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

export const root = join(import.meta.dirname, '../../..')

export interface ReadResult {
  records: (TextRecord & { text: string })[]
  unreadable: Unreadable[]
  skipped: string[]
}

export async function read(
  key: string,
  bytes: string | Uint8Array,
  source: Record<string, unknown> = {},
  config: Record<string, unknown> = {},
): Promise<ReadResult> {
  const path = join(folder, key)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
  return readFile(key, path, Buffer.from(bytes).length, source, config)
}

export async function readFile(
  key: string,
  path: string,
  size: number,
  source: Record<string, unknown> = {},
  config: Record<string, unknown> = {},
): Promise<ReadResult> {
  const result: ReadResult = { records: [], unreadable: [], skipped: [] }
  const raw = { source: { name: 's', kind: 'auto', ...source }, key, path, size, sha256: '' }
  const settings = extractConfig.parse(config)
  const found: KindRecord[] = []
  for await (const { record, unreadable, skipped } of readRaw(raw, settings, folder)) {
    if (record) found.push(record)
    else if (unreadable) result.unreadable.push(unreadable)
    else if (skipped) result.skipped.push(skipped)
  }
  for (const { record, unreadable } of (await extractRecords(found, settings, 1)).items) {
    if (unreadable) result.unreadable.push(unreadable)
    else
      result.records.push({
        ...record,
        text: typeof record.text === 'string' ? record.text : new TextDecoder('utf-8', { ignoreBOM: true }).decode(record.text),
      })
  }
  return result
}

/** Python with what a test's oracle imports, or the reason why there is none. */
const candidates = [process.env.MILLRACE_PYTHON, join(root, '.venv/bin/python')].filter(path => path !== undefined && existsSync(path))
export const python = candidates[0]
