/**
 * Our side of speed.py and memory.py, in a fresh process: prints one JSON object.
 *
 *   node bench/extraction/time.ts LIST extract    {seconds}: all pages as one column, one thread
 *   node bench/extraction/time.ts LIST pages      {seconds, each: [milliseconds of each page]}: one page a call
 *   node bench/extraction/time.ts LIST parse      {seconds}: parser alone, UTF-8 bytes to tree
 *   node bench/extraction/time.ts LIST memory N   {resident: [[pages so far, MiB]]}: N pages, the list again and again, read from disk
 *
 * LIST is what bench/extraction/pages.py prints. `seconds` are CPU seconds of the whole process around the calls; the pages are in memory
 * before. A few pages are extracted first and not counted.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { extractPage, extractPages } from '../../native/addon/extract.ts'
import { parsePages } from '../../native/addon/html.ts'

const [list = '', what = '', count = '0'] = process.argv.slice(2)
const listed = readFileSync(list, 'utf8')
  .split('\n')
  .filter(Boolean)
  .map(line => JSON.parse(line) as { path: string; url: string })
const read = ({ path }: { path: string }) => gunzipSync(readFileSync(path))
const warm = 5
const options = { mode: 'balanced', format: 'text' } as const

const cpu = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Arrow's layout of a column of bytes. */
function column(values: readonly Uint8Array[]) {
  const offsets = new Int32Array(values.length + 1)
  values.forEach((value, i) => {
    offsets[i + 1] = offsets[i]! + value.length
  })
  const bytes = new Uint8Array(offsets[values.length]!)
  values.forEach((value, i) => {
    bytes.set(value, offsets[i])
  })
  return { offsets, bytes }
}

async function measured(body: () => unknown): Promise<number> {
  const begin = cpu()
  await body()
  return cpu() - begin
}

async function run(): Promise<unknown> {
  if (what === 'memory') return memory(Number(count))
  const pages = listed.map(read)
  const all = column(pages)
  if (what === 'parse') {
    const few = column(pages.slice(0, warm))
    await parsePages(few.offsets, few.bytes)
    return { seconds: await measured(() => parsePages(all.offsets, all.bytes)) }
  }
  for (const page of pages.slice(0, warm)) extractPage(page, '', '', options)
  if (what === 'extract') {
    const urls = column(listed.map(page => Buffer.from(page.url)))
    return { seconds: await measured(() => extractPages(all, urls, null, options, 1)) }
  }
  const each: number[] = []
  const seconds = await measured(() => {
    pages.forEach((page, i) => {
      const begin = process.hrtime.bigint()
      extractPage(page, listed[i]!.url, '', options)
      each.push(Number(process.hrtime.bigint() - begin) / 1e6)
    })
  })
  return { seconds, each }
}

function memory(total: number) {
  const resident: [number, number][] = []
  for (let done = 0; done < total; ) {
    const page = listed[done % listed.length]!
    extractPage(read(page), page.url, '', options)
    if (++done % 500 === 0 || done === total) resident.push([done, process.memoryUsage.rss() / 2 ** 20])
  }
  return { resident }
}

process.stdout.write(`${JSON.stringify(await run())}\n`)
