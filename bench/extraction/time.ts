/**
 * Our side of speed.py and memory.py, in a fresh process: prints one JSON object.
 *
 *   node bench/extraction/time.ts LIST extract    {seconds}: all pages as one column, one thread
 *   node bench/extraction/time.ts LIST pages      {seconds, each: [milliseconds of each page]}: one page a call
 *   node bench/extraction/time.ts LIST parse      {seconds}: parser alone, UTF-8 bytes to tree
 *   node --expose-gc bench/extraction/time.ts LIST memory N
 *                          {resident: [[pages so far, MiB after a collection]], peak: MiB}: N pages, the list again and again, read from disk
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

/** As the stage does: up to 64 pages or 8 MiB a call. What the collector has not got to yet counts for the peak, not for what stays. */
async function memory(total: number) {
  const collect = (globalThis as { gc?: () => void }).gc
  if (!collect) throw new Error('expected node --expose-gc')
  const mib = () => process.memoryUsage.rss() / 2 ** 20
  const resident: [number, number][] = []
  let peak = 0
  for (let done = 0, told = 0; done < total; ) {
    const pages: Buffer[] = []
    const urls: Buffer[] = []
    for (let bytes = 0; pages.length < 64 && bytes < 8 * 2 ** 20 && done < total; done++) {
      const page = listed[done % listed.length]!
      pages.push(read(page))
      urls.push(Buffer.from(page.url))
      bytes += pages.at(-1)!.length
    }
    await extractPages(column(pages), column(urls), null, options, 1)
    peak = Math.max(peak, mib())
    if (done - told < 500 && done < total) continue
    told = done
    collect()
    resident.push([done, mib()])
  }
  return { resident, peak }
}

process.stdout.write(`${JSON.stringify(await run())}\n`)
