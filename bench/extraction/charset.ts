/**
 * The decoder's side of charset.py: reads frames of (uint32 size of a label, label, uint32 size of the bytes, bytes) from standard input, all
 * little-endian, and answers each with (uint32 size of the encoding's name, name, uint32 size of the text, UTF-8 text). The label "?" asks
 * for the detector alone; any other is what the transfer declares, and may be empty.
 */
import { readFileSync, writeSync } from 'node:fs'
import { decodeBytes, decodePage, detectCharset } from '../../native/addon/html.ts'

const input = readFileSync(0)
const out: Uint8Array[] = []
const framed = (bytes: Uint8Array): void => {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(bytes.length)
  out.push(size, bytes)
}
let at = 0
const take = (): Buffer => {
  const size = input.readUInt32LE(at)
  at += 4 + size
  return input.subarray(at - size, at)
}
while (at < input.length) {
  const label = take().toString('latin1')
  const bytes = take()
  if (label === '?') {
    const encoding = detectCharset(bytes)
    framed(Buffer.from(encoding))
    framed(decodeBytes(bytes, encoding).text)
  } else {
    const page = decodePage(bytes, label)
    framed(Buffer.from(page.encoding))
    framed(page.text)
  }
}
const all = Buffer.concat(out)
for (let sent = 0; sent < all.length; ) sent += writeSync(1, all, sent)
