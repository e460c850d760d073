/**
 * Blocks and features of listed pages in one binary file, for bench/extraction/train.py:
 *
 *   node bench/extraction/features.ts LIST OUT [--unread]
 *
 * LIST is JSON lines {file_id, path, url} (bench/extraction/pages.py). OUT.json holds {columns, pages: [{file_id, blocks, slots, tokens, texts}]},
 * (--unread: as if their words were not known), OUT the arrays of each page behind each other: values, tokenOffsets, tokens (padded to 4 bytes), blocks, masses, slots, scores.
 */
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { trainingRows } from '../../native/addon/extract.ts'

const [list, out, unread] = process.argv.slice(2)
if (!list || !out) throw new Error('expected LIST and OUT')
const file = openSync(out, 'w')
const write = (array: Float32Array | Uint32Array | Uint16Array) => {
  const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength)
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
  if (bytes.length % 4) writeSync(file, Buffer.alloc(4 - (bytes.length % 4)))
}
let columns: string[] = []
const pages = readFileSync(list, 'utf8')
  .split('\n')
  .filter(Boolean)
  .map(line => {
    const { file_id, path, url = '' } = JSON.parse(line)
    const bytes = readFileSync(path)
    const rows = trainingRows(path.endsWith('.gz') ? gunzipSync(bytes) : bytes, url ?? '', unread === '--unread')
    columns = rows.columns
    for (const array of [rows.values, rows.tokenOffsets, rows.tokens, rows.blocks, rows.masses, rows.slots, rows.scores]) write(array)
    return { file_id, blocks: rows.texts.length, slots: rows.slots.length / 2, tokens: rows.tokens.length, texts: rows.texts }
  })
closeSync(file)
writeFileSync(`${out}.json`, JSON.stringify({ columns, pages }))
