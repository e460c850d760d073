/**
 * What a book's package says, read from XML without a parser's tree: start tags with their attributes and the text right behind them.
 *
 * Enough for container and package files, whose elements are told apart by name. One pass from `<` to `<`: no recursion, no entities but the
 * five of XML and numbers, so nothing expands.
 */

export interface XmlElement {
  /** As written, in lower case; `dc:` elements keep the prefix that every book uses. The prefix `opf:` is dropped. */
  name: string
  attributes: ReadonlyMap<string, string>
  /** Trimmed text up to the next tag. */
  text: string
}

export const isPageMedia = (type: string | undefined): boolean => type === 'application/xhtml+xml' || type === 'text/html'

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

const unescaped = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{1,8}));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name) return named[name] ?? whole
    const code = decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hex as string, 16)
    return code > 0 && code < 0x110000 && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole
  })

/** Start tags in their order. */
export function elements(xml: string): XmlElement[] {
  const found: XmlElement[] = []
  for (let at = xml.indexOf('<'); at >= 0; ) {
    if (xml.startsWith('<!--', at)) {
      const end = xml.indexOf('-->', at + 4)
      at = end < 0 ? -1 : xml.indexOf('<', end)
      continue
    }
    const end = endOfTag(xml, at)
    if (end < 0) break
    const next = xml.indexOf('<', end)
    const name = /^[A-Za-z_][\w:.-]*/.exec(xml.slice(at + 1, Math.min(end, at + 200)))?.[0]
    if (name)
      found.push({
        name: name.toLowerCase().replace(/^opf:/, ''),
        attributes: attributesOf(xml.slice(at + 1 + name.length, end)),
        text: unescaped(xml.slice(end + 1, next < 0 ? undefined : next))
          .replace(/\s+/g, ' ')
          .trim(),
      })
    at = next
  }
  return found
}

/** The `>` that ends the tag at `at`, outside quotes; -1 where none does. */
function endOfTag(xml: string, at: number): number {
  let quote = ''
  for (let i = at + 1; i < xml.length; i++) {
    const c = xml[i] as string
    if (quote) {
      if (c === quote) quote = ''
    } else if (c === '"' || c === "'") quote = c
    else if (c === '>') return i
  }
  return -1
}

/** Only forwards: a name without a value is passed over once. */
function attributesOf(text: string): Map<string, string> {
  const attributes = new Map<string, string>()
  const name = /[\w:.-]+/g
  const value = /\s*=\s*(?:"([^"]*)"|'([^']*)')/y
  for (let found = name.exec(text); found; found = name.exec(text)) {
    value.lastIndex = name.lastIndex
    const quoted = value.exec(text)
    if (!quoted) continue
    if (!attributes.has(found[0])) attributes.set(found[0], unescaped(quoted[1] ?? quoted[2] ?? ''))
    name.lastIndex = value.lastIndex
  }
  return attributes
}

/** Bytes of an XML file as text: byte order mark, valid UTF-8, the encoding that it declares, windows-1252. */
export function xmlText(bytes: Uint8Array): string {
  const mark = bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : undefined
  if (mark) return new TextDecoder(mark).decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 256)).toString('latin1')
    const label = /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]+)["']/.exec(head)?.[1] ?? 'windows-1252'
    try {
      return new TextDecoder(label).decode(bytes)
    } catch {
      return new TextDecoder('windows-1252').decode(bytes)
    }
  }
}
