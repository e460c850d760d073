/**
 * EPUB 2 and 3 (W3C EPUB 3.3): one document a book, the XHTML files of its spine in their order, as one page for the same extraction.
 *
 * They are joined inside an `<article>`, since a book has no furniture to find; what is not read linearly (notes on their own, the table of
 * contents) is left out. Title, author, language and date are the package's. A file that the spine names and the book lacks is told in
 * `meta.missing`; a book of which no file can be read is quarantined.
 */
import { type Fields, type Input, InputError, type Item, type Limits, unreadable } from '../records.ts'
import { plainFile } from './spill.ts'
import { elements, isPageMedia, xmlText } from './xml.ts'
import { Zip } from './zip.ts'

export async function* readEpub(input: Input, limits: Limits): AsyncGenerator<Item, void, undefined> {
  try {
    const { path, remove } = await plainFile(input, limits)
    try {
      const zip = await Zip.open(path)
      try {
        yield { record: { key: input.key, offset: 0, ...(await readBook(zip, limits.maxDocumentBytes)) } }
      } finally {
        await zip.close()
      }
    } finally {
      await remove()
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    yield unreadable(input.key, error.offset, error.code, error.message)
  }
}

interface Book extends Fields {
  html: Uint8Array
  charset: string
  meta: Record<string, string>
}

async function readBook(zip: Zip, maxBytes: number): Promise<Book> {
  const container = await zip.read('META-INF/container.xml', maxBytes)
  if (!container) throw new InputError('EPUB_FORMAT', 0, 'expected META-INF/container.xml, found no such entry')
  const rootfile = elements(xmlText(container)).find(({ name, attributes }) => name === 'rootfile' && attributes.has('full-path'))
  const packagePath = rootfile?.attributes.get('full-path') ?? ''
  const described = await zip.read(packagePath, maxBytes)
  if (!described)
    throw new InputError('EPUB_FORMAT', 0, `expected the package that container.xml names, found no entry ${JSON.stringify(packagePath)}`)
  const tags = elements(xmlText(described))

  const items = new Map<string, ReadonlyMap<string, string>>()
  for (const { name, attributes } of tags) if (name === 'item') items.set(attributes.get('id') ?? '', attributes)
  const missing: string[] = []
  const sections: string[] = []
  let room = maxBytes
  for (const { name, attributes } of tags) {
    if (name !== 'itemref' || attributes.get('linear') === 'no') continue
    const item = items.get(attributes.get('idref') ?? '')
    const href = item?.get('href') ?? attributes.get('idref') ?? ''
    if (item && (!isPageMedia(item.get('media-type')) || item.get('properties')?.split(/\s+/).includes('nav'))) continue
    const content = item && (await zip.read(resolved(packagePath, href), room))
    if (!content) {
      missing.push(href)
      continue
    }
    const section = bodyOf(xmlText(content))
    room -= section.length
    if (room < 0) throw new InputError('DOCUMENT_TOO_LARGE', 0, `expected at most ${maxBytes} characters (maxDocumentBytes), found more`)
    sections.push(`<section>\n${section}\n</section>`)
  }
  if (!sections.length) throw new InputError('EPUB_SPINE', 0, 'expected a spine that names at least one XHTML file of the book, found none')

  const said = (element: string): string | undefined => tags.find(({ name, text }) => name === element && text)?.text
  const html = `<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body><article>\n${sections.join('\n')}\n</article></body></html>`
  const authors = tags.filter(({ name, text }) => name === 'dc:creator' && text).map(({ text }) => text)
  return {
    html: Buffer.from(html, 'utf8'),
    charset: 'utf-8',
    title: said('dc:title'),
    author: authors.join('; ') || undefined,
    language: said('dc:language'),
    date: said('dc:date'),
    kind: 'book',
    meta: {
      ...(said('dc:publisher') ? { publisher: said('dc:publisher') as string } : {}),
      ...(said('dc:rights') ? { rights: said('dc:rights') as string } : {}),
      ...(said('dc:identifier') ? { identifier: said('dc:identifier') as string } : {}),
      ...(missing.length ? { missing: missing.join(' ') } : {}),
    },
  }
}

/** The name of an entry that a link of `base` means; `..` never leaves the archive. */
function resolved(base: string, href: string): string {
  const path = (href.split('#')[0] as string).split('?')[0] as string
  let plain = path
  try {
    plain = decodeURIComponent(path)
  } catch {
    // Not percent-encoded after all: the name as it stands.
  }
  const names = plain.startsWith('/') ? [] : base.split('/').slice(0, -1)
  for (const name of plain.split('/')) {
    if (name === '..') names.pop()
    else if (name !== '.' && name !== '') names.push(name)
  }
  return names.join('/')
}

const voids = new Set(
  'area base br col embed hr img input link meta param source track wbr path circle rect line use image polygon polyline ellipse stop mspace mprescripts none'.split(
    ' ',
  ),
)

/** What stands in a file's body. XHTML closes any element with `/>`, which HTML does not: `<a id="x"/>` would swallow what follows it. */
function bodyOf(text: string): string {
  const open = text.search(/<body(?=[\s>])/i)
  const from = open < 0 ? 0 : text.indexOf('>', open) + 1
  const close = text.toLowerCase().lastIndexOf('</body')
  const body = text.slice(from, close >= from ? close : undefined)
  return body.replace(/<([A-Za-z][\w:.-]*)((?:[^<>"']|"[^"<]*"|'[^'<]*')*)\/>/g, (tag, name: string, attributes: string) =>
    voids.has(name.toLowerCase()) ? tag : `<${name}${attributes}></${name}>`,
  )
}
