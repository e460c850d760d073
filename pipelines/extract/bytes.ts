/**
 * Streams of bytes: a file by position, its gzip members or zstd frames, and a pull reader with lines over any of them.
 *
 * Members are decompressed one by one, as WARC needs (a broken one costs itself) and because Node's zstd stream ends after one frame.
 * Output is bounded by `maxExpansion` times what was read plus 64 MiB: a bomb ends as an InputError, at a byte and not at a time.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { crc32, createInflateRaw, createZstdDecompress } from 'node:zlib'
import { InputError } from './records.ts'

const windowBytes = 1 << 20
const pieceBytes = 1 << 16
const freeOutput = 64 * 2 ** 20

/** Positional reads through one window. */
export class FileBytes {
  readonly #file: FileHandle
  readonly size: number
  #window = new Uint8Array(0)
  #start = 0

  private constructor(file: FileHandle, size: number) {
    this.#file = file
    this.size = size
  }

  static async open(path: string): Promise<FileBytes> {
    const file = await open(path, 'r')
    return new FileBytes(file, (await file.stat()).size)
  }

  /** Up to `length` bytes at `position`; fewer only at the end of the file. A view that stays valid: windows are never written twice. */
  async at(position: number, length: number): Promise<Uint8Array> {
    const wanted = Math.min(length, this.size - position)
    if (wanted <= 0) return new Uint8Array(0)
    if (position < this.#start || position + wanted > this.#start + this.#window.length) {
      const window = Buffer.allocUnsafeSlow(Math.min(Math.max(windowBytes, wanted), this.size - position))
      const { bytesRead } = await this.#file.read(window, 0, window.length, position)
      this.#window = window.subarray(0, bytesRead)
      this.#start = position
    }
    return this.#window.subarray(position - this.#start, position - this.#start + wanted)
  }

  async *from(position: number): AsyncGenerator<Uint8Array, void, undefined> {
    while (position < this.size) {
      const piece = await this.at(position, pieceBytes)
      if (!piece.length) return
      position += piece.length
      yield piece
    }
  }

