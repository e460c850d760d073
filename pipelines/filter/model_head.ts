/**
 * What the head of a large model file says, for a check before a run begins: kind and labels of a fastText model, and that its file is as long
 * as its matrices; whether an n-gram model is ours or ARPA. A model of gigabytes is read whole by the units that ask it, and only there; damage
 * behind the head is theirs to find. The formats are those of native/fasttext/dictionary.h and native/ngram/model.h, with their words for errors.
 */
import { type FileHandle, open } from 'node:fs/promises'

/** Bytes up to which a model is checked by reading all of it. */
export const smallModel = 32 * 2 ** 20

/** Expected and found, at a byte or a line: the caller knows what the file is for. */
export class ModelHeadError extends Error {
  readonly expected: string
  readonly found: string

  constructor(at: string, expected: string, found: string) {
    super(`${at}: expected ${expected}, found ${found}`)
    this.expected = `${expected} at ${at}`
    this.found = found
  }
}

const piece = 2 ** 20
const longestWord = 65_536
/** Bytes of a dictionary's entry without a word: a zero, a count, a type. */
const leastEntry = 10

class Reader {
  readonly size: number
  readonly #file: FileHandle
  #bytes: Buffer = Buffer.alloc(0)
  #first = 0
  #at = 0

  constructor(file: FileHandle, size: number) {
    this.#file = file
    this.size = size
  }

  /** Byte of the file. */
  get at(): number {
    return this.#first + this.#at
  }

  has = (count: number): boolean => this.#bytes.length - this.#at >= count

  async need(count: number, what: string): Promise<void> {
    while (!this.has(count)) {
      const more = Buffer.allocUnsafe(piece)
      const { bytesRead } = await this.#file.read(more, 0, piece, this.#first + this.#bytes.length)
      if (!bytesRead) throw new ModelHeadError(`byte ${this.at}`, what, 'the end of the file')
      this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), more.subarray(0, bytesRead)])
      this.#first += this.#at
      this.#at = 0
    }
  }

  /** These read what `need` made sure of. */
  int32 = (): number => this.#bytes.readInt32LE((this.#at += 4) - 4)
  int64 = (): number => Number(this.#bytes.readBigInt64LE((this.#at += 8) - 8))
  byte = (): number => this.#bytes.readInt8((this.#at += 1) - 1)

  /** Up to a byte 0, without it. */
  async word(): Promise<Buffer> {
    for (;;) {
      const end = this.#bytes.indexOf(0, this.#at)
      if (end >= 0) {
        const word = this.#bytes.subarray(this.#at, end)
        this.#at = end + 1
        return word
      }
      const held = this.#bytes.length - this.#at
      if (held > longestWord) throw new ModelHeadError(`byte ${this.at}`, `a word of at most ${longestWord} bytes`, 'a longer one')
      await this.need(held + 1, 'the end of a word')
    }
  }

  /** What follows need not be there. */
  skip(count: number): void {
    this.#first = this.at + count
    this.#bytes = Buffer.alloc(0)
    this.#at = 0
  }
}

/** Labels as in the file, in its order. ModelHeadError; or the file system's error. */
export async function fastTextLabels(path: string): Promise<string[]> {
  const file = await open(path)
  try {
    const reader = new Reader(file, (await file.stat()).size)
    const width = await header(reader)
    const labels = await dictionary(reader)
    await matrices(reader, width)
    return labels
  } finally {
    await file.close()
  }
}

async function header(reader: Reader): Promise<number> {
  await reader.need(64, 'a header')
  const check = (holds: boolean, expected: string, found: number, at: number) => {
    if (!holds) throw new ModelHeadError(`byte ${at}`, expected, String(found))
  }
  const mark = reader.int32()
  check(mark === 793712314, 'fastText’s mark 793712314', mark, 0)
  const version = reader.int32()
  check(version === 12, 'version 12 of the format', version, 4)
  const fields = Array.from({ length: 12 }, reader.int32)
  const [width, kind] = [fields[0] as number, fields[7] as number]
  check(width >= 1 && width <= 65_536, 'a width of 1 to 65,536', width, 8)
  check(kind === 3, 'a supervised model (3)', kind, 36)
  reader.int64() // the rate of sampling, a double
  return width
}

