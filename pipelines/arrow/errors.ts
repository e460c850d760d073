/** What a file that is not Arrow, or not Arrow as we read it, gives: a stable code, what was expected and found, and where. */

export class ArrowFormatError extends Error {
  readonly code = 'ARROW_FORMAT'
  readonly expected: string
  readonly found: string
  /** The file. */
  readonly path: string
  /** The place in the file: `footer`, `batch 3, column "text"`, … */
  readonly where: string

  constructor(at: { expected: string; found: string; path: string; where: string; next?: string }) {
    super(
      `ARROW_FORMAT: ${at.path}: ${at.where}: expected ${at.expected}, found ${at.found}. ${at.next ?? `Check the file with \`millrace verify ${at.path}\`, or write it again.`}`,
    )
    this.name = 'ArrowFormatError'
    this.expected = at.expected
    this.found = at.found
    this.path = at.path
    this.where = at.where
  }
}
