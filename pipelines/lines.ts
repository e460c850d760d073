/**
 * Lines of a text file that a user names, plain, gzip or zstd by its ending. Split at line feeds alone: readline also splits at U+2028, which
 * JSON strings may hold.
 */
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'

/** A longer line is no record of a list: it would not fit into a string. */
const mostCharacters = 2 ** 28

/** Throws what reading or decompressing throws, and RangeError for a line of more than 2^28 characters. A carriage return before the line feed stays. */
export async function* linesIn(path: string): AsyncGenerator<string, void, undefined> {
  const file = createReadStream(path)
  const decoder = /\.gz$/i.test(path) ? createGunzip() : /\.zst$/i.test(path) ? createZstdDecompress() : undefined
  // An error of either stream ends the other, so that the loop below sees it.
  const stream = decoder ? pipeline(file, decoder, () => undefined) : file
  const text = new TextDecoder('utf-8')
  // Pieces of a line that has not ended: joined once, since a search through all of them at every chunk would be quadratic.
  let open: string[] = []
  let length = 0
  for await (const bytes of stream) {
    const lines = text.decode(bytes as Uint8Array, { stream: true }).split('\n')
    const last = lines.pop() as string
    if (lines.length) {
      yield open.join('') + lines[0]
      for (let i = 1; i < lines.length; i++) yield lines[i] as string
      open = []
      length = 0
    }
    open.push(last)
    length += last.length
    if (length > mostCharacters) throw new RangeError(`a line of more than ${mostCharacters} characters`)
  }
  const rest = open.join('') + text.decode()
  if (rest) yield rest
}
