/**
 * Our extraction of listed pages, for the scorers:
 *
 *   node bench/extraction/dump.ts LIST [--mode balanced|precision|recall|union] [--format text|markdown|html] > OUT.jsonl
 *
 * LIST is JSON lines {file_id, path, url, charset?} (bench/extraction/pages.py); a path may end in `.gz`. One JSON line a page, in the same order:
 * {file_id, text, title, author, date, language, type, origin, confidence}. `charset` stands for the label of an HTTP header.
 */
import { readFileSync, writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { extractPage, type Mode, type OutputFormat } from '../../native/addon/extract.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { mode: { type: 'string', default: 'balanced' }, format: { type: 'string', default: 'text' } },
})
const options = { mode: values.mode as Mode, format: values.format as OutputFormat }

for (const line of readFileSync(positionals[0] ?? 'build/extraction/pages.jsonl', 'utf8').split('\n')) {
  if (!line) continue
  const { file_id, path, url = '', charset = '' } = JSON.parse(line) as { file_id: string; path: string; url?: string; charset?: string }
  const file = readFileSync(path)
  const page = extractPage(path.endsWith('.gz') ? gunzipSync(file) : file, url, charset, options)
  const { text, title, author, date, language, type, origin, confidence } = page
  const row = Buffer.from(`${JSON.stringify({ file_id, text, title, author, date, language, type, origin, confidence })}\n`)
  for (let at = 0; at < row.length; ) at += writeSync(1, row, at)
}
