/**
 * Lines that are drawn again in place on a terminal; elsewhere a line is printed when its text for logs has changed, and only then.
 */
import { stripVTControlCharacters } from 'node:util'

export interface Line {
  id: string
  /** As drawn on a terminal. */
  text: string
  /** What is worth a line of a log: changes seldom. Absent: nothing is. */
  log?: string
}

export class Board {
  readonly #stream: NodeJS.WriteStream
  readonly #live: boolean
  #drawn = 0
  #said = new Map<string, string>()

  constructor(stream: NodeJS.WriteStream = process.stdout) {
    this.#stream = stream
    this.#live = Boolean(stream.isTTY)
  }

  draw(lines: readonly Line[]): void {
    if (!this.#live) {
      for (const { id, log } of lines) {
        if (log === undefined || this.#said.get(id) === log) continue
        this.#said.set(id, log)
        this.#stream.write(`${stripVTControlCharacters(log)}\n`)
      }
      return
    }
    const room = Math.max(1, (this.#stream.rows ?? 24) - 1)
    const shown = lines.length > room ? lines.slice(lines.length - room) : lines
    const body = shown.map(line => `${cut(line.text, this.#stream.columns ?? 80)}\x1b[K\n`).join('')
    this.#stream.write(`${this.#up()}${body}\x1b[J`)
    this.#drawn = shown.length
  }

  /** A line that stays, above the ones that are drawn again. */
  say(text: string): void {
    this.#stream.write(this.#live ? `${this.#up()}\x1b[J${text}\n` : `${stripVTControlCharacters(text)}\n`)
    this.#drawn = 0
  }

  /** The last words, below what is drawn: that stays. */
  end(text: string): void {
    this.#drawn = 0
    this.say(text)
  }

  #up = (): string => (this.#drawn ? `\x1b[${this.#drawn}A\r` : '')
}

/** Cut to the terminal's width; colours have none. */
function cut(text: string, width: number): string {
  if (stripVTControlCharacters(text).length <= width) return text
  let seen = 0
  let out = ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control sequences
  for (const piece of text.split(/(\x1b\[\d+m)/)) {
    if (piece.startsWith('\x1b[')) out += piece
    else {
      out += piece.slice(0, Math.max(0, width - 1 - seen))
      seen += piece.length
    }
  }
  return `${out}…`
}
