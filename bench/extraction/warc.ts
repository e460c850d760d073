/**
 * Our side of warc.py: `records FILE` prints every record as a JSON line, `time FILE` reads it once and prints what it took in CPU-seconds
 * of one thread.
 */
import { countWarc, warcRecords } from '../../native/addon/warc.ts'

const [what, path] = process.argv.slice(2) as [string, string]
const compression = /\.gz$/i.test(path) ? 'gzip' : /\.zst$/i.test(path) ? 'zstd' : 'none'
const options = { compression, maxExpansion: 2000 } as const
if (what === 'records') for await (const record of warcRecords(path, { ...options, digests: true })) console.log(JSON.stringify(record))
else {
  const before = process.cpuUsage()
  const counts = await countWarc(path, options)
  const { user, system } = process.cpuUsage(before)
  console.log(JSON.stringify({ name: 'millrace', ...counts, seconds: (user + system) / 1e6 }))
}