  /** First place of `needle` at or behind `position`, or -1. */
  async find(needle: Uint8Array, position: number): Promise<number> {
    while (position < this.size) {
      const window = await this.at(position, windowBytes)
      const at = Buffer.from(window.buffer, window.byteOffset, window.byteLength).indexOf(needle)
      if (at >= 0) return position + at
      if (position + window.length >= this.size) return -1
      position += Math.max(1, window.length - needle.length + 1)
    }
    return -1
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** A gzip member or zstd frame: where it begins, its content, and (once that was read to its end) where the next one begins. */
export interface Member {
  offset: number
  chunks: AsyncGenerator<Uint8Array, void, undefined>
  next: () => number
}

const gzipMagic = Uint8Array.of(0x1f, 0x8b, 0x08)

/** The members of a gzip or zstd file. Read each to its end (or to its error) before asking for the next. */
export async function* membersOf(
  file: FileBytes,
  compression: 'gzip' | 'zstd',
  maxExpansion: number,
): AsyncGenerator<Member, void, undefined> {
  let position = 0
  while (position < file.size) {
    const start = position
    let end = -1
    const finish = (at: number) => {
      end = at
    }
    const chunks = compression === 'gzip' ? gzipMember(file, start, maxExpansion, finish) : zstdFrame(file, start, maxExpansion, finish)
    yield { offset: start, chunks, next: () => end }
    if (end >= 0) {
      position = end
    } else {
      // The member broke: the next one that looks like one begins a new stretch.
      position = await file.find(compression === 'gzip' ? gzipMagic : Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), start + 1)
      if (position < 0) return
    }
  }
}

async function* gzipMember(
  file: FileBytes,
  start: number,
  maxExpansion: number,
  finish: (end: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bad = (what: string) => new InputError('GZIP_MEMBER', start, `gzip member at byte ${start}: ${what}`)
  const head = await file.at(start, pieceBytes)
  const length = gzipHeader(head)
  if (length < 0) {
    // Padding of zeros behind the last member is legal in tar and harmless here.
    if ((await isZero(file, start)) && start > 0) return finish(file.size)
    throw bad('expected the bytes 1f 8b 08 and a legal header, found others')
  }
  const inflate = createInflateRaw({ chunkSize: pieceBytes })
  let crc = 0
  let size = 0
  try {
    for await (const chunk of pumped(file, start + length, inflate, maxExpansion, start)) {
      crc = crc32(chunk, crc)
      size = (size + chunk.length) >>> 0
      yield chunk
    }
  } catch (error) {
    throw decodeError(error, bad)
  }
  const trailer = start + length + inflate.bytesWritten
  const tail = Buffer.from(await file.at(trailer, 8))
  if (tail.length < 8) throw bad(`expected 8 bytes of checksum at byte ${trailer}, found ${tail.length}`)
  if (tail.readUInt32LE(0) !== crc || tail.readUInt32LE(4) !== size) throw bad('its checksum or length does not agree with its content')
  finish(trailer + 8)
}

async function* zstdFrame(
  file: FileBytes,
  start: number,
  maxExpansion: number,
  finish: (end: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bad = (what: string) => new InputError('ZSTD_FRAME', start, `zstd frame at byte ${start}: ${what}`)
  const head = Buffer.from(await file.at(start, 8))
  const magic = head.length >= 8 ? head.readUInt32LE(0) : 0
  if (magic >>> 4 === 0x184d2a5) return finish(start + 8 + head.readUInt32LE(4)) // skippable
  if (magic !== 0xfd2fb528) throw bad('expected the bytes 28 b5 2f fd, found others')
  const decoder = createZstdDecompress({ chunkSize: pieceBytes })
  try {
    yield* pumped(file, start, decoder, maxExpansion, start)
  } catch (error) {
    throw decodeError(error, bad)
  }
  finish(start + decoder.bytesWritten)
}

type Decoder = ReturnType<typeof createInflateRaw> | ReturnType<typeof createZstdDecompress>

async function* pumped(
  file: FileBytes,
  from: number,
  decoder: Decoder,
  maxExpansion: number,
  member: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const feed = Readable.from(file.from(from))
  feed.on('error', error => decoder.destroy(error))
  feed.pipe(decoder)
  let total = 0
  try {
    for await (const chunk of decoder as AsyncIterable<Uint8Array>) {
      total += chunk.length
      if (total > freeOutput && total > maxExpansion * Math.max(1, decoder.bytesWritten))
        throw new InputError(
          'EXPANSION',
          member,
          `member at byte ${member}: expected at most ${maxExpansion} bytes out for each byte in, found more`,
        )
      yield chunk
    }
  } finally {
    feed.destroy()
    decoder.destroy()
  }
}

function decodeError(error: unknown, bad: (what: string) => InputError): unknown {
  if (error instanceof InputError) return error
  const code = (error as { code?: string }).code ?? ''
  if (code === 'Z_BUF_ERROR') return bad('the file ends inside it')
  return code.startsWith('Z_') || code.startsWith('ZSTD_') ? bad(`its content does not decode (${code})`) : error
}

async function isZero(file: FileBytes, position: number): Promise<boolean> {
  for await (const piece of file.from(position)) if (piece.some(byte => byte !== 0)) return false
  return true
}

/** Length of a gzip header (RFC 1952), or -1. */
function gzipHeader(head: Uint8Array): number {
  if (head.length < 18 || head[0] !== 0x1f || head[1] !== 0x8b || head[2] !== 8 || (head[3] as number) & 0xe0) return -1
  const flags = head[3] as number
  let at = 10
  if (flags & 4) at += 2 + (head[10] as number) + 256 * (head[11] as number)
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue
    at = head.indexOf(0, at) + 1
    if (at <= 0) return -1
  }
  if (flags & 2) at += 2
  return at < head.length ? at : -1
}

/** All content of a file, through its compression. Throws InputError where a member is broken; what came before it was yielded. */
export async function* contentOf(
  file: FileBytes,
  compression: 'none' | 'gzip' | 'zstd',
  maxExpansion: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (compression === 'none') yield* file.from(0)
  else for await (const member of membersOf(file, compression, maxExpansion)) yield* member.chunks
}
