/**
 * Our extraction of listed pages, for the scorers:
 *
 *   node bench/extraction/dump.ts LIST [--mode balanced|precision|recall|union] [--format text|markdown|html] > OUT.jsonl
 *
 * LIST is JSON lines {file_id, path, url, charset?} (bench/extraction/pages.py); a path may end in `.gz`. One JSON line a page, in the same order:
 * {file_id, text, title, author, date, language, type, confidence}. `charset` stands for the label of an HTTP header.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { extractOne, type Format, type Mode } from './extractor.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { mode: { type: 'string', default: 'balanced' }, format: { type: 'string', default: 'text' } },
})
for (const line of readFileSync(positionals[0] ?? 'build/extraction/pages.jsonl', 'utf8').split('\n')) {
  if (!line) continue
  const listed = JSON.parse(line) as { file_id: string; path: string; url?: string; charset?: string }
  const file = readFileSync(listed.path)
  const page = listed.path.endsWith('.gz') ? gunzipSync(file) : file
  const found = extractOne(page, {
    url: listed.url ?? '',
    charset: listed.charset ?? '',
    mode: values.mode as Mode,
    format: values.format as Format,
  })
  process.stdout.write(`${JSON.stringify({ file_id: listed.file_id, ...found })}\n`)
}