async function dictionary(reader: Reader): Promise<string[]> {
  await reader.need(28, 'a dictionary')
  const [at, entries, words, names] = [reader.at, reader.int32(), reader.int32(), reader.int32()]
  reader.int64() // tokens
  const pruned = reader.int64()
  if (entries < 0 || words < 0 || names < 1 || words + names !== entries)
    throw new ModelHeadError(`byte ${at}`, 'a dictionary of words and labels', `${entries} entries, ${words} words and ${names} labels`)
  const room = Math.floor((reader.size - reader.at) / leastEntry)
  if (entries > room) throw new ModelHeadError(`byte ${at}`, `${entries} entries of a dictionary`, `room for ${room}`)
  const labels: string[] = []
  for (let i = 0; i < entries; i++) {
    const word = await reader.word()
    const label = i < words ? undefined : word.toString('utf8')
    if (!reader.has(9)) await reader.need(9, 'an entry of the dictionary')
    reader.int64() // how often it occurred
    if (reader.byte() !== Number(label !== undefined))
      throw new ModelHeadError(`byte ${reader.at - 1}`, 'words first, then labels', 'another order')
    if (label !== undefined) labels.push(label)
  }
  if (pruned > 0) reader.skip(8 * pruned)
  return labels
}

/** Plain matrices end where the file does; of one that is quantised nothing is said. */
async function matrices(reader: Reader, width: number): Promise<void> {
  for (const what of ['input', 'output']) {
    await reader.need(1, `the flag of a quantised ${what} matrix`)
    if (reader.byte()) return
    await reader.need(16, `the ${what} matrix`)
    const [at, rows, columns] = [reader.at, reader.int64(), reader.int64()]
    if (!(rows > 0) || columns !== width)
      throw new ModelHeadError(`byte ${at}`, `an ${what} matrix that is ${width} wide`, `${rows} x ${columns}`)
    reader.skip(4 * rows * columns)
    if (reader.at > reader.size)
      throw new ModelHeadError(`byte ${at}`, `an ${what} matrix of ${rows} x ${columns}, up to byte ${reader.at}`, `${reader.size} bytes`)
  }
}

/** Bytes with which our binary models begin. */
const ours = Buffer.from('MRNGRAM\n')
/** How gzip and zstd begin: what they hold is read with the rest. */
const packed = [Buffer.from([0x1f, 0x8b]), Buffer.from([0x28, 0xb5, 0x2f, 0xfd])]

/** ModelHeadError where a file is neither a model of ours nor begins as ARPA does; or the file system's error. */
export async function checkNgramHead(path: string): Promise<void> {
  const file = await open(path)
  const head = Buffer.alloc(piece)
  let length = 0
  try {
    for (let more = 1; more > 0 && length < piece; length += more) more = (await file.read(head, length, piece - length, length)).bytesRead
  } finally {
    await file.close()
  }
  if ([ours, ...packed].some(mark => head.subarray(0, mark.length).equals(mark))) return
  const lines = head.toString('latin1', 0, length).split('\n')
  const whole = length < piece ? lines : lines.slice(0, -1)
  for (const [i, line] of whole.entries()) {
    const text = line.trim()
    if (text === '\\data\\') return
    if (text === '' || text.startsWith('#')) continue
    throw new ModelHeadError(`line ${i + 1}`, '\\data\\, as an ARPA file begins', JSON.stringify(text.slice(0, 40)))
  }
  if (length < piece) throw new ModelHeadError(`line ${whole.length}`, '\\data\\, as an ARPA file begins', 'the end of the file')
}
