/**
 * Lines of a text file that a user names, plain, gzip or zstd by its ending. Split at line feeds alone: readline also splits at U+2028, which
 * JSON strings may hold.
 */
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'

/** Throws what reading or decompressing throws. A carriage return before the line feed stays. */
export async function* linesIn(path: string): AsyncGenerator<string, void, undefined> {
  const file = createReadStream(path)
  const decoder = /\.gz$/i.test(path) ? createGunzip() : /\.zst$/i.test(path) ? createZstdDecompress() : undefined
  // An error of either stream ends the other, so that the loop below sees it.
  const stream = decoder ? pipeline(file, decoder, () => undefined) : file
  const text = new TextDecoder('utf-8')
  let rest = ''
  for await (const bytes of stream) {
    const lines = (rest + text.decode(bytes as Uint8Array, { stream: true })).split('\n')
    rest = lines.pop() as string
    yield* lines
  }
  rest += text.decode()
  if (rest) yield rest
}
