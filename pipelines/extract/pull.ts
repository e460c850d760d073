/** Pull reading over chunks: lines with a cap, exact lengths, skipping; the position counts bytes from the beginning. */
export class Pull {
  readonly #chunks: AsyncIterator<Uint8Array>
  #buffer: Buffer = Buffer.alloc(0)
  #ended = false
  /** Bytes handed out or skipped so far. */
  position = 0

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false
    const next = await this.#chunks.next()
    if (next.done) {
      this.#ended = true
      return false
    }
    const { buffer, byteOffset, byteLength } = next.value
    const chunk = Buffer.from(buffer, byteOffset, byteLength)
    this.#buffer = this.#buffer.length ? Buffer.concat([this.#buffer, chunk]) : chunk
    return true
  }

  #take(length: number): Buffer {
    const out = this.#buffer.subarray(0, length)
    this.#buffer = this.#buffer.subarray(length)
    this.position += length
    return out
  }

  /** True if nothing is left. */
  async atEnd(): Promise<boolean> {
    while (!this.#buffer.length) if (!(await this.#more())) return true
    return false
  }

  /** The next `length` bytes without taking them; fewer at the end. */
  async peek(length: number): Promise<Buffer> {
    while (this.#buffer.length < length && (await this.#more()));
    return this.#buffer.subarray(0, length)
  }

  /** `length` bytes; fewer only at the end. Memory follows what there is, not what is asked for. */
  async read(length: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    let missing = length
    while (missing > 0) {
      if (!this.#buffer.length && !(await this.#more())) break
      const piece = this.#take(Math.min(missing, this.#buffer.length))
      missing -= piece.length
      pieces.push(piece)
    }
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
  }

  /** How many of `length` bytes there were to skip. */
  async skip(length: number): Promise<number> {
    let missing = length
    while (missing > 0) {
      if (!this.#buffer.length && !(await this.#more())) break
      missing -= this.#take(Math.min(missing, this.#buffer.length)).length
    }
    return length - missing
  }

  /**
   * The next line without its LF; undefined at the end. A line above `max` bytes comes as `tooLong`, its length counted and its bytes
   * dropped while they are read.
   */
  async line(max: number): Promise<{ bytes: Buffer; tooLong: number } | undefined> {
    if (await this.atEnd()) return undefined
    const pieces: Buffer[] = []
    let kept = 0
    let dropped = 0
    for (;;) {
      const at = this.#buffer.indexOf(10)
      const piece = this.#take(at < 0 ? this.#buffer.length : at + 1)
      const text = at < 0 ? piece : piece.subarray(0, -1)
      if (dropped || kept + text.length > max) dropped += text.length
      else {
        kept += text.length
        pieces.push(text)
      }
      if (at >= 0 || (await this.atEnd())) break
    }
    return { bytes: pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces), tooLong: dropped ? kept + dropped : 0 }
  }
}
