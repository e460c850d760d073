/**
 * Entries of a ZIP file (PKWARE APPNOTE 6.3) through its central directory: stored and deflated ones, each checked against its CRC.
 *
 * No ZIP64, no encryption, no split archives: what a book is packed in. Sizes that a directory claims are never believed: output is bounded by
 * what the caller allows.
 */
import { crc32, inflateRawSync } from 'node:zlib'
import { FileBytes } from '../bytes.ts'
import { InputError } from '../records.ts'

interface Entry {
  method: number
  encrypted: boolean
  crc: number
  compressed: number
  offset: number
}

const endBytes = 22
const maxCommentBytes = 0xffff

export class Zip {
  readonly #file: FileBytes
  readonly #entries: ReadonlyMap<string, Entry>

  private constructor(file: FileBytes, entries: ReadonlyMap<string, Entry>) {
    this.#file = file
    this.#entries = entries
  }

  /** Throws InputError ZIP_FORMAT. */
  static async open(path: string): Promise<Zip> {
    const file = await FileBytes.open(path)
    try {
      return new Zip(file, await directoryOf(file))
    } catch (error) {
      await file.close()
      throw error
    }
  }

  has(name: string): boolean {
    return this.#entries.has(name)
  }

  /** Content of an entry of at most `maxBytes`; undefined where there is none. Throws InputError ZIP_ENTRY, ZIP_ENCRYPTED, DOCUMENT_TOO_LARGE. */
  async read(name: string, maxBytes: number): Promise<Buffer | undefined> {
    const entry = this.#entries.get(name)
    if (!entry) return undefined
    const bad = (what: string) => new InputError('ZIP_ENTRY', entry.offset, `${name}: ${what}`)
    if (entry.encrypted)
      throw new InputError('ZIP_ENCRYPTED', entry.offset, `${name}: expected an entry without encryption, found one with it`)
    const head = Buffer.from(await this.#file.at(entry.offset, 30))
    if (head.length < 30 || head.readUInt32LE(0) !== 0x04034b50) throw bad('expected its local header, found other bytes')
    const from = entry.offset + 30 + head.readUInt16LE(26) + head.readUInt16LE(28)
    const packed = await this.#file.at(from, entry.compressed)
    if (packed.length < entry.compressed) throw bad(`expected ${entry.compressed} bytes, found ${packed.length}`)
    const content = entry.method === 0 ? Buffer.from(packed) : entry.method === 8 ? inflated(packed, maxBytes, name, bad) : undefined
    if (!content) throw bad(`expected method 0 or 8, found ${entry.method}`)
    if (content.length > maxBytes) throw tooLarge(name, maxBytes)
    if (crc32(content) !== entry.crc) throw bad('its checksum does not agree with its content')
    return content
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

const tooLarge = (name: string, maxBytes: number): InputError =>
  new InputError('DOCUMENT_TOO_LARGE', 0, `${name}: expected at most ${maxBytes} bytes (maxDocumentBytes), found more`)

function inflated(packed: Uint8Array, maxBytes: number, name: string, bad: (what: string) => InputError): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: maxBytes + 1 })
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(name, maxBytes)
    throw bad('its content does not decode')
  }
}

async function directoryOf(file: FileBytes): Promise<Map<string, Entry>> {
  const bad = (what: string) => new InputError('ZIP_FORMAT', 0, `expected a ZIP file, found ${what}`)
  const tailFrom = Math.max(0, file.size - endBytes - maxCommentBytes)
  const tail = Buffer.from(await file.at(tailFrom, file.size - tailFrom))
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
  if (end < 0 || end + endBytes > tail.length) throw bad('no end of a central directory')
  const count = tail.readUInt16LE(end + 10)
  const size = tail.readUInt32LE(end + 12)
  const from = tail.readUInt32LE(end + 16)
  if (from + size > file.size) throw bad('a central directory that lies beyond the file')
  const directory = Buffer.from(await file.at(from, size))
  const entries = new Map<string, Entry>()
  for (let i = 0, at = 0; i < count; i++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x02014b50) throw bad(`a central directory that breaks at entry ${i}`)
    const flags = directory.readUInt16LE(at + 8)
    const nameLength = directory.readUInt16LE(at + 28)
    const name = directory.toString(flags & 0x800 ? 'utf8' : 'latin1', at + 46, at + 46 + nameLength)
    entries.set(name, {
      method: directory.readUInt16LE(at + 10),
      encrypted: (flags & 1) !== 0,
      crc: directory.readUInt32LE(at + 16),
      compressed: directory.readUInt32LE(at + 20),
      offset: directory.readUInt32LE(at + 42),
    })
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
  }
  return entries
}
