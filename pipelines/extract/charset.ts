/**
 * Bytes of a page to text (WHATWG encoding labels through TextDecoder).
 *
 * Order: byte order mark; valid UTF-8, whatever was declared, as mislabelled UTF-8 is common and valid UTF-8 by accident is not; charset of
 * the transfer; `<meta>` or XML declaration within 1,024 bytes; windows-1252. A declared encoding must decode without an error: the next one
 * is tried, and if none does the page is quarantined rather than guessed at.
 */
import { isUtf8 } from 'node:buffer'
import { InputError } from './records.ts'

const prescanBytes = 1024

export interface Decoded {
  text: string
  /** WHATWG name in lower case. */
  encoding: string
}

/** Throws InputError CHARSET where every declared encoding fails. */
export function decodePage(bytes: Uint8Array, transferCharset?: string | undefined): Decoded {
  const mark = bomOf(bytes)
  if (mark) return { text: new TextDecoder(mark).decode(bytes), encoding: mark }
  const declared = [...new Set([transferCharset, prescan(bytes)].map(encodingOf).filter(name => name !== undefined))]
  // ISO-2022-JP is made of ASCII bytes: valid UTF-8 says nothing against it.
  if (isUtf8(bytes) && !(declared[0] === 'iso-2022-jp' && bytes.includes(0x1b)))
    return { text: new TextDecoder().decode(bytes), encoding: 'utf-8' }
  for (const encoding of declared) {
    try {
      return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), encoding }
    } catch {
      // The next declaration may be the true one.
    }
  }
  if (declared.length) throw new InputError('CHARSET', 0, `expected ${declared.join(' or ')} as declared, found bytes that do not decode`)
  return { text: new TextDecoder('windows-1252').decode(bytes), encoding: 'windows-1252' }
}

function bomOf(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  return undefined
}

/** WHATWG name of a label, or undefined where there is none (or it names no decoder: `replacement`). */
function encodingOf(label: string | undefined): string | undefined {
  if (!label) return undefined
  try {
    return new TextDecoder(label.trim()).encoding
  } catch {
    return undefined
  }
}

/** The label that a page declares in its first 1,024 bytes: a UTF-16 one there can only be UTF-8, as the bytes were ASCII. */
export function prescan(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, prescanBytes))
    .toString('latin1')
    .replace(/<!--[\s\S]*?-->/g, '')
  const label = metaLabel(head) ?? /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]+)["']/.exec(head)?.[1]
  if (!label) return undefined
  const name = label.trim().toLowerCase()
  return /^utf-?16/.test(name) ? 'utf-8' : name === 'x-user-defined' ? 'windows-1252' : name
}

function metaLabel(head: string): string | undefined {
  for (const [tag] of head.matchAll(/<meta[\s/][^>]*>?/gi)) {
    const attributes = new Map<string, string>()
    for (const [, name, quoted, single, bare] of tag.slice(5).matchAll(/([^\s=/>"']+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/g))
      if (name && !attributes.has(name.toLowerCase())) attributes.set(name.toLowerCase(), quoted ?? single ?? bare ?? '')
    const charset = attributes.get('charset')
    if (charset) return charset
    if (attributes.get('http-equiv')?.toLowerCase() !== 'content-type') continue
    const label = /charset\s*=\s*["']?([^\s"';]+)/i.exec(attributes.get('content') ?? '')?.[1]
    if (label) return label
  }
  return undefined
}
